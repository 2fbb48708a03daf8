"""Processes that begin by themselves, at a moment or with a signal: for every open deal of their funnel for which
nothing runs."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from kniga.deals.models import Deal
from kniga.engine import Definition, Due, StartEvent
from kniga.platform.errors import Refused
from kniga.platform.working_time import organisation_calendar
from kniga.processes.bulk import start_many
from kniga.processes.definitions import runnable_version
from kniga.processes.effects import moment_of
from kniga.processes.models import ProcessVersion, ScheduledStart, VersionStatus

LOG = logging.getLogger(__name__)


def schedule_starts(*, version: ProcessVersion, definition: Definition, now: datetime) -> None:
    """Set when a version that is being published begins by itself; those of the one before are over."""
    ScheduledStart.objects.filter(version__process_id=version.process_id).delete()
    for event in _starts(definition):
        if event.trigger != "timer":
            continue
        if event.cycle is not None:
            first = event.cycle.start or _after(event.cycle.every, now)
            left = event.cycle.times
        else:
            assert event.due is not None, "a timer has a moment or a cycle"
            first, left = _after(event.due, now), 1
        ScheduledStart.objects.create(version=version, element=event.id, due_at=first, left=left)


def forget_starts(*, version_id: int) -> None:
    """A version that is retired begins no more by itself."""
    ScheduledStart.objects.filter(version_id=version_id).delete()


def begin_due(*, now: datetime) -> int:
    """Begin what is due by `now`; how many starts came. What was missed comes once: the deals that ran nothing then
    run something after it."""
    begun = 0
    with transaction.atomic():
        due = ScheduledStart.objects.select_for_update(skip_locked=True, of=("self",)).filter(due_at__lte=now)
        for start in due.select_related("version").defer("version__xml").order_by("due_at", "id"):
            if start.version.status != VersionStatus.PUBLISHED:
                start.delete()
                continue
            begin_idle(version_id=start.version_id, element=start.element, now=now)
            _reschedule(start, now)
            begun += 1
    return begun


def begin_with_signal(*, name: str, owners: Sequence[int] | None = None, now: datetime) -> int:
    """Begin the published processes that start with this signal, for deals of these owners (None: of all); how many
    instances began."""
    begun = 0
    for version_id in ProcessVersion.objects.filter(status=VersionStatus.PUBLISHED).values_list("pk", flat=True):
        for event in _starts(runnable_version(version_id).definition):
            if event.trigger == "signal" and event.signal == name:
                begun += begin_idle(version_id=version_id, element=event.id, owners=owners, now=now)
    return begun


def begin_idle(*, version_id: int, element: str, owners: Sequence[int] | None = None, now: datetime) -> int:
    """Start a version at one of its start events for every open deal of its funnel (of these owners; None: of all)
    that runs nothing; how many."""
    idle = (
        Deal.objects.filter(status="open", pipeline__processes__versions=version_id)
        .exclude(instances__parent=None, instances__status__in=("running", "suspended"))
        .order_by("pk")
    )
    if owners is not None:
        idle = idle.filter(owner_id__in=owners)
    entries: list[tuple[int, str | None]] = [(pk, element) for pk in idle.values_list("pk", flat=True)]
    if not entries:
        return 0
    try:
        with transaction.atomic():
            return start_many(version_id=version_id, entries=entries, actor_id=None, now=now).started
    except Refused as refused:
        LOG.warning("version %s cannot begin at %s: %s", version_id, element, refused.message)
        return 0


def _starts(definition: Definition) -> list[StartEvent]:
    found = [definition.elements[id] for id in definition.starts]
    return [element for element in found if isinstance(element, StartEvent)]


def _after(due: Due, now: datetime) -> datetime:
    return moment_of(due, due.at or now, organisation_calendar())


def _reschedule(start: ScheduledStart, now: datetime) -> None:
    event = runnable_version(start.version_id).definition.elements[start.element]
    assert isinstance(event, StartEvent), "a start is scheduled for start events only"
    due, left = start.due_at, start.left
    while event.cycle is not None and due <= now and (left is None or left > 0):
        following = _after(event.cycle.every, due)
        due, left = following, None if left is None else left - 1
        if following <= start.due_at:
            break
    if event.cycle is None or left == 0:
        start.delete()
        return
    start.due_at, start.left = due, left
    start.save(update_fields=["due_at", "left"])
