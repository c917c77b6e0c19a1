"""Answers in Open-Meteo's format, made from the sun, and a server on this machine that gives them."""

import gzip
import json
import threading
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pandas as pd

from parkopt.weather.sun import cos_zenith, later

PLACE = (33.75, 120.5)
UNITS = {
    "shortwave_radiation": "W/m²", "direct_normal_irradiance": "W/m²", "diffuse_radiation": "W/m²",
    "direct_radiation": "W/m²", "temperature_2m": "°C", "surface_pressure": "hPa", "pressure_msl": "hPa",
    "wind_speed_10m": "km/h", "wind_speed_80m": "km/h", "wind_speed_100m": "km/h", "wind_speed_120m": "km/h",
    "wind_speed_180m": "km/h", "wind_direction_10m": "°", "wind_direction_100m": "°", "relative_humidity_2m": "%",
    "cloud_cover": "%", "precipitation": "mm", "snow_depth": "m",
}  # fmt: skip
FORECAST = tuple(
    name for name in UNITS if not name.endswith("_100m") and name not in ("direct_radiation", "pressure_msl")
)


def columns(stamps, step_min=60, place=PLACE):
    """All variables at UTC stamps: a clear sky averaged over the step before, smooth instants."""
    at = np.asarray(stamps, dtype="datetime64[s]")
    fine = later(at[:, None], -step_min * (np.arange(20) + 0.5) / 20)
    height = np.clip(cos_zenith(fine.ravel(), *place).reshape(-1, 20), 0, None)
    dni = 700.0 * (height > 0)
    direct, dhi = (dni * height).mean(1), 90 * height.mean(1)
    # as the service does: direct normal from the direct mean over the mean height
    normal = np.where(height.mean(1) > 0.02, direct / np.maximum(height.mean(1), 0.02), 0)
    hour = at.astype(np.int64) / 3600
    wave = np.sin(2 * np.pi * hour / 24)
    wind = {h: 3.6 * (7 + 2 * wave) * (h / 100) ** 0.14 for h in (10, 80, 100, 120, 180)}
    return {
        "shortwave_radiation": direct + dhi, "direct_normal_irradiance": normal, "diffuse_radiation": dhi,
        "direct_radiation": direct, "temperature_2m": 20 + 5 * wave, "surface_pressure": 1010 + wave,
        "pressure_msl": 1012 + wave, **{f"wind_speed_{h}m": v for h, v in wind.items()},
        "wind_direction_10m": (350 + hour * 7) % 360, "wind_direction_100m": (350 + hour * 7) % 360,
        "relative_humidity_2m": 60 + 10 * wave, "cloud_cover": 20 + 0 * wave, "precipitation": 0.25 + 0 * wave,
        "snow_depth": 0 * wave,
    }  # fmt: skip


def answer(first, last, *, keys=FORECAST, unixtime=False, offset_s=0, zone="GMT", step_min=60, members=0, place=PLACE):
    """An answer from UTC `first` to `last` (both in it), numbers rounded as the service rounds them."""
    stamps = pd.date_range(first, last, freq=f"{step_min}min")
    found = columns(stamps, step_min, place)
    table = {key: [round(float(v), 4) for v in found[key]] for key in keys}
    for member in range(1, members + 1):
        for key in keys:
            table[f"{key}_member{member:02d}"] = [round(v * (1 - 0.02 * member), 4) for v in table[key]]
    local = stamps + timedelta(seconds=offset_s)
    written = [int(v) for v in stamps.as_unit("s").asi8] if unixtime else list(local.strftime("%Y-%m-%dT%H:%M"))
    block = "hourly" if step_min == 60 else "minutely_15"
    units = {key: UNITS[key.split("_member")[0]] for key in table}
    return {
        "latitude": place[0], "longitude": place[1], "generationtime_ms": 0.2, "utc_offset_seconds": offset_s,
        "timezone": zone, "timezone_abbreviation": zone, "elevation": 3.0,
        f"{block}_units": {"time": "unixtime" if unixtime else "iso8601", **units},
        block: {"time": written, **table},
    }  # fmt: skip


def reply(query):
    """What the service answers to a query of parkopt's: unix times, wind in m/s."""
    first, last = query["start_date"][0], query["end_date"][0]
    keys = query["hourly"][0].split(",")
    found = answer(first, f"{last}T23:00", keys=keys, unixtime=query["timeformat"] == ["unixtime"])
    if query.get("wind_speed_unit") == ["ms"]:
        for key in [key for key in keys if key.startswith("wind_speed")]:
            found["hourly"][key] = [value / 3.6 for value in found["hourly"][key]]
            found["hourly_units"][key] = "m/s"
    return found


class Stub:
    """What the server does next: `plan` holds names of tricks, used up one a request; then it is well."""

    def __init__(self):
        self.plan, self.queries, self.paths, self.url = [], [], [], ""
        self.lock = threading.Lock()

    @property
    def count(self):
        return len(self.queries)

    def take(self, path, query):
        with self.lock:
            self.queries.append(query)
            self.paths.append(path)
            return self.plan.pop(0) if self.plan else "well"


def respond(handler, trick, query):
    status, headers, body = 200, {}, json.dumps(reply(query)).encode()
    if trick == "400":
        key = query.get("apikey", [""])[0]
        status, body = 400, json.dumps({"error": True, "reason": f"The key {key} is not known"}).encode()
    elif trick.startswith(("429", "500", "503")):
        status, _, wait = trick.partition("/")
        status, headers, body = int(status), {"Retry-After": wait} if wait else {}, b'{"error":true,"reason":"busy"}'
    elif trick == "slow":
        time.sleep(1.5)
    elif trick == "cut":
        body = body[: len(body) // 2]
    elif trick == "short":
        headers, body = {"Content-Length": str(len(body))}, body[: len(body) // 2]
    elif trick == "html":
        body = b"<html><body>Sign in</body></html>"
    elif trick == "error":
        body = b'{"error": true, "reason": "Daily API request limit exceeded"}'
    elif trick == "gzip":
        assert "gzip" in handler.headers["Accept-Encoding"]
        headers, body = {"Content-Encoding": "gzip"}, gzip.compress(body)
    elif trick in ("units", "missing"):
        found = json.loads(body)
        if trick == "units":
            found["hourly_units"]["temperature_2m"] = "furlong"
        else:
            del found["hourly"]["shortwave_radiation"]
        body = json.dumps(found).encode()
    handler.send_response(status)
    for name, value in ({"Content-Length": str(len(body))} | headers).items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


@contextmanager
def serving():
    """Give a `Stub` whose `url` answers."""
    stub = Stub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            parts = urlsplit(self.path)
            query = parse_qs(parts.query)
            with suppress(BrokenPipeError, ConnectionResetError):
                respond(self, stub.take(parts.path, query), query)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    stub.url = f"http://127.0.0.1:{server.server_port}/v1/forecast"
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
