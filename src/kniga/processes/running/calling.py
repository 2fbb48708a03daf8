"""Call activities: another process runs for the same deal, and its result is the outcome of the call."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final

from django.db import InterfaceError, OperationalError, transaction

from kniga.engine import Cancel, CompleteWork, FailWork
from kniga.engine.state_format.codec import load_value
from kniga.platform.errors import Conflict, NotVisible, Refused
from kniga.platform.said import said as _
from kniga.platform.waking import wake_workers
from kniga.processes.models import Instance, ProcessVersion, VersionStatus, Work
from kniga.processes.running.effects import CALL
from kniga.processes.running.incidents import raise_incident
from kniga.processes.running.locking import try_lock
from kniga.processes.running.reading import InstanceSnapshot, fields_for
from kniga.processes.running.starting import deal_facts
from kniga.processes.running.stepping import Advanced, Wanted, act_on_instance, begin_instance
from kniga.processes.versions.definitions import RunnableVersion, runnable_version

DEEPEST_NESTING: Final = 20
LOG = logging.getLogger(__name__)
_WAS_PUBLISHED: Final = (VersionStatus.PUBLISHED, VersionStatus.RETIRED)


def begin_called(*, parent_id: int, token: int, now: datetime) -> Advanced | None:
    """Start the process a call activity names; what speaks against it becomes an incident of the call. None if none
    is queued."""
    with transaction.atomic():
        work = (
            Work.objects.select_for_update()
            .select_related("instance")
            .filter(instance_id=parent_id, token=token, action=CALL, status="queued")
            .first()
        )
        if work is None:
            return None
        try:
            with transaction.atomic():
                Work.objects.filter(pk=work.pk).update(status="running", attempts=work.attempts + 1, error="")
                return _begin(work, now)
        except Refused as refused:
            raise_incident(work=work, error=refused.said, code=refused.code, now=now)
            return None
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            LOG.exception("the call %s cannot be begun", work.pk)
            raise_incident(work=work, error=f"{type(error).__name__}: {error}", now=now)
            return None


def _begin(work: Work, now: datetime) -> Advanced:
    if _nesting(work.instance) >= DEEPEST_NESTING:
        raise Refused("called_too_deep", _("Processes call one another without end here."))
    version = runnable_version(_version_id(work))
    deal = deal_facts(work.instance.deal_id, visible_to=None)
    assert deal is not None, "an instance has its deal"
    return begin_instance(
        version=version, deal=deal, by=None, now=now, parent_id=work.instance_id, parent_token=work.token
    )


def tell_caller(*, called_id: int, now: datetime, may_wait: bool = True) -> None:
    """Let the caller of a process that is over go on; what it refuses becomes an incident of the call.

    Unless it `may_wait`, a caller that somebody works on is left to the workers: see `untold_calls`."""
    called = Instance.objects.get(pk=called_id)
    if called.parent_id is None or called.parent_token is None:
        return
    waiting = Work.objects.filter(instance_id=called.parent_id, called_id=called_id, action=CALL, status="running")
    work = waiting.first()
    if work is None or called.status in ("running", "suspended"):
        return
    if not may_wait and not try_lock(called.parent_id):
        wake_workers()
        return
    result = called.result if called.status == "ended" and called.result in ("won", "lost", "other") else None
    code = called.reason or "failed" if called.status == "ended" else "cancelled"

    def command(snapshot: InstanceSnapshot, version: RunnableVersion) -> Wanted:
        if not waiting.exists():
            raise Conflict("work_over", _("This work no longer waits for anybody."))
        fields = fields_for(snapshot.deal, version.definition.needs)
        if result is None:
            return Wanted(FailWork(work.token, code, fields=fields), {"worked": {"id": work.pk, "status": "failed"}})
        done = CompleteWork(work.token, outcome=result, fields=fields)
        return Wanted(done, {"worked": {"id": work.pk, "status": "done"}})

    try:
        with transaction.atomic():
            act_on_instance(instance_id=work.instance_id, by=None, now=now, command_for=command)
    except (Refused, NotVisible) as refused:
        if isinstance(refused, Conflict):
            return  # paused or busy: the workers tell the caller later
        message, code = (refused.said, refused.code) if isinstance(refused, Refused) else ("", "gone")
        raise_incident(work=work, error=message, code=code, now=now)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # other callers are waiting, too
        LOG.exception("the caller of instance %s cannot go on", called_id)
        raise_incident(work=work, error=f"{type(error).__name__}: {error}", now=now)


def cancel_called(*, parent_id: int, token: int, now: datetime) -> None:
    """Stop the process that a call no longer waits for, with all that it has called."""
    called = Instance.objects.filter(parent_id=parent_id, parent_token=token, status__in=("running", "suspended"))
    # Locked first: one that meanwhile ends by itself is not among them any more.
    for instance_id in list(called.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True)):
        Instance.objects.filter(pk=instance_id, status="suspended").update(status="running")
        act_on_instance(
            instance_id=instance_id, by=None, now=now, command_for=lambda _snapshot, _version: Wanted(Cancel("caller"))
        )


def untold_calls(limit: int = 100) -> list[int]:
    """Called processes that are over and whose callers do not know it yet: left over where steps followed too
    deep, or while the caller was busy or paused."""
    found = Work.objects.filter(
        called__status__in=("ended", "cancelled"), instance__status="running", action=CALL, status="running"
    )
    return list(found.order_by("called_id").values_list("called_id", flat=True)[:limit])


def _version_id(work: Work) -> int:
    params = {key: load_value(value) for key, value in work.params.items()}
    found = ProcessVersion.objects.filter(process__key=params.get("process"))
    number = params.get("version")
    if number is None:
        found = found.filter(status=VersionStatus.PUBLISHED)
    else:
        found = found.filter(number=int(str(number)), status__in=_WAS_PUBLISHED)
    version_id = found.values_list("pk", flat=True).first()
    if version_id is None:
        raise Refused(
            "unknown_process", _("There is no published process “%s”.") % params.get("process"), field="process"
        )
    return version_id


def _nesting(instance: Instance) -> int:
    depth, at = 0, instance.parent_id
    while at is not None and depth < DEEPEST_NESTING:
        depth += 1
        at = Instance.objects.filter(pk=at).values_list("parent_id", flat=True).first()
    return depth
