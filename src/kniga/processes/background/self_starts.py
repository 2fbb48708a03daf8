"""Processes that begin by themselves, at a moment or with a signal: for every open deal of their funnel for which
nothing runs.

What begins at a moment begins in batches; what begins with a signal is an act on many deals, carried out by a worker
deal by deal, whose progress people see and which can be undone as a whole."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import QuerySet
from procrastinate.contrib.django import app

from kniga.deals.models import Deal
from kniga.engine import Definition, Due, StartEvent
from kniga.platform.errors import Refused
from kniga.platform.ledger import LedgerEvent, record
from kniga.platform.models import Event
from kniga.platform.said import said as _
from kniga.platform.working_time import organisation_calendar
from kniga.processes.models import (
    ActKind,
    ActRowStatus,
    ActStatus,
    BulkAct,
    BulkActRow,
    ProcessVersion,
    ScheduledStart,
    VersionStatus,
)
from kniga.processes.running.bulk import PathsStarted, start_each_path
from kniga.processes.running.effects import moment_of
from kniga.processes.running.incidents import trouble
from kniga.processes.services import start_process
from kniga.processes.versions.definitions import runnable_version

LOG = logging.getLogger(__name__)
AT_ONCE: Final = 100
"""How many deals a start at a moment begins for in one transaction."""
_ROWS_AT_ONCE: Final = 5_000
_OVERTAKEN: Final = frozenset({"already_running", "deal_closed"})
"""Somebody was faster: nothing is amiss."""


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
    run something after it. A hundred deals are begun in one transaction; what is left goes on from there."""
    begun = 0
    for id in ScheduledStart.objects.filter(due_at__lte=now).order_by("due_at", "id").values_list("pk", flat=True):
        is_over = False
        while not is_over:
            with transaction.atomic():
                is_over, has_come = _begin_some(id, now)
            begun += has_come
    return begun


def _begin_some(id: int, now: datetime) -> tuple[bool, bool]:
    """Begin for the next deals; whether no more are left to begin for here, and whether the start has come for all."""
    due = ScheduledStart.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=id, due_at__lte=now)
    start = due.select_related("version").defer("version__xml").first()
    if start is None:  # another worker is at it, or has done it
        return True, False
    if start.version.status != VersionStatus.PUBLISHED:
        start.delete()
        return True, False
    deals = list(
        _idle_deals(start.version_id, None).filter(pk__gt=start.reached).values_list("pk", flat=True)[:AT_ONCE]
    )
    _begin(start.version_id, start.element, deals, now)
    if len(deals) == AT_ONCE:
        start.reached = deals[-1]
        start.save(update_fields=["reached"])
        return False, False
    _reschedule(start, now)
    return True, True


def begin_with_signal(
    *, name: str, owners: Sequence[int] | None = None, sender_id: int | None = None, now: datetime
) -> int:
    """Let a worker begin the published processes that start with this signal, for deals of these owners (None: of
    all), in the name of the person who sent it (None: the system): an act for each process; for how many deals. Must
    run in a transaction."""
    begun = 0
    versions = ProcessVersion.objects.filter(status=VersionStatus.PUBLISHED).select_related("process").defer("xml")
    for version in versions.order_by("pk"):
        for event in _starts(runnable_version(version.pk).definition):
            if event.trigger == "signal" and event.signal == name:
                reason = _("The signal “%(name)s” was sent.") % {"name": name}
                begun += _begin_by_act(version, event.id, reason, owners, sender_id, now)
    return begun


