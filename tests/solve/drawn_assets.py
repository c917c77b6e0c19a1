"""Random assets of every kind, each with random options, as plain data of a park file; see `drawn_parks`."""

TIMES = ["0-24", "6-22", "8-12", "17-21", "22-6"]
BUILT = {"life": "15 yr", "om": "1.5 %/yr"}


class Draw:
    """Random numbers as text with units, and the names that the park has so far."""

    def __init__(self, rng, n, hours):
        self.rng, self.n, self.hours = rng, n, hours
        self.assets, self.series = {}, {}

    def often(self, share):
        """Return True in a share of all cases."""
        return bool(self.rng.random() < share)

    def between(self, low, high, digits=2):
        """Return a number."""
        return round(float(self.rng.uniform(low, high)), digits)

    def q(self, low, high, unit, digits=2):
        """Return a quantity as text."""
        return f"{self.between(low, high, digits)} {unit}"

    def one(self, *options):
        """Return one of some options."""
        return options[int(self.rng.integers(len(options)))]

    def some(self, share, **options):
        """Return each option in a share of all cases; a callable is drawn."""
        return {key: make() if callable(make) else make for key, make in options.items() if self.often(share)}

    def add(self, name, body, **series):
        """Add an asset and its series."""
        self.assets[name] = body
        if series:
            self.series[name] = series

    def wave(self, low, high):
        """Return a series that swings over the day, with noise and stretches of nothing where it is low."""
        t = self.rng.integers(24) + self.hours
        made = (low + high) / 2 + (high - low) / 2 * self.rng.uniform(0.3, 1) * _cosine(t)
        return (made + self.rng.uniform(-0.1, 0.1, self.n) * (high - low)).clip(low, high).round(3)


def _cosine(t):
    from numpy import cos, pi

    return cos(2 * pi * t / 24)


def wind(d, bus):
    plant = {"kind": "wind", "bus": bus, "capacity": "50 MW", "turbine": "V164/8000", "hub_height": "100 m"}
    d.add(f"wind_{bus}", plant | _priced(d), available_mw=d.wave(0, d.between(5, 45)))


def pv(d, bus):
    plant = {"kind": "pv", "bus": bus, "capacity": "50 MWp", "ac_limit": "50 MW"}
    d.add(f"pv_{bus}", plant | _priced(d), available_mw=(d.wave(-20, d.between(10, 45))).clip(0))


def _priced(d):
    return d.some(
        0.4,
        om=lambda: d.q(0, 80, "yuan/MWh"),
        price=lambda: d.q(0, 300, "yuan/MWh"),
        curtail_price=lambda: d.q(0, 60, "yuan/MWh"),
    )


def storage(d, bus):
    energy = d.between(5, 40)
    low, high = d.between(0, 0.2), d.between(0.85, 1)
    body = {"kind": "storage", "bus": bus, "charge": d.q(2, 15, "MW"), "discharge": d.q(2, 15, "MW")}
    body |= {"energy": f"{energy} MWh", "soc_min": low, "soc_max": high}
    body |= {"soc_initial": d.between(low + 0.01, 0.8), "soc_final": d.between(low, 0.6)}
    body |= d.some(0.4, wear=lambda: d.q(0, 80, "yuan/MWh"), self_discharge=lambda: d.q(0, 0.01, "1/h", 4))
    body |= {"round_trip_efficiency": d.between(0.6, 1)} if d.often(0.3) else {}
    body |= d.some(0.2, cycles_per_day=lambda: d.between(0.5, 2), charge_from="green", initial_loses=False)
    if d.often(0.2):
        body |= {
            "targets": [{"at": d.one("06:00", "18:00", "24:00"), "level": 0.5, "kind": d.one("at_least", "at_most")}]
        }
    if d.often(0.3):
        body |= {"final": d.one("free", "at_least"), "final_value": d.q(100, 500, "yuan/MWh")}
    if d.often(0.2):
        body |= {"charge_limits": [{"windows": [d.one(*TIMES)], "limit": "1 MW"}]}
    if d.often(0.25):
        cost = d.between(10, 50)
        body |= {
            "wear_by_depth": [
                {"depth": 0.5, "cost": f"{cost} yuan/MWh"},
                {"depth": 1.0, "cost": f"{cost * 2} yuan/MWh"},
            ]
        }
    if d.often(0.2):
        body |= {"tagged": True, "green_value": d.q(0, 40, "yuan/MWh")}
        body.pop("charge_from", None)
    if d.often(0.2):
        body |= {"fade_per_cycle": 0.0005, "fade_per_year": "2 %/yr", "age": "1 yr"}
    elif d.often(0.15) and "wear_by_depth" not in body:
        body["energy"] = {"min": "10 MWh", "max": "40 MWh", "capex": "0.1 yuan/Wh", **BUILT}
        body |= {"soc_initial": 0.5, "soc_final": 0.5} | d.some(0.5, symmetric=False)
    d.add(f"ess_{bus}", body)


