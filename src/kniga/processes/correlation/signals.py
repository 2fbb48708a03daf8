"""Signals reach everything that waits for them by the moment they are broadcast; the workers carry them.

One whose process is paused hears the signal as soon as it runs again.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Max

from kniga.engine import CatchSignal, ThrowSignal
from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.permissions import Act
from kniga.people.require import require
from kniga.people.roles import Entity
from kniga.platform.errors import Conflict, NotVisible, Refused
from kniga.platform.ledger import LedgerEvent, record
from kniga.platform.storable import storable
from kniga.platform.waking import wake_workers
from kniga.processes.background.self_starts import begin_with_signal
from kniga.processes.correlation.messaging import TIME_TO_LIVE, check_waiting
from kniga.processes.models import Instance, KeptSignal, Message, Subscription
from kniga.processes.running.locking import lock, try_lock
from kniga.processes.running.reading import InstanceSnapshot, fields_for
from kniga.processes.running.stepping import Wanted, act_on_instance
from kniga.processes.versions.definitions import RunnableVersion

LOG = logging.getLogger(__name__)
AT_ONCE: Final = 20
"""How many instances are locked in one transaction."""
_IN_WORK: Final = ("running", "suspended")
# The first kept signal of each running instance: what it does may end the waits for the others.
_KEPT: Final = """
SELECT DISTINCT ON (k.instance_id) k.id, s.id, k.instance_id, k.token, k.element, k.signal_id
FROM processes_keptsignal k JOIN processes_instance i ON i.id = k.instance_id AND i.status = 'running'
LEFT JOIN processes_subscription s ON s.instance_id = k.instance_id AND s.token = k.token AND s.element = k.element
  AND s.status = 'waiting' AND s.kind = 'signal'
