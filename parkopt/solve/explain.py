"""An infeasible day in the park's own words: which promises conflict, and the smallest change.

Each promise gets a priced slack (`parkopt.solve.elastic`): what it gives way by, alone or with others, is a guess at
a change of the park file. The guess is applied, solved, and moved until it is the smallest that suffices
(`parkopt.solve.smallest`); what does not make the day feasible is never shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from pydantic import ValidationError

from parkopt.errors import ParkoptError, Text
from parkopt.faults import Infeasible
from parkopt.models.build import Problem, build
from parkopt.solve._compiled import compiled
from parkopt.solve.blame import blamed
from parkopt.solve.edits import Edit, SeriesEdit, applied
from parkopt.solve.elastic import Amounts, Elastic
from parkopt.solve.guesses import Parts, says_all
from parkopt.solve.levers import Leaf, edits_of, farthest, leaves_of
from parkopt.solve.offers import Change, Offer, in_own_unit, joined
from parkopt.solve.smallest import Moves, judge, smallest

SHOWN = 4
"""Offers that an answer holds at most."""
TOGETHER = 2
"""Combinations that are looked for where no promise alone suffices."""
JUDGED = 20
"""Problems that are tried before one offer is enough."""
WHOLE = 4
"""How often whole numbers are solved for a better guess."""
SLOPES = 3
"""How often a field that is a coefficient is guessed again by what is still lacking."""


def explain(problem: Problem) -> Infeasible:
    """Return the error that names the promises in conflict and the changes that would do, each tried."""
    return _Search(problem).answer()


Solved = Callable[[Iterable[int]], dict[int, Amounts] | None]
"""How far some promises give way, or None where they do not suffice."""


class _Search:
    """One infeasible day: its elastic form, and what was tried of it."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        built = build(replace(problem, exclusive=frozenset(), exclusive_at=frozenset()))
        self.built, self.form = built, compiled(built)
        self.promises = built.hub.promises
        caps = {place: farthest(promise, self.leaves(place, {})) for place, promise in enumerate(self.promises)}
        self.elastic = Elastic(built, self.form, caps)
        self.judged = self.wholes = 0

    def answer(self) -> Infeasible:
        """Return the answer: offers by one promise each, else the smallest combinations, else who is to blame."""
        alone = {place: self._alone(place) for place in range(len(self.promises))}
        able = {place: amounts for place, amounts in alone.items() if amounts is not None}
        by_words = [place for place in alone if self.elastic.loosened([place], freely=True) is not None]
        offers = self._singles(able) or self._tried(alone) or self._combinations()
        offers = sorted(offers, key=lambda offer: offer.size)[:SHOWN]
        named = [self.promises[place].says for place in by_words]
        named += [change.promise.says for offer in offers for change in offer.changes]
        conflicts = list(dict.fromkeys(named)) or blamed(self.built, self.form)
        return Infeasible(
            offers=tuple(offers),
            conflicts=joined(conflicts, Text(", ", "、")),
            changes=joined([offer.words for offer in offers] or [NOTHING], Text("; or ", "；或")),
        )

    def _alone(self, place: int) -> Amounts | None:
        found = self.elastic.loosened([place])
        return None if found is None else found.get(place, {})

    def _singles(self, able: dict[int, Amounts]) -> list[Offer]:
        """Return the offers of promises that the elastic form finds enough, the smallest guesses first."""
        order = sorted(able, key=lambda place: self._size(place, able[place]))
        return self._enough([{place: able[place]} for place in order])

    def _tried(self, alone: dict[int, Amounts | None]) -> list[Offer]:
        """Return the offers of promises that do more than their rows say: a load counts in the ratios too."""
        return self._enough([{place: {}} for place, amounts in alone.items() if amounts is None])

    def _enough(self, guesses: Iterable[dict[int, Amounts]]) -> list[Offer]:
        offers: list[Offer] = []
        for guess in guesses:
            if len(offers) >= SHOWN or (offers and self.judged > JUDGED):
                break
            offer = self._offer(guess)
            offers += [] if offer is None else [offer]
        return offers

    def _combinations(self) -> list[Offer]:
        """Return the cheapest combination of which no promise can be left out, and others without one of it."""
        movable = [place for place in range(len(self.promises)) if self.leaves(place, {})]
        offers: list[Offer] = []
        for without in self._left_out(movable, offers):
            guess = self._irreducible([place for place in movable if place != without])
            offer = None if guess is None else self._offer(guess)
            if offer is not None and _fields(offer) not in [_fields(other) for other in offers]:
                offers.append(offer)
        fewest = min((len(offer.changes) for offer in offers), default=0)
        return [offer for offer in offers if len(offer.changes) <= fewest + 1]

    def _left_out(self, movable: list[int], offers: list[Offer]) -> Iterator[int | None]:
        """Yield nothing to leave out, then each member of the first combination."""
        yield None
        members = [change.promise for offer in offers[:1] for change in offer.changes]
        for place in movable:
            enough = len(offers) >= TOGETHER or (offers and self.judged > JUDGED)
            if any(self.promises[place] is member for member in members) and not enough:
                yield place

    def _irreducible(self, loose: list[int]) -> dict[int, Amounts] | None:
        """Return the cheapest slacks, promises left out one by one, the smallest first, as far as the rest suffices."""
        found = self._fewest(loose, self.elastic.loosened)
        if found is None or not self.form.integer.any():
            return found
        return self._whole(found) or self._fewest(loose, self._whole) or found

    def _fewest(self, loose: Iterable[int], solved: Solved) -> dict[int, Amounts] | None:
        found = solved(loose)
        for place in sorted(found or {}, key=lambda place: self._size(place, (found or {})[place])):
            rest = [other for other in found or {} if other != place]
            fewer = solved(rest) if rest and place in (found or {}) else None
            found = fewer or found
        return found or None

    def _whole(self, loose: Iterable[int]) -> dict[int, Amounts] | None:
        if self.wholes >= WHOLE:
            return None
        self.wholes += 1
        return self.elastic.loosened_whole(loose)

    def _size(self, place: int, amounts: Amounts) -> float:
        return Change(self.promises[place], amounts).size if amounts else 0.0

    def leaves(self, place: int, amounts: Amounts) -> list[Leaf]:
        return leaves_of(self.promises[place], self.problem, amounts)

    def _offer(self, guess: dict[int, Amounts]) -> Offer | None:
        """Return the smallest change of some promises that makes the day feasible, or None."""
        parts = Parts(self.problem, self.promises, guess)
        if not parts.leaves:
            return None
        self._sloped(parts)
        works = judge(self.problem, parts.leaves)

        def counted(moves: Moves) -> bool:
            self.judged += 1
            return works(moves)

        moves = smallest(counted, parts.leaves, parts.moves, lambda: self._better(parts, guess))
        return None if moves is None else Offer(tuple(self._measured(parts.changes(moves))), self.problem.grid)

    def _sloped(self, parts: Parts) -> None:
        """Better the guess of fields that are coefficients: what is lacking falls about evenly with their moves."""
        for place, group, first in parts.unsure():
            others = [k for k in range(len(parts.leaves)) if not first <= k < first + len(group)]
            beside = edits_of([parts.leaves[k] for k in others], [parts.moves[k] for k in others])
            begun = parts.moves[first : first + len(group)]
            scale, before, lacked = 1.0, 0.0, self._lacking(place, beside)
            for _ in range(SLOPES):
                moves = [min(scale * move, leaf.most) for leaf, move in zip(group, begun, strict=True)]
                lacks = self._lacking(place, [*beside, *edits_of(group, moves)])
                if lacked is None or lacks is None or lacks >= lacked:
                    break
                parts.moves[first : first + len(group)] = moves
                scale, before, lacked = scale + lacks * (scale - before) / (lacked - lacks), scale, lacks

    def _lacking(self, place: int, edits: Sequence[Edit]) -> float | None:
        found = self._slack(place, edits)
        return None if found is None else sum(found.values())

    def _slack(self, place: int, edits: Sequence[Edit]) -> Amounts | None:
        """Return by how much a promise must give way once some edits are made, in its own unit."""
        try:
            built = build(replace(applied(self.problem, edits), exclusive=frozenset(), exclusive_at=frozenset()))
        except (ParkoptError, ValidationError):
            return None
        if len(built.hub.promises) != len(self.promises):
            return None
        found = Elastic(built, compiled(built)).loosened([place])
        return None if found is None else found.get(place, {})

    def _measured(self, changes: Iterable[Change]) -> Iterator[Change]:
        """Yield the changes; one whose values do not say its amount has it from the model, the others being made."""
        every = list(changes)
        for change in every:
            if all(isinstance(edit, SeriesEdit) for edit in change.edits) or says_all(change):
                yield change
                continue
            others = [edit for other in every if other is not change for edit in other.edits]
            place = next(k for k, promise in enumerate(self.promises) if promise is change.promise)
            amounts = self._slack(place, others)
            yield replace(change, by_step=amounts) if amounts else in_own_unit(change)

    def _better(self, parts: Parts, guess: dict[int, Amounts]) -> Moves | None:
        """Return a guess with whole numbers; series take its shape."""
        found = self._whole(guess) if self.form.integer.any() else None
        if not found:
            return None
        known = parts.moves
        parts.set({place: found.get(place, {}) for place in guess})
        for _, group, first in parts.unsure():
            parts.moves[first : first + len(group)] = known[first : first + len(group)]
        return parts.moves


def _fields(offer: Offer) -> frozenset[str]:
    return frozenset(change.promise.name for change in offer.changes)


NOTHING = Text("none was found among the numbers of the park file", "园区文件中的数值均无可行改动")
