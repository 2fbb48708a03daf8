"""The machine's work: claimed by any number of workers, done, tried again, or left to a person as an incident."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, QuerySet

from kniga.engine import CompleteWork, FailWork, ServiceTask
from kniga.engine.state_format.codec import load_value
from kniga.people.models import User
from kniga.people.permissions import Act
from kniga.people.require import require
from kniga.platform.errors import Conflict, NotVisible, Refused
from kniga.platform.said import said as _
from kniga.platform.waking import wake_workers
from kniga.processes.actions.doing import ActionFailed, Job, refuse_unreadable
from kniga.processes.actions.registry import DOINGS
from kniga.processes.correlation.messaging import read_payload
from kniga.processes.models import Work
from kniga.processes.queries import visible_instance
from kniga.processes.running.calling import begin_called
from kniga.processes.running.effects import CALL, OUTSIDE_ACTIONS
from kniga.processes.running.event_incidents import EVENT_ACTIONS, come_again, over
from kniga.processes.running.incidents import raise_incident, tell_of_work, trouble
from kniga.processes.running.reading import InstanceSnapshot, fields_for
from kniga.processes.running.stepping import Advanced, Wanted, act_on_instance
from kniga.processes.versions.definitions import RunnableVersion, runnable_version

LEASE: Final = timedelta(minutes=2)
"""How long one who has taken work has for it; then others take it for abandoned. No action takes as long."""
BUSY: Final = timedelta(seconds=5)
"""How long work waits for a process that somebody works on at the moment."""
LONGEST_BACKOFF: Final = timedelta(days=1)
MOST_ABANDONED: Final = 5
"""So often beyond its retries is work taken up that nobody finished; then a person looks at it."""
INSIDE_ACTIONS: Final = frozenset(DOINGS) - OUTSIDE_ACTIONS | {CALL} | EVENT_ACTIONS
LOG = logging.getLogger(__name__)

Clock = Callable[[], datetime]

_CLAIM = """
UPDATE processes_work AS w SET status = 'running', attempts = w.attempts + 1, claim = w.claim + 1, next_at = %s
FROM (
    SELECT c.id FROM processes_work c JOIN processes_instance i ON i.id = c.instance_id AND i.status = 'running'
    WHERE c.status IN ('queued', 'running') AND c.next_at <= %s AND c.action <> 'call'
      AND (%s::text[] IS NULL OR c.action = ANY(%s::text[]))
    ORDER BY c.next_at, c.id LIMIT 1 FOR UPDATE OF c SKIP LOCKED
) AS due WHERE w.id = due.id RETURNING w.id, w.claim
"""
_QUEUED_CALLS = """
SELECT c.instance_id, c.token FROM processes_work c JOIN processes_instance i ON i.id = c.instance_id
WHERE i.status = 'running' AND c.status = 'queued' AND c.action = 'call' AND c.next_at <= %s
ORDER BY c.next_at, c.id LIMIT %s
"""
_NEXT = """
SELECT min(c.next_at) FROM processes_work c JOIN processes_instance i ON i.id = c.instance_id AND i.status = 'running'
WHERE c.status IN ('queued', 'running') AND c.action = ANY(%s)
"""


def do_work(
    *, now: datetime, limit: int = 20, actions: frozenset[str] | None = None, clock: Clock | None = None
) -> int:
    """Do the work of these actions (None: of all) that is due, at most `limit` pieces; how many were taken up.

    One piece is taken at a time, for as long as the lease from the moment `clock` tells then (None: always `now`)."""
    watch = clock or (lambda: now)
    done = 0
    while done < limit and (claimed := _claimed(watch(), actions)) is not None:
        carry_out(work_id=claimed[0], claim=claimed[1], clock=watch)
        done += 1
    if actions is not None and CALL not in actions:
        return done
    with connection.cursor() as cursor:
        cursor.execute(_QUEUED_CALLS, [watch(), limit])
        calls = cursor.fetchall()
    for instance_id, token in calls:
        begin_called(parent_id=instance_id, token=token, now=watch())
    return done + len(calls)


def nearest_work(actions: frozenset[str]) -> datetime | None:
    """When the next work of these actions may begin; None when none waits."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [list(actions)])
        moment: datetime | None = cursor.fetchone()[0]
    return moment


