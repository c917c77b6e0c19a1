"""A park folder with records: past forecasts of the embedded year as CSV, and wind power that is 0.8 of the chain."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from parkopt.clock import TimeGrid, fixed_zone
from parkopt.models.base import Conditions
from parkopt.models.tech.wind import Wind
from parkopt.park.base import Location
from parkopt.weather import Embedded

ZONE = fixed_zone("+08:00")
SHEYANG = Location(latitude=33.8, longitude=120.5, altitude="3 m")
PLANT = Wind(capacity="300 MW", turbine="V164/8000", hub_height="105 m", shear=0.10, loss=0.22)
SOURCE = Path(__file__).resolve().parents[2] / "parks" / "sheyang"


def recorded_park(folder, first, days, *, poison_from=None, forecasts=True):
    """Write the park and return the path of its file; the records run over `days` from `first`."""
    shutil.copytree(SOURCE / "tariffs", folder / "tariffs")
    grid = TimeGrid.day(first, ZONE, days=days)
    weather = Embedded("forecast").fetch(SHEYANG, grid)
    local = [stamp.isoformat() for stamp in grid.local]
    weather.to_dataframe().set_axis(local, axis=0).rename_axis("time").to_csv(folder / "forecasts.csv")
    power = 0.8 * PLANT.series(Conditions(grid, weather, SHEYANG, folder))["available_mw"]
    if poison_from is not None:
        power = np.where(grid.local >= pd.Timestamp(poison_from), 300.0, power)
    pd.DataFrame({"time": local, "mw": power}).to_csv(folder / "offshore.csv", index=False)
    text = (SOURCE / "park.yaml").read_text(encoding="utf-8")
    text = text.replace(
        "    loss: 0.22\n", "    loss: 0.22\n    history: {file: offshore.csv, column: mw, unit: MW}\n", 1
    )
    if forecasts:
        text = text.replace("weather: {source: embedded}", "weather: {source: embedded, history: forecasts.csv}")
    (folder / "park.yaml").write_text(text, encoding="utf-8")
    return folder / "park.yaml"
