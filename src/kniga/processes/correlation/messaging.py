"""Messages find the instances that wait for them.

A message goes to the one that has waited longest; if nobody waits and a published process begins with it, a process
begins; else it is kept for its time to live, and whoever begins to wait looks for kept ones in the same transaction.
Where both come at the same moment and miss each other, the workers bring them together.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Q

from kniga.clients.models import Client
from kniga.deals.models import Deal
from kniga.engine import CorrelateMessage, StartEvent, ThrowMessage
from kniga.engine.state_format.codec import dump_value, load_value
from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.roles import Entity
from kniga.platform.errors import Conflict, NotVisible, Refused
from kniga.platform.said import said as _
from kniga.platform.storable import storable
from kniga.platform.waking import wake_workers
from kniga.processes.correlation.incoming import deal_for_message
from kniga.processes.models import Instance, Message, ProcessVersion, Subscription, VersionStatus
from kniga.processes.running.effects import key_text, thread_of
from kniga.processes.running.locking import try_lock
from kniga.processes.running.reading import InstanceSnapshot, fields_for
from kniga.processes.running.starting import deal_facts, join_pipeline
from kniga.processes.running.stepping import Wanted, act_on_instance, begin_instance
from kniga.processes.versions.branches import require_branch
from kniga.processes.versions.definitions import RunnableVersion, runnable_version
from kniga.rules import BadValue, Value, read_value

LOG = logging.getLogger(__name__)
TIME_TO_LIVE: Final = timedelta(days=7)

# The index `subscription_match` is on just this expression.
_WAITS_FOR = """
    s.status = 'waiting' AND s.kind = 'message' AND s.name = m.name
    AND (CASE s.correlation WHEN 'deal' THEN 'deal:' || s.deal_id::text
              WHEN 'client' THEN 'client:' || s.client_id::text ELSE s.correlation || ':' || s.key END)
        = ANY(ARRAY['deal:' || m.deal_id::text, 'client:' || m.client_id::text, 'thread:' || m.thread, 'key:' || m.key])
    AND (m.seen_by IS NULL
         OR EXISTS (SELECT FROM deals_deal d WHERE d.id = s.deal_id AND d.owner_id = ANY(m.seen_by)))
"""
_FIRST_WAITING = f"""
SELECT s.id, s.instance_id, s.token, s.element FROM processes_message m JOIN processes_subscription s ON {_WAITS_FOR}
JOIN processes_instance i ON i.id = s.instance_id AND i.status = 'running'
WHERE m.id = %s ORDER BY s.created_at, s.id LIMIT 1
"""
_KEPT = f"""
SELECT m.id FROM processes_message m JOIN processes_subscription s ON {_WAITS_FOR}
JOIN processes_instance i ON i.id = s.instance_id AND i.status = 'running'
WHERE m.status = 'waiting' AND m.kind = 'message' AND m.expires_at > %s
  AND (%s::bigint IS NULL OR s.instance_id = %s) ORDER BY m.received_at, m.id LIMIT 100
"""

# Kept ones with which a published process begins, whose deal (or client's owner) is there for it now.
_BEGINNING = """
SELECT m.id FROM processes_message m
JOIN unnest(%s::text[], %s::text[], %s::bigint[]) AS b (name, channel, branch)
  ON b.name = m.name AND (b.channel IN ('any', m.source) OR m.source = 'process')
LEFT JOIN deals_deal d ON d.id = m.deal_id LEFT JOIN clients_client c ON c.id = m.client_id
LEFT JOIN people_user o ON o.id = CASE WHEN m.deal_id IS NULL THEN c.owner_id ELSE d.owner_id END
WHERE (b.branch = 0 OR b.branch = o.branch_id) AND m.status = 'waiting' AND m.kind = 'message' AND m.expires_at > %s
  AND CASE WHEN m.deal_id IS NULL THEN c.owner_id IS NOT NULL
           ELSE d.status = 'open' AND NOT EXISTS (
               SELECT FROM processes_instance i
               WHERE i.deal_id = d.id AND i.parent_id IS NULL AND i.status IN ('running', 'suspended')) END
GROUP BY m.id ORDER BY m.id LIMIT 100
"""


@dataclass(frozen=True, slots=True)
class Beginning:
    """The version a message is to begin, and whose the new deal is."""

    version_id: int
    owner: User


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a message: `status` matched, waiting or failed, and the instance and deal it went to."""

    message_id: int
    status: str
    instance_id: int | None
    deal_id: int | None


