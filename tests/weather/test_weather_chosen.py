"""The weather that a park asks for: notes on what looks odd, the year's sums whatever the day."""

from __future__ import annotations

from parkopt.weather import Embedded, Epw
from parkopt.weather.chosen import fetch_weather
from tests.weather.test_bad_weather_files import DAY, EPW, SHEYANG, all_rows, cells, good_epw, scaled


def test_the_year_is_looked_at_whatever_the_day(tmp_path):
    path = tmp_path / "a.epw"
    path.write_bytes(cells(EPW, "ws10", all_rows(EPW), scaled(0.1)))
    notes = fetch_weather(Epw(path), SHEYANG, DAY).attrs["notes"]
    assert "wind_speed_10m_m_per_s gives" in notes
    assert "2 to 8 is usual here: is its unit right?" in notes
    assert notes.startswith(Epw(path).fetch(SHEYANG, DAY).attrs["notes"])


def test_weather_in_order_is_given_as_it_is(tmp_path):
    path = tmp_path / "a.epw"
    path.write_bytes(good_epw())
    for source in (Epw(path), Embedded()):
        assert fetch_weather(source, SHEYANG, DAY).identical(source.fetch(SHEYANG, DAY))
