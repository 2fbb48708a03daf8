"""Timers and conditions that had come and could not be carried out: kept beside the machine's work as incidents, for a
person to have them tried again or to let them pass."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import connection, transaction

from kniga.engine import ConditionMet, Event, FireTimer, Reconsider
from kniga.people.models import User
from kniga.platform.errors import Conflict
from kniga.platform.said import said as _
from kniga.processes.models import Timer, Work
from kniga.processes.running.effects import FiredTimer
from kniga.processes.running.incident_news import tell_of_incident
from kniga.processes.running.incidents import tell_of_work, trouble
from kniga.processes.running.reading import InstanceSnapshot, fields_for
from kniga.processes.running.stepping import Advanced, Wanted, act_on_instance
from kniga.processes.versions.definitions import RunnableVersion

TIMER: Final = "timer"
CONDITION: Final = "condition"
EVENT_ACTIONS: Final = frozenset({TIMER, CONDITION})
"""What stands as the action of such an incident."""
_OPEN: Final = ("queued", "running", "incident")

# Nobody waits for it any more: the process or the token is over, or the timer was set anew.
_CLOSE_OVER: Final = """
UPDATE processes_work w SET held = w.status, status = 'cancelled', closed_in = i.revision
FROM processes_instance i
WHERE i.id = w.instance_id AND w.action IN ('timer', 'condition') AND w.status IN ('queued', 'running', 'incident')
  AND (
    i.status NOT IN ('running', 'suspended')
    OR w.token <> 0
        AND NOT EXISTS (SELECT FROM jsonb_array_elements(i.tokens -> 'tokens') AS k (token)
                        WHERE (k.token ->> 0)::integer = w.token)
        AND NOT EXISTS (SELECT FROM processes_task t
                        WHERE t.instance_id = w.instance_id AND t.token = w.token AND t.status = 'open')
    OR w.action = 'timer' AND EXISTS (SELECT FROM processes_timer s WHERE s.instance_id = w.instance_id
        AND s.token = w.token AND s.element = w.element AND s.status = 'scheduled'))
"""


def raise_for_event(
    *, action: str, snapshot: InstanceSnapshot, token: int, element: str, error: str, code: str, now: datetime
) -> Work | None:
    """Leave a timer or a condition to a person, and tell those who may deal with it. None if that is so already: then
    what speaks against it is written anew, and nothing is to be told. Must run in a transaction."""
    found = trouble(error, code)
    same = Work.objects.filter(
        instance_id=snapshot.instance_id, action=action, token=token, element=element, status__in=_OPEN
    )
    if same.update(**found):
        return None
    work = Work.objects.create(
        instance_id=snapshot.instance_id, token=token, element=element, action=action, status="incident", attempts=1,
        claim=1, next_at=now, created_at=now, made_in=snapshot.revision, **found,
    )  # fmt: skip
    tell_of_incident(work=work, error=error, now=now)
    return work


def raise_for_condition(
    *, snapshot: InstanceSnapshot, condition: tuple[int, str] | None, error: str, code: str, now: datetime
) -> None:
    """Leave to a person what the conditions of a process cannot do, and tell the ledger once."""
    token, element = condition or (0, "")
    with transaction.atomic():
        work = raise_for_event(
            action=CONDITION, snapshot=snapshot, token=token, element=element, error=error, code=code, now=now
        )
        if work is not None:
            told = {key: value for key, value in trouble(error, code).items() if value is not None}
            tell_of_work("processes.work.incident", work, now, told)


def condition_of(events: Sequence[Event]) -> tuple[int, str] | None:
    """The first condition that had come in a step."""
    return next(((event.token, event.event) for event in events if isinstance(event, ConditionMet)), None)


def close_met(*, instance_ids: Sequence[int]) -> None:
    """The conditions of these instances were looked at, and nothing speaks against them any more."""
    Work.objects.filter(instance_id__in=instance_ids, action=CONDITION, status="incident").update(
        status="cancelled", held="incident"
    )


def close_over(*, now: datetime) -> int:
    """Close the incidents nobody waits for any more; always 0, as nothing comes of it."""
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE_OVER)
    return 0


def come_again(work: Work, *, status: str, now: datetime, skipped: bool = False, by: User | None = None) -> Advanced:
    """Carry out what could not be: as it is now, or so that it is let pass. Must run in a transaction.

    Raises Refused and Conflict as the engine says, Conflict `work_over`."""
    fired = _timer_again(work) if work.action == TIMER else None

    def command(snapshot: InstanceSnapshot, version: RunnableVersion) -> Wanted:
        if not Work.objects.filter(pk=work.pk, status=status, claim=work.claim).exists():
            raise over()
        fields = fields_for(snapshot.deal, version.definition.needs)
        marks = {"worked": {"id": work.pk, "status": "skipped" if skipped else "done"}}
        if fired is not None:
            return Wanted(FireTimer(work.token, work.element, fields, skipped), marks, fired)
        return Wanted(Reconsider(fields, (work.token, work.element) if skipped else None), marks)

    return act_on_instance(instance_id=work.instance_id, by=by, now=now, command_for=command)


def over() -> Conflict:
    """Somebody or something was faster."""
    return Conflict("work_over", _("This work no longer waits for anybody."))


def _timer_again(work: Work) -> FiredTimer:
    """The timer that failed, set once more for the step that is to come."""
    same = Timer.objects.filter(instance_id=work.instance_id, token=work.token, element=work.element)
    timer = same.filter(status="failed").order_by("-pk").first()
    if timer is None or same.filter(status="scheduled").exists():
        raise over()
    same.filter(pk=timer.pk).update(status="scheduled", in_a_row=0)
    return FiredTimer(timer.pk, timer.token, timer.element, timer.due_at)
