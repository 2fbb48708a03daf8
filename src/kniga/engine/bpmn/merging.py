"""Two people's changes to one file, joined: what only one of them changed is taken over, what both changed
differently is told (a three-way comparison of elements and fields, after S. Chacon's merge of a common base)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from kniga.engine.bpmn.anatomy import ORDER, PARENT, PLACE, SEQUENCE, Anatomy, take_apart
from kniga.engine.bpmn.draft import local
from kniga.engine.bpmn.joining import Plan, carry_out
from kniga.engine.bpmn.reading import read_xml

Side = Literal["mine", "theirs"]
Change = Literal["added", "removed", "moved"]
STRUCTURE = "structure"
"""The field under which it is chosen whether an element is there at all."""
_LAYOUT = frozenset({PLACE, ORDER})
_ENDS = ("sourceRef", "targetRef", "attachedToRef")


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """A field that somebody changed; None where it is not there. ``both``: the two changed it differently, and
    nothing was chosen."""

    element: str
    name: str
    field: str
    base: str | None
    theirs: str | None
    mine: str | None
    both: bool


@dataclass(frozen=True, slots=True)
class StructureDifference:
    """An element that somebody added, removed or put elsewhere. ``both``: the other one changed it meanwhile, and
    nothing was chosen."""

    element: str
    name: str
    kind: Change
    whose: Side
    both: bool


@dataclass(frozen=True, slots=True)
class Merged:
    """The joined file, None while something has to be chosen; and everything that differs."""

    xml: bytes | None
    differences: tuple[FieldDifference, ...]
    structure: tuple[StructureDifference, ...]


@dataclass
class _Comparing:
    base: Anatomy
    theirs: Anatomy
    mine: Anatomy
    choices: Mapping[tuple[str, str], Side]
    plan: Plan = field(default_factory=Plan)
    differences: list[FieldDifference] = field(default_factory=list)
    structure: list[StructureDifference] = field(default_factory=list)


def merge(base: bytes, theirs: bytes, mine: bytes, *, choices: Mapping[tuple[str, str], Side] | None = None) -> Merged:
    """Join ``mine`` into ``theirs``, both of which began as ``base``.

    ``choices`` says for (element id, field) whose change holds; the field is "structure" for whether an element is
    there. Elements are known by their ids. Raises BpmnRefused for a file that cannot be read."""
    files = [take_apart(read_xml(xml)) for xml in (base, theirs, mine)]
    all = _Comparing(files[0], files[1], files[2], choices or {})
    for id in dict.fromkeys((*all.theirs.fields, *all.mine.fields)):
        if id in all.theirs.fields and id in all.mine.fields:
            _compare(all, id)
        elif id in all.theirs.fields:
            _only_theirs(all, id)
        else:
            _only_mine(all, id)
    _tie_up(all)
    is_open = any(one.both for one in all.differences) or any(one.both for one in all.structure)
    xml = None if is_open else carry_out(all.plan, all.theirs, all.mine)
    return Merged(xml, tuple(all.differences), tuple(all.structure))


def _compare(all: _Comparing, id: str) -> None:
    """An element both have: each field by itself; a field that is not there is None."""
    base = all.base.fields.get(id, {})
    theirs, mine = all.theirs.fields[id], all.mine.fields[id]
    for name in dict.fromkeys((*theirs, *mine)):
        b, t, m = base.get(name), theirs.get(name), mine.get(name)
        if name == ORDER or name.startswith(SEQUENCE):
            b, t, m = _common(b, t, m)
        if t == m or (t == b and m == b):
            continue
        chosen = all.choices.get((id, name))
        both = b not in (t, m) and chosen is None
        if name == PARENT:
            whose: Side = "theirs" if m == b else "mine"
            all.structure.append(StructureDifference(id, all.theirs.name(id), "moved", whose, both))
        else:
            all.differences.append(FieldDifference(id, all.theirs.name(id), name, b, t, m, both))
        if t == b or (b not in (t, m) and chosen == "mine"):
            all.plan.take(id, name)


def _common(*orders: str | None) -> list[str | None]:
    """Orders without what is not in all of them: that came or went, and is compared by itself."""
    everywhere = set.intersection(*(set((order or "").split()) for order in orders))
    return [" ".join(id for id in (order or "").split() if id in everywhere) for order in orders]


def _only_theirs(all: _Comparing, id: str) -> None:
    """They added it, or I removed it."""
    name = all.theirs.name(id)
    if id not in all.base.fields:
        all.structure.append(StructureDifference(id, name, "added", "theirs", both=False))
        return
    chosen = _chosen(all, id, all.theirs.fields[id], "theirs")
    both = chosen is None and _is_touched(all.base, all.theirs, id)
    all.structure.append(StructureDifference(id, name, "removed", "mine", both))
    if chosen != "theirs":
        all.plan.removed.add(id)


def _only_mine(all: _Comparing, id: str) -> None:
    """I added it, or they removed it."""
    name = all.mine.name(id)
    if id not in all.base.fields:
        all.structure.append(StructureDifference(id, name, "added", "mine", both=False))
        all.plan.added.append(id)
        return
    chosen = _chosen(all, id, all.mine.fields[id], "mine")
    both = chosen is None and _is_touched(all.base, all.mine, id)
    all.structure.append(StructureDifference(id, name, "removed", "theirs", both))
    if chosen == "mine":
        all.plan.added.append(id)


def _chosen(all: _Comparing, id: str, fields: Mapping[str, str], keeper: Side) -> Side | None:
    """What was chosen about an element; a flow stays with an end that is to stay."""
    chosen = all.choices.get((id, STRUCTURE))
    if chosen is None and any(all.choices.get((fields.get(end, ""), STRUCTURE)) == keeper for end in _ENDS):
        return keeper
    return chosen


def _is_touched(base: Anatomy, side: Anatomy, id: str) -> bool:
    """Whether somebody changed what an element says, not only where it is drawn."""
    before, after = base.fields[id], side.fields[id]
    return any(before.get(name) != after.get(name) for name in {*before, *after} - _LAYOUT)


def _tie_up(all: _Comparing) -> None:
    """No flow without its ends, no element without what holds it: one that lost them goes too, unless somebody added
    or changed it: then it has to be chosen whether what was removed stays."""
    there = (set(all.theirs.fields) - all.plan.removed) | set(all.plan.added)
    known = {*all.base.fields, *all.theirs.fields, *all.mine.fields}
    lost: set[str] = set()
    while gone := [id for id in sorted(there - lost) if (known - there | lost).intersection(_needs(all, id))]:
        lost.update(gone)
        for id in gone:
            _ask_for(all, id, there)
    all.plan.removed |= lost & set(all.theirs.fields)
    all.plan.added = [id for id in all.plan.added if id not in lost]
    all.plan.taken = {id: names for id, names in all.plan.taken.items() if id not in lost}


def _needs(all: _Comparing, id: str) -> list[str]:
    """The ids of what an element cannot be without."""
    fields = (all.mine if id in all.plan.added or id not in all.theirs.fields else all.theirs).fields[id]
    if id in all.mine.fields:
        fields = fields | {name: all.mine.fields[id].get(name, "") for name in all.plan.taken.get(id, ())}
    ends = [fields[name] for name in _ENDS if fields.get(name)] if _has_ends(all, id) else []
    return [need for need in (fields[PARENT], *ends) if need]


def _has_ends(all: _Comparing, id: str) -> bool:
    node = all.theirs.elements.get(id)
    return local(all.mine.elements[id] if node is None else node) in ("sequenceFlow", "boundaryEvent")


def _ask_for(all: _Comparing, id: str, there: set[str]) -> None:
    """Tell of what one removed while the other tied something new to it."""
    removers: tuple[tuple[Side, Anatomy], ...] = (("theirs", all.mine), ("mine", all.theirs))
    for remover, side in removers:
        if id not in side.fields or (id in all.base.fields and not _is_touched(all.base, side, id)):
            continue
        for need in _needs(all, id):
            if need in all.base.fields and need not in there and (need, STRUCTURE) not in all.choices:
                others = [one for one in all.structure if one.element != need]
                told = StructureDifference(need, all.base.name(need), "removed", remover, both=True)
                all.structure = [*others, told]
