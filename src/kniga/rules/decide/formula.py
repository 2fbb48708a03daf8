"""Two-valued formulas over variables with few values each, and the search for an assignment.

A domain is a bit mask of the values a variable may still have. The search (after Davis, Logemann and Loveland,
1962, over many-valued variables) narrows domains by what is forced, then splits on the shortest choice left.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Union

from kniga.rules.decide.effort import Effort


@dataclass(frozen=True, slots=True)
class Lit:
    """The variable has one of the values of the mask."""

    var: int
    mask: int


@dataclass(frozen=True, slots=True)
class Every:
    """All parts hold."""

    parts: tuple["Formula", ...]


@dataclass(frozen=True, slots=True)
class Some:
    """One part holds."""

    parts: tuple["Formula", ...]


Formula = Union[bool, Lit, Every, Some]  # noqa: UP007 (a forward reference stands in it)


def negated(formula: Formula, full: list[int]) -> Formula:
    """The formula that holds where this one does not; ``full`` are the whole domains."""
    if isinstance(formula, bool):
        return not formula
    if isinstance(formula, Lit):
        return Lit(formula.var, full[formula.var] & ~formula.mask)
    parts = tuple(negated(part, full) for part in formula.parts)
    return Some(parts) if isinstance(formula, Every) else Every(parts)


def solve(full: list[int], formulas: Iterable[Formula], effort: Effort | None = None) -> list[int] | None:
    """Domains, none empty, whose every assignment fulfils all formulas, or None if there is none.

    Raises NotDecided when the effort is spent.
    """
    effort = effort or Effort()
    pending: list[tuple[list[int], list[Formula]]] = [(list(full), list(formulas))]
    while pending:
        domains, todo = pending.pop()
        choices = _propagate(domains, todo, effort)
        if choices is None:
            continue
        if not choices:
            return domains
        choice = min(choices, key=lambda some: len(some.parts))
        pending.extend(_split(domains, choice, [other for other in choices if other is not choice]))
    return None


def _split(domains: list[int], choice: Some, rest: list[Some]) -> list[tuple[list[int], list[Formula]]]:
    """One state for each part of a choice; what an earlier part allows, a later one need not look at again."""
    states: list[tuple[list[int], list[Formula]]] = []
    left = list(domains)
    for part in choice.parts:
        states.append((list(left), [*rest, part]))
        if isinstance(part, Lit):
            left[part.var] &= ~part.mask  # never empty: a part that covers a domain would not be a choice
    states.reverse()  # the first part is looked at first
    return states


def _propagate(domains: list[int], formulas: list[Formula], effort: Effort) -> list[Some] | None:
    """Narrow the domains (in place) by everything forced; the choices that are left, None if it cannot be."""
    todo = formulas
    while True:
        choices: list[Some] = []
        changed = False
        effort.spend(1 + len(todo))
        for formula in todo:
            simple = _simplified(formula, domains, effort)
            if simple is False:
                return None
            for part in simple.parts if isinstance(simple, Every) else (simple,):
                if isinstance(part, Lit):
                    domains[part.var] &= part.mask
                    changed = True
                elif isinstance(part, Some):
                    choices.append(part)
        if not changed:
            return choices
        todo = list(choices)


def _simplified(formula: Formula, domains: list[int], effort: Effort) -> Formula:
    """The formula as far as the domains leave it open. Groups hold at least two parts, none of their own kind."""
    if isinstance(formula, bool):
        return formula
    if isinstance(formula, Lit):
        domain = domains[formula.var]
        mask = formula.mask & domain
        return mask != 0 if mask in (0, domain) else Lit(formula.var, mask)
    effort.spend(len(formula.parts))
    return _every(formula, domains, effort) if isinstance(formula, Every) else _some(formula, domains, effort)


def _every(formula: Every, domains: list[int], effort: Effort) -> Formula:
    masks: dict[int, int] = {}
    groups: list[Formula] = []
    for part in formula.parts:
        simple = _simplified(part, domains, effort)
        if simple is False:
            return False
        for inner in simple.parts if isinstance(simple, Every) else (simple,):
            if isinstance(inner, Lit):
                masks[inner.var] = masks.get(inner.var, inner.mask) & inner.mask
                if not masks[inner.var]:
                    return False
            elif inner is not True:
                groups.append(inner)
    parts = (*(Lit(var, mask) for var, mask in masks.items()), *groups)
    return parts[0] if len(parts) == 1 else Every(parts) if parts else True


def _some(formula: Some, domains: list[int], effort: Effort) -> Formula:
    masks: dict[int, int] = {}
    groups: list[Formula] = []
    for part in formula.parts:
        simple = _simplified(part, domains, effort)
        if simple is True:
            return True
        for inner in simple.parts if isinstance(simple, Some) else (simple,):
            if isinstance(inner, Lit):
                masks[inner.var] = masks.get(inner.var, 0) | inner.mask
                if masks[inner.var] == domains[inner.var]:
                    return True
            elif inner is not False:
                groups.append(inner)
    parts = (*(Lit(var, mask) for var, mask in masks.items()), *groups)
    return parts[0] if len(parts) == 1 else Some(parts) if parts else False
