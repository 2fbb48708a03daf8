"""What changed between two versions of a book, step by step and in words: for the reps who work by it.

Steps are matched by their id, then as `mapping` proposes; the layout of the diagram is no change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from django.utils.translation import gettext as _

from kniga.engine import Definition, StageDef, UserTask
from kniga.processes.acts.mapping import propose_mapping
from kniga.processes.wording.outline import OutlineStep, outline_of
from kniga.processes.wording.step_changes import Detail, Matched, step_details
from kniga.processes.wording.work_changes import work_changes

Fate = Literal["new", "removed", "changed"]

FOR_THE_REP: Final = frozenset({"name", "script", "question", "outcome", "deadline", "kind", "event", "material"})
"""The kinds of details that change what a rep does, says or asks."""


@dataclass(frozen=True, slots=True)
class StepChange:
    """What became of a step. `details` are empty for one that is new or removed; what concerns the rep comes first."""

    element: str
    name: str
    fate: Fate
    details: tuple[Detail, ...] = ()

    @property
    def concerns_reps(self) -> bool:
        """Whether a rep works differently because of it."""
        return self.fate != "changed" or any(detail.kind in FOR_THE_REP for detail in self.details)


@dataclass(frozen=True, slots=True)
class StageChanges:
    """The changes of a stage's steps; `name` "" for steps outside the funnel."""

    name: str
    steps: tuple[StepChange, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything that changed: stages and the process itself (`book`), steps by stage, and what happens without a
    person (`works`)."""

    book: tuple[Detail, ...]
    stages: tuple[StageChanges, ...]
    works: tuple[Detail, ...]

    @property
    def is_empty(self) -> bool:
        """Whether both versions say the same."""
        return not (self.book or self.stages or self.works)

    def count(self, fate: Fate) -> int:
        """How many steps met this fate."""
        return sum(step.fate == fate for stage in self.stages for step in stage.steps)


def changes_between(old: Definition, new: Definition) -> Changes:
    """What changed from `old` to `new`, in the language spoken now."""
    matched = matched_steps(old, new)
    return Changes(_book_details(old, new), _by_stage(old, new, matched), work_changes(old, new))


def matched_steps(old: Definition, new: Definition) -> dict[str, str]:
    """The id in `new` of each step of `old` that is still there."""
    found: dict[str, str] = {}
    for proposal in propose_mapping(old, new):
        target = proposal.target
        if target is not None and old.user_task(proposal.element) and target not in found.values():
            found[proposal.element] = target
    return found


def _by_stage(old: Definition, new: Definition, matched: Mapping[str, str]) -> tuple[StageChanges, ...]:
    before, after = _steps(old), _steps(new)
    came_from = {target: element for element, target in matched.items()}
    groups: dict[str, list[StepChange]] = {stage.key: [] for stage in (*new.stages, *old.stages)}
    for id, step in after.items():
        change = _change(old, new, before.get(came_from.get(id, "")), step, matched)
        if change is not None:
            groups.setdefault(_stage_of(new, step.task), []).append(change)
    for id, step in before.items():
        if id not in matched:
            groups.setdefault(_stage_of(old, step.task), []).append(StepChange(id, step.task.name, "removed"))
    names = {stage.key: stage.name for stage in (*old.stages, *new.stages)}
    return tuple(StageChanges(names.get(key, ""), tuple(steps)) for key, steps in groups.items() if steps)


def _change(
    old: Definition, new: Definition, before: OutlineStep | None, after: OutlineStep, matched: Mapping[str, str]
) -> StepChange | None:
    if before is None:
        return StepChange(after.task.id, after.task.name, "new")
    details = step_details(Matched(old, new, before, after, matched))
    ordered = tuple(sorted(details, key=lambda detail: detail.kind not in FOR_THE_REP))
    return StepChange(after.task.id, after.task.name, "changed", ordered) if ordered else None


def _steps(definition: Definition) -> dict[str, OutlineStep]:
    return {step.task.id: step for part in outline_of(definition) for step in part.steps}


def _stage_of(definition: Definition, task: UserTask) -> str:
    stage = definition.stage(task.stage or "")
    return stage.key if stage else ""


def _book_details(old: Definition, new: Definition) -> tuple[Detail, ...]:
    found = []
    if old.name != new.name:
        found.append(Detail("name", _("The process has another name"), old.name, new.name))
    before, after = {stage.key: stage for stage in old.stages}, {stage.key: stage for stage in new.stages}
    found += [Detail("stage", _("New stage"), "", stage.name) for key, stage in after.items() if key not in before]
    found += [Detail("stage", _("Stage removed"), stage.name, "") for key, stage in before.items() if key not in after]
    found += [
        Detail("stage", _("Stage renamed"), before[key].name, stage.name)
        for key, stage in after.items()
        if key in before and before[key].name != stage.name
    ]
    if [key for key in before if key in after] != [key for key in after if key in before]:
        found.append(Detail("stage", _("The stages come in another order"), _named(old.stages), _named(new.stages)))
    return tuple(found)


def _named(stages: tuple[StageDef, ...]) -> str:
    return " → ".join(stage.name for stage in stages)
