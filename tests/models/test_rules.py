"""Ratios, exchange and the park file's rules, worked out by hand."""

import io
import shutil
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError
from pyomo.repn.plugins.lp_writer import LPWriter

from parkopt.clock import TimeGrid
from parkopt.errors import Faults
from parkopt.faults import BrokenReference, CheckFailed, Infeasible
from parkopt.models import build, technologies
from parkopt.models.policy import export_banned
from parkopt.park.faulty import CHINESE
from parkopt.park.loader import load_park
from parkopt.park.schema import Rules
from parkopt.park.state import ParkState, RestOfYear, YearSoFar
from parkopt.schedule import next_state, to_schedule
from parkopt.solve import check, solve
from parkopt.solve.check_rules import (
    breaches_mwh,
    ratio_energies,
    year_end_ratios,
)
from parkopt.testing import assert_conserves, load_asset
from tests.models.ruled import CHINA, ESS, EXACT, SHORT, findings, problem, tampered

GOLDEN = Path(__file__).parents[1] / "golden" / "rules.lp"


def test_one_ratio_is_priced_and_the_others_stay_hard():
    """Of 80 MWh 40 are used: 8 below 60 %, at 150 yuan. The hard export share still holds 16 MWh back to 16."""
    solution = solve(
        problem({"direct_connection": "multi_user_688", "breach_prices": {"self_use_of_available": "150 yuan/MWh"}}),
        EXACT,
    )
    assert_conserves(solution)
    assert solution.reported["grid"]["export_mw"].sum() == pytest.approx(16.0)
    assert float(np.sum(solution.bill["rule_breach"])) == pytest.approx(8 * 150)
    assert breaches_mwh(solution.problem, solution.reported)["self_use_of_available"] == pytest.approx(8.0)


def test_a_ratio_may_stay_hard_in_spite_of_the_price_for_all():
    rules = {"direct_connection": "multi_user_688", "breach_price": "1 yuan/MWh", "hard": ["export_of_available"]}
    solution = solve(problem(rules), EXACT)
    assert_conserves(solution)
    assert solution.reported["grid"]["export_mw"].sum() == pytest.approx(16.0)


def test_a_breach_that_is_not_paid_is_found():
    rules = {"direct_connection": "multi_user_688", "breach_price": "150 yuan/MWh"}
    solution = solve(problem(rules, export=100.0), EXACT)
    assert findings(solution) == []
    unpaid = dict(solution.bill) | {"rule_breach": np.zeros(1)}
    with pytest.raises(CheckFailed):
        check(solution.problem, solution.reported, unpaid)
    assert findings(solution, tampered(solution, "grid", "export_mw", 5.0))


def test_counting_net_or_gross_differs_by_what_storage_loses():
    """16 MWh of sun fill the storage while nothing is used; 16 * 0.9 * 0.8 = 11.52 come back.

    Net 11.52 of 16 are self-used (72 %), gross 16 of 16: 80 % can be asked for gross, and not net.
    """
    day = {"pv": (8.0, 8.0, 0.0, 0.0), "load": (0.0, 0.0, 10.0, 10.0), "export": 0.0, "extra": {"ess": ESS}}
    asked = {"direct_connection": "multi_user_688", "self_use_of_available": 0.8, "self_use_of_demand": 0.0}
    gross = solve(problem(asked | {"self_use_counting": "gross"}, **day), EXACT)
    assert_conserves(gross)
    assert ratio_energies(gross.problem, gross.reported)["self_use_mwh"] == pytest.approx(16.0)
    with pytest.raises(Infeasible):
        solve(problem(asked, **day), EXACT)
    net = solve(problem(asked | {"self_use_of_available": 0.7}, **day), EXACT)
    assert ratio_energies(net.problem, net.reported)["self_use_mwh"] == pytest.approx(11.52)


def test_the_year_to_date_binds_or_the_years_end():
    """550 + 40 of 1080 MWh are less than 60 %. A rest of 4076 h at 1 MW used of 1 MW makes it 4666 of 5156."""
    rate = {"available": "8760 MWh/yr", "self_use": "8.76 GWh/yr", "demand": "8760 MWh/yr", "export": "0 MWh/yr"}
    rules = {"direct_connection": "multi_user_688", "year_end": rate}
    with pytest.raises(Infeasible):
        solve(problem(rules, state=ParkState(year=SHORT)), EXACT)
    solution = solve(problem(rules | {"hold": "year_end"}, state=ParkState(year=SHORT)), EXACT)
    assert_conserves(solution)
    ratio, holds = year_end_ratios(solution.problem, solution.reported)["self_use_of_available"]
    used = solution.reported["pv"]["supply_mw"].sum() - solution.reported["grid"]["export_mw"].sum()
    assert used == pytest.approx(40.0)
    assert ratio == pytest.approx(4666 / 5156)
    assert holds
    assert to_schedule(solution, {}).attrs["expected_self_use_of_available"] == pytest.approx(4666 / 5156)


