"""Starting many deals at once: the engine runs once per distinct path, the rows are inserted as sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from django.db import connection

from kniga.engine import NEW_STATE, Rejection, Start, Step, advance
from kniga.platform.errors import Refused
from kniga.platform.said import said as _
from kniga.platform.waking import wake_workers
from kniga.processes.models import ProcessVersion, VersionStatus
from kniga.processes.running.applying import dump_data, event_entries, own_tokens, work_entries
from kniga.processes.running.assignment import people_of_role, skilled_people
from kniga.processes.running.effects import Effects, local_moment, resolve
from kniga.processes.running.reading import DealFacts, fields_of_deals
from kniga.processes.running.refusals import refusal_of
from kniga.processes.versions.branches import require_branch
from kniga.processes.versions.definitions import RunnableVersion, runnable_version
from kniga.rules import Value

_STARTING = """
CREATE TEMPORARY TABLE starting ON COMMIT DROP AS
SELECT nextval(pg_get_serial_sequence('processes_instance', 'id')) AS instance_id, d.id AS deal_id, d.client_id,
       d.owner_id, d.amount, d.expected_date, e.entry, team.lead_id, o.branch_id, coalesce(b.time_zone, '') AS zone,
       (SELECT u.id FROM people_user u WHERE u.role = 'head' AND u.is_active
          AND (u.branch_id = o.branch_id OR u.branch_id IS NULL)
        ORDER BY u.branch_id NULLS LAST, u.id LIMIT 1) AS head_id,
       coalesce(o.is_active, false) AS is_active, 0 AS variant, row_number() OVER (ORDER BY e.place) AS turn
FROM unnest(%s::bigint[], %s::text[]) WITH ORDINALITY AS e (deal_id, entry, place)
JOIN deals_deal d ON d.id = e.deal_id AND d.status = 'open'
LEFT JOIN people_user o ON o.id = d.owner_id
LEFT JOIN people_branch b ON b.id = o.branch_id
LEFT JOIN people_team team ON team.id = o.team_id
WHERE NOT EXISTS (SELECT FROM processes_instance i
                  WHERE i.deal_id = d.id AND i.parent_id IS NULL AND i.status IN ('running', 'suspended'))
