"""Which of several conditions, asked one after the other, can be the first true one."""

from collections.abc import Mapping, Sequence

from kniga.rules.ast import Rule
from kniga.rules.decide.effort import Effort, NotDecided
from kniga.rules.decide.questions import covers, first_of
from kniga.rules.decide.space import Closed, Given
from kniga.rules.decide.together import Together
from kniga.rules.fields import Value


def first_true(
    conditions: Sequence[Rule], fixed: Mapping[str, Value], closed: Closed, effort: Effort | None = None
) -> tuple[frozenset[int], Mapping[str, Value] | None]:
    """Which conditions can be the first true one (by position), and values for which none is true.

    ``fixed`` are the fields whose value is given; ``closed`` lists all values a choice field can have. The
    second part is None when the conditions surely leave no gap. What is not decided counts as possible; a gap that
    is not decided has no values.
    """
    given, effort = Given(fixed, closed), effort or Effort()
    try:
        together = Together(conditions, given, effort)
        return together.firsts(), together.gap()
    except NotDecided:
        reached = (at for at in range(len(conditions)) if first_of(conditions, at, given, effort).answer != "no")
        gap = covers(conditions, given, effort)
        return frozenset(reached), None if gap.answer == "yes" else gap.witness or {}
