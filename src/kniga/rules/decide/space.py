"""All records a set of conditions can tell apart, as variables with few values each.

Fields that are compared with each other share a variable, whose values are their cells side by side. A field of
many values has a yes/no variable for each key, a text of which parts are asked one for each part.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from itertools import product
from math import prod
from typing import Any, Protocol

from kniga.rules.ast import Comparison, Not, Or, Rule, comparisons, fields_in, items_of
from kniga.rules.compiled import compiled, ready
from kniga.rules.decide.cells import MAX_CELLS, cells, fresh_ids, fresh_keys, joined, marks, texts
from kniga.rules.decide.effort import Effort, NotDecided
from kniga.rules.decide.formula import Every, Formula, Lit, Some, negated
from kniga.rules.fields import PARTS, FieldType, Value, is_many
from kniga.rules.folding import fold

Closed = Mapping[str, tuple[str, ...]]
"""All values a choice field can have, by field."""
_NO, _YES = 1, 2  # the masks of a yes/no variable
_AS_FAST = 4
"""So many cells are looked at while a search looks at one part of a formula."""
_ALIKE = 8
"""How many parts a text compared with another field may be asked for."""


@dataclass(frozen=True, slots=True)
class Given:
    """What is known beforehand. ``values``: fields whose value is fixed (None: not filled in). ``choices``: all values
    a choice field can have; without them any key is possible. ``now`` and ``zone``: the moment to which relative
    dates refer; without it any moment is possible."""

    values: Mapping[str, Value] = field(default_factory=dict)
    choices: Closed = field(default_factory=dict)
    now: datetime | None = None
    zone: tzinfo | None = None


class _Part(Protocol):
    """The variables of some fields."""

    def verdicts(self, rule: Comparison) -> tuple[Formula, Formula]:
        """When a comparison is true and when it is false."""

    def values(self, domains: list[int]) -> dict[str, Value]:
        """The fields' values under an assignment."""


class Space:
    """The variables of some conditions, and conditions as formulas over them. Raises NotDecided when the fields
    compared with each other have too many cells, or when the effort is spent."""

    def __init__(self, rules: Sequence[Rule], given: Given, effort: Effort | None = None) -> None:
        self.effort = effort or Effort()
        self.full: list[int] = []
        """The whole domain of each variable."""
        self._given = given
        self._parts: list[_Part] = []
        self._part_of: dict[str, _Part] = {}
        found = [comparison for rule in rules for comparison in comparisons(rule)]
        for used in _groups(found, self.effort):
            part = self._part(used)
            self._parts.append(part)
            for comparison in used:
                for key in fields_in(comparison):
                    self._part_of[key] = part

    def true(self, rule: Rule) -> Formula:
        """When a condition is true."""
        return self._when(rule, True)

    def false(self, rule: Rule) -> Formula:
        """When a condition is false."""
        return self._when(rule, False)

    def not_true(self, rule: Rule) -> Formula:
        """When a condition is false or unknown."""
        return negated(self.true(rule), self.full)

    def values(self, domains: list[int]) -> dict[str, Value]:
        """A record that an assignment describes, with what was given."""
        found = dict(self._given.values)
        for part in self._parts:
            found.update(part.values(domains))
        return found

    def _when(self, rule: Rule, wanted: bool) -> Formula:
        if isinstance(rule, Comparison):
            true, false = self._part_of[rule.field].verdicts(rule)
            return true if wanted else false
        if isinstance(rule, Not):
            return self._when(rule.term, not wanted)
        parts = tuple(self._when(term, wanted) for term in rule.terms)
        return Every(parts) if isinstance(rule, Or) is not wanted else Some(parts)

    def _variable(self, values: int) -> int:
        self.full.append((1 << values) - 1)
        return len(self.full) - 1

    def _part(self, used: Sequence[Comparison]) -> _Part:
        keys = list(dict.fromkeys(key for comparison in used for key in fields_in(comparison)))
        types = {comparison.type for comparison in used}
        if len(types) > 1:
            raise NotDecided(f"{keys[0]} has more than one type")
        type, free = types.pop(), [key for key in keys if key not in self._given.values]
        if len(keys) == len(free) == 1:
            if is_many(type):
                return _Set(self, keys[0], type, used, self._given.choices.get(keys[0]))
            if type == "text" and any(comparison.op in PARTS for comparison in used):
                return _Text(self, keys[0], used)
        return _Cells(self, keys, type, used, self._given)

    def flag(self) -> int:
        """A new yes/no variable."""
        return self._variable(2)

    def choice(self, values: int) -> int:
        """A new variable with so many values."""
        return self._variable(values)