def grid(d, name, bus, most):
    import_mw, export_mw = d.between(most, most * 2), d.one(0.0, d.between(5, 40))
    energy = d.wave(150, d.between(400, 1000))
    if d.often(0.15):
        energy = energy - d.between(100, 300)
    tariff = {"id": "t", "mode": "fixed", "basis": "synthetic", "energy": {"flat": "0 yuan/MWh"}}
    if d.often(0.5):
        tariff["adders"] = {"fees": {"price": d.q(20, 200, "yuan/MWh"), "basis": "synthetic"}}
        if name == "grid" and d.often(0.3) and "second" not in d.assets:
            tariff["adders"]["all"] = {"price": d.q(5, 40, "yuan/MWh"), "on": "consumption", "basis": "synthetic"}
    if d.often(0.5):
        tariff |= _charged(d)
    body = {"kind": "grid", "bus": bus, "import_limit": f"{import_mw} MW", "export_limit": f"{export_mw} MW"}
    if d.often(0.2):
        body["connected"] = {"max": f"{import_mw} MVA"}
        tariff.setdefault("capacity", {"price": "30000 yuan/MVA/month"})
        if "demand" in tariff:
            tariff["choice"] = "demand_or_capacity"
            tariff["demand"].pop("months", None)
            tariff["demand"].pop("planned_peak", None)
    if d.often(0.2):
        tariff["fixed"] = {"meter": {"per_month": "3000 yuan/month", "basis": "synthetic"}}
    if d.often(0.2):
        first = d.between(50, 400)
        tariff["tiers"] = [
            {"above": f"{first} MWh", "adds": d.q(-50, 50, "yuan/MWh")},
            {"above": f"{first * 2} MWh", "adds": d.q(-50, 50, "yuan/MWh")},
        ]
    if export_mw and d.often(0.2):
        tariff["export"] = {
            "price": "100 yuan/MWh",
            "tiers": [{"above": d.q(10, 60, "MWh"), "adds": d.q(-60, 20, "yuan/MWh")}],
        }
    if d.often(0.15):
        body["export_limits"] = [{"windows": [d.one(*TIMES)], "limit": "0 MW"}]
    sold = d.one(0.0, d.wave(0, 300), energy * 0.6)
    d.add(
        name, body | {"tariff": tariff}, energy_price_yuan_per_mwh=energy, export_price_yuan_per_mwh=energy * 0 + sold
    )


def _charged(d):
    charge = {"price": d.q(500, 40000, "yuan/MW/month")}
    charge |= d.some(0.4, planned_peak=lambda: d.q(0, 30, "MW"), contracted=lambda: d.q(5, 30, "MW"))
    charge |= {"contracted_share": 0.4} if "contracted" in charge and d.often(0.5) else {}
    charge |= {"ratchet": {"share": d.between(0.3, 0.9), "months": d.one(2, 11)}} if d.often(0.25) else {}
    made = {"demand": charge}
    if d.often(0.3):
        made["demands"] = {"evening": {"price": "2000 yuan/MW/month", "windows": ["17-21"]}}
    if d.often(0.2):
        made |= {"capacity": {"price": "25000 yuan/MVA/month"}, "choice": "demand_or_capacity"}
    return made


