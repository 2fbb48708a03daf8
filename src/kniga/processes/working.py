"""The machine's work: claimed by any number of workers, done, tried again, or left to a person as an incident."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from django.db import connection, transaction
from django.utils.translation import gettext as _

from kniga.engine import CompleteWork, FailWork, ServiceTask
from kniga.engine.state_format.codec import load_value
from kniga.people.models import User
from kniga.people.permissions import Act
from kniga.people.require import require
from kniga.platform.errors import Conflict, NotVisible, Refused
from kniga.processes.actions.doing import ActionFailed, Job
from kniga.processes.actions.registry import DOINGS
from kniga.processes.calling import begin_called
from kniga.processes.definitions import RunnableVersion, runnable_version
from kniga.processes.effects import CALL, OUTSIDE_ACTIONS
from kniga.processes.incidents import raise_incident, tell_of_work
from kniga.processes.messaging import read_payload
from kniga.processes.models import Work
from kniga.processes.queries import visible_instance
from kniga.processes.reading import InstanceSnapshot, fields_for
from kniga.processes.stepping import Advanced, Wanted, act_on_instance

LEASE: Final = timedelta(minutes=2)
"""How long one who has taken work has for it; then others take it for abandoned."""
LONGEST_BACKOFF: Final = timedelta(days=1)
LOG = logging.getLogger(__name__)

_CLAIM = """
UPDATE processes_work AS w SET status = 'running', attempts = w.attempts + 1, next_at = %s
FROM (
    SELECT c.id FROM processes_work c JOIN processes_instance i ON i.id = c.instance_id AND i.status = 'running'
    WHERE c.status IN ('queued', 'running') AND c.next_at <= %s AND c.action <> 'call'
    ORDER BY c.next_at, c.id LIMIT %s FOR UPDATE OF c SKIP LOCKED
) AS due WHERE w.id = due.id RETURNING w.id
"""
_QUEUED_CALLS = """
SELECT c.instance_id, c.token FROM processes_work c JOIN processes_instance i ON i.id = c.instance_id
WHERE i.status = 'running' AND c.status = 'queued' AND c.action = 'call' AND c.next_at <= %s
ORDER BY c.next_at, c.id LIMIT %s
"""


def do_work(*, now: datetime, limit: int = 20) -> int:
    """Do the work that is due, at most `limit` pieces; how many were taken up."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [now + LEASE, now, limit])
        claimed = sorted(row[0] for row in cursor.fetchall())
        cursor.execute(_QUEUED_CALLS, [now, limit])
        calls = cursor.fetchall()
    for work_id in claimed:
        carry_out(work_id=work_id, now=now)
    for instance_id, token in calls:
        begin_called(parent_id=instance_id, token=token, now=now)
    return len(claimed) + len(calls)


def carry_out(*, work_id: int, now: datetime) -> None:
    """Do one piece of work that was claimed, and let its process go on."""
    work = Work.objects.select_related("instance").filter(pk=work_id, status="running").first()
    if work is None:
        return
    try:
        if work.action in OUTSIDE_ACTIONS:
            if work.results is None:
                work.results = _done(work, now)
                Work.objects.filter(pk=work.pk).update(results=work.results)
            _complete(work, now)
        else:
            with transaction.atomic():
                work.results = _done(work, now)
                _complete(work, now)
    except ActionFailed as failed:
        _failed(work, failed, now)
    except Conflict:
        LOG.info("work %s waits: its process is paused or busy", work.pk)
    except (Refused, NotVisible) as refused:
        raise_incident(work=work, error=getattr(refused, "message", ""), now=now)


def retry_work(*, work_id: int, reason: str, by: User, now: datetime) -> None:
    """Have an incident's work tried again at once. Raises NotVisible, Refused, Conflict `work_over`."""
    work = _incident(work_id, reason, by)
    with transaction.atomic():
        again = Work.objects.filter(pk=work.pk, status="incident")
        if not again.update(status="queued", attempts=0, next_at=now, error=""):
            raise _over()
        tell_of_work("processes.work.retried", work, now, {"reason": reason}, actor_id=by.pk)
        if work.action == CALL:
            begin_called(parent_id=work.instance_id, token=work.token, now=now)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify('kniga_due', '')")


