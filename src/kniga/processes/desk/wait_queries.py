"""What processes wait for, what the machine could not do, and messages nobody has taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from kniga.deals.models import Deal
from kniga.engine import CatchEvent, UserTask
from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.roles import Entity
from kniga.platform.keyset import Page, Sort, decode_cursor, page_of
from kniga.platform.said import told_again
from kniga.platform.sqlparts import Conditions, rows_of
from kniga.processes.desk.task_card import TaskCard
from kniga.processes.running.pauses import PAUSED_WHY
from kniga.processes.running.reading import stored_state
from kniga.processes.versions.definitions import runnable_version
from kniga.processes.wording.words import element_in_words, place_in_words


@dataclass(frozen=True, slots=True)
class Wait:
    """Something a process waits for: `kind` timer, message, signal, condition, call, work (the machine is at it) or
    incident (it could not); `until` when it is due or tried again; `detail` the message's or signal's name, or what
    went wrong. `work_id` is set for incidents."""

    kind: str
    name: str
    until: datetime | None
    detail: str
    work_id: int | None


@dataclass(frozen=True, slots=True)
class StepChoice:
    """A step a deal can be sent to."""

    element: str
    name: str
    stage: str


@dataclass(frozen=True, slots=True)
class ProcessInWork:
    """A running or paused process of a deal with all it waits for besides people."""

    instance_id: int
    name: str
    version: int
    status: str
    paused_why: str
    is_called: bool
    started_at: datetime
    waits: tuple[Wait, ...]
    steps: tuple[StepChoice, ...]


@dataclass(frozen=True, slots=True)
class Incident:
    """Work of the machine that a person has to look at, or that is tried again; `attempts` are all there were. The
    `action` timer or condition: an event of the book that had come and could not be carried out."""

    id: int
    deal_id: int
    deal_number: int
    deal_name: str
    process: str
    instance_id: int
    element: str
    name: str
    action: str
    error: str
    attempts: int
    since: datetime
    owner: str


@dataclass(frozen=True, slots=True)
class KeptMessage:
    """A message that came: `status` waiting, matched, expired or failed."""

    id: int
    name: str
    source: str
    status: str
    deal_id: int | None
    deal_name: str
    client_id: int | None
    client: str
    key: str
    thread: str
    received_at: datetime
    expires_at: datetime
    error: str


# A called process has waits of its own, which say more than that it was called.
_URGENCY: Final = {"paused": 0, "incident": 1, "work": 2, "call": 4}
_IN_WORK: Final = f"""
SELECT i.id, p.name, v.number, i.status, {PAUSED_WHY}, i.parent_token IS NOT NULL, i.started_at, i.version_id, i.seq,
       i.stage, i.data::text, i.tokens::text
FROM processes_instance i JOIN processes_processversion v ON v.id = i.version_id
JOIN processes_process p ON p.id = v.process_id
WHERE i.deal_id = %s AND i.status IN ('running', 'suspended') ORDER BY i.parent_id NULLS FIRST, i.id
"""
_ROWS: Final = """
SELECT instance_id, 'timer', element, due_at, '', NULL::bigint, NULL::text FROM processes_timer
WHERE instance_id = ANY(%(ids)s::bigint[]) AND status = 'scheduled'
UNION ALL
SELECT instance_id, kind, element, NULL, name, NULL, NULL FROM processes_subscription
WHERE instance_id = ANY(%(ids)s::bigint[]) AND status = 'waiting'
UNION ALL
SELECT instance_id, CASE WHEN status = 'incident' THEN 'incident' WHEN action = 'call' THEN 'call' ELSE 'work' END,
       element, CASE WHEN status = 'queued' AND attempts > 0 THEN next_at END, error,
       CASE WHEN status = 'incident' THEN id END, error_told::text
FROM processes_work WHERE instance_id = ANY(%(ids)s::bigint[]) AND status IN ('queued', 'running', 'incident')
ORDER BY 1, 4 NULLS LAST, 3
"""
_NEWEST: Final = Sort("w.id", "bigint", is_descending=True)
_INCIDENTS: Final = """
SELECT w.id, w.id, d.id, d.number, d.name, p.name, i.id, w.element, i.version_id, w.action, w.error,
       w.error_told::text, greatest(w.attempts, w.claim), w.created_at, coalesce(o.name, '')
FROM processes_work w JOIN processes_instance i ON i.id = w.instance_id
JOIN processes_processversion v ON v.id = i.version_id JOIN processes_process p ON p.id = v.process_id
JOIN deals_deal d ON d.id = i.deal_id LEFT JOIN people_user o ON o.id = d.owner_id
{where} ORDER BY w.id DESC LIMIT {limit}
"""
_NEWEST_MESSAGE: Final = Sort("m.id", "bigint", is_descending=True)
_MESSAGES: Final = """
SELECT m.id, m.id, m.name, m.source, m.status, d.id, coalesce(d.name, ''), c.id, coalesce(c.name, ''),
       coalesce(m.key, ''), coalesce(m.thread, ''), m.received_at, m.expires_at, m.error