def test_the_rest_goes_on_as_the_year_did_where_nothing_is_said():
    """At the rate of 4680 h, 4076 h bring 1000 * 4076/4680 available and 550 * 4076/4680 used: the ratio stays low."""
    solution = solve(
        problem({"direct_connection": "multi_user_688", "breach_price": "1 yuan/MWh"}, state=ParkState(year=SHORT)),
        EXACT,
    )
    grow = 1 + 4076 / 4680
    ratio, holds = year_end_ratios(solution.problem, solution.reported)["self_use_of_available"]
    assert ratio == pytest.approx((550 * grow + 40) / (1000 * grow + 80))
    assert not holds


def test_a_request_knows_the_rest_better():
    """The state's own figure comes before the file's rate: 5 % of export may be promised away, or not."""
    rest = RestOfYear(available_mwh=0, self_use_mwh=100, demand_mwh=0, export_mwh=0)
    year = SHORT.model_copy(update={"rest": rest})
    solution = solve(
        problem({"direct_connection": "multi_user_688", "hold": "year_end"}, state=ParkState(year=year)), EXACT
    )
    assert_conserves(solution)
    assert year_end_ratios(solution.problem, solution.reported)["self_use_of_available"][0] == pytest.approx(690 / 1080)
    assert next_state(solution).year.rest == RestOfYear()


def test_the_year_end_can_be_tighter_than_today():
    """Today 40 of 80 may go out (20 % of 1080 is far); expected exports of the rest leave nothing of it."""
    year = YearSoFar(year=2026, available_mwh=1000, self_use_mwh=900, demand_mwh=1000, counted_h=4680)
    rest = RestOfYear(available_mwh=100, self_use_mwh=0, demand_mwh=100, export_mwh=226)
    rules = {"direct_connection": "multi_user_688", "hold": "year_end"}
    solution = solve(problem(rules, state=ParkState(year=year.model_copy(update={"rest": rest}))), EXACT)
    assert solution.reported["grid"]["export_mw"].sum() == pytest.approx(0.2 * 1180 - 226)


def test_the_declared_capacity_binds_both_ways():
    solution = solve(problem({"declared_capacity": "7 MW"}, pv=(0, 5, 20, 20), load=(6, 10, 10, 10)), EXACT)
    assert_conserves(solution)
    assert solution.reported["grid"]["import_mw"] == pytest.approx([6, 5, 0, 0])
    assert solution.reported["grid"]["export_mw"] == pytest.approx([0, 0, 7, 7])
    assert any("declared_capacity" in what for what in findings(solution, tampered(solution, "grid", "import_mw", 2.0)))


def test_too_small_a_capacity_is_named_with_the_change_that_works():
    with pytest.raises(Infeasible) as caught:
        solve(problem({"declared_capacity": "7 MW"}, pv=(0, 0, 0, 0)), EXACT)
    assert "raise rules.declared_capacity by 3 MW (from 7 to 10 MW)" in caught.value.remedy("en")
    assert "申报并网容量" in caught.value.message("zh")


def test_the_peak_valley_rate_lifts_the_valley():
    """Loads of 10 and 20 with 5 of sun: imports 5 and 15. At a rate of 50 % the valley is 7.5: 2.5 are curtailed."""
    solution = solve(problem({"exchange_peak_valley": 0.5}, pv=(5, 5), load=(10, 20)), EXACT)
    assert_conserves(solution)
    assert solution.reported["grid"]["import_mw"] == pytest.approx([7.5, 15])
    assert findings(solution, tampered(solution, "grid", "import_mw", np.asarray([0.0, 1.0])))
    with pytest.raises(Infeasible) as caught:
        solve(problem({"exchange_peak_valley": 0.2}, pv=(5, 5), load=(10, 20)), EXACT)
    assert "rules.exchange_peak_valley" in caught.value.remedy("en")


def test_each_local_day_has_its_own_peak():
    """Days of 10 and 20 MW: the rate of either is 0, though that of both together would be 50 %."""
    solution = solve(problem({"exchange_peak_valley": 0.0}, pv=(0,) * 48, load=(10,) * 24 + (20,) * 24), EXACT)
    assert_conserves(solution)


def test_export_is_forbidden_on_dates_and_holidays():
    """1 October 2026 is a holiday, 9 October is named, 12 October is neither."""
    rules = Rules.model_validate(
        {"export_forbidden": [{"dates": ["2026-10-09"], "holidays": True, "windows": ["10-14"]}]}
    )
    for day, hours in ((1, 4), (9, 4), (12, 0)):
        assert export_banned(rules, TimeGrid.day(date(2026, 10, day), CHINA)).sum() == hours
    months = {"months": [11], "dates": ["2026-10-09"], "windows": ["10-14"]}
    none = Rules.model_validate({"export_forbidden": [months]})
    assert export_banned(none, TimeGrid.day(date(2026, 10, 9), CHINA)).sum() == 0


