"""The verdict on a process: sound, unsound with a path to what is wrong, or not proved and why.

Sound means (W. van der Aalst's soundness, for what a BPMN process of ours is): from every state a run can come to it
can come to its end; at the end nothing is left that could still go on; every element is entered by some run. What is
assumed, and what the bounds are, is told in docs/explanation/soundness.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from kniga.engine.definition.model import DecisionTask, Definition, ParallelGateway
from kniga.engine.definition.problems import Problem
from kniga.engine.soundness.exploring import Exploration
from kniga.engine.soundness.outline import Outline
from kniga.engine.soundness.refusals import refusal_problems
from kniga.engine.soundness.saying import problem, way_to
from kniga.engine.soundness.static import oversights, structure
from kniga.engine.soundness.tables import MAY_FAIL, table_problems, with_witness

Kind = Literal["sound", "unsound", "not_proved"]

LIMIT = 5_000
"""How many states are looked at unless the caller says otherwise."""
CERTAIN = frozenset({"unreachable", "dead_end", "outcome_without_flow", "automatic_loop", "bad_param"})
"""Faults that do not depend on what answers were before: they stand even where conditions are not decided."""
MOST_NAMED = 10
"""How many problems of one kind are told."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What could be shown. ``problems`` are errors first, then warnings; a problem's ``path`` is a run that shows it.
    ``states`` is how many were looked at, ``reason`` why nothing was proved (empty otherwise)."""

    kind: Kind
    problems: tuple[Problem, ...]
    states: int
    reason: str = ""


def prove(definition: Definition, *, limit: int = LIMIT) -> Verdict:
    """Decide whether a process is sound, looking at no more than ``limit`` states and twice as many ways between
    them. Pure and repeatable: the same definition and limit always give the same verdict."""
    outline = Outline(definition)
    exploration = Exploration(outline, limit)
    exploration.run()
    undecided = [*_undecided(definition, outline), *_cut_short(exploration)]
    drawn = [*structure(definition, _all_end(exploration))]
    found = [one for one in drawn if one.severity == "error"]
    found += [*refusal_problems(outline, exploration), *_ends(definition, exploration, bool(found))]
    if not found and exploration.complete:
        found.extend(_dead(definition, exploration))
    warnings = [one for one in drawn if one.severity == "warning"]
    if outline.blurred or outline.conditions.undecided:
        warnings += [replace(one, severity="warning") for one in found if one.code not in CERTAIN]
        found = [one for one in found if one.code in CERTAIN]
    told = {one.element or "" for one in (*found, *warnings) if one.code == MAY_FAIL}
    tables = [*table_problems(definition, _unsure_tables(definition, outline, exploration) - told)]
    found += [one for one in tables if one.severity == "error"]
    warnings += [one for one in tables if one.severity == "warning"]
    warnings += [*_crowds(definition, exploration), *oversights(definition, _results(exploration))]
    problems = with_witness(definition, (*found, *undecided, *warnings))
    problems = tuple(sorted(problems, key=lambda one: one.severity == "warning"))
    if found:
        return Verdict("unsound", problems, len(exploration.markings))
    if undecided:
        return Verdict("not_proved", problems, len(exploration.markings), undecided[0].message)
    return Verdict("sound", problems, len(exploration.markings))


def check(definition: Definition) -> tuple[Problem, ...]:
    """Everything that speaks against publishing (severity error), and what is probably an oversight or could not be
    proved (warnings). Errors come first."""
    return prove(definition).problems


def _undecided(definition: Definition, outline: Outline) -> Iterator[Problem]:
    for id in sorted(outline.conditions.undecided):
        yield problem("not_decided", definition.elements[id], "warning")
    if outline.blurred:
        yield Problem("mixed_conditions", severity="warning")


def _unsure_tables(definition: Definition, outline: Outline, exploration: Exploration) -> frozenset[str]:
    """The tasks with a table of which it is not known whether a run comes to values no row answers."""
    tables = (id for id, element in definition.elements.items() if isinstance(element, DecisionTask))
    unsure = outline.blurred or not exploration.complete
    return frozenset(id for id in tables if unsure or id in outline.conditions.undecided)


def _cut_short(exploration: Exploration) -> Iterator[Problem]:
    if not exploration.complete and exploration.unbounded is None:
        yield Problem("not_proved", None, None, {"states": str(len(exploration.markings))}, "warning")


def _all_end(exploration: Exploration) -> bool:
    """Whether, as far as was looked, every step can be taken and every run can come to its end."""
    if exploration.blocked or exploration.unbounded is not None:
        return False
    return not exploration.complete or not _lost(exploration)


def _ends(definition: Definition, exploration: Exploration, is_drawn: bool) -> Iterator[Problem]:
    """States from which no run comes to its end; ``is_drawn``: the drawing alone shows it already."""
    if exploration.unbounded is not None:
        _, taken = exploration.before[exploration.unbounded]
        element = definition.elements[taken.entered[-1]]
        yield problem("unbounded", element, path=exploration.path(exploration.unbounded))
        return
    stuck = [
        number
        for number, after in enumerate(exploration.after)
        if not after and exploration.is_expanded(number) and exploration.markings[number].ended is None
    ]
    told: set[str] = set()
    for number in stuck:
        id = _waiting(definition, exploration, number)
        if number not in exploration.refused and id not in told and len(told) < MOST_NAMED:
            told.add(id)
            yield problem("stuck", definition.elements[id], path=exploration.path(number))
    if exploration.complete and not stuck:
        number = next(iter(sorted(_lost(exploration))), -1)
        if number >= 0 and not exploration.blocked and not is_drawn:
            id = _waiting(definition, exploration, number)
            yield problem("no_way_to_end", definition.elements[id], path=exploration.path(number))


def _lost(exploration: Exploration) -> set[int]:
    """The states from which no ended state can be reached."""
    back: list[list[int]] = [[] for _ in exploration.markings]
    for number, after in enumerate(exploration.after):
        for at in after:
            back[at].append(number)
    pending = [number for number, marking in enumerate(exploration.markings) if marking.ended is not None]
    good = set(pending)
    while pending:
        for number in back[pending.pop()]:
            if number not in good:
                good.add(number)
                pending.append(number)
    return set(range(len(exploration.markings))) - good


def _waiting(definition: Definition, exploration: Exploration, number: int) -> str:
    """The element a stuck run waits at: a join if there is one, else the first token's."""
    inner = list(exploration.markings[number].places)
    first = inner[0][0]
    while inner:
        id, _, _, _, children = inner.pop(0)
        if isinstance(definition.elements[id], ParallelGateway):
            return id
        inner.extend(children)  # type: ignore[arg-type]
    return first


