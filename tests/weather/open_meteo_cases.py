"""Saved answers of the stub for the tests of the reader: of a usual week, kept in a file."""

import json
from datetime import date, timedelta, timezone

from parkopt.clock import TimeGrid
from parkopt.park.base import Location
from parkopt.weather.open_meteo import OpenMeteoFile
from tests.weather import open_meteo_stub as stub

CN = timezone(timedelta(hours=8))
PARK = Location(latitude=33.8, longitude=120.5)
DAY = TimeGrid.day(date(2026, 7, 15), CN)


def usual(**options):
    return stub.answer("2026-07-13", "2026-07-17T23:00", **options)


def saved_in(folder):
    """Return a function that keeps an answer in a file and gives its source."""

    def make(answer, **options):
        path = folder / "answer.json"
        path.write_text(answer if isinstance(answer, str) else json.dumps(answer))
        return OpenMeteoFile(path, **options)

    return make
