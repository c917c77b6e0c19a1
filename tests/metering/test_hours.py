"""Readings on whole hours: sums, revisions, gaps, estimates, what does not add up; all exact."""

from datetime import date, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkopt.clock import TimeGrid
from parkopt.errors import Faults
from parkopt.faults import GridMismatch, MissingReadings, OffItsGrid, OverlappingIntervals, UnknownDevice
from parkopt.metering.channels import channels
from parkopt.metering.hours import alarms, day_span, estimated, metered, unaccounted
from parkopt.metering.reading import Channel, Quality, Reading, Register
from tests.metering.parks import START, at, small_park

PARK = small_park()
EAST = timezone(timedelta(hours=8))
DAY = TimeGrid.day(date(2026, 7, 1), EAST)
MILL = [Channel("mill", Register.CONSUMPTION, "main", "works")]
FEW = settings(max_examples=30, deadline=None)


def reading(wh, hours, minutes=60, part=0, **more):
    start = at(hours, part)
    return Reading("mill", Register.CONSUMPTION, start, start + timedelta(minutes=minutes), wh, **more)


def day(**changes):
    return [reading(100 + h, h, **changes) for h in range(24)]


def of(readings, grid=DAY, **more):
    return metered(PARK, readings, grid, wanted=MILL, **more)


def wh(found):
    return found.wh["mill", Register.CONSUMPTION].tolist()


@FEW
@given(st.lists(st.integers(0, 10**12), min_size=96, max_size=96), st.randoms(use_true_random=False))
def test_quarters_sum_to_hours_exactly_in_any_order(values, shuffler):
    own = [reading(value, i // 4, 15, 15 * (i % 4)) for i, value in enumerate(values)]
    shuffler.shuffle(own)
    assert wh(of(own)) == [sum(values[4 * h : 4 * h + 4]) for h in range(24)]


def test_lengths_may_mix_and_the_highest_revision_counts():
    own = [one for one in day() if one.start not in (at(5), at(6))]
    own += [reading(1, 5, 15), reading(2, 5, 15, 15), reading(4, 5, 30, 30), reading(8, 5, 30, 30, revision=2)]
    own += [reading(50, 6), reading(60, 6, revision=1, quality=Quality.CORRECTED)]
    found = of(own)
    assert wh(found)[5:7] == [11, 60]
    assert found.revision["mill", Register.CONSUMPTION].tolist()[4:7] == [0, 2, 1]
    assert found.measured["mill", Register.CONSUMPTION].all()


def test_what_is_missing_comes_together_as_ranges():
    own = [one for one in day() if one.start not in (at(0), at(8), at(9), at(23))] + [reading(9, 9, 15)]
    with pytest.raises(Faults) as raised:
        of(own)
    told = [
        (fault.facts["start"][11:16], fault.facts["end"][11:16], fault.facts["hours"]) for fault in raised.value.faults
    ]
    assert told == [
        ("00:00", "01:00", "1"),
        ("08:00", "09:00", "1"),
        ("09:15", "10:00", "0.75"),
        ("23:00", "00:00", "1"),
    ]
    assert all(isinstance(fault, MissingReadings) for fault in raised.value.faults)


def test_all_registers_of_a_park_are_needed():
    with pytest.raises(Faults) as raised:
        metered(PARK, day(), DAY)
    assert len(raised.value.faults) == len(channels(PARK)) - 1


def beside():
    before = [reading(10, h - 24) for h in range(24)]
    after = [reading(21, h + 24) for h in range(24)]
    return before, after


@pytest.mark.parametrize(("hours", "filled"), [(1, True), (4, True), (5, False)])
def test_gaps_of_up_to_4_hours_are_estimated_when_allowed(hours, filled):
    before, after = beside()
    own = [one for one in day() if not at(8) <= one.start < at(8 + hours)]
    if not filled:
        with pytest.raises(MissingReadings):
            of(own + before + after, estimate=True)
        return
    with pytest.raises(MissingReadings):
        of(own + before + after)
    found = of(own + before + after, estimate=True)
    assert wh(found)[7 : 8 + hours] == [107] + [15] * hours  # (10 + 21) // 2
    assert (~found.measured["mill", Register.CONSUMPTION]).nonzero()[0].tolist() == list(range(8, 8 + hours))
    notices = estimated(found)
    assert [(one.code, one.facts["hours"]) for one in notices] == [("PK1826", hours)]


def test_an_estimate_keeps_what_was_measured_of_the_hour():
    before, after = beside()
    own = [one for one in day() if one.start != at(8)] + [reading(3, 8, 30)]
    assert wh(of(own + before + after, estimate=True))[8] == 3 + (10 + 21) * 2 // 8


def test_an_estimate_needs_a_neighbour():
    own = [one for one in day() if one.start != at(8)]
    with pytest.raises(MissingReadings):
        of(own, estimate=True)
    assert wh(of(own + beside()[0], estimate=True))[8] == 10


def test_an_estimated_reading_is_not_measured():
    own = [one for one in day() if one.start != at(8)] + [reading(5, 8, quality=Quality.ESTIMATED)]
    found = of(own)
    assert found.measured["mill", Register.CONSUMPTION].sum() == 23
    assert found.wh["mill", Register.CONSUMPTION].dtype == np.int64


def test_what_cannot_be_laid_on_hours():
    with pytest.raises(OverlappingIntervals):
        of([*day(), reading(1, 5, 15, 15)])
    for wrong in (reading(1, 5, 60, 30), reading(1, 5, 20), reading(1, 5, 15, 10)):
        with pytest.raises(Faults) as raised:
            of([one for one in day() if one.start != at(5)] + [wrong])
        assert any(isinstance(fault, OffItsGrid) for fault in raised.value.faults)
    with pytest.raises(UnknownDevice):
        of([*day(), Reading("old", Register.GENERATION, at(3), at(4), 1)])
    of([*day(), Reading("old", Register.GENERATION, at(-3), at(-2), 1)])


@pytest.mark.parametrize(
    "grid",
    [
        TimeGrid.day(date(2026, 7, 1), EAST, 15),
        TimeGrid(START, timedelta(hours=1), 23, EAST),
        TimeGrid(START + timedelta(hours=1), timedelta(hours=1), 24, EAST),
    ],
)
def test_only_hours_of_whole_days(grid):
    with pytest.raises(GridMismatch):
        of(day(), grid)


def test_span_for_estimates():
    assert day_span(DAY) == (at(-24), at(48))


def test_unaccounted_is_sources_less_sinks_by_bus_with_an_alarm_above_2_percent():
    give = {("pv", Register.GENERATION): 600, ("grid", Register.IMPORT): 400, ("ess", Register.DISCHARGE): 100}
    take = {("mill", Register.CONSUMPTION): 900, ("grid", Register.EXPORT): 50, ("ess", Register.CHARGE): 150}
    own = [
        Reading(device, register, at(h), at(h + 1), wh + (30 if (device, h) == ("pv", 7) else 0))
        for (device, register), wh in {**give, **take}.items()
        for h in range(24)
    ]
    found = metered(PARK, own, DAY)
    gap = unaccounted(found, channels(PARK))["main"]
    assert gap.tolist() == [30 if h == 7 else 0 for h in range(24)]
    notice = alarms(found, channels(PARK))[0]  # 30 of 1130 Wh
    assert (notice.facts["count"], notice.facts["wh"], notice.facts["worst"]) == (1, 30, "2026-07-01 07:00")
    assert alarms(found, channels(PARK), limit=0.03) == []
