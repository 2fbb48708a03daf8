"""Many conditions looked at together: their fields are laid out once, for all questions about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, islice
from operator import or_

from kniga.rules.ast import Rule
from kniga.rules.compiled import compiled
from kniga.rules.decide.effort import Effort, NotDecided
from kniga.rules.decide.formula import negated, solve
from kniga.rules.decide.grid import Grid
from kniga.rules.decide.moments import moments
from kniga.rules.decide.space import Given, Space
from kniga.rules.fields import Value
from kniga.rules.relative import resolve

Record = Mapping[str, Value]
Truths = tuple[bool, ...]
"""Of each condition, by position, whether it is true (False: false or unknown)."""
_WORD = 512
"""So many bits of a grid are looked at about as fast as one part of a formula."""


class Together:
    """Conditions for which one moment tells for all others. Every question raises NotDecided when the effort is
    spent."""

    def __init__(self, rules: Sequence[Rule], given: Given, effort: Effort) -> None:
        """Raises NotDecided, also when the dates of the conditions move in different ways."""
        effort.spend(len(rules))
        tried, sure = moments(rules, given)
        if not sure:
            raise NotDecided("the dates move in different ways")
        self._rules = [resolve(rule, tried[0], given.zone) for rule in rules]
        self._effort = effort
        self._space = Space(self._rules, given, effort)
        self._true = [self._space.true(rule) for rule in self._rules]
        self._untrue = [negated(true, self._space.full) for true in self._true]
        self._grid = Grid(self._space) if Grid.fits(self._space) else None
        self._where = [self._grid.where(true) for true in self._true] if self._grid else []

    def pairs(self) -> Iterator[tuple[int, int, Record]]:
        """Each pair of conditions that can be true of one record, with such a record."""
        later = [*accumulate(reversed(self._where), or_, initial=0)][-2::-1]
        for at in range(len(self._rules)):
            if self._grid and not self._all_of(self._where[at], later[at]):
                continue  # most rows of a table have nothing in common with any other
            for behind in range(at + 1, len(self._rules)):
                record = self._both(at, behind)
                if record is not None:
                    yield at, behind, record

    def firsts(self) -> frozenset[int]:
        """The conditions that can be true where none before them is."""
        if self._grid is None:
            tried = ((at, [self._true[at], *self._untrue[:at]]) for at in range(len(self._rules)))
            return frozenset(at for at, wanted in tried if solve(self._space.full, wanted, self._effort) is not None)
        found, left = set(), self._grid.whole
        for at, where in enumerate(self._where):
            if self._all_of(where, left):
                found.add(at)
            left &= ~where
        return frozenset(found)

    def gap(self) -> Record | None:
        """A record for which no condition is true."""
        if self._grid is None:
            return self._found(solve(self._space.full, self._untrue, self._effort))
        left = self._grid.whole
        for where in self._where:
            left = self._all_of(left, ~where)
        return self._found(self._grid.domains(left) if left else None)

    def records(self, most: int) -> list[tuple[Truths, Record]]:
        """Each combination of truths with a record that has it. Raises NotDecided when they are more than `most`."""
        found = list(islice(self._searched() if self._grid is None else self._parted(self._grid, most), most + 1))
        if len(found) > most:
            raise NotDecided(f"there are more than {most} cases")
        return found

    def _parted(self, grid: Grid, most: int) -> Iterator[tuple[Truths, Record]]:
        """The grid in parts: each condition divides those it is true of from those it is not."""
        parts = [grid.whole]
        for where in self._where:
            halves = (half for part in parts for half in (self._all_of(part, where), self._all_of(part, ~where)))
            parts = [half for half in halves if half][: most + 1]
        for part in parts:
            yield tuple(bool(where & part) for where in self._where), self._space.values(grid.domains(part))

    def _searched(self) -> Iterator[tuple[Truths, Record]]:
        """A record found for one combination is also the first one for all combinations that begin like it, so only
        their opposites are searched for."""
        meets = [compiled(rule) for rule in self._rules]
        pending: list[Truths] = [()]  # what is decided so far, and still to be searched for
        while pending:
            start = pending.pop()
            wanted = [(self._true if truth else self._untrue)[at] for at, truth in enumerate(start)]
            record = self._found(solve(self._space.full, wanted, self._effort))
            if record is None:
                continue
            self._effort.spend(len(meets))
            found = tuple(meet(record) is True for meet in meets)
            pending.extend((*found[:at], not found[at]) for at in range(len(start), len(found)))
            yield found, record

    def _both(self, at: int, behind: int) -> Record | None:
        if self._grid is None:
            return self._found(solve(self._space.full, [self._true[at], self._true[behind]], self._effort))
        where = self._all_of(self._where[at], self._where[behind])
        return self._found(self._grid.domains(where) if where else None)

    def _found(self, domains: list[int] | None) -> Record | None:
        return None if domains is None else self._space.values(domains)

    def _all_of(self, one: int, other: int) -> int:
        self._effort.spend(1 + max(one.bit_length(), other.bit_length()) // _WORD)
        return one & other