def carry_out(*, work_id: int, claim: int, clock: Clock) -> None:
    """Do one piece of work under its claim, and let its process go on. Whatever breaks, breaks this piece only:
    nothing is raised but errors of a database that is away."""
    work = Work.objects.select_related("instance").filter(pk=work_id, status="running", claim=claim).first()
    if work is None:
        return
    try:
        try:
            _refuse_abandoned(work)
            _do(work, clock)
        except ActionFailed as failed:
            _failed(work, failed, clock())
        except (Refused, NotVisible, OperationalError, InterfaceError):
            raise
        except Exception as error:
            LOG.exception("work %s broke", work.pk)
            what = f"{type(error).__name__}: {error}"
            _failed(work, ActionFailed(_("Something broke on our side: %s") % what, code="broken"), clock())
    except Conflict:
        LOG.info("work %s waits: its process is paused or busy, or somebody else does it", work.pk)
        # No attempt of the work's own. It stays taken, as what it did outside is not to be taken back with its step.
        _ours(work).update(attempts=F("attempts") - 1, next_at=clock() + BUSY)
    except (Refused, NotVisible) as refused:
        message, code = (refused.said, refused.code) if isinstance(refused, Refused) else ("", "gone")
        raise_incident(work=work, error=message, code=code, now=clock())
        if isinstance(refused, Refused) and refused.code == "bad_payload":
            # Only another answer can help.
            Work.objects.filter(pk=work.pk, status="incident").update(results=None)
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block or not connection.is_usable():
            raise
        LOG.exception("work %s has to wait for the end of its lease", work.pk)
    except Exception as error:
        LOG.exception("work %s cannot even fail", work.pk)
        raise_incident(work=work, error=str(error), now=clock())


def retry_work(*, work_id: int, reason: str, by: User, now: datetime) -> None:
    """Have an incident's work tried again at once; what went wrong stays with it until it is done.

    Raises NotVisible, Refused, Conflict `work_over`."""
    work = _incident(work_id, reason, by)
    with transaction.atomic():
        again = Work.objects.filter(pk=work.pk, status="incident")
        if not again.update(status="queued", attempts=0, next_at=now):
            raise over()
        tell_of_work("processes.work.retried", work, now, {"reason": reason}, actor_id=by.pk)
        if work.action == CALL:
            begin_called(parent_id=work.instance_id, token=work.token, now=now)
        wake_workers()


def skip_work(*, work_id: int, reason: str, by: User, now: datetime) -> Advanced:
    """Let the process go on without an incident's work. Raises NotVisible, Refused, Conflict `work_over`."""
    work = _incident(work_id, reason, by)
    if work.action in EVENT_ACTIONS:
        return _let_pass(work, reason, by, now)

    def command(snapshot: InstanceSnapshot, version: RunnableVersion) -> Wanted:
        if not Work.objects.filter(pk=work.pk, status="incident").exists():
            raise over()
        fields = fields_for(snapshot.deal, version.definition.needs)
        done = CompleteWork(work.token, skipped=True, fields=fields)
        return Wanted(done, {"worked": {"id": work.pk, "status": "skipped"}})

    with transaction.atomic():
        advanced = act_on_instance(instance_id=work.instance_id, by=by, now=now, command_for=command)
        tell_of_work("processes.work.skipped", work, now, {"reason": reason}, actor_id=by.pk)
    return advanced


def _let_pass(work: Work, reason: str, by: User, now: datetime) -> Advanced:
    with transaction.atomic():
        advanced = come_again(work, status="incident", skipped=True, by=by, now=now)
        tell_of_work("processes.work.skipped", work, now, {"reason": reason}, actor_id=by.pk)
        wake_workers()
    return advanced


def _claimed(now: datetime, actions: frozenset[str] | None) -> tuple[int, int] | None:
    wanted = None if actions is None else list(actions)
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [now + LEASE, now, wanted, wanted])
        row = cursor.fetchone()
    return None if row is None else (row[0], row[1])