def _dead(definition: Definition, exploration: Exploration) -> Iterator[Problem]:
    told = 0
    for id, element in definition.elements.items():
        if id not in exploration.entered and told < MOST_NAMED:
            told += 1
            yield problem("dead_element", element, path=way_to(definition, id))


def _results(exploration: Exploration) -> frozenset[str] | None:
    """How instances can end; None if not every state was looked at."""
    if not exploration.complete:
        return None
    return frozenset(marking.ended for marking in exploration.markings if marking.ended is not None)


def _crowds(definition: Definition, exploration: Exploration) -> Iterator[Problem]:
    """Elements where two tokens of one scope may stand at once: probably a join is missing (or is one too many)."""
    told: set[str] = set()
    for number, marking in enumerate(exploration.markings):
        pending = [marking.places]
        while pending:
            places = pending.pop()
            seen: set[tuple[str, str]] = set()
            for id, flow, _, _, inner in places:
                if inner:
                    pending.append(inner)  # type: ignore[arg-type]
                if (id, flow) in seen and id not in told and len(told) < MOST_NAMED:
                    told.add(id)
                    element = definition.elements[id]
                    code = "unsynchronised" if isinstance(element, ParallelGateway) else "open_twice"
                    yield problem(code, element, "warning", path=exploration.path(number))
                seen.add((id, flow))
