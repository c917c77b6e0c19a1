"""PV conversion on two real plants: irradiance measured at the plant to power, fitted on a span and tested on another.

``python -m tests.bench.pv_conversion`` prints the table. Data: Chen and Xu (2022), State Grid sites 2 and 3, in
``../shared/data/real``. Their places are not told; they are taken from the noon and the day length of the light.
Errors are over the nameplate capacity. A day is `odd` where the power stands below 0.7 of the model's energy or goes
with it below a correlation of 0.9 (curtailed, out of service, false sensor): it is told from the measured power
itself, so the rows "without odd days" show the chain, not a forecast.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from parkopt.forecast import pv
from parkopt.forecast.pv_fit import PvFit, fit_pv_parameters, fit_pv_scale
from parkopt.forecast.pv_scada import clean_scada

REAL = Path(__file__).resolve().parents[3] / "shared/data/real"
SITE_2 = REAL / "cn_stategrid_pv_site2_130MW_15min_2019_2020_processed.csv.gz"
SITE_3 = REAL / "cn_stategrid_pv_site3_30MW_15min_201901_202006.csv.gz"
DAY = 96
START = {"tilt_deg": (0.0, 30.0, 60.0), "azimuth_deg": (120.0, 180.0, 240.0)}
THERMAL = {**START, "gamma_per_k": (-0.01, -0.0034, 0.0)}
WIND = 2.0
ODD_RATIO, ODD_CORRELATION = 0.7, 0.9


@dataclass(frozen=True)
class Site:
    """A plant's record, laid on its sun."""

    name: str
    capacity: float
    sun: pv.Sun
    ghi: np.ndarray
    dni: np.ndarray
    dhi: np.ndarray
    air: np.ndarray
    raw: np.ndarray
    local: pd.DatetimeIndex

    def power(self, chosen: np.ndarray, **changes) -> np.ndarray:
        """Return the chain's power before any limit at the chosen steps [MW]."""
        fields = (self.sun.zenith_deg, self.sun.azimuth_deg, self.sun.dni_extra)
        sun = pv.Sun(*(x[chosen] for x in fields))
        sky = pv.Sky(*(x[chosen] for x in (self.ghi, self.dni, self.dhi, self.air)), WIND)
        mount = pv.Fixed(changes.pop("tilt_deg"), changes.pop("azimuth_deg"))
        plant = pv.Plant(self.capacity, 1.5 * self.capacity, (pv.Array(mount),), **changes)
        return pv.plant_power_mw(sun, sky, plant)

    @property
    def measured(self) -> np.ndarray:
        """Cleaned power [MW]."""
        return clean_scada(self.raw, self.capacity, self.sun.up)[0]


def site_2() -> Site:
    """130 MW at 1370 m: the sensor lies flat, the column called ghi is the diffuse part."""
    data, local = _read(SITE_2)
    sun = pv.sun(local.tz_convert("UTC"), 37.5, 79.0, 1370.0, 0.0)
    ghi = data.tsi_wm2.clip(0).to_numpy()
    dhi = np.minimum(data.ghi_label_wm2.clip(0).to_numpy(), ghi)
    cos = np.cos(np.radians(np.minimum(sun.zenith_deg, 90.0)))
    dni = np.where(cos > 0.05, np.minimum((ghi - dhi) / np.maximum(cos, 0.05), 1000.0), 0.0)
    return Site("site 2", 130.0, sun, ghi, dni, dhi, data.t_air_c.to_numpy(), data.power_mw.to_numpy(), local)


def site_3() -> Site:
    """30 MW at sea level: the global sensor is dead from August 2019 on; beam and diffuse close instead of it."""
    data, local = _read(SITE_3)
    sun = pv.sun(local.tz_convert("UTC"), 38.0, 118.0, 5.0, 0.0)
    dni, dhi = (data[c].clip(0, 1400).to_numpy(dtype=float) for c in ("dni_wm2", "ghi_label_wm2"))
    cos = np.cos(np.radians(np.minimum(sun.zenith_deg, 90.0)))
    air = data.t_air_c.where(data.t_air_c.abs() < 60).interpolate(limit_direction="both").to_numpy()
    return Site("site 3", 30.0, sun, dni * cos + dhi, dni, dhi, air, data.power_mw.to_numpy(), local)


def _read(path: Path) -> tuple[pd.DataFrame, pd.DatetimeIndex]:
    data = pd.read_csv(path, na_values=["--"])
    return data, pd.DatetimeIndex(pd.to_datetime(data["time"])).tz_localize("+08:00")


