"""What a move to another version would do to deviations, told before it is carried out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from kniga.processes.control.deviations import Place, closed_by_hand, place_of
from kniga.processes.control.judging import control_needs, is_wanting, moment_of_look
from kniga.processes.models import Task
from kniga.processes.models.control import Deviation, DeviationState
from kniga.processes.running.reading import fields_of_deals
from kniga.processes.running.stepping import Plan
from kniga.rules import Value


@dataclass(frozen=True, slots=True)
class Foretold:
    """The names of the control points a move would raise deviations of, and of those it would close."""

    raised: tuple[str, ...]
    closed: tuple[str, ...]

    def stored(self) -> dict[str, list[str]] | None:
        """As the row of an act keeps it; None for nothing."""
        return {"raised": list(self.raised), "closed": list(self.closed)} if self.raised or self.closed else None


@dataclass(slots=True)
class _Present:
    """What is known of the instances before the move."""

    tasks: Mapping[tuple[int, int], Task]
    live: Mapping[Place, str]
    silent: frozenset[Place]
    fields: dict[int, dict[str, Value]] = field(default_factory=dict)


def foretell(plans: Sequence[Plan], *, now: datetime) -> dict[int, Foretold]:
    """By instance, what these moves would do to deviations if they were carried out at `now`; a constant number of
    statements. Steps that a move opens anew are watched from then on, and not told of here."""
    if not plans:
        return {}
    ids = [plan.snapshot.instance_id for plan in plans]
    tasks = {(task.instance_id, task.token): task for task in Task.objects.filter(instance__in=ids, status="open")}
    rows = Deviation.objects.filter(instance__in=ids).exclude(state=DeviationState.CLOSED)
    live = {place_of(row): row.name for row in rows.only("instance", "token", "point", "name")}
    present = _Present(tasks, live, frozenset(closed_by_hand(ids)))
    for version_id in {plan.version.id for plan in plans}:
        deals = [plan.snapshot.deal for plan in plans if plan.version.id == version_id]
        present.fields |= fields_of_deals(deals, control_needs(version_id))
    return {plan.snapshot.instance_id: _of(plan, present, now) for plan in plans}


def _of(plan: Plan, present: _Present, now: datetime) -> Foretold:
    wanting = dict(_wanting(plan, present, now))
    live = {place: name for place, name in present.live.items() if place[0] == plan.snapshot.instance_id}
    raised = [name for place, name in wanting.items() if place not in live and place not in present.silent]
    closed = [name for place, name in live.items() if place not in wanting]
    return Foretold(tuple(sorted(raised)), tuple(sorted(closed)))


def _wanting(plan: Plan, present: _Present, now: datetime) -> Iterator[tuple[Place, str]]:
    """The control points that would be wanting where the instance would stand."""
    instance_id, deal = plan.snapshot.instance_id, plan.snapshot.deal
    for token in plan.step.state.tokens:
        task = present.tasks.get((instance_id, token.id))
        step = plan.version.definition.user_task(token.element)
        if task is None or step is None:
            continue
        for point in step.controls:
            is_due = moment_of_look(point, task, deal, now) <= now
            known = {"data": plan.step.state.data, "fields": present.fields[deal.id]}
            if is_due and is_wanting(point, task, deal, **known, now=now):
                yield (instance_id, token.id, point.key), point.name
