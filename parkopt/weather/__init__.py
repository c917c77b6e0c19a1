"""Weather: one source a file, each giving the same canonical Dataset."""

from __future__ import annotations

from parkopt.weather.csv import CsvMapping, CsvWeather
from parkopt.weather.embedded import Embedded
from parkopt.weather.epw import Epw
from parkopt.weather.registry import weather_source
from parkopt.weather.source import Source, Weather, check_weather, grid_of

__all__ = [
    "CsvMapping",
    "CsvWeather",
    "Embedded",
    "Epw",
    "Source",
    "Weather",
    "check_weather",
    "grid_of",
    "weather_source",
]