def _ours(work: Work) -> QuerySet[Work]:
    """The work, as long as nobody else has taken it."""
    return Work.objects.filter(pk=work.pk, status="running", claim=work.claim)


def _refuse_abandoned(work: Work) -> None:
    if work.results is None and work.attempts > _patience(work)[0] + 1 + MOST_ABANDONED:
        text = _("This was begun %d times and never finished.") % (work.attempts - 1)
        raise Refused("abandoned", text)


def _do(work: Work, clock: Clock) -> None:
    if work.action in EVENT_ACTIONS:
        with transaction.atomic():
            come_again(work, status="running", now=clock())
        return
    if work.action not in OUTSIDE_ACTIONS:
        with transaction.atomic():
            work.results = _done(work, clock)
            _complete(work, clock())
        return
    if work.results is None:
        results = _done(work, clock)
        with transaction.atomic():
            if not _ours(work).update(results=results):
                raise over()
        work.results = results
    with transaction.atomic():
        _complete(work, clock())


def _done(work: Work, clock: Clock) -> dict[str, Any]:
    def hold() -> None:
        if not _ours(work).update(next_at=clock() + LEASE):
            raise over()

    params = {key: load_value(value) for key, value in work.params.items()}
    deal_id = work.instance.deal_id
    job = Job(work.pk, work.instance_id, deal_id, work.element, params, work.item, clock(), hold)
    results = DOINGS[work.action](job)
    refuse_unreadable(results)
    return msgspec.json.decode(msgspec.json.encode(results), type=dict[str, Any])


def _complete(work: Work, now: datetime) -> None:
    def command(snapshot: InstanceSnapshot, version: RunnableVersion) -> Wanted:
        if not _ours(work).exists():
            raise over()
        results = read_payload(work.results or {}, version)
        fields = fields_for(snapshot.deal, version.definition.needs)
        done = CompleteWork(work.token, results, fields=fields)
        return Wanted(done, {"worked": {"id": work.pk, "status": "done", "error": ""}})

    act_on_instance(instance_id=work.instance_id, by=None, now=now, command_for=command)


def _failed(work: Work, failed: ActionFailed, now: datetime) -> None:
    """Try again later, twice as late each time; after that the process may catch the error, else a person sees it."""
    if work.action in EVENT_ACTIONS:
        raise_incident(work=work, error=failed.said, code=failed.code, now=now)
        return
    retries, backoff = _patience(work)
    if not failed.is_final and work.attempts <= retries:
        wait = min(timedelta(seconds=backoff) * 2 ** min(work.attempts - 1, 20), LONGEST_BACKOFF)
        _ours(work).update(status="queued", next_at=now + wait, **trouble(failed.said, failed.code))
        return

    def command(snapshot: InstanceSnapshot, version: RunnableVersion) -> Wanted:
        if not _ours(work).exists():
            raise over()
        fields = fields_for(snapshot.deal, version.definition.needs)
        fails = FailWork(work.token, failed.code, failed.message, fields)
        return Wanted(fails, {"worked": {"id": work.pk, "status": "failed", "error": failed.message[:2000]}})

    try:
        with transaction.atomic():
            act_on_instance(instance_id=work.instance_id, by=None, now=now, command_for=command)
    except Conflict:
        raise
    except (Refused, NotVisible):
        raise_incident(work=work, error=failed.said, code=failed.code, now=now)


def _patience(work: Work) -> tuple[int, int]:
    """How often the process has work tried again, and after how many seconds first."""
    task = runnable_version(work.instance.version_id).definition.elements.get(work.element)
    return (task.retries, task.backoff) if isinstance(task, ServiceTask) else (0, 0)


def _incident(work_id: int, reason: str, by: User) -> Work:
    require(by, Act.STEER)
    work = Work.objects.filter(pk=work_id).first()
    if work is None:
        raise NotVisible
    visible_instance(user=by, instance_id=work.instance_id)
    if not reason.strip():
        raise Refused("reason_missing", _("Say why: it goes into the ledger."), field="reason")
    if work.status != "incident":
        raise over()
    return work
