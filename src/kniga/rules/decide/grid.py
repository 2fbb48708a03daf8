"""All assignments of a few variables, each a bit of one whole number: what conditions have in common is one step.

It decides tables, whose many conditions look at few fields, far faster than a search for each pair and row.
"""

from math import prod

from kniga.rules.decide.formula import Every, Formula, Lit
from kniga.rules.decide.space import Space

MOST_BITS = 65_536


class Grid:
    """The assignments of a space; ``fits`` tells whether it has few enough."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._sizes = [mask.bit_length() for mask in space.full]
        self.whole = (1 << prod(self._sizes)) - 1
        self._stripes = [self._striped(at) for at in range(len(self._sizes))]
        self._known: dict[Lit, int] = {}

    @staticmethod
    def fits(space: Space) -> bool:
        """Whether a space has few enough assignments."""
        return prod(mask.bit_length() for mask in space.full) <= MOST_BITS

    def where(self, formula: Formula) -> int:
        """The assignments for which a formula holds."""
        if isinstance(formula, bool):
            return self.whole if formula else 0
        if isinstance(formula, Lit):
            if formula not in self._known:
                self._known[formula] = self._of(formula)
            return self._known[formula]
        found = self.whole if isinstance(formula, Every) else 0
        self._space.effort.spend(len(formula.parts))
        for part in formula.parts:
            found = found & self.where(part) if isinstance(formula, Every) else found | self.where(part)
        return found

    def domains(self, where: int) -> list[int]:
        """The first of these assignments, as domains of one value each."""
        at = (where & -where).bit_length() - 1
        found = []
        for size in self._sizes:
            found.append(1 << at % size)
            at //= size
        return found

    def _of(self, literal: Lit) -> int:
        found = 0
        stripes = self._stripes[literal.var]
        self._space.effort.spend(1 + len(stripes) // 8)
        for value, stripe in enumerate(stripes):
            if literal.mask >> value & 1:
                found |= stripe
        return found

    def _striped(self, var: int) -> list[int]:
        """For each value of a variable the assignments that have it: a run of bits that comes back again and again."""
        run = prod(self._sizes[:var])
        period = run * self._sizes[var]
        again = sum(1 << at for at in range(0, prod(self._sizes), period))
        self._space.effort.spend(self._sizes[var] + prod(self._sizes[var + 1 :]))
        return [((1 << run) - 1 << run * value) * again for value in range(self._sizes[var])]
