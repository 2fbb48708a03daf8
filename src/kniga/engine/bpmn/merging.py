"""Two people's changes to one file, joined: what only one of them changed is taken over, what both changed
differently is told (a three-way comparison of elements and fields, after S. Chacon's merge of a common base)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from kniga.engine.bpmn.anatomy import KIND, ORDER, PARENT, SEQUENCE, Anatomy, take_apart
from kniga.engine.bpmn.joining import Plan, carry_out, written
from kniga.engine.bpmn.kinds import LAYOUT, as_a_whole, bound_fields, is_container
from kniga.engine.bpmn.nesting import circle
from kniga.engine.bpmn.reading import read_xml
from kniga.engine.bpmn.splicing import splice

Side = Literal["mine", "theirs"]
Change = Literal["added", "removed", "moved"]
STRUCTURE = "structure"
"""The field under which it is chosen whether an element is there at all."""
_ENDS = ("sourceRef", "targetRef", "attachedToRef")
_NOTHING = b'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="urn:x"/>'


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
    has_base: bool = True
    plan: Plan = field(default_factory=Plan)
    differences: list[FieldDifference] = field(default_factory=list)
    structure: list[StructureDifference] = field(default_factory=list)


def merge(
    base: bytes | None, theirs: bytes, mine: bytes, *, choices: Mapping[tuple[str, str], Side] | None = None
) -> Merged:
    """Join ``mine`` into ``theirs``, both of which began as ``base``; without one nobody knows who changed what, and
    everything that differs is asked.

    ``choices`` says for (element id, field) whose change holds; the field is "structure" for whether an element is
    there. Elements are known by their ids. Raises BpmnRefused for a file that cannot be read."""
    files = [take_apart(read_xml(xml)) for xml in (_NOTHING if base is None else base, theirs, mine)]
    all = _Comparing(files[0], files[1], files[2], choices or {}, base is not None)
    for id in dict.fromkeys((*all.theirs.fields, *all.mine.fields)):
        if id in all.theirs.fields and id in all.mine.fields:
            _compare(all, id)
        elif id in all.theirs.fields:
            _only_theirs(all, id)
        else:
            _only_mine(all, id)
    _untangle(all)
    _tie_up(all)
    is_open = any(one.both for one in all.differences) or any(one.both for one in all.structure)
    xml = None if is_open else _joined(all, theirs)
    return Merged(xml, tuple(all.differences), tuple(all.structure))


def _joined(all: _Comparing, theirs: bytes) -> bytes:
    """Their file with my changes; what I did not touch keeps its bytes."""
    before = written(all.theirs.root)
    return splice(theirs, before, carry_out(all.plan, all.theirs, all.mine))


def _compare(all: _Comparing, id: str) -> None:
    """An element both have: each field by itself, but what belongs to its kind with the kind, if that differs."""
    theirs, mine = all.theirs.fields[id], all.mine.fields[id]
    names = list(dict.fromkeys((*theirs, *mine)))
    if theirs[KIND] != mine[KIND]:
        bound = bound_fields(theirs, mine)
        names = [name for name in names if name not in bound]
        if _is_mine(all, id, KIND, *(as_a_whole(side, id) for side in (all.base, all.theirs, all.mine))):
            for name in bound:
                all.plan.take(id, name)
    for name in names:
        b, t, m = all.base.fields.get(id, {}).get(name), theirs.get(name), mine.get(name)
        if name == ORDER or name.startswith(SEQUENCE):
            b, t, m = _common(b, t, m)
        if not (t == m or (t == b and m == b and all.has_base)) and _is_mine(all, id, name, b, t, m):
            all.plan.take(id, name)


def _is_mine(all: _Comparing, id: str, field: str, b: str | None, t: str | None, m: str | None) -> bool:
    """Whether mine holds in a field that differs; tells of it. A field that is not there is None."""
    chosen = all.choices.get((id, field))
    is_open = b not in (t, m) or not all.has_base
    both = is_open and chosen is None
    if field == PARENT:
        whose: Side = "theirs" if m == b else "mine"
        all.structure.append(StructureDifference(id, all.theirs.name(id), "moved", whose, both))
    else:
        texts = [side.fields.get(id, {}).get(field) for side in (all.base, all.theirs, all.mine)]
        all.differences.append(FieldDifference(id, all.theirs.name(id), field, texts[0], texts[1], texts[2], both))
    return chosen == "mine" if is_open else t == b


def _common(*orders: str | None) -> list[str | None]:
    """Orders without what is not in all of them: that came or went, and is compared by itself."""
    everywhere = set.intersection(*(set((order or "").split()) for order in orders))
    return [" ".join(id for id in (order or "").split() if id in everywhere) for order in orders]


def _only_theirs(all: _Comparing, id: str) -> None:
    """They added it, or I removed it."""
    name = all.theirs.name(id)
    if id not in all.base.fields and all.has_base:
        all.structure.append(StructureDifference(id, name, "added", "theirs", both=False))
        return
    chosen = _chosen(all, id, "theirs")
    both = chosen is None and _is_touched(all, all.theirs, id)
    all.structure.append(StructureDifference(id, name, "removed", "mine", both))
    if chosen != "theirs":
        all.plan.removed.add(id)


def _only_mine(all: _Comparing, id: str) -> None:
    """I added it, or they removed it."""
    name = all.mine.name(id)
    if id not in all.base.fields and all.has_base:
        all.structure.append(StructureDifference(id, name, "added", "mine", both=False))
        all.plan.added.append(id)
        return
    chosen = _chosen(all, id, "mine")
    both = chosen is None and _is_touched(all, all.mine, id)
    all.structure.append(StructureDifference(id, name, "removed", "theirs", both))
    if chosen == "mine":
        all.plan.added.append(id)


def _chosen(all: _Comparing, id: str, keeper: Side) -> Side | None:
    """What was chosen about an element only the keeper has. A flow stays with an end that is to stay, an element with
    a sub-process that is to stay one; without a common base both are asked about what they hang on, not by
    themselves."""
    chosen = all.choices.get((id, STRUCTURE))
    if chosen is not None:
        return chosen
    side, other = (all.theirs, all.mine) if keeper == "theirs" else (all.mine, all.theirs)
    fields = side.fields[id]
    ends = [fields[end] for end in _ENDS if end in fields]
    if any(all.choices.get((end, STRUCTURE)) == keeper for end in ends):
        return keeper
    holder = fields[PARENT]
    if not all.has_base and any(need in side.fields and need not in other.fields for need in (holder, *ends)):
        return keeper
    while holder:
        if keeper in (all.choices.get((holder, KIND)), all.choices.get((holder, STRUCTURE))):
            return keeper
        holder = side.fields[holder][PARENT]
    return None


def _is_touched(all: _Comparing, side: Anatomy, id: str) -> bool:
    """Whether somebody changed what an element says, not only where it is drawn; nobody knows without a base."""
    if id not in all.base.fields:
        return True
    before, after = all.base.fields[id], side.fields[id]
    return any(before.get(name) != after.get(name) for name in {*before, *after} - LAYOUT)


def _untangle(all: _Comparing) -> None:
    """No element inside what is inside itself: when each put one into the other's, it is asked whose move holds."""
    refused: set[str] = set()
    given_way: set[str] = set()
    there = [*(id for id in all.theirs.fields if id not in all.plan.removed), *all.plan.added]
    while found := circle({id: all.plan.parent(id, all.theirs, all.mine) for id in there}):
        moved = [id for id in found if id in all.plan.moved()]
        others = [id for id in found if id in all.mine.fields and id not in {*moved, *refused}]
        for place, one in enumerate(all.structure):
            if one.element in moved and one.kind == "moved" and (one.element, PARENT) not in all.choices:
                all.structure[place] = replace(one, both=True)
        if others and {all.choices.get((id, PARENT), "mine" if id in given_way else None) for id in moved} == {"mine"}:
            given_way.update(others)
            for id in others:
                all.plan.take(id, PARENT)
            continue
        refused.update(moved)
        for id in moved:
            all.plan.taken[id].remove(PARENT)