ORDER BY k.instance_id, k.id LIMIT 200
"""


def throw_signal(
    thrown: ThrowSignal, sender: InstanceSnapshot | None, *, made_in: int = 0, now: datetime, by: User | None = None
) -> Message:
    """Broadcast a signal to everything that waits for it by now; the workers carry it, in batches."""
    last = Subscription.objects.filter(kind="signal", name=thrown.name).aggregate(last=Max("id"))["last"]
    signal = Message.objects.create(
        kind="signal", name=thrown.name, source="process" if sender else "api", received_at=now, sent_by=by,
        seen_by=None if by is None else visible_owner_ids(by, Entity.DEAL),
        expires_at=now + TIME_TO_LIVE, last_subscription=last or 0, made_in=made_in,
        sender_id=None if sender is None else sender.instance_id,
    )  # fmt: skip
    wake_workers()
    return signal


@transaction.atomic
def broadcast_signal(*, name: str, now: datetime, by: User | None = None) -> int:
    """Broadcast a signal from outside; that of a person reaches, and begins processes for, the deals they see (None:
    the system's, all). Returns its id. Raises Refused `not_allowed`."""
    if by is not None:
        require(by, Act.STEER)
    signal = throw_signal(ThrowSignal("", name), None, now=now, by=by)
    actor_id = None if by is None else by.pk
    record([LedgerEvent("processes.signal.broadcast", now, actor_id=actor_id, payload={"signal": name})])
    return int(signal.pk)


def carry_signals(*, now: datetime) -> int:
    """Bring every broadcast signal to those who wait for it; how many have caught one."""
    carried = 0
    for id in Message.objects.filter(kind="signal", status="waiting").order_by("id").values_list("pk", flat=True):
        while True:
            caught, is_over = _carry_some(id, now)
            carried += caught
            if is_over:
                break
    return carried + _hear_kept(now)


def _carry_some(signal_id: int, now: datetime) -> tuple[int, bool]:
    with transaction.atomic():
        signal = Message.objects.select_for_update(skip_locked=True, of=("self",)).filter(pk=signal_id).first()
        if signal is None or signal.status != "waiting":
            return 0, True
        last = signal.last_subscription or 0
        waiting = Subscription.objects.filter(
            kind="signal", name=signal.name, status="waiting", id__lte=last, id__gt=signal.reached or 0,
            instance__status__in=_IN_WORK,
        ).order_by("id")  # fmt: skip
        if signal.seen_by is not None:
            waiting = waiting.filter(deal__owner_id__in=signal.seen_by)
        found = list(waiting.values_list("id", "instance_id", "token", "element")[:AT_ONCE])
        is_over = len(found) < AT_ONCE
        caught = 0
        for place, (id, instance_id, token, element) in enumerate(found):
            if place == 0:
                lock(instance_id)
            elif not try_lock(instance_id):  # the next batch begins with it
                found, is_over = found[:place], False
                break
            try:
                caught += _catch(signal_id, id, instance_id, token, element, now)
            except Conflict:  # paused, or busy after all: heard later
                KeptSignal.objects.get_or_create(
                    signal_id=signal_id, instance_id=instance_id, token=token, element=element
                )
        if is_over:
            caught += begin_with_signal(name=signal.name, owners=signal.seen_by, sender_id=signal.sent_by_id, now=now)
        Message.objects.filter(pk=signal_id).update(
            delivered=F("delivered") + caught, status="matched" if is_over else "waiting",
            reached=found[-1][0] if found else signal.reached,
        )  # fmt: skip
        return caught, is_over


def _hear_kept(now: datetime) -> int:
    """Bring the signals kept for processes that run again; how many were caught."""
    KeptSignal.objects.exclude(instance__status__in=_IN_WORK).delete()
    with connection.cursor() as cursor:
        cursor.execute(_KEPT)
        kept = cursor.fetchall()
    heard = 0
    for kept_id, subscription_id, instance_id, token, element, signal_id in kept:
        try:
            with transaction.atomic():
                if not try_lock(instance_id) or not KeptSignal.objects.filter(pk=kept_id).delete()[0]:
                    continue
                if subscription_id is None:  # what waited for it is over
                    continue
                caught = _catch(signal_id, subscription_id, instance_id, token, element, now)
                Message.objects.filter(pk=signal_id).update(delivered=F("delivered") + caught)
                heard += caught
        except Conflict:  # paused again, or somebody works on it: it stays kept
            continue
    return heard


def _catch(signal_id: int, subscription_id: int, instance_id: int, token: int, element: str, now: datetime) -> int:
    """Let one who waits catch a signal; 0 if nobody waits any more or the process refuses it, which is recorded.
    Raises Conflict when it is to be tried again."""

    def command(snapshot: InstanceSnapshot, version: RunnableVersion) -> Wanted:
        check_waiting(subscription_id)
        fields = fields_for(snapshot.deal, version.definition.needs)
        return Wanted(CatchSignal(token, element, fields), {"caught": subscription_id})

    try:
        with transaction.atomic():
            act_on_instance(instance_id=instance_id, by=None, now=now, command_for=command)
    except Conflict as conflict:
        if conflict.code != "gone":
            raise
        return 0
    except NotVisible:
        return 0
    except Refused as refused:
        _note_refusal(signal_id, instance_id, token, element, refused.message, now)
        return 0
    except (OperationalError, InterfaceError):
        raise
    except Exception as broken:  # one process must not keep the signal from all others
        LOG.exception("instance %s cannot hear the signal %s", instance_id, signal_id)
        _note_refusal(signal_id, instance_id, token, element, f"{type(broken).__name__}: {broken}", now)
        return 0
    return 1


def _note_refusal(signal_id: int, instance_id: int, token: int, element: str, reason: str, now: datetime) -> None:
    reason = storable(reason)[:2000]
    Message.objects.filter(pk=signal_id).update(error=reason)
    deal_id, client_id = Instance.objects.values_list("deal_id", "deal__client_id").get(pk=instance_id)
    payload = {"event": element, "token": token, "reason": reason}
    record(
        [
            LedgerEvent(
                "processes.signal.failed", now, client_id=client_id, deal_id=deal_id, instance_id=instance_id,
                payload=payload,
            )
        ]
    )  # fmt: skip
