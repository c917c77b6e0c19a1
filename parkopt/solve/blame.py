"""Who is to blame where no promise can be loosened: the assets whose own limits conflict.

All rows and bounds of one asset's block are set free at a time; where that makes the day feasible, it is named.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from parkopt.errors import Text
from parkopt.models.build import Built
from parkopt.models.hub import BUSES, Block
from parkopt.models.policy import RULES
from parkopt.solve._compiled import Compiled
from parkopt.solve.status import Limits, run

LIMITS = Limits(seconds=0.5, gap=1e9)
OWN = Text("the assets' own limits", "设备自身的限制")


def blamed(built: Built, form: Compiled) -> list[Text]:
    """Return the limits of each asset that would have to fall, or of all together where no one's suffice."""
    found = [block.name for block in built.hub.blocks.values() if _would_do(block, form)]
    return [_says(name) for name in found if name != BUSES] or [OWN]


def _says(name: str) -> Text:
    if name == RULES:
        return Text("the park's rules", "园区规则")
    return Text(f"the own limits of {name}", f"{name} 自身的限制")


def _would_do(block: Block, form: Compiled) -> bool:
    if not block.variables and not block.rows:
        return False
    return run(_freed(block, form), np.zeros_like(form.cost), LIMITS).outcome in ("optimal", "time_limit")


def _freed(block: Block, form: Compiled) -> Compiled:
    """Return the problem without a block's rows and without the bounds of its powers and levels."""
    kept = np.ones(len(form.row_lower), dtype=bool)
    kept[list(_places(block))] = False
    lower, upper = form.lower.copy(), form.upper.copy()
    for made in block.variables.values():
        if not made.integer:
            upper[made.first : made.first + len(made)] = np.inf
            lower[made.first : made.first + len(made)] = np.minimum(made.lower, 0.0)
    return replace(
        form,
        matrix=sp.csc_matrix(form.matrix.tocsr()[kept]),
        row_lower=form.row_lower[kept],
        row_upper=form.row_upper[kept],
        lower=lower,
        upper=upper,
    )


def _places(block: Block) -> Iterator[int]:
    for rows in block.rows.values():
        yield from range(rows.first, rows.first + len(rows))