def _tie_up(all: _Comparing) -> None:
    """No flow without its ends, no element without what holds it: one that lost them goes too, unless somebody added
    or changed it: then it has to be chosen whether what was removed stays."""
    there = (set(all.theirs.fields) - all.plan.removed) | set(all.plan.added)
    missing = {*all.base.fields, *all.theirs.fields, *all.mine.fields} - there
    flat = {id for id in there if not is_container(_kind(all, id))}
    lost: set[str] = set()
    while gone := [
        id
        for id in sorted(there - lost)
        if (missing | lost).intersection(_needs(all, id)) or all.plan.parent(id, all.theirs, all.mine) in flat
    ]:
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
    return _kind(all, id) in ("sequenceFlow", "boundaryEvent")


def _kind(all: _Comparing, id: str) -> str:
    """The kind that an element will be of."""
    is_mine = id not in all.theirs.fields or KIND in all.plan.taken.get(id, ())
    return (all.mine if is_mine else all.theirs).fields[id][KIND]


def _ask_for(all: _Comparing, id: str, there: set[str]) -> None:
    """Tell of what one removed while the other tied something new to it."""
    removers: tuple[tuple[Side, Anatomy], ...] = (("theirs", all.mine), ("mine", all.theirs))
    for remover, side in removers:
        if id not in side.fields or (id in all.base.fields and not _is_touched(all, side, id)):
            continue
        for need in _needs(all, id):
            if need in all.base.fields and need not in there and (need, STRUCTURE) not in all.choices:
                others = [one for one in all.structure if one.element != need]
                told = StructureDifference(need, all.base.name(need), "removed", remover, both=True)
                all.structure = [*others, told]
