"""Starting many deals at once: the engine runs once per distinct path, the rows are inserted as sets.

An import starts all of its deals or none (`start_many`); what begins by itself and acts on many start each path for
itself (`start_each_path`), so that a deal which cannot start keeps no other back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from django.db import connection

from kniga.deals.models import Deal
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
_GROUPS = "SELECT DISTINCT entry, zone, branch_id FROM starting ORDER BY entry, zone, branch_id"
_DEALS = """
SELECT deal_id, owner_id, amount, expected_date, client_id, branch_id, zone, is_active, ARRAY[lead_id, head_id]
FROM starting WHERE entry = %s AND zone = %s AND branch_id IS NOT DISTINCT FROM %s::bigint ORDER BY deal_id
"""
_BEGUN = "SELECT deal_id, instance_id FROM starting WHERE variant > 0"
_VARIANTS = """
UPDATE starting s SET variant = v.variant FROM unnest(%s::bigint[], %s::integer[]) AS v (deal_id, variant)
WHERE s.deal_id = v.deal_id
"""

NO_SET: Final = "no_set"
"""The code of a path that is to be started deal by deal."""
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
                                    started_at, ended_at, result, reason)
    SELECT instance_id, %(version)s, deal_id, %(status)s, 2, %(seq)s, %(stage)s, %(data)s::jsonb, %(tokens)s::jsonb,
           %(watched)s, %(now)s, %(ended)s, %(result)s, %(reason)s FROM entry
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
    UPDATE deals_stagevisit v SET left_at = %(now)s, amount = entry.amount,
           exit = CASE WHEN v.stage_id = ANY(%(behind)s::bigint[]) THEN 'back' ELSE 'passed' END
    FROM entry
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
    UPDATE deals_deal d SET stage_id = %(stage_id)s::bigint, updated_at = %(now)s, revision = d.revision + 1,
           stage_since = CASE WHEN d.stage_id IS NULL THEN coalesce(d.stage_since, %(now)s) ELSE %(now)s END
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


@dataclass(frozen=True, slots=True)
class PathsStarted:
    """What became of many deals, path by path: the instances that began, by deal; the deals that a set cannot start,
    to be started one by one (closed or at work meanwhile, of another funnel or branch, or their path closes the deal,
    sends something or passes several stages at once); and those whose path the engine refuses, with why."""

    begun: Mapping[int, int]
    alone: Sequence[int]
    refused: Sequence[tuple[Sequence[int], Refused]] = ()


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
    require_branch(version_id=version_id, deal_ids=[deal for deal, _element in entries])
    begun, refused = _start(version_id, entries, actor_id, now, is_whole=True)
    for _deals, why in refused:
        raise why
    return ManyStarted(len(begun), len(entries) - len(begun))


def start_each_path(
    *, version_id: int, deal_ids: Sequence[int], element: str | None, actor_id: int | None, now: datetime
) -> PathsStarted:
    """As `start_many`, but each path for itself: one that is refused, or that no set can write, keeps no other back.

    The deals are locked, in the order of their ids, before anything is looked at. A process that is over before its
    first rest, without closing the deal, has begun and ended. Raises Refused `not_published`."""
    funnel = ProcessVersion.objects.filter(pk=version_id).values("process__pipeline")
    locked = Deal.objects.select_for_update(of=("self",)).filter(pk__in=deal_ids, pipeline__in=funnel)
    entries = [(deal, element) for deal in locked.order_by("pk").values_list("pk", flat=True)]
    try:
        require_branch(version_id=version_id, deal_ids=[deal for deal, _element in entries])
    except Refused:  # each for itself tells which
        return PathsStarted({}, list(deal_ids))
    begun, refused = _start(version_id, entries, actor_id, now, is_whole=False)
    told = [(deals, why) for deals, why in refused if why.code != NO_SET]
    known = {*begun, *(deal for deals, _why in told for deal in deals)}
    return PathsStarted(begun, [deal for deal in deal_ids if deal not in known], told)


def _start(
    version_id: int, entries: Sequence[tuple[int, str | None]], actor_id: int | None, now: datetime, *, is_whole: bool
) -> tuple[dict[int, int], list[tuple[list[int], Refused]]]:
    """Start path by path: the instances by deal, and the deals of the paths that are refused, with why."""
    if not ProcessVersion.objects.filter(pk=version_id, status=VersionStatus.PUBLISHED).exists():
        raise Refused("not_published", _("New deals start on the published version only, and this one is not."))
    version = runnable_version(version_id)
    refused: list[tuple[list[int], Refused]] = []
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.starting")
        cursor.execute(_STARTING, [[deal for deal, _e in entries], [element or "" for _d, element in entries]])
        cursor.execute("ANALYZE pg_temp.starting")
        cursor.execute(_GROUPS)
        variant = 0
        for element, *group in cursor.fetchall():
            cursor.execute(_DEALS, [element, *group])
            deals = [DealFacts(*row) for row in cursor.fetchall()]
            for step, members in _paths(version, element or None, deals, now):
                ids = [deal.id for deal in members]
                found = _arguments(version, step, members, actor_id, now, is_whole=is_whole)
                if isinstance(found, Refused):
                    refused.append((ids, found))
                    continue
                variant += 1
                cursor.execute(_VARIANTS, [ids, [variant] * len(ids)])
                cursor.execute(_WRITE, found | {"variant": variant})
        if version.watches:
            cursor.execute(_WATCH, [now, [task.id for task in version.definition.user_tasks() if task.controls]])
        cursor.execute(_BEGUN)
        begun: dict[int, int] = dict(cursor.fetchall())
        cursor.execute("DROP TABLE pg_temp.starting")
        if version.hears or version.works or version.watches:
            wake_workers()
    return begun, refused


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
) -> list[tuple[Step | Refused, list[DealFacts]]]:
    """The distinct first steps, or why there is none, each with its deals. The fields decide only as far as the
    version looks at them."""
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
    paths: dict[bytes, tuple[Step | Refused, list[DealFacts]]] = {}
    for seen, members in by_fields.items():
        step = _first_step(version, element, dict(seen), now)
        paths.setdefault(_path_of(step), (step, []))[1].extend(members)
    return list(paths.values())


def _path_of(step: Step | Refused) -> bytes:
    """What tells two first steps apart."""
    if isinstance(step, Refused):
        return msgspec.json.encode([step.code, step.message])
    told = [(event.kind, event.payload()) for event in step.events]
    return msgspec.json.encode([told, [repr(effect) for effect in step.effects]])


def _first_step(
    version: RunnableVersion, element: str | None, fields: Mapping[str, Value], now: datetime
) -> Step | Refused:
    result = advance(version.definition, NEW_STATE, Start(element, fields=fields), now=now)
    return refusal_of(result) if isinstance(result, Rejection) else result


def _why_not(step: Step, effects: Effects, *, is_whole: bool) -> Refused | None:
    """Why the deals of a path are not started as a set. An import's are to be at work behind it."""
    throws = bool(effects.messages or effects.signals) or (effects.amount, effects.expected_date) != (None, None)
    if is_whole and step.state.status != "running":
        return Refused("ends_at_once", _("The process ends before its first step."))
    if is_whole and throws:
        return Refused("throws_at_once", _("The process sends or sets something before its first step."))
    if not is_whole and (throws or effects.deal_status is not None or len(effects.stages) > 1):
        return Refused(NO_SET, "")
    return None


