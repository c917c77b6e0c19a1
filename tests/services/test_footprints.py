"""A product's electricity from settled hours, the carbon budget, and the alarm of a storage that is too full."""

from datetime import timedelta
from decimal import Decimal

import pytest

from parkopt.errors import Faults
from parkopt.faults import AccountInput, BadRequest, GridMismatch, StoreOverfull
from parkopt.services.accounts import accounts_of, plan_of
from parkopt.services.footprints import Made, footprint_of, quantity_of
from parkopt.services.parks import known_park
from parkopt.services.settle import settle
from tests.services.settled_small import FIRST, HOURS, PARK, make, meters_of, rows_of, stamp, start, upload

MADE = Made("cells", Decimal(100), "kWh of cells", "Hall 1")
ONE_DAY = (FIRST, FIRST)


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.setenv("PARKOPT_PARKS", str(tmp_path / "parks"))
    return make(tmp_path)


def a_file(folder, rows, head="start,coating,assembly"):
    path = folder / "use.csv"
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return path


def test_a_file_of_processes_gives_the_same_as_its_numbers_and_sums_to_its_kwh(config, tmp_path):
    start(config, 1)
    path = a_file(tmp_path, [f"{stamp(FIRST, hour)},12.5,0.25" for hour in range(HOURS)])
    by_file = footprint_of((PARK, "a"), ONE_DAY, MADE, path, config)
    numbers = {"coating": [12_500] * HOURS, "assembly": [250] * HOURS}
    assert by_file == footprint_of((PARK, "a"), ONE_DAY, MADE, numbers, config)
    cbam = footprint_of((PARK, "a"), ONE_DAY, MADE, path, config, "cbam", "zh")
    energies = {one["process"]: one["electricity_kwh"] for one in cbam["processes"]}
    assert sum(map(Decimal, energies["coating"].values())) == Decimal("12.5") * HOURS
    assert sum(map(Decimal, energies["assembly"].values())) == Decimal("0.25") * HOURS


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([f"{stamp(FIRST, hour)},x,1" for hour in range(HOURS)], Faults),
        ([f"{stamp(FIRST, hour)},1,1" for hour in range(HOURS - 1)], GridMismatch),
        ([f"{stamp(FIRST + timedelta(days=1), hour)},1,1" for hour in range(HOURS)], GridMismatch),
        ([f"{stamp(FIRST, hour)},1e9,1" for hour in range(HOURS)], AccountInput),
    ],
)
def test_a_wrong_file_is_refused(config, tmp_path, rows, fault):
    start(config, 1)
    with pytest.raises(fault):
        footprint_of((PARK, "a"), ONE_DAY, MADE, a_file(tmp_path, rows), config)


@pytest.mark.parametrize("text", ["0", "-1", "NaN", "Infinity", "x", ""])
def test_a_quantity_is_a_number_above_zero(text):
    with pytest.raises(BadRequest):
        quantity_of(text)


def test_the_budget_of_the_park_file_is_an_account_by_month(config):
    path = known_park(PARK)
    path.write_text(path.read_text("utf-8") + "\nrules: {carbon_budget: 365 t/yr}\n", encoding="utf-8")
    start(config, 1)
    found = accounts_of(PARK, "", *ONE_DAY, config)["accounts"]
    assert "budget" in [one["id"] for one in found]
    assert "budget" not in [one["id"] for one in accounts_of(PARK, "a", *ONE_DAY, config)["accounts"]]


def test_a_budget_without_a_plan_is_spread_by_days(config):
    from parkopt.models import technologies
    from parkopt.park.loader import load_park

    path = known_park(PARK)
    path.write_text(path.read_text("utf-8") + "\nrules: {carbon_budget: 365 t/yr}\n", encoding="utf-8")
    plan = plan_of(load_park(path, technologies()).park, 2026)
    assert plan.months_ug[:2] == (31 * 10**12, 28 * 10**12)
    assert plan.total_ug == 365 * 10**12


def test_a_storage_that_took_more_than_it_holds_is_an_alarm(config):
    """2 MWh hold at most 2,000,000 Wh; it takes 1 MWh in each of five hours of the night and gives nothing back."""
    wh = meters_of(1)[0]
    for hour in range(HOURS):
        wh["grid", "import"][hour] += 1_000_000 * (hour < 5) + wh["ess", "discharge"][hour]
        wh["ess", "discharge"][hour] = 0
        wh["ess", "charge"][hour] += 1_000_000 * (hour < 5)
    upload(config, rows_of(FIRST, wh))
    told = next(iter(settle(PARK, FIRST, FIRST, config)))
    fault = StoreOverfull(store="ess", held_wh=0, capacity_wh=2_000_000)
    assert any(alarm["en"].endswith(fault.message("en").split("Wh, ")[1]) for alarm in told["alarms"])
    assert all(set(alarm) == {"en", "zh"} for alarm in told["alarms"])