FROM processes_message m LEFT JOIN deals_deal d ON d.id = m.deal_id LEFT JOIN clients_client c ON c.id = m.client_id
{where} ORDER BY m.id DESC LIMIT {limit}
"""


def processes_in_work(*, user: User, deal: Deal) -> tuple[ProcessInWork, ...]:
    """The running and paused processes of a deal that came through `get_visible_deal`; two statements."""
    return _of_deal(deal.pk)


def processes_around(*, user: User, card: TaskCard) -> tuple[ProcessInWork, ...]:
    """The same for the deal of a task that came through `get_task_card`; none for whom the deal is hidden."""
    return _of_deal(card.deal.id) if card.sees_deal else ()


def next_wait(in_work: Sequence[ProcessInWork]) -> Wait | None:
    """What a deal without an open task comes to next: a pause (`kind` paused, with its reason), an incident, the
    machine's work, else the wait that is over first; None when nothing is known."""
    paused = (Wait("paused", one.name, None, one.paused_why, None) for one in in_work if one.status == "suspended")
    waits = [*paused, *(wait for one in in_work for wait in one.waits)]
    far = datetime.max.replace(tzinfo=UTC)
    return min(waits, key=lambda wait: (_URGENCY.get(wait.kind, 3), wait.until or far), default=None)


def _of_deal(deal_id: int) -> tuple[ProcessInWork, ...]:
    found = rows_of(_IN_WORK, [deal_id])
    if not found:
        return ()
    waiting: dict[int, list[Any]] = {}
    for row in rows_of(_ROWS, {"ids": [row[0] for row in found]}):
        waiting.setdefault(row[0], []).append(row[1:])
    return tuple(_in_work(row, waiting.get(row[0], [])) for row in found)


def incidents_for(*, user: User, cursor: str | None = None, limit: int = 50) -> Page[Incident]:
    """Work that waits for a person, of the deals `user` sees, the newest first. Raises Refused `cursor_invalid`."""
    conditions = Conditions()
    conditions.add("w.status = 'incident'")
    conditions.among("d.owner_id", visible_owner_ids(user, Entity.DEAL))
    if cursor:
        conditions.add(_NEWEST.after("w.id"), *decode_cursor(cursor, _NEWEST))
    sql = _INCIDENTS.format(where=conditions.where, limit=limit + 1)
    return page_of(rows_of(sql, conditions.parameters), limit, _incident)


def tried_again(*, user: User, limit: int = 50) -> tuple[Incident, ...]:
    """Work that did not work so far and is tried again, by itself or because a person said so, of the deals `user`
    sees, the newest first."""
    conditions = Conditions()
    conditions.add("w.status IN ('queued', 'running') AND w.error <> ''")
    conditions.among("d.owner_id", visible_owner_ids(user, Entity.DEAL))
    sql = _INCIDENTS.format(where=conditions.where, limit=limit)
    return tuple(_incident(row[1:]) for row in rows_of(sql, conditions.parameters))


def messages_for(
    *, user: User, status: str = "waiting", cursor: str | None = None, limit: int = 50
) -> Page[KeptMessage]:
    """Messages with this status ("": all) about deals and clients `user` sees, the newest first; those about nobody
    are seen by whoever sees the deal they went to or the person who brought them. Raises Refused `cursor_invalid`."""
    conditions = Conditions()
    conditions.add("m.kind = 'message'")
    if status:
        conditions.add("m.status = %s", status)
    owners = visible_owner_ids(user, Entity.DEAL)
    if owners is not None:
        conditions.add(
            "(d.owner_id = ANY(%s::bigint[]) OR m.deal_id IS NULL AND c.owner_id = ANY(%s::bigint[])"
            " OR m.deal_id IS NULL AND m.client_id IS NULL AND (m.sent_by_id = ANY(%s::bigint[])"
            " OR EXISTS (SELECT FROM processes_instance i JOIN deals_deal g ON g.id = i.deal_id"
            " WHERE i.id = m.instance_id AND g.owner_id = ANY(%s::bigint[]))))",
            *[owners] * 4,
        )
    if cursor:
        conditions.add(_NEWEST_MESSAGE.after("m.id"), *decode_cursor(cursor, _NEWEST_MESSAGE))
    sql = _MESSAGES.format(where=conditions.where, limit=limit + 1)
    return page_of(rows_of(sql, conditions.parameters), limit, lambda row: KeptMessage(*row))


def _incident(row: Sequence[Any]) -> Incident:
    id, deal_id, number, deal, process, instance_id, element, version_id, action, error, told, *counted = row
    attempts, since, owner = counted
    name = place_in_words(runnable_version(version_id).definition, element)
    return Incident(
        id,
        deal_id,
        number,
        deal,
        process,
        instance_id,
        element,
        name,
        action,
        _said(told, error),
        attempts,
        since,
        owner,
    )


def _said(told: str | None, text: str) -> str:
    return text if told is None else told_again(msgspec.json.decode(told), text)


def _in_work(row: tuple[Any, ...], waiting: list[Any]) -> ProcessInWork:
    id, name, number, status, why, is_called, started_at, version_id, seq, stage, data, tokens = row
    definition = runnable_version(version_id).definition
    waits = []
    for kind, element, until, detail, work_id, told in waiting:
        found = definition.elements.get(element)
        if kind == "timer" and not isinstance(found, CatchEvent):
            continue  # a timer at a step is the step's own matter
        waits.append(Wait(kind, place_in_words(definition, element), until, _said(told, detail), work_id))
    if tokens is not None:
        state = stored_state(status=status, seq=seq, stage=stage, data=data, tokens=tokens)
        for token in state.tokens:
            found = definition.elements.get(token.element)
            if isinstance(found, CatchEvent) and found.trigger == "conditional":
                waits.append(Wait("condition", element_in_words(found), None, "", None))
    stages = {one.key: one.name for one in definition.stages}
    steps = tuple(
        StepChoice(task.id, task.name, stages.get(task.stage or "", ""))
        for task in definition.elements.values()
        if isinstance(task, UserTask) and task.scope is None
    )
    return ProcessInWork(id, name, number, status, why, is_called, started_at, tuple(waits), steps)
