"""Two versions side by side: what becomes what has the same number and colour on both diagrams and in the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kniga.engine import Definition
from kniga.processes.acts.act_queries import MappedElement
from kniga.processes.acts.mapping import resting
from kniga.processes.acts.splitting import Splits
from kniga.processes.diagrams.drawing import Drawing, drawing_of
from kniga.processes.versions.definitions import runnable_version
from kniga.processes.versions.version_queries import version_xml
from kniga.processes.wording.words import element_in_words
from kniga.web.formatting import number as number_text
from kniga.web.processes.pictures import Badge, Mark

if TYPE_CHECKING:
    from kniga.people.models import User

COLOURS: Final = 8


@dataclass(frozen=True, slots=True)
class TwoVersions:
    """Both diagrams with what is told of their elements."""

    old: Drawing
    new: Drawing
    old_marks: Mapping[str, Mark]
    new_marks: Mapping[str, Mark]


def pair_numbers(definition: Definition) -> dict[str, int]:
    """The number of each element that deals may stand on, in the order of the file, from 1."""
    return {element.id: number for number, element in enumerate(resting(definition), 1)}


def likely(line: MappedElement) -> str:
    """The element of the new version to look at for an old one: what is chosen, else the most similar; "" if none."""
    return line.target or next((one.element for one in line.proposal.candidates), "")


def doubtful(mapping: Sequence[MappedElement]) -> MappedElement | None:
    """The line to look at first: one without a counterpart, else one whose counterpart has another id, else the one
    most deals stand on."""
    without = [line for line in mapping if not line.target]
    changed = [line for line in mapping if line.proposal.how != "same"]
    return next(iter((*without, *changed)), max(mapping, key=lambda line: line.instances, default=None))


def two_versions(
    *, user: User, old_id: int, new_id: int, mapping: Sequence[MappedElement], splits: Splits,
    numbers: Mapping[str, int],
) -> TwoVersions | None:  # fmt: skip
    """The two diagrams of a move; None where one of the files has no diagram."""
    old, new = runnable_version(old_id).definition, runnable_version(new_id).definition
    left = drawing_of(version_xml(user=user, version_id=old_id), old)
    right = drawing_of(version_xml(user=user, version_id=new_id), new)
    if left is None or right is None:
        return None
    return TwoVersions(left, right, _old_marks(mapping, numbers), _new_marks(new, mapping, splits, numbers))


def _old_marks(mapping: Sequence[MappedElement], numbers: Mapping[str, int]) -> dict[str, Mark]:
    found = {}
    for line in mapping:
        name, number = line.name, numbers[line.proposal.element]
        becomes = next((text for id, text in line.options if id == line.target), "")
        card = [name, _("becomes: %(step)s") % {"step": becomes} if becomes else _("has no counterpart yet")]
        told = ngettext("%(num)s deal", "%(num)s deals", line.instances) % {"num": number_text(line.instances)}
        if line.instances:
            card.insert(1, told)
        pair = Badge(str(number), "top-left", "", number % COLOURS) if line.target else Badge("?", "top-left", "bad")
        # In words and at another corner: a bare number would look like that of a pair.
        count = (Badge(told, "bottom-right"),) if line.instances else ()
        found[line.proposal.element] = Mark(tuple(card), 0, (pair, *count), _state(line))
    return found


def _state(line: MappedElement) -> str:
    if not line.target:
        return "gone"
    return "same" if line.proposal.how == "same" and line.target == line.proposal.element else ""


def _new_marks(
    definition: Definition, mapping: Sequence[MappedElement], splits: Splits, numbers: Mapping[str, int]
) -> dict[str, Mark]:
    came: dict[str, list[MappedElement]] = {}
    for line in sorted(mapping, key=lambda one: numbers[one.proposal.element]):
        elsewhere = splits.get(line.proposal.element, {}).get("to")
        for target in dict.fromkeys(filter(None, (line.target, elsewhere))):
            came.setdefault(target, []).append(line)
    found = {}
    for element in resting(definition):
        lines = came.get(element.id, [])
        told = [_("from: %(step)s") % {"step": line.name} for line in lines]
        own = [numbers[line.proposal.element] for line in lines]
        # The number is there though empty: the page fills it when a person chooses.
        badge = Badge("·".join(map(str, own)), "top-left", "", own[0] % COLOURS if own else 0)
        state = "new" if not lines else "same" if {_state(line) for line in lines} == {"same"} else ""
        card = (element_in_words(element), *(told or [_("nothing becomes this")]))
        found[element.id] = Mark(card, 0, (badge,), state)
    return found