def receive_message(
    *, name: str, source: str, now: datetime, deal_id: int | None = None, client_id: int | None = None,
    thread: str | None = None, key: str | None = None, payload: Mapping[str, object] | None = None,
    ttl: timedelta = TIME_TO_LIVE, by: User | None = None, beginning: Beginning | None = None,
) -> Received:  # fmt: skip
    """Take in a message and bring it to whoever waits for it, start a process with it, or keep it for `ttl`.

    `beginning`: if nobody waits, this version begins and no other. One that comes from `by` goes only to deals this
    person sees, now and as long as it is kept.
    `payload`: answer key → value (JSON or text), read by the type of the answer; what is no answer of the process
    stays with the message. A deal names its client, too. One transaction."""
    if deal_id is not None and client_id is None:
        client_id = Deal.objects.filter(pk=deal_id).values_list("client_id", flat=True).first()
    with transaction.atomic():
        message = Message.objects.create(
            kind="message", name=name, deal_id=deal_id, client_id=client_id, thread=thread, key=key,
            payload=dict(payload or {}), source=source, received_at=now, expires_at=now + ttl, sent_by=by,
            seen_by=None if by is None else visible_owner_ids(by, Entity.DEAL),
        )  # fmt: skip
        deliver(message_id=message.pk, now=now, beginning=beginning)
        message.refresh_from_db()
        if message.status == "waiting":
            wake_workers()
    deal = message.deal_id
    if message.instance_id is not None:
        deal = Instance.objects.values_list("deal_id", flat=True).get(pk=message.instance_id)
    return Received(message.pk, message.status, message.instance_id, deal)


def deliver(*, message_id: int, now: datetime, may_wait: bool = True, beginning: Beginning | None = None) -> bool:
    """Try to bring a kept message to somebody; whether it is no longer kept. Another worker at it: False.

    Unless it `may_wait`, a message for an instance that somebody works on stays kept; the workers bring it."""
    with transaction.atomic():
        message = Message.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            pk=message_id, status="waiting", kind="message"
        )
        found = message.first()
        if found is None:
            return False
        try:
            with transaction.atomic():
                return _hand_over(found, now, may_wait) or _begin_with(found, now, beginning)
        except Conflict:
            return False
        except (Refused, NotVisible) as refused:
            error = refused.message if isinstance(refused, Refused) else _("The deal is gone.")
        except (OperationalError, InterfaceError):
            raise
        except Exception as broken:  # it must hold up no other message: people see it among those that failed
            LOG.exception("the message %s cannot be delivered", message_id)
            error = f"{type(broken).__name__}: {broken}"
        Message.objects.filter(pk=message_id).update(status="failed", error=storable(error)[:2000])
        return True


def look_for_kept(*, instance_id: int | None, now: datetime) -> int:
    """Bring kept messages to the waits of an instance (None: of all); how many were delivered."""
    with connection.cursor() as cursor:
        cursor.execute(_KEPT, [now, instance_id, instance_id])
        ids = [row[0] for row in cursor.fetchall()]
    may_wait = instance_id is None
    return sum(deliver(message_id=id, now=now, may_wait=may_wait) for id in dict.fromkeys(ids))


def begin_with_kept(*, now: datetime) -> int:
    """Begin processes with kept messages whose deal has become free, or whose process has been published since; how
    many messages were delivered."""
    beginnings = set()
    published = ProcessVersion.objects.filter(status=VersionStatus.PUBLISHED)
    for version_id, branch in published.values_list("pk", "process__branch_id"):
        for start in _starts(runnable_version(version_id)):
            if start.message is not None:
                beginnings.add((start.message.name, start.channel, branch or 0))
    if not beginnings:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_BEGINNING, [*map(list, zip(*sorted(beginnings), strict=True)), now])
        ids = [row[0] for row in cursor.fetchall()]
    return sum(deliver(message_id=id, now=now) for id in ids)


def throw_message(
    thrown: ThrowMessage, sender: InstanceSnapshot, *, made_in: int, now: datetime, at_once: bool
) -> None:
    """Send a message of a process; unless `at_once` the workers bring it to whoever waits."""
    deal = sender.deal
    message = Message.objects.create(
        kind="message",
        name=thrown.name,
        deal_id=deal.id if thrown.correlation == "deal" else None,
        client_id=deal.client_id if thrown.correlation in ("deal", "client") else None,
        thread=thread_of(sender.instance_id) if thrown.correlation == "thread" else None,
        key=key_text(thrown.key) if thrown.correlation == "key" else None,
        payload={key: dump_value(value) for key, value in thrown.payload.items()},
        source="process",
        received_at=now,
        expires_at=now + TIME_TO_LIVE,
        sender_id=sender.instance_id,
        made_in=made_in,
    )
    if at_once:
        deliver(message_id=message.pk, now=now, may_wait=False)
    wake_workers()


def expire_messages(*, now: datetime) -> int:
    """Give up the kept messages whose time to live is over; how many."""
    return Message.objects.filter(status="waiting", kind="message", expires_at__lte=now).update(status="expired")


