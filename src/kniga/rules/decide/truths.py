"""Which truths several conditions can have together."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, repeat

from kniga.rules.ast import Rule
from kniga.rules.compiled import compiled
from kniga.rules.decide.formula import Formula, NotDecided, solve
from kniga.rules.decide.moments import moments
from kniga.rules.decide.space import Closed, Given, Space
from kniga.rules.fields import Value
from kniga.rules.relative import resolve

MAX_TRUTHS = 1_024
MAX_SAMPLES = 5_000

Truths = tuple[bool, ...]
"""Of each condition, by position, whether it is true (False: false or unknown)."""


def truths(rules: Sequence[Rule], given: Given | None = None) -> frozenset[Truths] | None:
    """All the truths that conditions can have together, each of some record. None if that is not decided: there are
    more than MAX_TRUTHS, a search is too long, or dates move in different ways and no moment is given."""
    try:
        found = frozenset(islice((found for found, _ in _records(rules, given or Given())), MAX_TRUTHS + 1))
    except NotDecided:
        return None
    return None if len(found) > MAX_TRUTHS else found


def samples(conditions: Sequence[Rule], fixed: Mapping[str, Value], closed: Closed) -> Iterator[dict[str, Value]]:
    """A record for each of the truths that conditions can have together. MAX_SAMPLES of them mean that it is not
    decided; ``truths`` says so plainly."""
    try:
        found = list(islice(_records(conditions, Given(fixed, closed)), MAX_TRUTHS + 1))
    except NotDecided:
        found = []
    if found and len(found) <= MAX_TRUTHS:
        return (record for _, record in found)
    return repeat(dict(fixed), MAX_SAMPLES)


def _records(rules: Sequence[Rule], given: Given) -> Iterator[tuple[Truths, dict[str, Value]]]:
    """Each combination of truths with a record that has it. A record found for one combination is also the first one
    for all combinations that begin like it, so only their opposites are searched for."""
    tried, sure = moments(rules, given)
    if not sure:
        raise NotDecided("the dates move in different ways")
    still = [resolve(rule, tried[0], given.zone) for rule in rules]
    space = Space(still, given)
    meets = [compiled(rule) for rule in still]
    ways: list[tuple[Formula, Formula]] = [(space.true(rule), space.not_true(rule)) for rule in still]
    pending: list[Truths] = [()]  # what is decided so far, and still to be searched for
    while pending:
        start = pending.pop()
        domains = solve(space.full, [ways[at][0 if truth else 1] for at, truth in enumerate(start)])
        if domains is None:
            continue
        record = space.values(domains)
        found = tuple(meet(record) is True for meet in meets)
        pending.extend((*found[:at], not found[at]) for at in range(len(start), len(found)))
        yield found, record
