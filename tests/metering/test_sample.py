"""Synthetic meters: near the plan, the same each time, and labelled in each row."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from parkopt.faults import CannotWrite, WrongDate, WrongOption
from parkopt.metering.channels import channels
from parkopt.metering.files import read_meters
from parkopt.metering.hours import alarms, unaccounted
from parkopt.metering.reading import Register
from parkopt.metering.sample import sample_readings
from parkopt.models import Problem
from parkopt.schedule import of_asset, to_schedule
from parkopt.services.meters import add, coverage, days_of, metered_days, park_of, sample
from parkopt.services.writing import write_files
from parkopt.settings import Settings
from parkopt.solve import solve
from parkopt.testing import grid_asset, prices, small_problem

SHEYANG = Path(__file__).parents[2] / "parks" / "sheyang" / "park.yaml"


def planned() -> tuple[Problem, object]:
    problem = small_problem(
        {
            "grid": grid_asset(),
            "load": {"kind": "load", "enterprise": "works", "archetype": "continuous", "annual": "80 GWh/yr"},
            "far": {
                "kind": "contract",
                "form": "baseload",
                "seller": "S",
                "volume": "10 MW",
                "price": "100 yuan/MWh",
            },
        },
        {"grid": prices([300.0] * 24), "load": {"demand_mw": [10.0] * 24}, "far": {"offer_mw": np.full(24, 10.0)}},
    )
    return problem, to_schedule(solve(problem), {"date": "2026-07-01"})


def test_readings_are_the_plan_with_an_error_of_some_wh_and_delivered_never_more_than_imported():
    problem, schedule = planned()
    found = sample_readings(schedule, problem.park, noise=40)
    assert found == sample_readings(schedule, problem.park, noise=40)
    assert found != sample_readings(schedule, problem.park, noise=40, seed=1)
    by = {one: np.asarray([r.wh for r in found if r.register == one]) for one in Register}
    plan = of_asset(schedule, "demand_mw", "load") * 1e6
    off = np.abs(by[Register.CONSUMPTION] - plan)
    assert 0 < off.max() <= 41
    assert (by[Register.EXPORT] == 0).all()
    assert of_asset(schedule, "take_mw", "far").min() == pytest.approx(10.0)
    assert (by[Register.DELIVERED] <= by[Register.IMPORT]).all()


def test_two_days_of_a_park_can_be_kept_and_close(tmp_path):
    files = sample(SHEYANG, date(2026, 7, 1), 2)
    assert set(files) == {"generation.csv", "grid.csv", "storage.csv", "consumption.csv"}
    assert all("synthetic" in line for text in files.values() for line in text.splitlines()[1:])
    park, config = park_of(SHEYANG), Settings(home=tmp_path)
    read = [read_meters(text.encode(), name, park) for name, text in files.items()]
    assert [one.faults for one in read] == [()] * 4
    add(park, read, config)
    found = metered_days(park, date(2026, 7, 1), 2, config)
    assert alarms(found, channels(park)) == []
    assert np.abs(unaccounted(found, channels(park))["main"]).max() < 500
    lines = coverage(park, None, None, config)["devices"]
    assert {(one["measured_h"], one["missing_h"]) for one in lines} == {(48.0, 0.0)}
    assert len(lines) == len(channels(park))


def test_nothing_is_overwritten(tmp_path):
    write_files({"a.csv": "1"}, tmp_path / "new")
    with pytest.raises(CannotWrite):
        write_files({"b.csv": "2", "a.csv": "2"}, tmp_path / "new")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.csv"]


def test_days_of_a_month():
    assert days_of("2026-02", "") == (date(2026, 2, 1), 28)
    assert days_of("", "2026-07-15") == (date(2026, 7, 15), 1)
    for month, day in (("", ""), ("2026-07", "2026-07-01")):
        with pytest.raises(WrongOption):
            days_of(month, day)
    with pytest.raises(WrongDate):
        days_of("2026-13", "")
