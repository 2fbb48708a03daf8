"""What a set of conditions can do, decided over representative values: one per cell into which the
constants of the conditions cut each field, and *unknown*.

Exact for numbers, dates, choices and yes/no; for the text operator ``contains`` the cells are each
searched part alone, all of them together, and a text with none of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import combinations, islice, pairwise, product
from math import prod

from kniga.rules.ast import Comparison, Rule, comparisons
from kniga.rules.evaluate import holds
from kniga.rules.fields import Value

MAX_SAMPLES = 5_000
_ELSE = "\N{REPLACEMENT CHARACTER}"
_SUBSETS_UP_TO = 5


Closed = Mapping[str, tuple[str, ...]]
"""All values a choice field can have, by field."""


def samples(conditions: Sequence[Rule], fixed: Mapping[str, Value], closed: Closed) -> Iterator[dict[str, Value]]:
    """Values under which the conditions may behave differently, at most MAX_SAMPLES of them.

    ``fixed`` are the fields whose value is given; ``closed`` lists all values a choice field can have.
    """
    grid = _grid(conditions, fixed, closed)
    for chosen in islice(product(*grid.values()), MAX_SAMPLES):
        yield {**fixed, **dict(zip(grid, chosen, strict=True))}


def first_true(
    conditions: Sequence[Rule], fixed: Mapping[str, Value], closed: Closed
) -> tuple[frozenset[int], Mapping[str, Value] | None]:
    """Which conditions can be the first true one (by position), and values for which none is true.

    The second part is None when the conditions surely leave no gap. Where there are more cells than
    MAX_SAMPLES nothing is sure: then every condition counts as possible, and so does a gap (without
    values, if none was met).
    """
    reached: set[int] = set()
    gap: Mapping[str, Value] | None = None
    for values in samples(conditions, fixed, closed):
        taken = next((at for at, condition in enumerate(conditions) if holds(condition, values)), None)
        if taken is not None:
            reached.add(taken)
        elif gap is None:
            gap = values
    if prod(map(len, _grid(conditions, fixed, closed).values())) > MAX_SAMPLES:
        return frozenset(range(len(conditions))), {} if gap is None else gap
    return frozenset(reached), gap


def _grid(conditions: Sequence[Rule], fixed: Mapping[str, Value], closed: Closed) -> dict[str, list[Value]]:
    found: dict[str, list[Comparison]] = {}
    for condition in conditions:
        for comparison in comparisons(condition):
            if comparison.field not in fixed:
                found.setdefault(comparison.field, []).append(comparison)
    return {field: _cells(used, closed.get(field)) for field, used in found.items()}


def _cells(used: list[Comparison], closed: tuple[str, ...] | None) -> list[Value]:
    constants: list[Value] = []
    for comparison in used:
        value = comparison.value
        constants.extend(value if isinstance(value, tuple) else (value,))
    known: list[Value] = [value for value in dict.fromkeys(constants) if value is not None]
    type = used[0].type
    if type == "boolean":
        return [None, True, False]
    if type == "multi_choice":
        return [None, *_subsets(list(closed or (*map(str, known), _ELSE)))]
    if type == "choice":
        return [None, *(closed or (*map(str, known), _ELSE))]
    if type == "text":
        return [None, _ELSE, *known, _ELSE.join(str(part) for part in known)]
    return [None, *_around(known)]


def _around(constants: list[Value]) -> list[Value]:
    """Below, on and above every constant; close enough to hit the cell between two neighbours."""
    numbers = sorted(Decimal(value) for value in constants if isinstance(value, (int, Decimal)))
    if numbers:
        between = [(low + high) / 2 for low, high in pairwise(numbers)]
        return [numbers[0] - 1, *numbers, *between, numbers[-1] + 1]
    around: list[Value] = []
    for value in (constant for constant in constants if isinstance(constant, date)):
        step = timedelta(microseconds=1) if isinstance(value, datetime) else timedelta(days=1)
        around.extend((value - step, value, value + step))
    return around


def _subsets(keys: list[str]) -> list[Value]:
    if len(keys) > _SUBSETS_UP_TO:
        return [*((key,) for key in keys), tuple(keys)]
    return [chosen for size in range(1, len(keys) + 1) for chosen in combinations(keys, size)]