def sound_months(site: Site) -> list[str]:
    """Return the months in which the light goes with the power: correlation by day of 0.9 in the median."""
    frame = pd.DataFrame({"light": site.ghi, "power": site.measured, "day": np.arange(site.ghi.size) // DAY})
    by_day = frame[site.sun.up].groupby("day").apply(lambda x: _correlation(x.light.to_numpy(), x.power.to_numpy()))
    months = site.local[::DAY].strftime("%Y-%m")[by_day.index]
    medians = by_day.groupby(np.asarray(months)).median()
    return list(medians.index[medians >= 0.9])


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    known = np.isfinite(one) & np.isfinite(other)
    if known.sum() < 3 or one[known].std() == 0 or other[known].std() == 0:
        return 0.0
    return float(np.corrcoef(one[known], other[known])[0, 1])


def odd_days(model: np.ndarray, power: np.ndarray) -> np.ndarray:
    """Return for each step whether its day was held back, out of service, or blind."""
    bad = []
    for m, p in zip(model.reshape(-1, DAY), np.nan_to_num(power).reshape(-1, DAY), strict=True):
        bad.append(
            p.sum() < ODD_RATIO * m.sum() or p.sum() > m.sum() / ODD_RATIO or _correlation(m, p) < ODD_CORRELATION
        )
    return np.repeat(bad, DAY)


def clear_sky(site: Site, chosen: np.ndarray, **plane) -> np.ndarray:
    """Return the chain's power under Haurwitz's clear sky [MW]."""
    from pvlib import clearsky, irradiance

    ghi = clearsky.haurwitz(pd.Series(site.sun.zenith_deg))["ghi"].to_numpy()
    parts = irradiance.erbs_driesse(ghi, site.sun.zenith_deg, dni_extra=site.sun.dni_extra)
    dni, dhi = (np.nan_to_num(np.asarray(parts[key])) for key in ("dni", "dhi"))
    return Site(**(vars(site) | {"ghi": ghi, "dni": dni, "dhi": dhi})).power(chosen, **plane)


def figures(model: np.ndarray, power: np.ndarray, up: np.ndarray, capacity: float, seen: np.ndarray) -> list[str]:
    """Return nMAE, nRMSE, bias, and the first two by daylight [%]."""
    cells = []
    for chosen in (seen, seen & up):
        error = 100 * (model - power)[chosen & np.isfinite(power) & np.isfinite(model)] / capacity
        cells += [np.abs(error).mean(), np.sqrt((error**2).mean()), error.mean()]
    return [f"{cell:7.2f}" for cell in cells[:5]]


def contest(site: Site, fit_on: np.ndarray, test_on: np.ndarray) -> tuple[list[list[str]], list[str], PvFit]:
    """Fit on one span and return the rows and notes of the other."""
    raw, power, up = site.raw[fit_on], site.measured, site.sun.up[test_on]
    limit = float(np.nanquantile(power[fit_on], 0.9995))
    about = {"capacity_mw": site.capacity, "step_min": 15, "up": site.sun.up[fit_on], "limit_mw": limit}
    first = {name: bounds[1] for name, bounds in START.items()}
    fits = {"scale": (fit_pv_scale(site.power(fit_on, **first), raw, **about), first)}
    for name, free in (("scale, plane", START), ("scale, plane, gamma", THERMAL)):
        fit = fit_pv_parameters(lambda p: site.power(fit_on, **p), raw, free, **about)
        fits[name] = (fit, fit.parameters)
    models = {name: np.minimum(fit.scale * site.power(test_on, **plane), limit) for name, (fit, plane) in fits.items()}
    smooth = pd.Series(models["scale, plane"]).rolling(3, center=True, min_periods=1).mean().to_numpy()
    models["scale, plane, 45 min mean"] = smooth
    plane = fits["scale, plane"][1]
    clear, before = clear_sky(site, np.ones(power.size, bool), **plane), np.r_[np.full(DAY, np.nan), power[:-DAY]]
    by_day = np.nan_to_num(before).reshape(-1, DAY).sum(1) / np.roll(clear, DAY).reshape(-1, DAY).sum(1)
    models["24 h persistence"] = before[test_on]
    models["smart persistence"] = (np.repeat(by_day, DAY) * clear)[test_on]
    now = power[test_on]
    sound = ~odd_days(models["scale, plane"], now)
    every = np.ones(now.size, bool)
    rows = [
        [name, *(cell for seen in (every, sound) for cell in figures(model, now, up, site.capacity, seen))]
        for name, model in models.items()
    ]
    notes = []
    for name, (fit, chosen) in fits.items():
        told = ", ".join(f"{key} {value:.4g}" for key, value in chosen.items())
        notes.append(f"{name}: scale {fit.scale:.3f}, {told}")
    fit = fits["scale, plane"][0]
    told = " ".join(map(str, fit.notes))
    notes += [f"used {fit.used_steps}, dropped {fit.dropped}, shift {fit.shift_min:.1f} min {told}"]
    notes += [f"odd days of the test {(~sound).sum() // DAY} of {now.size // DAY}; highest power {limit:.1f} MW"]
    return rows, notes, fit


def spans(site: Site) -> tuple[np.ndarray, np.ndarray, str]:
    """Return the steps to fit on and to test on: 2019 and 2020, as far as the light is sound."""
    month = np.asarray(site.local.strftime("%Y-%m"))
    if site.name == "site 2":
        return month < "2020", month >= "2020", "fitted on 2019, tested on 2020"
    sound = np.isin(month, sound_months(site))
    fit_on, test_on = sound & (month < "2020"), sound & (month >= "2020")
    text = f"fitted on {', '.join(np.unique(month[fit_on]))}; tested on {', '.join(np.unique(month[test_on]))}"
    return fit_on, test_on, text


def main() -> None:
    """Print the table of both sites."""
    heads = ["nMAE", "nRMSE", "bias", "day nMAE", "day nRMSE"]
    for site in (site_2(), site_3()):
        fit_on, test_on, text = spans(site)
        rows, notes, _ = contest(site, fit_on, test_on)
        print(f"\n{site.name}, {site.capacity:g} MW, {text}; % of capacity: all days | without odd days")
        print(f"{'':28}" + "".join(f"{head:>10}" for head in heads * 2))
        for name, *cells in rows:
            print(f"{name:28}" + "".join(f"{cell:>10}" for cell in cells))
        print("\n".join("  " + note for note in notes))


if __name__ == "__main__":
    main()
