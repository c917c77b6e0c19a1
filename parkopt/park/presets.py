"""Published time-of-use rules by name: seasons, windows and multipliers, each with its source and confidence.

A preset never holds a price: the base moves each month and stands in the tariff.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from parkopt.park.base import Basis

DEEP = {"deep": ["10-14"]}
WARM_AND_COLD = {"peak": ["14-22"], "valley": ["0-6", "11-13"]}
"""June to August and December to February."""
MILD = {"peak": ["15-22"], "valley": ["2-6", "10-14"]}
"""March to May and September to November; flat until 02:00."""
JIANGSU_426: list[dict[str, Any]] = [
    {"months": [7, 8], "windows": {"super": ["14-15", "19:30-21:30"], **WARM_AND_COLD}, "holiday_windows": DEEP},
    {"months": [12, 1], "windows": {"super": ["18-20"], **WARM_AND_COLD}, "holiday_windows": DEEP},
    {"months": [6, 2], "windows": WARM_AND_COLD, "holiday_windows": DEEP},
    {"months": [3, 4, 5, 9, 10, 11], "windows": MILD, "holiday_windows": DEEP},
]
NOTICE = (
    "Jiangsu notice 426/2025 (苏发改价格发〔2025〕426号), from 2025-06-01, as State Grid Jiangsu's table of prices "
    "quotes it; windows and percentages: confidence R"
)


@dataclass(frozen=True)
class Preset:
    """A published rule.

    Attributes
    ----------
    multipliers : dict
        Price of a period over the base of the same month.
    seasons : list
        As in a tariff file.
    basis, source, confidence
        How well it is known: R is a quotation by a third party, D is derived from it.
    """

    multipliers: dict[str, float]
    seasons: list[dict[str, Any]]
    basis: Basis
    source: str
    confidence: str


PRESETS = {
    "jiangsu_426_two_part": Preset(
        # peak +80 %, valley -65 %, super +20 % over peak, deep -20 % under valley
        {"super": 2.16, "peak": 1.80, "flat": 1.0, "valley": 0.35, "deep": 0.28},
        JIANGSU_426,
        Basis.DERIVED,
        f"{NOTICE}; multipliers of two-part users from 315 kVA derived from them: confidence D",
        "R, D",
    ),
    "jiangsu_426_single_part": Preset(
        # peak +70 %, valley -65 %, super +20 % over peak, deep -20 % under valley
        {"super": 2.04, "peak": 1.70, "flat": 1.0, "valley": 0.35, "deep": 0.28},
        JIANGSU_426,
        Basis.DERIVED,
        f"{NOTICE}; multipliers of single-part users from 315 kVA derived from them: confidence D",
        "R, D",
    ),
}
