"""What conditions can be, decided and remembered: which truths a run may find, given those it has found before.

A *fact* is a condition and whether it was true. Facts over answers stay until an answer they speak of may have
changed; facts over the deal's and the client's fields stay for one step only, because those may change between
two steps. A value is never chosen before it is looked at: all that is possible stays possible until then.
"""

from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from kniga.engine.definition.model import Definition, Question
from kniga.rules import And, Comparison, FieldType, Not, Or, Rule, Value, fields_of, holds, is_relative
from kniga.rules.decide import Closed, Effort, Given, truths

Fact = tuple[int, bool]
Facts = frozenset[Fact]
Vector = tuple[bool, ...]

NO_FACTS: Facts = frozenset()
MOST_SETS = 4_096
MOST_STEPS = 2_500_000
"""The effort spent on the conditions of one definition, some seconds in all; beyond it nothing is decided."""
MOST_WHOLE = 50
_ALWAYS = And(())
_NEVER = Or(())


class Known(NamedTuple):
    """Facts, and (if decided) the truths that the conditions ``order`` can still have together."""

    facts: Facts
    order: tuple[int, ...]
    vectors: frozenset[Vector] | None


class Conditions:
    """The conditions of one definition by number, and what can be true of them together."""

    def __init__(self, definition: Definition) -> None:
        self.closed = _closed(definition)
        self.undecided: set[str] = set()
        self._number: dict[Rule, int] = {}
        self._rules: list[Rule] = []
        self._fields: list[frozenset[str]] = []
        self._effort = Effort(MOST_STEPS)
        self._vectors: dict[tuple[int, ...], frozenset[Vector] | None] = {}
        self._special: dict[tuple[Rule, str | None], Rule] = {}

    def number(self, rule: Rule) -> int:
        """The number of a condition that does not look at the outcome."""
        found = self._number.get(rule)
        if found is None:
            found = self._number[rule] = len(self._rules)
            self._rules.append(rule)
            self._fields.append(fields_of(rule) - {"outcome"})
        return found

    def fields(self, fact: Fact) -> frozenset[str]:
        """The fields a fact speaks of."""
        return self._fields[fact[0]]

    def passes(self, fact: Fact) -> bool:
        """Whether a fact depends on the present moment."""
        return is_relative(self._rules[fact[0]])

    def known(self, question: Question, fields: Collection[str]) -> Facts:
        """The facts about these ``fields`` that follow from a demanded answer: it is known, and one of the choices if
        there are any; so is the deal's field that it becomes."""
        field = f"answer.{question.key}"
        asked = [name for name in (field, question.field) if name is not None and name in fields]
        rules: list[Rule] = [Comparison(name, question.type, "is_known") for name in asked]
        among = tuple(choice.key for choice in question.choices)
        if field in fields and question.type == "choice" and set(among) != set(self.closed.get(field, ())):
            rules.append(Comparison(field, "choice", "in", among))
        return frozenset((self.number(rule), True) for rule in rules)

    def equal(self, field: str, type: FieldType, value: Value) -> Facts:
        """The fact that a field has this value, or is not known (None)."""
        said = Comparison(field, type, "is_unknown") if value is None else Comparison(field, type, "eq", value)
        return frozenset({(self.number(said), True)})

    def whole(self, field: str, most: int | None, named: Collection[Decimal]) -> Facts:
        """The fact that a field is a whole number from 0 to ``most``. Without an end it is whole as far as the numbers
        ``named`` by conditions go; nothing is said of more than ``MOST_WHOLE``."""
        last = int(max(named, default=0)) + 1 if most is None else most
        if not 0 <= last <= MOST_WHOLE:
            return NO_FACTS
        rule: Rule = Comparison(field, "number", "in", tuple(range(last + 1)))
        if most is None:
            rule = Or((rule, Comparison(field, "number", "gt", last)))
        return frozenset({(self.number(rule), True)})

    def first(
        self, conditions: Sequence[Rule], outcome: str | None, facts: Facts, where: str
    ) -> Iterator[tuple[int | None, Facts]]:
        """Every position that can be the first true condition, None for no true one, with the facts then. ``where``
        is the element to name if that cannot be decided."""
        numbers = self._numbers(conditions, outcome)
        here = self._known(numbers, facts)
        for at, number in enumerate(numbers):
            taken = self._with(here, (number, True), where)
            if taken is not None:
                yield at, taken.facts
            refused = self._with(here, (number, False), where)
            if refused is None:
                return
            here = refused
        yield None, here.facts

    def every(
        self, conditions: Sequence[Rule], outcome: str | None, facts: Facts, where: str
    ) -> Iterator[tuple[frozenset[int], Facts]]:
        """Every set of positions that can be true together, with the facts then."""
        numbers = self._numbers(conditions, outcome)
        pending: list[tuple[int, frozenset[int], Known]] = [(0, frozenset(), self._known(numbers, facts))]
        count = 0
        while pending:
            at, true, here = pending.pop()
            if at == len(numbers):
                count += 1
                if count > MOST_SETS:
                    self.undecided.add(where)
                    return
                yield true, here.facts
                continue
            for truth in (False, True):
                following = self._with(here, (numbers[at], truth), where)
                if following is not None:
                    pending.append((at + 1, true | {at} if truth else true, following))

    def _numbers(self, conditions: Sequence[Rule], outcome: str | None) -> list[int]:
        found = []
        for rule in conditions:
            key = (rule, outcome)
            special = self._special.get(key)
            if special is None:
                special = self._special[key] = at_outcome(rule, outcome)
            found.append(self.number(special))
        return found

    def _known(self, numbers: Sequence[int], facts: Facts) -> Known:
        """What is known before these conditions are looked at: if it is not too much, the truths they can have
        together with each other and with the facts they depend on."""
        asked = {number for number in numbers if self._fields[number]}
        fields = frozenset[str]().union(*(self._fields[number] for number in asked))
        held = dict(self._connected(facts, fields))
        order = tuple(sorted(asked | set(held)))
        vectors = self._possible(order)
        if vectors is not None:
            vectors = frozenset(
                vector
                for vector in vectors
                if all(held.get(number, truth) is truth for number, truth in zip(order, vector, strict=True))
            )
        return Known(facts, order, vectors)

    def _with(self, known: Known, fact: Fact, where: str) -> Known | None:
        """What is known with one more fact; None if that cannot be."""
        number, truth = fact
        if not self._fields[number]:
            return known if holds(self._rules[number], {}) is truth else None
        facts = known.facts | {fact}
        if known.vectors is not None:
            at = known.order.index(number)
            left = frozenset(vector for vector in known.vectors if vector[at] is truth)
            return Known(facts, known.order, left) if left else None
        together = sorted(self._connected(known.facts, self._fields[number]) | {fact})
        vectors = self._possible(tuple(number for number, _ in together))
        if vectors is None:
            self.undecided.add(where)
            possible = (number, not truth) not in known.facts
        else:
            possible = tuple(truth for _, truth in together) in vectors
        return Known(facts, known.order, None) if possible else None

    def _connected(self, facts: Facts, about: frozenset[str]) -> set[Fact]:
        """The facts that share fields with these, directly or by others between."""
        fields = set(about)
        found: set[Fact] = set()
        grown = True
        while grown:
            more = {other for other in facts - found if not fields.isdisjoint(self.fields(other))}
            fields.update(*(self.fields(other) for other in more))
            found |= more
            grown = bool(more)
        return found

    def _possible(self, numbers: tuple[int, ...]) -> frozenset[Vector] | None:
        """Which truths these conditions can have together; None if that is too much to decide."""
        if numbers not in self._vectors:
            self._vectors[numbers] = self._decided([self._rules[number] for number in numbers])
        return self._vectors[numbers]

    def _decided(self, rules: list[Rule]) -> frozenset[Vector] | None:
        return truths(rules, Given({"outcome": None}, self.closed), Effort(within=self._effort))


def at_outcome(rule: Rule, outcome: str | None) -> Rule:
    """The condition once the outcome is known: it looks at fields alone. An unknown outcome stays unknown."""
    if isinstance(rule, Comparison):
        if rule.field != "outcome" or outcome is None:
            return rule
        return _ALWAYS if holds(rule, {"outcome": outcome}) else _NEVER
    if isinstance(rule, Not):
        return Not(at_outcome(rule.term, outcome))
    return type(rule)(tuple(at_outcome(term, outcome) for term in rule.terms))


def _closed(definition: Definition) -> Closed:
    """All values each choice answer can have: answers are checked, so there are no others."""
    listed = {f"answer.{key}": definition.choices_of(key) for key in definition.question_types}
    return {field: choices for field, choices in listed.items() if choices}
