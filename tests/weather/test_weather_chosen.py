"""The weather that a park asks for: notes on what looks odd, the year's sums whatever the day."""

from __future__ import annotations

from datetime import date, timedelta, timezone

from parkopt.clock import TimeGrid
from parkopt.weather import CsvMapping, CsvWeather, Embedded, Epw
from parkopt.weather.chosen import fetch_weather
from tests.weather.test_bad_weather_files import DAY, EPW, SHEYANG, all_rows, cells, good_epw, scaled

CN = timezone(timedelta(hours=8))


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


def test_a_typical_year_of_a_few_dated_days_is_read(tmp_path):
    days = TimeGrid.day(date(2027, 7, 1), CN, 60, 2)
    table = Embedded("actual").fetch(SHEYANG, days).to_dataframe()
    table.index = table.index.tz_localize("UTC").tz_convert(CN).map(lambda stamp: stamp.isoformat()).rename("time")
    table.to_csv(tmp_path / "a.csv")
    source = CsvWeather(tmp_path / "a.csv", CsvMapping(basis="typical_year"))
    grid = TimeGrid.day(date(2027, 7, 2), CN)
    assert fetch_weather(source, SHEYANG, grid).identical(source.fetch(SHEYANG, grid))
