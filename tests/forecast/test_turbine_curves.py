"""Power curves by name."""

from __future__ import annotations

from math import gamma

import numpy as np
import pytest

from parkopt.faults import UnknownTurbine, WrongCurve
from parkopt.forecast.turbines import power_curve, reference_names, turbine_names, user_curve
from parkopt.forecast.wind import RHO_0_KG_PER_M3, wind_power_mw


def full_load_hours(name, mean=7.4, k=2.1, n=200_000):
    """Gross hours under a Weibull wind, by equally likely speeds."""
    chance = (np.arange(n) + 0.5) / n
    speeds = mean / gamma(1 + 1 / k) * (-np.log(1 - chance)) ** (1 / k)
    return 8760 * wind_power_mw(speeds, RHO_0_KG_PER_M3, power_curve(name), capacity_mw=1.0, loss=0.0).mean()


@pytest.mark.parametrize(
    ("name", "hours"),
    [
        ("V164/8000", 4116),
        ("SWT130/3600", 3963),
        ("E-141/4200", 3851),
        ("IEA-15-240", 3644),
        ("IEA-10-198", 3696),
        ("NREL-12-214", 3442),
        ("DTU-10-178", 3248),
        ("NREL-6-155", 3603),
        ("NREL-6-170", 4075),
        ("NREL-4-150", 4111),
    ],
)
def test_gross_full_load_hours(name, hours):
    assert full_load_hours(name) == pytest.approx(hours, rel=0.02)


def test_reference_turbines_are_whole():
    names = reference_names()
    assert len(names) == 20
    for name in names:
        curve = power_curve(name)
        assert curve.turbine == name
        assert 0.99 < curve.power_mw.max() / curve.rated_mw < 1.07
        assert curve.rotor_m > 100
        assert 20 <= curve.cut_out_m_per_s <= 25
        assert curve.speeds_m_per_s[0] <= 4
        assert curve.per_unit.max() == 1.0


def test_library_has_67_types_and_names_are_unique():
    names = turbine_names()
    assert len(names) == len(set(names)) == 20 + 67
    assert power_curve("V164/8000").rotor_m == 164
    assert power_curve("V164/8000").rated_mw == 8.0


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("v164/8000", "V164/8000"),
        ("IEA-15MW-240", "IEA-15-240"),
        ("MM82/2050", "MM92/2050"),
        ("GW171/6450", ""),
        ("", ""),
    ],
)
def test_unknown_or_curve_less_type_is_refused_with_near_names(name, near):
    with pytest.raises(UnknownTurbine) as fault:
        power_curve(name)
    assert near in fault.value.facts["near"]
    assert fault.value.facts["near"]


def test_a_table_cut_short_is_refused():
    with pytest.raises(WrongCurve, match=r"16\.5"):
        power_curve("V90/2000")


def test_user_curve_in_any_order():
    curve = user_curve({12: 6.0, 3: 0.0, 25: 6.0})
    np.testing.assert_array_equal(curve.speeds_m_per_s, [3, 12, 25])
    assert curve.rated_mw == 6.0
    assert curve.cut_out_m_per_s == 25.0


@pytest.mark.parametrize(
    "points", [{}, {5: 1.0}, {3: 0.0, 5: -1.0}, {3: 0.0, 5: 0.0}, {3: 0.0, 5: float("nan")}, {-3: 0.0, 5: 1.0}]
)
def test_wrong_user_curves(points):
    with pytest.raises(WrongCurve):
        user_curve(points)


def test_curves_are_shared_and_cannot_be_changed():
    assert power_curve("IEA-15-240") is power_curve("IEA-15-240")
    with pytest.raises(ValueError, match="read-only"):
        power_curve("IEA-15-240").power_mw[0] = 1.0