class _Cells:
    """Fields whose values are listed, side by side."""

    def __init__(
        self, space: Space, keys: Sequence[str], type: FieldType, used: Sequence[Comparison], given: Given
    ) -> None:
        fixed = {key: given.values[key] for key in keys if key in given.values}
        known = [ready(type, value) for value in fixed.values() if value not in (None, "")]
        constants = [*(ready(type, item) for comparison in used for item in items_of(comparison)), *known]
        count = len(keys) - len(fixed)
        columns: list[list[Value]] = []
        for key in keys:
            closed = given.choices.get(key)
            free = [] if key in fixed else _column(type, used, constants, count, closed, space.effort)
            columns.append([fixed[key]] if key in fixed else [*free, None])
        if prod(map(len, columns)) > MAX_CELLS:
            raise NotDecided(f"{', '.join(keys)} are compared with each other and have more than {MAX_CELLS} cells")
        space.effort.spend(prod(map(len, columns)) // _AS_FAST)
        self._space = space
        self._rows = [dict(zip(keys, row, strict=True)) for row in product(*columns)]
        self._var = space.choice(len(self._rows))

    def verdicts(self, rule: Comparison) -> tuple[Formula, Formula]:
        """When a comparison is true and when it is false."""
        yes = no = 0
        meets = compiled(rule)
        self._space.effort.spend(1 + len(self._rows) // _AS_FAST)
        for at, row in enumerate(self._rows):
            verdict = meets(row)
            if verdict is not None:
                yes, no = (yes | 1 << at, no) if verdict else (yes, no | 1 << at)
        return Lit(self._var, yes), Lit(self._var, no)

    def values(self, domains: list[int]) -> dict[str, Value]:
        """The fields' values under an assignment."""
        return self._rows[_lowest(domains[self._var])]


class _Set:
    """A field of many values: a yes/no variable for each value asked for and one for all others; without any of
    them it is unknown."""

    def __init__(
        self, space: Space, key: str, type: FieldType, used: Sequence[Comparison], closed: tuple[str, ...] | None
    ) -> None:
        self._space, self._key = space, key
        asked: list[Any] = list(dict.fromkeys(item for comparison in used for item in items_of(comparison)))
        if closed is None:
            others: list[Any] = [*(fresh_keys(asked, 1) if type == "multi_choice" else fresh_ids(asked, 1))]
        else:
            named, known = set(asked), set(closed)
            asked, others = [one for one in asked if one in known], [one for one in closed if one not in named]
        possible = [*asked, *others[:1]]
        self._vars: dict[Any, int] = {item: space.flag() for item in possible}
        self._known: Formula = Some(tuple(Lit(var, _YES) for var in self._vars.values()))

    def verdicts(self, rule: Comparison) -> tuple[Formula, Formula]:
        """When a comparison is true and when it is false."""
        if rule.op == "is_known" or rule.op == "is_unknown":
            unknown = negated(self._known, self._space.full)
            return (self._known, unknown) if rule.op == "is_known" else (unknown, self._known)
        self._space.effort.spend(len(items_of(rule)))
        present = tuple(Lit(self._vars[item], _YES) if item in self._vars else False for item in items_of(rule))
        met: Formula = Every(present) if rule.op == "all_of" else Some(present)
        unmet = Every((self._known, negated(met, self._space.full)))
        met = Every((self._known, met))
        return (unmet, met) if rule.op in ("none_of", "not_contains") else (met, unmet)

    def values(self, domains: list[int]) -> dict[str, Value]:
        """The fields' values under an assignment."""
        chosen = tuple(item for item, var in self._vars.items() if domains[var] == _YES)
        return {self._key: chosen or None}


class _Text:
    """A text of which parts are asked: a variable for its beginning and end or its whole, and a yes/no variable for
    each part it may have in the middle."""

    def __init__(self, space: Space, key: str, used: Sequence[Comparison]) -> None:
        self._space, self._key = space, key
        same, starts, ends, self._parts = _asked(used)
        space.effort.spend((1 + len(starts)) * (1 + len(ends)))
        self._mark = marks([*same, *starts, *ends, *self._parts], 1)[0]
        shapes = [(begin, end) for begin in ("", *starts) for end in ("", *ends)]
        self._shapes: list[str | tuple[str, str] | None] = [*shapes, *same, None]
        self._var = space.choice(len(self._shapes))
        self._inside = {part: space.flag() for part in self._parts}

    def verdicts(self, rule: Comparison) -> tuple[Formula, Formula]:
        """When a comparison is true and when it is false."""
        self._space.effort.spend(len(self._shapes) + len(self._inside))
        if rule.op == "contains" or rule.op == "not_contains":
            return self._part(rule, str(ready("text", rule.value)))
        meets = compiled(rule)
        yes = no = 0
        for at, shape in enumerate(self._shapes):
            verdict = meets({self._key: self._written(shape, ())})
            if verdict is not None:
                yes, no = (yes | 1 << at, no) if verdict else (yes, no | 1 << at)
        return Lit(self._var, yes), Lit(self._var, no)

    def _part(self, rule: Comparison, part: str) -> tuple[Formula, Formula]:
        alone = free = known = 0
        for at, shape in enumerate(self._shapes):
            if shape is not None:
                known |= 1 << at
                free |= (1 << at) * isinstance(shape, tuple)
                alone |= (1 << at) * any(part in piece for piece in (shape if isinstance(shape, tuple) else (shape,)))
        inside = Some(tuple(Lit(var, _YES) for inner, var in self._inside.items() if part in inner))
        met = Some((Lit(self._var, alone), Every((Lit(self._var, free), inside))))
        unmet = Every((Lit(self._var, known), negated(met, self._space.full)))
        return (met, unmet) if rule.op == "contains" else (unmet, met)

    def values(self, domains: list[int]) -> dict[str, Value]:
        """The fields' values under an assignment."""
        chosen = [part for part, var in self._inside.items() if domains[var] == _YES]
        return {self._key: self._written(self._shapes[_lowest(domains[self._var])], chosen)}

    def _written(self, shape: str | tuple[str, str] | None, parts: Sequence[str]) -> str | None:
        return joined(shape[0], parts, shape[1], self._mark) if isinstance(shape, tuple) else shape


def _column(
    type: FieldType,
    used: Sequence[Comparison],
    constants: Sequence[Value],
    count: int,
    closed: tuple[str, ...] | None,
    effort: Effort,
) -> list[Value]:
    if type != "text" or not any(comparison.op in PARTS for comparison in used):
        return cells(type, constants, count, closed)
    _, starts, ends, parts = _asked(used)
    if len(parts) > _ALIKE:
        raise NotDecided(f"{used[0].field} is compared with a field and asked for more than {_ALIKE} parts")
    effort.spend((1 + len(starts)) * (1 + len(ends)) * 2 ** len(parts) * count)
    same = [str(text) for text in dict.fromkeys(constants)]
    return list(texts(same, starts, ends, parts, count))


def _asked(used: Sequence[Comparison]) -> tuple[list[str], list[str], list[str], list[str]]:
    """The texts a field is asked for: whole, beginnings, ends, parts; folded, each once."""
    groups: dict[str, dict[str, None]] = {"same": {}, "starts_with": {}, "ends_with": {}, "contains": {}}
    for comparison in used:
        op = "contains" if comparison.op == "not_contains" else comparison.op
        kind = groups[op if op in groups else "same"]
        kind.update((fold(str(item)), None) for item in items_of(comparison))
    same, starts, ends, parts = (list(texts) for texts in groups.values())
    return same, starts, ends, parts


def _groups(found: Iterable[Comparison], effort: Effort) -> list[list[Comparison]]:
    """Comparisons by field; those of fields that are compared with each other together."""
    groups: list[tuple[set[str], list[Comparison]]] = []
    for comparison in found:
        keys, used = set(fields_in(comparison)), [comparison]
        apart = []
        effort.spend(len(groups))
        for others, theirs in groups:
            if keys & others:
                keys = others | keys
                theirs.extend(used)
                used = theirs
            else:
                apart.append((others, theirs))
        groups = [*apart, (keys, used)]
    return [used for _, used in groups]


def _lowest(mask: int) -> int:
    return (mask & -mask).bit_length() - 1