def skip_work(*, work_id: int, reason: str, by: User, now: datetime) -> Advanced:
    """Let the process go on without an incident's work. Raises NotVisible, Refused, Conflict `work_over`."""
    work = _incident(work_id, reason, by)

    def command(snapshot: InstanceSnapshot, version: RunnableVersion) -> Wanted:
        if not Work.objects.filter(pk=work.pk, status="incident").exists():
            raise _over()
        fields = fields_for(snapshot.deal, version.definition.needs)
        done = CompleteWork(work.token, skipped=True, fields=fields)
        return Wanted(done, {"worked": {"id": work.pk, "status": "skipped"}})

    with transaction.atomic():
        advanced = act_on_instance(instance_id=work.instance_id, by=by, now=now, command_for=command)
        tell_of_work("processes.work.skipped", work, now, {"reason": reason}, actor_id=by.pk)
    return advanced


def _done(work: Work, now: datetime) -> Mapping[str, object]:
    params = {key: load_value(value) for key, value in work.params.items()}
    job = Job(work.pk, work.instance_id, work.instance.deal_id, work.element, params, work.item, now)
    return msgspec.json.decode(msgspec.json.encode(DOINGS[work.action](job)), type=dict[str, Any])


def _complete(work: Work, now: datetime) -> None:
    def command(snapshot: InstanceSnapshot, version: RunnableVersion) -> Wanted:
        if not Work.objects.filter(pk=work.pk, status="running").exists():
            raise _over()
        results = read_payload(work.results or {}, version)
        fields = fields_for(snapshot.deal, version.definition.needs)
        done = CompleteWork(work.token, results, fields=fields)
        return Wanted(done, {"worked": {"id": work.pk, "status": "done", "error": ""}})

    act_on_instance(instance_id=work.instance_id, by=None, now=now, command_for=command)


def _failed(work: Work, failed: ActionFailed, now: datetime) -> None:
    """Try again later, twice as late each time; after that the process may catch the error, else a person sees it."""
    task = runnable_version(work.instance.version_id).definition.elements.get(work.element)
    retries, backoff = (task.retries, task.backoff) if isinstance(task, ServiceTask) else (0, 0)
    if not failed.is_final and work.attempts <= retries:
        wait = min(timedelta(seconds=backoff) * 2 ** (work.attempts - 1), LONGEST_BACKOFF)
        Work.objects.filter(pk=work.pk, status="running").update(
            status="queued", next_at=now + wait, error=failed.message[:2000]
        )
        return

    def command(snapshot: InstanceSnapshot, version: RunnableVersion) -> Wanted:
        if not Work.objects.filter(pk=work.pk, status="running").exists():
            raise _over()
        fields = fields_for(snapshot.deal, version.definition.needs)
        fails = FailWork(work.token, failed.code, failed.message, fields)
        return Wanted(fails, {"worked": {"id": work.pk, "status": "failed", "error": failed.message[:2000]}})

    try:
        act_on_instance(instance_id=work.instance_id, by=None, now=now, command_for=command)
    except Conflict:
        LOG.info("work %s waits: its process is paused or busy", work.pk)
    except (Refused, NotVisible):
        raise_incident(work=work, error=failed.message, now=now)


def _incident(work_id: int, reason: str, by: User) -> Work:
    require(by, Act.STEER)
    work = Work.objects.filter(pk=work_id).first()
    if work is None:
        raise NotVisible
    visible_instance(user=by, instance_id=work.instance_id)
    if not reason.strip():
        raise Refused("reason_missing", _("Say why: it goes into the ledger."), field="reason")
    if work.status != "incident":
        raise _over()
    return work


def _over() -> Conflict:
    return Conflict("work_over", _("This work no longer waits for anybody."))
