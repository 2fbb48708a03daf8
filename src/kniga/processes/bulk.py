"""Starting many deals at once: the engine runs once per distinct entry, the rows are inserted as a set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from kniga.engine import NEW_STATE, CreateTask, EnterStage, Rejection, ScheduleTimer, Start, Step, advance
from kniga.platform.errors import Refused
from kniga.platform.working_time import organisation_calendar
from kniga.processes.applying import event_columns, moment_of
from kniga.processes.definitions import RunnableVersion, runnable_version
from kniga.processes.models import ProcessVersion, VersionStatus
from kniga.processes.refusals import refusal_of

_INSTANCES = """
CREATE TEMPORARY TABLE starting ON COMMIT DROP AS
SELECT nextval(pg_get_serial_sequence('processes_instance', 'id')) AS instance_id, d.id AS deal_id, d.client_id,
       d.owner_id, d.amount, e.entry, p_team.lead_id,
       (SELECT u.id FROM people_user u WHERE u.role = 'head' AND u.is_active
          AND (u.branch_id = o.branch_id OR u.branch_id IS NULL)
        ORDER BY u.branch_id NULLS LAST, u.id LIMIT 1) AS head_id
FROM unnest(%s::bigint[], %s::text[]) AS e (deal_id, entry)
JOIN deals_deal d ON d.id = e.deal_id AND d.status = 'open'
LEFT JOIN people_user o ON o.id = d.owner_id
LEFT JOIN people_team p_team ON p_team.id = o.team_id
WHERE NOT EXISTS (SELECT FROM processes_instance i WHERE i.deal_id = d.id AND i.status = 'running')
"""

_WRITE = """
WITH entry AS (SELECT * FROM starting WHERE entry = %(entry)s),
instance AS (
    INSERT INTO processes_instance (id, version_id, deal_id, status, revision, seq, stage, data, started_at)
    SELECT instance_id, %(version)s, deal_id, 'running', 2, %(seq)s, %(stage)s, '{}', %(now)s FROM entry
), task AS (
    INSERT INTO processes_task (instance_id, token, element, name, kind, deal_id, client_id, stage_id, assignee_id,
                                status, created_at, due_at)
    SELECT entry.instance_id, t.token, t.element, t.name, t.kind, entry.deal_id, entry.client_id, t.stage,
           CASE t.assignee WHEN 'lead' THEN coalesce(entry.lead_id, entry.head_id, entry.owner_id)
                           WHEN 'head' THEN coalesce(entry.head_id, entry.lead_id, entry.owner_id)
                           ELSE entry.owner_id END,
           'open', %(now)s, t.due
    FROM entry, unnest(%(t_token)s::integer[], %(t_element)s::text[], %(t_name)s::text[], %(t_kind)s::text[],
                       %(t_stage)s::bigint[], %(t_assignee)s::text[], %(t_due)s::timestamptz[])
                AS t (token, element, name, kind, stage, assignee, due)
    RETURNING id, instance_id, token
), timer AS (
    INSERT INTO processes_timer (task_id, element, due_at, status)
    SELECT task.id, w.element, w.due, 'scheduled'
    FROM task JOIN unnest(%(w_token)s::integer[], %(w_element)s::text[], %(w_due)s::timestamptz[])
                   AS w (token, element, due) ON w.token = task.token
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
    SELECT %(now)s, e.kind, %(actor)s, entry.client_id, entry.deal_id, entry.instance_id, task.id, e.payload
    FROM entry
    CROSS JOIN unnest(%(e_kind)s::text[], %(e_token)s::integer[], %(e_payload)s::jsonb[])
         WITH ORDINALITY AS e (kind, token, payload, position)
    LEFT JOIN task ON task.instance_id = entry.instance_id AND task.token = e.token
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

    Must run inside a transaction. A constant number of statements per distinct element, whatever the number of
    deals. A present stage visit of the stage entered is kept (an import may have written it with its true date).
    Conditions before the first task see no deal fields here. Raises Refused for an unknown element.
    """
    version = runnable_version(version_id)
    steps = {element: _entry_step(version, element, now) for element in dict.fromkeys(e for _d, e in entries)}
    started = 0
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.starting")
        cursor.execute(_INSTANCES, [[deal for deal, _e in entries], [element or "" for _d, element in entries]])
        cursor.execute("ANALYZE pg_temp.starting")
        for element, step in steps.items():
            cursor.execute(_WRITE, _arguments(version, element, step, actor_id, now))
            started += int(cursor.fetchone()[0])
        cursor.execute("DROP TABLE pg_temp.starting")
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


def _entry_step(version: RunnableVersion, element: str | None, now: datetime) -> Step:
    at = now.astimezone(organisation_calendar().zone)
    result = advance(version.definition, NEW_STATE, Start(element), now=at)
    if isinstance(result, Rejection):
        raise refusal_of(result)
    if result.state.status != "running":
        raise Refused("ends_at_once", _("The process ends before its first step."))
    return result


def _arguments(
    version: RunnableVersion, element: str | None, step: Step, actor_id: int | None, now: datetime
) -> dict[str, Any]:
    calendar = organisation_calendar()
    created = [effect for effect in step.effects if isinstance(effect, CreateTask)]
    tasks = [(effect, version.definition.user_task(effect.element)) for effect in created]
    dues = {
        effect.token: moment_of(task.deadline, now, calendar) if task and task.deadline else None
        for effect, task in tasks
    }
    timers = [effect for effect in step.effects if isinstance(effect, ScheduleTimer)]
    stage = next((effect.stage for effect in step.effects if isinstance(effect, EnterStage)), None)
    kinds, tokens, payloads = event_columns(step.events)
    return {
        "entry": element or "",
        "version": version.id,
        "seq": step.state.seq,
        "stage": step.state.stage,
        "now": now,
        "actor": actor_id,
        "stage_id": None if stage is None else version.stage_ids[stage],
        "t_token": [effect.token for effect, _task in tasks],
        "t_element": [effect.element for effect, _task in tasks],
        "t_name": [task.name if task else "" for _effect, task in tasks],
        "t_kind": [task.kind if task else "task" for _effect, task in tasks],
        "t_stage": [version.stage_ids[effect.stage] if effect.stage else None for effect, _task in tasks],
        "t_assignee": [task.assignee if task else "owner" for _effect, task in tasks],
        "t_due": [dues[effect.token] for effect, _task in tasks],
        "w_token": [effect.token for effect in timers],
        "w_element": [effect.timer for effect in timers],
        "w_due": [
            moment_of(effect.due, dues[effect.token] or now if effect.due.basis == "deadline" else now, calendar)
            for effect in timers
        ],
        "e_kind": kinds,
        "e_token": tokens,
        "e_payload": payloads,
    }
