"""What can be asked of conditions. Every answer is exact within the bounds of ``space`` and ``formula`` and
*not decided* beyond them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import combinations, islice
from typing import Literal

from kniga.rules.ast import Rule
from kniga.rules.decide.effort import Effort, NotDecided
from kniga.rules.decide.formula import Formula, solve
from kniga.rules.decide.moments import moments
from kniga.rules.decide.space import Given, Space
from kniga.rules.decide.together import Together
from kniga.rules.fields import Value
from kniga.rules.relative import resolve

Answer = Literal["yes", "no", "not_decided"]
Wanted = Callable[[Space, Sequence[Rule]], list[Formula]]
"""What has to hold together, of conditions that stand still."""


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer. ``witness`` are values of a record that shows a found possibility (``satisfiable``, ``both``,
    ``all_false``: with yes) or a counter-example (``covers``, ``implies``, ``equivalent``: with no); ``now`` is the
    moment at which it does, where dates are relative. ``why`` tells what was beyond the bounds."""

    answer: Answer
    witness: Mapping[str, Value] | None = None
    now: datetime | None = None
    why: str = ""

    @property
    def is_decided(self) -> bool:
        """Whether the answer is yes or no."""
        return self.answer != "not_decided"


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two conditions, by position, that can both be true (or may be: the decision tells)."""

    first: int
    second: int
    decision: Decision


ANYTHING = Given()


def satisfiable(rule: Rule, given: Given = ANYTHING) -> Decision:
    """Whether a condition can be true."""
    return _possible([rule], given, lambda space, rules: [space.true(rules[0])])


def both(one: Rule, other: Rule, given: Given = ANYTHING, effort: Effort | None = None) -> Decision:
    """Whether two conditions can be true of the same record."""
    return _possible([one, other], given, lambda space, rules: [space.true(rule) for rule in rules], effort)


def all_false(rules: Sequence[Rule], given: Given = ANYTHING) -> Decision:
    """Whether all conditions can be false at once, none of them unknown."""
    return _possible(rules, given, lambda space, still: [space.false(rule) for rule in still])


def covers(rules: Sequence[Rule], given: Given = ANYTHING, effort: Effort | None = None) -> Decision:
    """Whether for every record one of the conditions is true. The witness of a no is a gap: a record for which
    each is false or unknown."""
    return _turned(_possible(rules, given, lambda space, still: [space.not_true(rule) for rule in still], effort))


def implies(one: Rule, other: Rule, given: Given = ANYTHING) -> Decision:
    """Whether the second condition is true wherever the first is."""
    return _turned(
        _possible([one, other], given, lambda space, rules: [space.true(rules[0]), space.not_true(rules[1])])
    )


def equivalent(one: Rule, other: Rule, given: Given = ANYTHING) -> Decision:
    """Whether two conditions are true of the same records (they may differ in what is false and what unknown)."""
    there, back = implies(one, other, given), implies(other, one, given)
    for answer in ("no", "not_decided"):
        for decision in (there, back):
            if decision.answer == answer:
                return decision
    return there


def overlaps(
    rules: Sequence[Rule], given: Given = ANYTHING, effort: Effort | None = None, most: int | None = None
) -> list[Overlap]:
    """All pairs of conditions that can both be true, or for which it is not decided; the first `most` of them."""
    effort = effort or Effort()
    try:
        found = islice(Together(rules, given, effort).pairs(), most)
        return [Overlap(first, second, Decision("yes", record)) for first, second, record in found]
    except NotDecided:
        tried = (
            Overlap(first, second, both(rules[first], rules[second], given, effort))
            for first, second in combinations(range(len(rules)), 2)
        )
        return list(islice((one for one in tried if one.decision.answer != "no"), most))


def _turned(decision: Decision) -> Decision:
    """The answer to the opposite question."""
    turned: Mapping[Answer, Answer] = {"yes": "no", "no": "yes", "not_decided": "not_decided"}
    return replace(decision, answer=turned[decision.answer])


def first_of(rules: Sequence[Rule], at: int, given: Given = ANYTHING, effort: Effort | None = None) -> Decision:
    """Whether a condition, by position, can be true where none before it is."""
    return _possible(
        rules[: at + 1],
        given,
        lambda space, still: [*(space.not_true(rule) for rule in still[:-1]), space.true(still[-1])],
        effort,
    )


def _possible(rules: Sequence[Rule], given: Given, wanted: Wanted, effort: Effort | None = None) -> Decision:
    """Whether there is a record, and a moment, for which everything wanted holds."""
    effort = effort or Effort()
    try:
        effort.spend(len(rules))
    except NotDecided as bound:
        return Decision("not_decided", why=str(bound))
    tried, sure = moments(rules, given)
    why = "" if sure else "the dates move in different ways, so no moment stands for all others"
    for now in tried:
        try:
            still = [resolve(rule, now, given.zone) for rule in rules]
            space = Space(still, given, effort)
            domains = solve(space.full, wanted(space, still), effort)
        except NotDecided as bound:
            return Decision("not_decided", why=str(bound))
        if domains is not None:
            return Decision("yes", space.values(domains), now)
    return Decision("not_decided", why=why) if why else Decision("no")
