"""The peer of the PV chain: pvlib's ModelChain of 80 MW with the same models."""


def by_model_chain(place, weather, mounts, shares, diffuse, ac):
    """Return the AC power of pvlib's own chain: albedo 0, since it has one share for all diffuse light."""
    from pvlib import location, modelchain, pvsystem

    arrays = [
        pvsystem.Array(
            mount,
            albedo=0,
            module_parameters={"pdc0": 80.0 * share, "gamma_pdc": -0.0034, "FD": fd},
            temperature_model_parameters={"u0": 25.0, "u1": 6.84},
        )
        for mount, share, fd in zip(mounts, shares, diffuse, strict=True)
    ]
    nothing = dict.fromkeys(("shading", "snow", "mismatch", "wiring", "connections", "lid", "age"), 0)
    losses = {"soiling": 10, "nameplate_rating": 0, "availability": 0} | nothing
    system = pvsystem.PVSystem(
        arrays, inverter_parameters={"pdc0": ac / 0.98, "eta_inv_nom": 0.98}, losses_parameters=losses
    )
    chain = modelchain.ModelChain(
        system,
        location.Location(place[0], place[1], "UTC", place[2]),
        transposition_model="perez-driesse",
        aoi_model="physical",
        spectral_model="no_loss",
        dc_model="pvwatts",
        ac_model="pvwatts",
        losses_model="pvwatts",
        temperature_model="faiman",
    )
    chain.run_model(weather if len(arrays) == 1 else [weather] * len(arrays))
    return chain.results.ac
