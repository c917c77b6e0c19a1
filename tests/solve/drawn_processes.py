"""Random units with fuel, heat and hydrogen, as plain data of a park file; see `drawn_assets`."""


def _unit(d):
    """Return what generator and CHP share."""
    low = d.between(0.2, 0.6)
    body = {
        "power": d.q(4, 20, "MW"),
        "min_load": low,
        "fuel_price": d.q(120, 400, "yuan/MWh"),
        "fuel_carbon": d.one("202 kg/MWh", "0 kg/MWh"),
    }
    body |= d.some(
        0.4,
        min_up_h=lambda: d.one(1, 2, 4),
        min_down_h=lambda: d.one(1, 3),
        start_cost=lambda: d.q(100, 5000, "yuan"),
        stop_cost=lambda: d.q(10, 800, "yuan"),
        running_cost=lambda: d.q(10, 300, "yuan/h"),
        om=lambda: d.q(5, 30, "yuan/MWh"),
        ramp_up=lambda: d.q(0.2, 1.2, "1/h"),
        ramp_down=lambda: d.q(0.2, 1.2, "1/h"),
        initially_on=True,
        fuel_limit=lambda: d.q(150, 400, "MWh"),
    )
    body |= d.some(0.2, start_ramp=lambda: d.q(0.3, 1, "1/h"), stop_ramp=lambda: d.q(0.3, 1, "1/h"))
    if "start_cost" in body and d.often(0.4):
        cost = float(body["start_cost"].split()[0]) * 2
        body |= {"cold_start_cost": f"{round(cost, 2)} yuan", "cold_after_h": d.one(4, 8)}
    if d.often(0.5):
        return body | {"efficiency": d.between(0.3, 0.45)}
    points = [(low, d.between(0.28, 0.36)), (0.75, d.between(0.34, 0.42)), (1.0, d.between(0.34, 0.42))]
    return body | {"part_load": [{"load": load, "efficiency": eta} for load, eta in points]}


def generator(d, bus):
    d.add(f"gas_{bus}", {"kind": "generator", "bus": bus} | _unit(d))


def chp(d):
    form = d.one("back_pressure", "extraction")
    body = {"kind": "chp", "form": form} | _unit(d)
    if form == "back_pressure":
        body |= {"heat_to_power": d.between(0.8, 1.8), "heat_dump": d.q(5, 40, "MW")}
    else:
        body |= {"heat": d.q(2, 8, "MW"), "power_loss": d.between(0.1, 0.25)} | d.some(0.4, heat_to_power=2.5)
    d.add("cogen", body | d.some(0.3, carbon_allocation="all_to_power"))


def heat(d):
    """Add a heat bus: a demand, a boiler that covers it, and whatever else."""
    most = d.between(5, 15)
    body = {"kind": "heat_load", "enterprise": "town", "demand": "1 MW"} | d.some(
        0.3, unmet_price=lambda: d.q(300, 2000, "yuan/MWh")
    )
    d.add("network", body, heat_demand_mw=d.wave(1, most))
    boiler = {"kind": "boiler", "enterprise": "town", "heat": f"{most * 1.3:.2f} MW", "efficiency": 0.92}
    d.add("boiler", boiler | {"fuel": {"price": d.q(200, 400, "yuan/MWh"), "carbon": "202 kg/MWh"}})
    if d.often(0.5):
        electric = {"kind": "boiler", "enterprise": "town", "heat": d.q(2, 6, "MW"), "efficiency": 0.98}
        d.add(
            "electric",
            electric | d.some(0.4, min_load=lambda: d.between(0.1, 0.5), start_cost=lambda: d.q(10, 500, "yuan")),
        )
    if d.often(0.6):
        pump = {"kind": "heat_pump", "enterprise": "town", "power": d.q(1, 4, "MW"), "cop": 3}
        pump |= d.some(0.4, start_cost=lambda: d.q(10, 500, "yuan"), min_load=0.3)
        pump |= {"idle": 0.1} if "min_load" in pump and d.often(0.5) else {}
        d.add("pump", pump, cop=d.wave(2, 5))
    if d.often(0.6):
        store = {
            "kind": "thermal_store",
            "charge": d.q(2, 8, "MW"),
            "discharge": d.q(2, 8, "MW"),
            "energy": d.q(8, 40, "MWh"),
        }
        d.add("tank", store | d.some(0.4, standing_loss="0.004/h", charge_efficiency=0.98, constant_loss="0.02 MW"))
    if d.often(0.4):
        chp(d)


def electrolyser(d, bus, pipe):
    power = d.between(3, 15)
    body = {
        "kind": "electrolyser",
        "bus": bus,
        "enterprise": "fuels",
        "power": f"{power} MW",
        "tank": d.q(500, 3000, "kg"),
    }
    body |= {"min_load": d.between(0.1, 0.4), "unmet_price": d.q(20, 60, "yuan/kg")}
    kg = round(power * 24 / 0.052 * d.between(0.1, 0.6), 1)
    body |= {"demand": f"{kg} kg/day"} | d.some(0.5, demand_timing="by_day")
    body |= {"hydrogen_bus": "pipe"} if pipe else {}
    body |= d.some(
        0.3,
        start_cost=lambda: d.q(100, 4000, "yuan"),
        cold_start_cost=lambda: d.q(100, 4000, "yuan"),
        ramp=lambda: d.q(0.1, 1, "1/h"),
        min_up_h=lambda: d.one(2, 4),
        min_down_h=lambda: d.one(2, 4),
        standby_power=lambda: d.between(0.01, 0.05),
        start_h=lambda: d.one(1, 2),
        tank_initial=lambda: d.between(0.2, 0.9),
        tank_final=lambda: d.between(0, 0.4),
    )
    body |= {"start_power": 0.05} if "start_h" in body else {}
    if d.often(0.5):
        d.add("h2", body | {"efficiency": d.q(48, 56, "kWh/kg")})
        return
    points = [(body["min_load"], 58), (0.55, d.between(48, 56)), (1.0, d.between(50, 58))]
    d.add("h2", body | {"part_load": [{"load": load, "efficiency": f"{e} kWh/kg"} for load, e in points]})


def synthesis(d):
    body = {
        "kind": "synthesis",
        "enterprise": "fuels",
        "product": d.one("ammonia", "methanol"),
        "capacity": d.q(100, 400, "kg/h"),
    }
    body |= {
        "hydrogen_bus": "pipe",
        "energy": d.q(0.3, 1, "kWh/kg"),
        "min_load": d.between(0, 0.4),
        "tank": d.q(1, 8, "t"),
    }
    body |= {"may_stop": True} | d.some(
        0.4, start_cost="200 yuan", ramp="0.3/h", min_up_h=2, min_down_h=2, feed_cost="0.4 yuan/kg"
    )
    body |= d.one(
        {"sale_price": d.q(1, 6, "yuan/kg"), "tank_final": 0.0},
        {"demand": d.q(500, 3000, "kg/day"), "unmet_price": "6 yuan/kg", "tank_final": 0.1},
    )
    d.add("synth", body)
