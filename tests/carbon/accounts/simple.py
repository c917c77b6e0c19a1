"""One party of four hours that all accounts are worked out for by hand.

Each hour uses 1000 Wh. Claimed: 800 Wh over a direct line, 400 from the roof, 100 from the storage,
700 by contract; so 2000 Wh have no claim. Over the grid came what neither line, roof nor storage gave: 2700 Wh.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np

from parkopt.carbon.accounts import (
    NOTHING_BEFORE,
    AccountCase,
    AccountSettings,
    Claim,
    Gec,
    OtherEnergy,
    Physical,
    Plan,
    Production,
    Series,
    accounts,
)
from parkopt.carbon.factors import factors

KNOWN = factors()
GRID = KNOWN["jiangsu_2023"]


def wh(*values):
    return np.asarray(values, dtype=np.int64)


def made_up(name, ug_per_wh, scope="direct"):
    """Return a factor of a source, for tests alone."""
    return replace(GRID, id=name, ug_per_wh=ug_per_wh, kind="device", scope=scope)


NOTHING = made_up("zero", 0)
WIND, SUN = made_up("wind_lca", 20_000, "lifecycle"), made_up("sun_lca", 50_000, "lifecycle")
USE = wh(1000, 1000, 1000, 1000)
IMPORTS = wh(300, 700, 700, 1000)
WIRE, ROOF, STORE, CONTRACT = wh(600, 0, 200, 0), wh(100, 300, 0, 0), wh(0, 0, 100, 0), wh(0, 200, 0, 500)
CLAIMS = (
    Claim("wire", "direct", WIRE, NOTHING, WIND),
    Claim("roof", "onsite", ROOF, NOTHING, SUN),
    Claim("store", "storage", STORE, NOTHING, SUN),
    Claim("ppa", "contract", CONTRACT, NOTHING, WIND),
)
PHYSICAL = {
    "wire": Physical(WIRE, wh(0, 0, 0, 0)),
    "roof": Physical(ROOF, wh(0, 0, 0, 0)),
    "store": Physical(STORE, wh(0, 0, 0, 0)),
    "grid": Physical(IMPORTS, IMPORTS * 582_700),
}


def case(**changes):
    """Return the case of the four hours, with changes."""
    given = {
        "subject": "acme",
        "first_day": date(2026, 7, 1),
        "last_day": date(2026, 7, 1),
        "consumption_wh": USE,
        "scope": "party",
        "physical": PHYSICAL,
        "claims": CLAIMS,
        "imports_wh": IMPORTS,
        "grid": Series(wh(582_700, 582_700, 582_700, 582_700), GRID),
        "gec": (),
    }
    return AccountCase(**(given | changes))


def example():
    """Return every account of the four hours as a park's, with all that they ask for (docs/accounts.md)."""
    park = case(
        scope="park",
        gec=(Gec(500, 2026, "Hebei"),),
        fuel_ug=wh(0, 0, 0, 0),
        other=OtherEnergy(annual_tce=Decimal(300_000)),
        delivered_wh=wh(1200, 500, 300, 500),
        grid_cfe=np.full(4, 0.25),
        generation_wh=wh(820, 300, 200, 0),
        available_wh=wh(900, 300, 300, 0),
        exports_wh=wh(0, 0, 0, 0),
        charge_wh=wh(120, 0, 0, 0),
        discharge_wh=wh(0, 0, 100, 0),
        to_date=replace(NOTHING_BEFORE, location_ug=400_000_000),
        settings=AccountSettings(kgce="calorific", k_province=Decimal("0.2")),
    )
    made = Production("cell", "kWh", Decimal(2), "Plant 1", {"coating": USE // 2, "drying": wh(0, 0, 500, 0)})
    return accounts(park, Plan(2026, (200_000_000,) * 12), made)