def _arguments(
    version: RunnableVersion, step: Step | Refused, deals: Sequence[DealFacts], actor_id: int | None, now: datetime, *,
    is_whole: bool,
) -> dict[str, Any] | Refused:  # fmt: skip
    if isinstance(step, Refused):
        return step
    effects = resolve(version, NEW_STATE, step, deals[0], now, instance_id=0, by_person=actor_id is not None)
    why = _why_not(step, effects, is_whole=is_whole)
    if why is not None:
        return why
    stages = [id for id, _exit in effects.stages]
    return {
        "version": version.id,
        "status": step.state.status,
        "ended": None if step.state.status == "running" else now,
        "result": step.state.result,
        "reason": step.state.reason,
        "seq": step.state.seq,
        "stage": step.state.stage,
        "data": dump_data(step.state.data),
        "tokens": _json(own_tokens(step.state, version)),
        "watched": 0 if version.definition.conditionals else None,
        "now": now,
        "actor": actor_id,
        "stage_id": stages[-1] if stages else None,
        "behind": _behind(version, stages[-1]) if stages else [],
        "tasks": _json(_tasks(version, effects, deals)),
        "timers": _json(effects.timers),
        "subscriptions": _json(
            [(one.token, one.element, one.kind, one.name, one.correlation, one.key) for one in effects.subscriptions]
        ),
        "work": _json(work_entries(effects)),
        "events": _json(event_entries(step.events)),
    }


def _behind(version: RunnableVersion, stage_id: int) -> list[int]:
    """The stages whose deals go back when they enter this one."""
    positions = {id: version.positions[key] for key, id in version.stage_ids.items() if key in version.positions}
    return [id for id, position in positions.items() if position > positions[stage_id]]


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