def contract(d, name, connection):
    body = {"kind": "contract", "seller": "s"}
    form = d.one("baseload", "shaped", "pay_as_produced", "share_of_import", "of")
    extra = {}
    if form == "baseload":
        body |= {"form": form, "volume": d.q(1, 15, "MW")}
    elif form == "shaped":
        body |= {"form": form, "shape": {"by_hour": [d.q(0, 12, "MW") for _ in range(24)]}}
    elif form == "pay_as_produced":
        plant = {"kind": "pv", "capacity": "30 MWp", "ac_limit": "30 MW"}
        body |= {"form": form, "plant": plant}
        extra = {"offer_mw": d.wave(-10, 25).clip(0)}
    elif form == "of":
        plants = [key for key, own in d.assets.items() if own["kind"] in ("pv", "wind")]
        if not plants:
            return
        body |= {"form": "pay_as_produced", "of": d.one(*plants), "share": d.between(0.2, 1)}
    else:
        body |= {"form": form, "share": d.between(0.2, 0.9)}
    settled = form in ("share_of_import", "of") or d.often(0.2)
    priced = not extra and d.often(0.3)
    body |= (
        {"pricing": {"of_market": d.between(0.7, 1), "premium": d.q(-30, 30, "yuan/MWh")}}
        if priced
        else {"price": d.q(150, 600, "yuan/MWh")}
    )
    if settled:
        body["settlement"] = "cfd"
    else:
        body |= {"delivered_over": d.one("grid", "direct")} | d.some(0.4, window=d.one("month", "year"))
        if d.often(0.4):
            body |= {"take_or_pay": d.between(0.3, 1), "shortfall_price": d.q(50, 300, "yuan/MWh")}
        if d.often(0.3):
            body["volumes"] = [
                {
                    "window": d.one("month", "quarter", "year"),
                    "least": d.q(100, 4000, "MWh"),
                    "shortfall_price": "60 yuan/MWh",
                }
            ]
    body |= {"delivered_at": connection} if d.often(0.5) else {}
    d.add(name, body, **extra)


def certificates(d):
    body = {"kind": "certificates", "price": d.q(1, 10, "yuan/MWh")} | d.some(0.4, whole=True, beside_contracts=True)
    body |= d.one({"share": d.between(0.1, 1)}, {"amount": d.q(100, 3000, "MWh")})
    d.add("gec", body)


def flexible_load(d, name, bus):
    body = {
        "kind": "flexible_load",
        "bus": bus,
        "enterprise": d.one("works", "town"),
        "form": d.one("energy", "block", "curtailable"),
    }
    power = d.between(1, 8)
    if body["form"] == "energy":
        body |= {
            "windows": [d.one("6-22", "0-24", "22-8")],
            "energy": f"{round(power * 5, 2)} MWh",
            "max_power": f"{power} MW",
        }
        body |= d.some(0.4, min_power=f"{round(power * 0.2, 3)} MW")
    elif body["form"] == "block":
        body |= {"windows": [d.one("6-22", "0-24")], "power": f"{power} MW", "duration_h": d.one(1.0, 3.0, 5.0)}
    else:
        body |= {"windows": [d.one(*TIMES)], "power": f"{power} MW", "curtail_share": d.between(0.1, 1)}
        body |= {"curtail_price": d.q(0, 900, "yuan/MWh")} | d.some(0.5, curtail_energy=lambda: d.q(2, 20, "MWh"))
    d.add(name, body)


def ev_fleet(d, bus):
    sessions = [
        {
            "arrive": come,
            "leave": go,
            "vehicles": int(d.rng.integers(5, 60)),
            "energy": d.q(20, 90, "kWh"),
            "power": d.q(15, 60, "kW"),
        }
        for come, go in (("08:15", "17:40"), ("21:30", "05:30"), ("12:00", "13:00"))[: int(d.rng.integers(1, 4))]
    ]
    body = {
        "kind": "ev_fleet",
        "bus": bus,
        "enterprise": "town",
        "sessions": sessions,
        "unmet_price": d.q(500, 4000, "yuan/MWh"),
    }
    d.add(
        "buses", body | d.some(0.4, site_limit=lambda: d.q(0.3, 3, "MW"), charge_efficiency=lambda: d.between(0.8, 1))
    )


def reserve(d):
    kinds = {"storage", "generator", "electrolyser"}
    able = [
        name
        for name, own in d.assets.items()
        if own["kind"] in kinds
        and "fuel_limit" not in own
        and "hydrogen_bus" not in own
        and not isinstance(own.get("energy"), dict)
    ]
    if not able:
        return
    body = {
        "kind": "reserve",
        "direction": d.one("up", "down"),
        "providers": [d.one(*able)],
        "windows": [d.one(*TIMES)],
    }
    body |= {"price": d.q(5, 60, "yuan/MW/h"), "max_capacity": d.q(1, 10, "MW"), "duration_h": d.one(0.5, 1, 2)}
    d.add("reserve", body | d.some(0.4, same_in_window=True, activation_price="300 yuan/MWh", activation_share=0.1))
