"""Which truths several conditions can have together."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat

from kniga.rules.ast import Rule
from kniga.rules.decide.effort import Effort, NotDecided
from kniga.rules.decide.space import Closed, Given
from kniga.rules.decide.together import Together, Truths
from kniga.rules.fields import Value

MAX_TRUTHS = 1_024
MAX_SAMPLES = 5_000


def truths(rules: Sequence[Rule], given: Given | None = None, effort: Effort | None = None) -> frozenset[Truths] | None:
    """All the truths that conditions can have together, each of some record. None if that is not decided: there are
    more than MAX_TRUTHS, the effort is spent, or dates move in different ways and no moment is given."""
    try:
        found = Together(rules, given or Given(), effort or Effort()).records(MAX_TRUTHS)
    except NotDecided:
        return None
    return frozenset(truth for truth, _record in found)


def samples(conditions: Sequence[Rule], fixed: Mapping[str, Value], closed: Closed) -> Iterator[dict[str, Value]]:
    """A record for each of the truths that conditions can have together. MAX_SAMPLES of them mean that it is not
    decided; ``truths`` says so plainly."""
    try:
        found = Together(conditions, Given(fixed, closed), Effort()).records(MAX_TRUTHS)
    except NotDecided:
        return repeat(dict(fixed), MAX_SAMPLES)
    return (dict(record) for _truth, record in found)
