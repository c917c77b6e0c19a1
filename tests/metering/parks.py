"""Parks and rows for the tests of meters."""

from datetime import UTC, datetime, timedelta

from parkopt.models import technologies
from parkopt.park.schema import Enterprise, Name, Park
from parkopt.testing import HERE, grid_asset

START = datetime(2026, 6, 30, 16, tzinfo=UTC)
"""2026-07-01 00:00 at +08:00."""


def park_of(**assets):
    known = technologies()
    made = {name: known[plain["kind"]].model_validate(plain) for name, plain in assets.items()}
    named = {"works": Enterprise(name=Name(en="Works", zh="工厂"))}
    return Park(id="p", name=Name(en="P", zh="园"), location=HERE, assets=made, enterprises=named)


def small_park():
    return park_of(
        pv={"kind": "pv", "capacity": "12 MWp", "ac_limit": "10 MW"},
        ess={
            "kind": "storage",
            "charge": "5 MW",
            "discharge": "4 MW",
            "energy": "10 MWh",
            "charge_efficiency": 0.9,
            "discharge_efficiency": 0.9,
            "soc_min": 0.0,
            "soc_max": 1.0,
            "soc_initial": 0.5,
            "soc_final": 0.5,
        },
        grid=grid_asset(import_mw=20.0),
        mill={"kind": "load", "enterprise": "works", "archetype": "continuous", "annual": "60 GWh/yr"},
    )


def csv_of(*rows, header="device,register,start,value,unit", end="\n"):
    return ("\n".join([header, *rows]) + end).encode()


def hour(number, day=1):
    """Start of an hour of a July day, in text at +08:00."""
    return f"2026-07-{day:02d}T{number:02d}:00+08:00"


def at(hours, minutes=0):
    return START + timedelta(hours=hours, minutes=minutes)