def _begin_by_act(
    version: ProcessVersion, element: str, reason: str, owners: Sequence[int] | None, sender_id: int | None,
    now: datetime,
) -> int:  # fmt: skip
    deals = list(_idle_deals(version.pk, owners).values_list("pk", flat=True))
    if not deals:
        return 0
    act = BulkAct.objects.create(
        kind=ActKind.START, status=ActStatus.RUNNING, process=version.process, version=version, element=element,
        scope={"process": version.process.key}, reason=str(reason), created_at=now, created_by_id=sender_id,
        begun_by_id=sender_id, touched_at=now,
    )  # fmt: skip
    rows = (BulkActRow(act=act, deal_id=deal, status=ActRowStatus.FITS) for deal in deals)
    BulkActRow.objects.bulk_create(rows, batch_size=_ROWS_AT_ONCE)
    # By its name, as what carries acts out stands above this; not before the act can be read. Should nobody come to
    # queue it, the act is taken up as one that nobody works on.
    job = app.configure_task("kniga.processes.jobs.carry_out_act", queue="acts")
    transaction.on_commit(lambda: job.defer(act_id=act.pk))
    return len(deals)


def _idle_deals(version_id: int, owners: Sequence[int] | None) -> QuerySet[Deal]:
    idle = Deal.objects.filter(status="open", pipeline__processes__versions=version_id).exclude(
        instances__parent=None, instances__status__in=("running", "suspended")
    )
    branch = ProcessVersion.objects.select_related("process__branch").defer("xml").get(pk=version_id).process.branch
    idle = idle if branch is None else idle.filter(owner__branch=branch)
    return (idle if owners is None else idle.filter(owner_id__in=owners)).order_by("pk")


def _begin(version_id: int, element: str, deals: Sequence[int], now: datetime) -> int:
    """Begin for these deals, path by path, and one by one where no set can; how many began. A deal whose path is
    refused keeps no other back, and its ledger tells why."""
    if not deals:
        return 0
    try:
        with transaction.atomic():
            found = start_each_path(version_id=version_id, deal_ids=deals, element=element, actor_id=None, now=now)
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # one of them spoils the whole set: each for itself tells which
        LOG.exception("version %s cannot begin at %s for many deals at once", version_id, element)
        found = PathsStarted({}, deals)
    version = ProcessVersion.objects.select_related("process").defer("xml").get(pk=version_id)
    refused = [*found.refused]
    begun = len(found.begun)
    for deal_id in found.alone:
        why = _begin_alone(version, element, deal_id, now)
        if why is None:
            begun += 1
        elif why.code not in _OVERTAKEN:
            refused.append(([deal_id], why))
    for ids, why in refused:
        LOG.warning("version %s cannot begin at %s for %d deals: %s", version_id, element, len(ids), why.message)
        _tell(version, element, ids, why, now)
    return begun


def _begin_alone(version: ProcessVersion, element: str, deal_id: int, now: datetime) -> Refused | None:
    try:
        with transaction.atomic():
            start_process(deal_id=deal_id, process_key=version.process.key, by=None, now=now, element=element)
    except Refused as refused:
        return refused
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # what other processes begin with is due, too
        LOG.exception("version %s cannot begin at %s for deal %s", version.pk, element, deal_id)
        return Refused("broken", f"{type(error).__name__}: {error}")
    return None


def _tell(version: ProcessVersion, element: str, deals: Sequence[int], why: Refused, now: datetime) -> None:
    """Tell the ledger of these deals why nothing began; said once for a version and reason, however often it is due."""
    about = {"process": version.process.key, "version": version.number, "element": element, "code": why.code}
    told = Event.objects.filter(kind="processes.start.refused", deal_id__in=deals, payload__contains=about)
    known = set(told.values_list("deal_id", flat=True))
    found = trouble(why.said, why.code)
    payload = {**about, "name": version.process.name, "reason": found["error"]}
    if found["error_told"]:
        payload["reason_told"] = found["error_told"]
    news = Deal.objects.filter(pk__in=deals).exclude(pk__in=known).order_by("pk").values_list("pk", "client_id")
    record(
        LedgerEvent("processes.start.refused", now, client_id=client, deal_id=deal, payload=payload)
        for deal, client in news
    )


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
    start.due_at, start.left, start.reached = due, left, 0
    start.save(update_fields=["due_at", "left", "reached"])
