"""The neutral problem that every peer is given: plain numbers, no library's words.

A park with local plants, a grid connection and, where named, one store, one generator, a charge on the
highest import and a store whose size is decided. The rules that all peers keep:

- Level: soc[t] = soc[t-1] * (1 - self_discharge)^h + eta_c * charge * h - discharge * h / eta_d.
- Shares are of the store's energy; soc_initial is the level before the first step.
- Wear is paid per MWh discharged, measured at the park's side.
- The generator was off for `initially_off_for_h` before the first step. Once started it runs `min_up_h`
  (or to the end of the horizon), once stopped it rests `min_down_h`. All three are rounded up to whole
  steps, and it was off for one step at least.
- Ramps: between two steps the power moves at most `ramp_per_h * h`, at a start or a stop at most the
  larger of that and `min_load`, all as shares of its power.
- The charge on the peak is yuan_per_mw * max(0, highest import - free_mw).
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FloatArray = np.ndarray


@dataclass(frozen=True)
class Storage:
    """A store; its energy is a bound, or nothing where sizing decides it."""

    charge_mw: float
    discharge_mw: float
    energy_mwh: float
    charge_efficiency: float
    discharge_efficiency: float
    self_discharge_per_h: float
    soc_min: float
    soc_max: float
    soc_initial: float
    soc_final: float
    wear_yuan_per_mwh: float


@dataclass(frozen=True)
class Generator:
    """A unit that is on or off."""

    power_mw: float
    min_load: float
    min_up_h: float
    min_down_h: float
    start_cost_yuan: float
    fuel_yuan_per_mwh: float
    ramp_per_h: float | None
    initially_off_for_h: float


@dataclass(frozen=True)
class DemandCharge:
    """A charge on the highest import above a free part."""

    yuan_per_mw: float
    free_mw: float


@dataclass(frozen=True)
class Sizing:
    """The store's energy is decided, at this cost over the horizon."""

    yuan_per_mwh_for_the_horizon: float
    max_mwh: float


@dataclass(frozen=True)
class Neutral:
    """One problem; see the module's text for its rules."""

    name: str
    step_h: float
    load_mw: FloatArray
    available: dict[str, FloatArray]
    variable_cost: dict[str, float]
    buy_yuan_per_mwh: FloatArray
    sell_yuan_per_mwh: FloatArray
    import_limit_mw: float
    export_limit_mw: float
    storage: Storage | None
    generator: Generator | None
    demand_charge: DemandCharge | None
    sizing: Sizing | None
    exclusive: bool
    mip_gap: float
    time_limit_s: float

    @property
    def steps(self) -> int:
        """Number of steps."""
        return len(self.load_mw)

    @property
    def solver_options(self) -> dict[str, float | bool]:
        """HiGHS options, the same for every peer; all else stays at HiGHS's own defaults."""
        return {"mip_rel_gap": self.mip_gap, "time_limit": self.time_limit_s, "output_flag": False}

    @property
    def soc_lower(self) -> FloatArray:
        """Least share of the energy after each step; the last step has the final one too."""
        least = np.full(self.steps, self.storage.soc_min)
        least[-1] = max(least[-1], self.storage.soc_final)
        return least

    @property
    def kept(self) -> float:
        """Share of the level that is left after one step."""
        return (1.0 - self.storage.self_discharge_per_h) ** self.step_h

    def in_steps(self, hours: float) -> int:
        """Whole steps that cover these hours."""
        return math.ceil(hours / self.step_h - 1e-9)

    @property
    def ramps(self) -> tuple[float, float]:
        """Shares of the power that may be moved in a step while running, and at a start or stop."""
        running = min(1.0, self.generator.ramp_per_h * self.step_h)
        return running, max(running, self.generator.min_load)

    @property
    def rested(self) -> int:
        """Steps that the generator was off before the first one."""
        return max(1, self.in_steps(self.generator.initially_off_for_h))

    @property
    def must_rest(self) -> int:
        """First steps in which the generator still has to be off."""
        return max(0, self.in_steps(self.generator.min_down_h) - self.rested)


def neutral(raw: dict) -> Neutral:
    """Turn one JSON object into a problem."""
    kinds = {"storage": Storage, "generator": Generator, "demand_charge": DemandCharge, "sizing": Sizing}
    parts = {key: kind(**raw[key]) if raw.get(key) else None for key, kind in kinds.items()}
    series = {key: np.asarray(raw[key], float) for key in ("load_mw", "buy_yuan_per_mwh", "sell_yuan_per_mwh")}
    plants = {name: np.asarray(values, float) for name, values in raw["available"].items()}
    plain = ("name", "step_h", "variable_cost", "import_limit_mw", "export_limit_mw", "mip_gap", "time_limit_s")
    rest = {key: raw[key] for key in plain}
    return Neutral(**rest, **series, **parts, available=plants, exclusive=bool(raw.get("exclusive", False)))


def read(path: str | Path) -> tuple[list[Neutral], bool]:
    """Read one problem or a list of them; tell whether it was a list."""
    raw = json.loads(Path(path).read_text(encoding="utf-8"))
    if isinstance(raw, list):
        return [neutral(one) for one in raw], True
    return [neutral(raw)], False