ORDER BY e.place
"""
_GROUPS = "SELECT DISTINCT entry, zone FROM starting ORDER BY entry, zone"
_DEALS = """
SELECT deal_id, owner_id, amount, expected_date, client_id, branch_id, zone, is_active, ARRAY[lead_id, head_id]
FROM starting WHERE entry = %s AND zone = %s ORDER BY deal_id
"""
_VARIANTS = """
UPDATE starting s SET variant = v.variant FROM unnest(%s::bigint[], %s::integer[]) AS v (deal_id, variant)
WHERE s.deal_id = v.deal_id
"""

# When each is looked at, the workers derive from its row.
_WATCH = """
INSERT INTO processes_controlwatch (instance_id, token, point, look_at, state)
SELECT t.instance_id, t.token, '', %s, 'scheduled' FROM processes_task t
JOIN starting s ON s.instance_id = t.instance_id AND s.variant > 0 AND t.element = ANY(%s)
"""

_WRITE = """
WITH entry AS (SELECT *, coalesce(owner_id::text, '') AS owner_key FROM starting WHERE variant = %(variant)s),
instance AS (
    INSERT INTO processes_instance (id, version_id, deal_id, status, revision, seq, stage, data, tokens, watched,
                                    started_at)
    SELECT instance_id, %(version)s, deal_id, 'running', 2, %(seq)s, %(stage)s, %(data)s::jsonb, %(tokens)s::jsonb,
           %(watched)s, %(now)s FROM entry
), task AS (
    INSERT INTO processes_task (instance_id, token, element, name, kind, deal_id, client_id, stage_id, assignee_id,
                                status, created_at, due_at)
    SELECT entry.instance_id, t.token, t.element, t.name, t.kind, entry.deal_id, entry.client_id, t.stage,
           CASE WHEN t.skilled -> entry.owner_key IS NOT NULL
                THEN (t.skilled -> entry.owner_key
                        ->> (entry.turn %% jsonb_array_length(t.skilled -> entry.owner_key))::integer)::bigint
                WHEN t.people IS NOT NULL
                THEN (t.people ->> (entry.turn %% jsonb_array_length(t.people))::integer)::bigint
                WHEN t.assignee = 'lead' THEN coalesce(entry.lead_id, entry.head_id, entry.owner_id)
                WHEN t.assignee = 'head' THEN coalesce(entry.head_id, entry.lead_id, entry.owner_id)
                WHEN entry.is_active THEN entry.owner_id
                ELSE coalesce(entry.lead_id, entry.head_id, entry.owner_id) END,
           'open', %(now)s, t.due
    FROM entry, jsonb_to_recordset(%(tasks)s::jsonb)
                AS t (token integer, element text, name text, kind text, stage bigint, assignee text, due timestamptz,
                      people jsonb, skilled jsonb)
    RETURNING id, instance_id, token
), timer AS (
    INSERT INTO processes_timer (instance_id, token, element, due_at, status, made_in)
    SELECT entry.instance_id, (w ->> 0)::integer, w ->> 1, (w ->> 2)::timestamptz, 'scheduled', 2
    FROM entry, jsonb_array_elements(%(timers)s::jsonb) AS w
), subscription AS (
    INSERT INTO processes_subscription (instance_id, token, element, kind, name, correlation, key, deal_id, client_id,
                                        status, created_at, made_in)
    SELECT entry.instance_id, (w ->> 0)::integer, w ->> 1, w ->> 2, w ->> 3, w ->> 4,
           CASE WHEN w ->> 4 = 'thread' THEN 'kniga-' || entry.instance_id ELSE w ->> 5 END,
           entry.deal_id, entry.client_id, 'waiting', %(now)s, 2
    FROM entry, jsonb_array_elements(%(subscriptions)s::jsonb) AS w
), work AS (
    INSERT INTO processes_work (instance_id, token, element, action, params, item, next_at, status, held, attempts,
                                error, created_at, made_in)
    SELECT entry.instance_id, (w ->> 0)::integer, w ->> 1, w ->> 2, w -> 3, w ->> 4, (w ->> 5)::timestamptz, w ->> 6,
           '', 0, '', %(now)s, 2
    FROM entry, jsonb_array_elements(%(work)s::jsonb) AS w
), left_visit AS (
    UPDATE deals_stagevisit v SET left_at = %(now)s, exit = 'passed' FROM entry
    WHERE %(stage_id)s::bigint IS NOT NULL AND v.deal_id = entry.deal_id AND v.left_at IS NULL
      AND v.stage_id <> %(stage_id)s::bigint
    RETURNING v.id
), visit AS (
    INSERT INTO deals_stagevisit (deal_id, stage_id, owner_id, entered_at, amount, is_inferred)
    SELECT entry.deal_id, %(stage_id)s::bigint, entry.owner_id, %(now)s, entry.amount, false FROM entry
    WHERE %(stage_id)s::bigint IS NOT NULL
      AND NOT EXISTS (SELECT FROM deals_stagevisit v WHERE v.deal_id = entry.deal_id AND v.left_at IS NULL
                      AND v.stage_id = %(stage_id)s::bigint)
      AND (SELECT count(*) FROM left_visit) >= 0
), deal AS (
    UPDATE deals_deal d SET stage_id = %(stage_id)s::bigint, stage_since = coalesce(d.stage_since, %(now)s)
    FROM entry WHERE d.id = entry.deal_id AND %(stage_id)s::bigint IS NOT NULL
      AND d.stage_id IS DISTINCT FROM %(stage_id)s::bigint
), event AS (
    INSERT INTO platform_event (at, kind, actor_id, client_id, deal_id, instance_id, task_id, payload)
    SELECT %(now)s, e.entry ->> 0, %(actor)s, entry.client_id, entry.deal_id, entry.instance_id, task.id, e.entry -> 2
    FROM entry
    CROSS JOIN jsonb_array_elements(%(events)s::jsonb) WITH ORDINALITY AS e (entry, position)
    LEFT JOIN task ON task.instance_id = entry.instance_id AND task.token = (e.entry ->> 1)::integer
    ORDER BY entry.instance_id, e.position
)
SELECT count(*) FROM entry
"""


@dataclass(frozen=True, slots=True)
class ManyStarted:
    """How many instances were started, and how many deals were passed over (closed, or already running one)."""

    started: int
    passed_over: int


def start_many(
    *, version_id: int, entries: Sequence[tuple[int, str | None]], actor_id: int | None, now: datetime
) -> ManyStarted:
    """Start a published version for many deals, each (deal id, element to enter at or None for the start).

    Must run inside a transaction. A constant number of statements per distinct path, whatever the number of deals;
    a path is distinct when the deals' fields that the process looks at lead elsewhere. A present stage visit of the
    stage entered is kept (an import may have written it with its true date). What is thrown or called at the start is
    left to the workers. Raises Refused for an unknown element, or when the process would end, or throw something,
    before its first rest, `process_of_branch` for a deal of another branch, and `not_published` when the version is
    (no longer) the published one.
    """
    if not ProcessVersion.objects.filter(pk=version_id, status=VersionStatus.PUBLISHED).exists():
        raise Refused("not_published", _("New deals start on the published version only, and this one is not."))
    require_branch(version_id=version_id, deal_ids=[deal for deal, _element in entries])
    version = runnable_version(version_id)
    started = 0
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.starting")
        cursor.execute(_STARTING, [[deal for deal, _e in entries], [element or "" for _d, element in entries]])
        cursor.execute("ANALYZE pg_temp.starting")
        cursor.execute(_GROUPS)
        variant = 0
        for element, zone in cursor.fetchall():
            cursor.execute(_DEALS, [element, zone])
            deals = [DealFacts(*row) for row in cursor.fetchall()]
            for step, members in _paths(version, element or None, deals, now):
                variant += 1
                cursor.execute(_VARIANTS, [[deal.id for deal in members], [variant] * len(members)])
                arguments = _arguments(version, step, members, actor_id, now)
                cursor.execute(_WRITE, arguments | {"variant": variant})
                started += int(cursor.fetchone()[0])
        if version.watches:
            cursor.execute(_WATCH, [now, [task.id for task in version.definition.user_tasks() if task.controls]])
        cursor.execute("DROP TABLE pg_temp.starting")
        if version.hears or version.works or version.watches:
            wake_workers()
    return ManyStarted(started, len(entries) - started)


def published_version_id(process_key: str) -> int:
    """The id of the published version of a process. Raises Refused when there is none."""
    found = (
        ProcessVersion.objects.filter(process__key=process_key, status=VersionStatus.PUBLISHED)
        .values_list("pk", flat=True)
        .first()
    )
    if found is None:
        raise Refused("unknown_process", _("There is no published process “%s”.") % process_key, field="process")
    return int(found)


def _paths(
    version: RunnableVersion, element: str | None, deals: Sequence[DealFacts], now: datetime
) -> list[tuple[Step, list[DealFacts]]]:
    """The distinct first steps, each with its deals. The fields decide only as far as the version looks at them."""
    if not deals:
        return []
    now = local_moment(deals[0], now)  # all of one zone
    needs = version.definition.needs
    if not needs:
        return [(_first_step(version, element, {}, now), list(deals))]
    values = fields_of_deals(deals, needs)
    by_fields: dict[tuple[tuple[str, Value], ...], list[DealFacts]] = {}
    for deal in deals:
        seen = tuple((key, value) for key, value in sorted(values[deal.id].items()) if key in needs)
        by_fields.setdefault(seen, []).append(deal)
    paths: dict[bytes, tuple[Step, list[DealFacts]]] = {}
    for seen, members in by_fields.items():
        step = _first_step(version, element, dict(seen), now)
        told = [(event.kind, event.payload()) for event in step.events]
        key = msgspec.json.encode([told, [repr(effect) for effect in step.effects]])
        paths.setdefault(key, (step, []))[1].extend(members)
    return list(paths.values())


def _first_step(version: RunnableVersion, element: str | None, fields: Mapping[str, Value], now: datetime) -> Step:
    result = advance(version.definition, NEW_STATE, Start(element, fields=fields), now=now)
    if isinstance(result, Rejection):
        raise refusal_of(result)
    if result.state.status != "running":
        raise Refused("ends_at_once", _("The process ends before its first step."))
    return result


def _arguments(
    version: RunnableVersion, step: Step, deals: Sequence[DealFacts], actor_id: int | None, now: datetime
) -> dict[str, Any]:
    sample = deals[0]
    effects = resolve(version, NEW_STATE, step, sample, now, instance_id=0, by_person=actor_id is not None)
    if effects.messages or effects.signals or effects.amount is not None or effects.expected_date is not None:
        raise Refused("throws_at_once", _("The process sends or sets something before its first step."))
    return {
        "version": version.id,
        "seq": step.state.seq,
        "stage": step.state.stage,
        "data": dump_data(step.state.data),
        "tokens": _json(own_tokens(step.state, version)),
        "watched": 0 if version.definition.conditionals else None,
        "now": now,
        "actor": actor_id,
        "stage_id": effects.stages[-1][0] if effects.stages else None,
        "tasks": _json(_tasks(version, effects, deals)),
        "timers": _json(effects.timers),
        "subscriptions": _json(
            [(one.token, one.element, one.kind, one.name, one.correlation, one.key) for one in effects.subscriptions]
        ),
        "work": _json(work_entries(effects)),
        "events": _json(event_entries(step.events)),
    }


def _tasks(version: RunnableVersion, effects: Effects, deals: Sequence[DealFacts]) -> list[dict[str, Any]]:
    entries, owners = [], {deal.owner_id for deal in deals}
    for new in effects.tasks:
        task = version.definition.user_task(new.element)
        rule = task.assignee if task else "owner"
        people = people_of_role(rule, deals[0].branch_id) if rule.startswith("role:") else []
        able = skilled_people(rule, task.skill, owners) if task and task.skill else {}
        entries.append(
            {
                "token": new.token, "element": new.element, "name": new.name, "kind": new.kind, "stage": new.stage_id,
                "assignee": rule, "due": new.due_at, "people": people or None,
                "skilled": {str(owner or ""): ids for owner, ids in able.items()},
            }
        )  # fmt: skip
    return entries


def _json(value: object) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()