@pytest.mark.parametrize(
    ("rules", "kind"),
    [
        ({"hard": ["export_of_available"], "breach_prices": {"export_of_available": "1 yuan/MWh"}}, "hard_priced"),
        ({"carbon_pace": "plan"}, "plan"),
        ({"carbon_pace": "plan", "carbon_plan": [0.1] * 12}, "plan"),
        ({"carbon_plan": [1 / 12] * 12}, "plan"),
        ({"hourly_green": {}}, "asks_nothing"),
        ({"export_forbidden": [{"dates": ["1 May"], "windows": ["0-24"]}]}, "date_from_datetime_parsing"),
        ({"hold": "soon"}, "literal_error"),
    ],
)
def test_what_contradicts_itself_is_refused_in_both_languages(rules, kind):
    with pytest.raises(ValidationError) as caught:
        Rules.model_validate(rules)
    assert [error["type"] for error in caught.value.errors()] == [kind]
    assert kind in CHINESE


def park_with(tmp_path, rules):
    """A park file with other rules."""
    folder = Path(shutil.copytree(Path(__file__).parents[2] / "parks" / "ydz", tmp_path / "ydz", dirs_exist_ok=True))
    path = folder / "park.yaml"
    text = (Path(__file__).parents[2] / "parks" / "ydz" / "park.yaml").read_text(encoding="utf-8")
    assert "  direct_connection: none\n" in text
    path.write_text(text.replace("  direct_connection: none\n", f"  {rules}\n"), encoding="utf-8")
    return path


def test_all_faults_of_the_rules_come_together_with_their_places(tmp_path):
    wrong = "carbon_cap: 10 MWh\n  hourly_green: {share: 2}\n  hold: never\n  carbon_limit: 5 t"
    with pytest.raises(Faults) as caught:
        load_park(park_with(tmp_path, wrong), technologies())
    places = {fault.where.field for fault in caught.value.faults}
    assert places == {"rules.carbon_cap", "rules.hourly_green.share", "rules.hold", "rules.carbon_limit"}
    assert all(fault.where.line for fault in caught.value.faults)


def test_an_enterprise_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(BrokenReference) as caught:
        load_park(park_with(tmp_path, "hourly_green: {enterprises: {nobody: 0.5}}"), technologies())
    assert caught.value.where.field == "rules.hourly_green.enterprises.nobody"


def test_rules_come_back_from_their_own_dump(tmp_path):
    rules = "\n  ".join(
        [
            "hourly_green: {share: 0.2, enterprises: {yd-data: 0.1}, breach_price: 0.1 yuan/kWh}",
            "carbon_budget: 90000 t/yr",
            "export_forbidden: [{dates: [2026-10-01], windows: [10-14]}]",
            "year_end: {available: 100 GWh/yr, self_use: 80 GWh/yr, demand: 200 GWh/yr, export: 10 GWh/yr}",
        ]
    )
    read = load_park(park_with(tmp_path, rules), technologies()).park.rules
    assert read.carbon_budget == 90_000
    assert read.export_forbidden[0].dates == [date(2026, 10, 1)]
    assert Rules.model_validate(read.model_dump(mode="json", exclude_none=True)) == read


def lp_of_all_rules():
    """Return the LP text of three steps with every rule, hard and soft."""
    rules = {
        "direct_connection": "multi_user_688",
        "breach_prices": {"self_use_of_demand": "150 yuan/MWh"},
        "declared_capacity": "25 MW",
        "exchange_peak_valley": 0.9,
        "carbon_cap": "30 t",
        "carbon_budget": "1000 t/yr",
        "carbon_price": "50 yuan/t",
        "hourly_green": {"share": 0.3, "enterprises": {"works": 0.3, "mill": 0.2}},
    }
    made = problem(
        rules,
        pv=(8, 20, 4),
        load=(10, 12, 9),
        extra={"ess": ESS, "mill": load_asset("mill")},
        series={"mill": {"demand_mw": [5.0, 3.0, 1.0]}},
        state=ParkState(year=SHORT),
    )
    out = io.StringIO()
    LPWriter().write(build(made).model, out, symbolic_solver_labels=True)
    return out.getvalue()


def test_the_rows_are_as_they_were():
    """`python -m tests.models.test_rules` writes the file anew; read the difference before you commit it."""
    assert lp_of_all_rules() == GOLDEN.read_text(encoding="utf-8")


if __name__ == "__main__":
    GOLDEN.write_text(lp_of_all_rules(), encoding="utf-8")