def _hand_over(message: Message, now: datetime, may_wait: bool) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_FIRST_WAITING, [message.pk])
        row = cursor.fetchone()
    if row is None:
        return False
    subscription_id, instance_id, token, element = row
    if not may_wait and not try_lock(instance_id):
        raise Conflict("busy", _("Somebody else is working on this deal right now. Try again."))

    def command(snapshot: InstanceSnapshot, version: RunnableVersion) -> Wanted:
        check_waiting(subscription_id)
        payload = read_payload(message.payload, version)
        fields = fields_for(snapshot.deal, version.definition.needs)
        return Wanted(CorrelateMessage(token, element, payload, fields), {"caught": subscription_id})

    # Told before the step, so that nothing that follows the step takes the message again.
    _tell(message, instance_id, token)
    act_on_instance(instance_id=instance_id, by=None, now=now, command_for=command)
    return True


def _begin_with(message: Message, now: datetime, beginning: Beginning | None) -> bool:
    """Start the process that begins with this message for its deal, or for a new deal of its client."""
    for version_id in _candidates(message, beginning):
        version = runnable_version(version_id)
        start = _start_event(version, message)
        if start is not None:
            deal_id = _deal_to_start(message, version, now, None if beginning is None else beginning.owner)
            if deal_id is None:
                continue
            deal = deal_facts(deal_id, visible_to=None)
            assert deal is not None, "it was locked a moment ago"
            require_branch(version_id=version.id, deal_ids=[deal_id])
            stage = join_pipeline(deal_id, version.id)
            data = read_payload(message.payload, version)
            begun = begin_instance(
                version=version, deal=deal, by=None, now=now, element=start.id, data=data, stage=stage
            )
            _tell(message, begun.instance_id, None)
            return True
    return False


def _candidates(message: Message, beginning: Beginning | None) -> list[int]:
    """The published versions that may begin for the message's deal or client: those of the owner's branch, then those
    for everybody."""
    if beginning is not None:
        return [beginning.version_id]
    if message.deal_id is not None:
        branch = Deal.objects.filter(pk=message.deal_id).values_list("owner__branch_id", flat=True).first()
    else:
        branch = Client.objects.filter(pk=message.client_id or 0).values_list("owner__branch_id", flat=True).first()
    found = ProcessVersion.objects.filter(status=VersionStatus.PUBLISHED)
    found = found.filter(Q(process__branch=None) | Q(process__branch_id=branch))
    return list(found.order_by(F("process__branch_id").asc(nulls_last=True), "pk").values_list("pk", flat=True))


def _start_event(version: RunnableVersion, message: Message) -> StartEvent | None:
    for element in _starts(version):
        if element.message is None or element.message.name != message.name:
            continue
        if element.channel in ("any", message.source) or message.source == "process":
            return element
    return None


def _starts(version: RunnableVersion) -> list[StartEvent]:
    found = [version.definition.elements[id] for id in version.definition.starts]
    return [element for element in found if isinstance(element, StartEvent)]


def _deal_to_start(message: Message, version: RunnableVersion, now: datetime, owner: User | None) -> int | None:
    if message.deal_id is not None:
        is_open = Deal.objects.select_for_update().filter(pk=message.deal_id, status="open").exists()
        is_free = not Instance.objects.filter(
            deal_id=message.deal_id, parent=None, status__in=("running", "suspended")
        ).exists()
        return message.deal_id if is_open and is_free else None
    if message.client_id is None:
        return None
    return deal_for_message(client_id=message.client_id, version_id=version.id, owner=owner, now=now)


def read_payload(payload: Mapping[str, Any], version: RunnableVersion) -> dict[str, Value]:
    """What a message carries, as typed answers of the process. Raises Refused `bad_payload`."""
    values: dict[str, Value] = {}
    for key, type in version.definition.question_types.items():
        raw = payload.get(key)
        if raw is None:
            continue
        try:
            values[key] = load_value(raw) if isinstance(raw, dict) else read_value(type, raw)
        except (BadValue, ValueError, TypeError, ArithmeticError) as error:
            text = _("The message's “%(key)s” cannot be read: %(detail)s.")
            raise Refused("bad_payload", text % {"key": key, "detail": str(error)}, field=key) from error
    return values


def check_waiting(subscription_id: int) -> None:
    """Raises Conflict `gone` when nobody waits under this subscription any more."""
    if not Subscription.objects.filter(pk=subscription_id, status="waiting").exists():
        raise Conflict("gone", _("Nobody waits for this any more."))


def _tell(message: Message, instance_id: int, token: int | None) -> None:
    Message.objects.filter(pk=message.pk).update(status="matched", instance_id=instance_id, token=token, delivered=1)
