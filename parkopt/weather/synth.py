"""Generator of the embedded year: ``python -m parkopt.weather.synth`` rewrites data and hash.

SYNTHETIC weather, calibrated to the climate of the Yancheng coast and never measured. The
year is in fixed UTC+8, has 8760 hours, and each hour is named by its start; the sun stands
at its middle. A second set of columns is a day-ahead forecast of the first, so that a
schedule never sees the weather that will come.
"""

from __future__ import annotations

import gzip
import hashlib
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from parkopt.clock import FloatArray
from parkopt.weather import synth_sky as sky_of
from parkopt.weather import synth_wind as wind_of
from parkopt.weather.sites import BASES, DATA, HASH, SHORT, SITES, distances_km
from parkopt.weather.sun import TimeArray, later
from parkopt.weather.synth_noise import field
from parkopt.weather.synth_wind import INLAND, OFFSHORE, WindSite

SEED = 20261124
HOURS = 8760
DECIMALS = {"temp": 1, "ws10": 2, "ws100": 2, "pressure": -1}
START_UTC = np.datetime64("2022-12-31T16:00", "s")
"""2023-01-01 00:00 +08:00: the sun of a year without 29 February."""


def climate(site: str) -> WindSite:
    """Return the wind climate of a site."""
    return INLAND if site == "ydz" else OFFSHORE


def hour_starts() -> TimeArray:
    """Return the starts of the hours in UTC, (8760,)."""
    return later(np.full(HOURS, START_UTC), np.arange(HOURS) * 60.0)


def months() -> FloatArray:
    """Return the local month of each hour, from 0."""
    local = later(hour_starts(), 8 * 60)
    return np.asarray(local.astype("datetime64[M]").astype(int) % 12, dtype=float)


def generate() -> pd.DataFrame:
    """Return the year: 8760 rows, one column a site, basis and variable, rounded as shipped."""
    rng = np.random.RandomState(SEED)
    apart = distances_km(list(SITES.values()))
    columns = _light(rng, apart)
    index = columns.pop("index")
    columns |= _wind(rng, apart, columns.pop("cloud"))
    temp = sky_of.temperature(rng, index, months(), apart)
    temp_error = 1.2 * field(rng, HOURS, apart, 250.0, float(np.exp(-1 / 12)))
    air = sky_of.pressure(rng, HOURS, apart, _bump("actual"))
    air_error = 150 * field(rng, HOURS, apart, 600.0, float(np.exp(-1 / 24)))
    columns |= {"actual_temp": temp, "forecast_temp": temp + temp_error}
    columns |= {"actual_pressure": air, "forecast_pressure": air + air_error}
    return _frame(columns)


def _bump(basis: str) -> FloatArray:
    latitudes = [place[0] for place in SITES.values()]
    if basis == "actual":
        return wind_of.typhoon(HOURS, latitudes)
    return wind_of.FORECAST_SHARE * wind_of.typhoon(HOURS, latitudes, wind_of.FORECAST_LATE_H)


def _light(rng: np.random.RandomState, apart: FloatArray) -> dict[str, FloatArray]:
    """Return the light of both bases, and the actual clear-sky index and cloud latent."""
    clouds = sky_of.cloud(rng, HOURS, apart)
    latents = {"actual": clouds.latent, "forecast": sky_of.cloud_forecast(rng, clouds, apart)}
    middles = later(hour_starts(), 30)
    found: dict[str, list[FloatArray]] = {"index": []}
    for number, place in enumerate(SITES.values()):
        clear = sky_of.clear_ghi(middles, place)[0]
        exponent = sky_of.exponents(clouds.latent[:, number], clear, months())[months().astype(int)]
        for basis, latent in latents.items():
            dimming = 1 - 0.75 * _bump(basis)[:, number]
            light = sky_of.sky(latent[:, number], exponent, dimming, middles, place)
            for short in ("ghi", "dni", "dhi"):
                found.setdefault(f"{basis}_{short}", []).append(getattr(light, SHORT[short]))
            if basis == "actual":
                found["index"].append(light.clear_index)
    return {name: np.stack(columns, axis=1) for name, columns in found.items()} | {"cloud": clouds.daily}


def _wind(rng: np.random.RandomState, apart: FloatArray, cloud_daily: FloatArray) -> dict[str, FloatArray]:
    actual = wind_of.latent(rng, HOURS, apart, cloud_daily)
    latents = {"actual": actual, "forecast": wind_of.latent_forecast(rng, actual, apart)}
    found: dict[str, list[FloatArray]] = {}
    for number, site in enumerate(SITES):
        about = climate(site)
        # the typhoon adds to the year's mean, so the scale is that of the year without it
        scale = about.mean_m_per_s / float(wind_of.calm_speed(actual[:, number], months(), about).mean())
        for basis, latent in latents.items():
            calm = scale * wind_of.calm_speed(latent[:, number], months(), about)
            speed = wind_of.with_typhoon(calm, _bump(basis)[:, number], about.typhoon_m_per_s)
            found.setdefault(f"{basis}_ws100", []).append(speed)
            low = wind_of.at_10m(speed, wind_of.shear_exponent(HOURS, about))
            found.setdefault(f"{basis}_ws10", []).append(low)
    return {name: np.stack(columns, axis=1) for name, columns in found.items()}


def _frame(columns: dict[str, FloatArray]) -> pd.DataFrame:
    table = {
        f"{site}_{basis}_{short}": np.round(columns[f"{basis}_{short}"][:, number], DECIMALS.get(short, 0))
        for number, site in enumerate(SITES)
        for basis in BASES
        for short in SHORT
    }
    local = pd.DatetimeIndex(later(hour_starts(), 8 * 60)).strftime("%m-%d %H:00")
    return pd.DataFrame(table, index=pd.Index(local, name="local_hour"))


def write(data: Path = DATA) -> str:
    """Write the year to `data` and its hash beside it; return the hash (of the uncompressed text)."""
    frame = generate()
    whole = [name for name in frame.columns if name.rsplit("_", 1)[1] not in ("temp", "ws10", "ws100")]
    text = frame.astype(dict.fromkeys(whole, "int64")).to_csv(lineterminator="\n").encode()
    digest = hashlib.sha256(text).hexdigest()
    data.parent.mkdir(parents=True, exist_ok=True)
    data.write_bytes(gzip.compress(text, 9, mtime=0))
    data.with_name(HASH.name).write_text(digest + "\n")
    return digest


def main(arguments: list[str]) -> None:
    """Rewrite the data, or with ``--report`` print what the shipped year amounts to."""
    if "--report" in arguments:
        from parkopt.weather.synth_report import report

        sys.stdout.write(report())
    else:
        sys.stdout.write(f"{DATA} {write()}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
