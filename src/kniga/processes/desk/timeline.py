"""The timeline of a client or a deal, read from the ledger: what happened, newest first.

Rows are facts; the page turns a kind and its payload into a sentence (kniga.web.clients.timeline). Names of
steps and outcomes come from the version of the book the deal ran by at that time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from kniga.clients.models import Client
from kniga.deals.models import Deal
from kniga.engine.runtime.events import DecisionMade
from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.roles import Entity
from kniga.platform.keyset import Page, Sort, decode_cursor, page_of
from kniga.platform.sqlparts import Conditions, rows_of
from kniga.processes.desk.decided import Decided, decided
from kniga.processes.queries import GivenAnswer, answers_to
from kniga.processes.versions.definitions import runnable_version

_NEWEST_FIRST = Sort("e.at", "timestamptz", is_descending=True)
# What the filters of a timeline choose: prefixes of kinds.
GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "tasks": (
        "processes.task.",
        "processes.timer.",
        "processes.completion.",
        "processes.work.",
        "processes.message.",
        "processes.form.",
        "processes.deviation.",
    ),
    "stages": ("processes.stage.", "processes.instance.", "deals.deal.won", "deals.deal.lost", "deals.deal.created"),
    "letters": ("documents.letter.", "mailboxes.letter."),
    "changes": ("clients.", "deals.deal.changed", "deals.deal.assigned", "deals.lines.", "documents."),
}


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One event. `actor` is "" for what the system did by itself; `stage`, `task`, `outcome` (a label) and its
    `tone` are "" where the event has none; `assignee` is whose the task is now, `answers` what was answered. `place`
    is the name of the element of the book the event is about ("" where it is about none), `message` what somebody wrote
    by a form of a site, `decided` what a table or a list of points answered, and why."""

    id: int
    at: datetime
    kind: str
    actor: str
    deal_id: int | None
    deal_number: int | None
    deal_name: str
    stage: str
    task_id: int | None
    task: str
    task_kind: str
    outcome: str
    tone: str
    assignee: str
    answers: tuple[GivenAnswer, ...]
    place: str
    payload: Mapping[str, Any]
    message: str
    decided: tuple[Decided, ...] = ()


# An instance that was moved later went by another version then: the next move tells by which.
_VERSION_THEN = """(
    SELECT (n.payload ->> 'from_id')::bigint FROM platform_event n
    WHERE n.deal_id = e.deal_id AND n.instance_id = e.instance_id AND n.id > e.id AND n.at >= e.at
      AND n.kind IN ('processes.instance.moved', 'processes.act.undone') AND n.payload ? 'from_id'
    ORDER BY n.id LIMIT 1
)"""
_MESSAGE = """
CASE WHEN e.kind = 'processes.form.received' THEN coalesce((
    SELECT w.message FROM processes_webformentry w
    WHERE w.client_id = e.client_id AND w.deal_id = e.deal_id AND w.received_at = e.at LIMIT 1
), '') ELSE '' END"""
_SELECT = """
SELECT e.at, e.id, e.at, e.kind, coalesce(u.name, ''), e.deal_id, d.number, coalesce(d.name, ''),
       coalesce(s.name, ''), t.id, coalesce(t.name, ''), coalesce(t.kind, ''), coalesce(a.name, ''), e.payload::text,
       i.version_id, CASE WHEN i.id IS NOT NULL THEN {version_then} END, {message}
FROM platform_event e
LEFT JOIN people_user u ON u.id = e.actor_id
LEFT JOIN deals_deal d ON d.id = e.deal_id
LEFT JOIN deals_stage s ON s.pipeline_id = d.pipeline_id AND s.key = e.payload ->> 'stage'
LEFT JOIN processes_task t ON t.id = e.task_id
LEFT JOIN people_user a ON a.id = t.assignee_id
LEFT JOIN processes_instance i ON i.id = coalesce(t.instance_id, e.instance_id)
{where} ORDER BY e.at DESC, e.id DESC LIMIT {limit}
"""


def timeline_of_deal(
    *, user: User, deal: Deal, groups: Sequence[str] = (), before: str | None = None, limit: int = 30
) -> Page[TimelineRow]:
    """The events of a deal that came through `get_visible_deal`; `groups` are keys of GROUPS (none: all),
    `before` is a page's cursor. Raises Refused `cursor_invalid`."""
    conditions = Conditions()
    conditions.add("e.deal_id = %s", deal.pk)
    return _page(conditions, groups, before, limit)


def timeline_of_client(
    *, user: User, client: Client, groups: Sequence[str] = (), before: str | None = None, limit: int = 30
) -> Page[TimelineRow]:
    """The events of a client that came through `get_visible_client` and of those of its deals `user` sees."""
    conditions = Conditions()
    conditions.add("e.client_id = %s", client.pk)
    owners = visible_owner_ids(user, Entity.DEAL)
    if owners is not None:
        conditions.add("(e.deal_id IS NULL OR d.owner_id = ANY(%s::bigint[]))", owners)
    return _page(conditions, groups, before, limit)


def _page(conditions: Conditions, groups: Sequence[str], before: str | None, limit: int) -> Page[TimelineRow]:
    prefixes = [prefix for group in groups for prefix in GROUPS.get(group, ())]
    if prefixes:
        conditions.add("e.kind LIKE ANY(%s::text[])", [f"{prefix}%" for prefix in prefixes])
    if before:
        conditions.add(_NEWEST_FIRST.after("e.id"), *decode_cursor(before, _NEWEST_FIRST))
    sql = _SELECT.format(version_then=_VERSION_THEN, message=_MESSAGE, where=conditions.where, limit=limit + 1)
    return page_of(rows_of(sql, conditions.parameters), limit, _row)


def _row(row: tuple[Any, ...]) -> TimelineRow:
    *facts, task, task_kind, assignee, text, version_now, version_then, message = row
    payload = json.loads(text)
    version_id = version_then or version_now
    label, tone, answers = _completion(version_id, payload) if version_id else ("", "", ())
    place = _place(version_id, payload) if version_id else ""
    is_decision = facts[2] == DecisionMade.kind and version_id
    answered = decided(runnable_version(version_id).definition, payload) if is_decision else ()
    step = runnable_version(version_id).definition.user_task(str(payload.get("element"))) if version_id else None
    # A task of another version is named as that one has it; so is one that an undoing has taken away.
    if step is not None and (version_then or not task):
        task, task_kind = step.name, step.kind
    told = (label, tone, assignee, answers, place, payload, message, answered)
    return TimelineRow(*[*facts, task, task_kind, *told])


def _place(version_id: int, payload: Mapping[str, Any]) -> str:
    """The name of the event or element that an event of the ledger is about; "" for one without a name."""
    elements = runnable_version(version_id).definition.elements
    named = (elements.get(str(payload.get(key))) for key in ("event", "timer", "element"))
    return next((element.name for element in named if element is not None and element.name), "")


def _completion(version_id: int, payload: Mapping[str, Any]) -> tuple[str, str, tuple[GivenAnswer, ...]]:
    """The outcome's label and tone, and the answers, of an event that tells of a completion."""
    key = payload.get("outcome")
    if not key:
        return "", "", ()
    step = runnable_version(version_id).definition.user_task(str(payload.get("element")))
    if step is None:
        return str(key), "neutral", ()
    found = step.outcome(str(key))
    label, tone = (found.label, found.tone) if found else (str(key), "neutral")
    return label, tone, answers_to(step, payload.get("answers") or {})
