"""Running instances of a process: where they stand, how many, how long, what is overdue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from kniga.people.models import User
from kniga.platform.keyset import Page, Sort, decode_cursor, page_of
from kniga.platform.sqlparts import rows_of
from kniga.processes.acts.scopes import HAS_INCIDENT, SOURCES, STANDING, Scope
from kniga.processes.versions.definitions import runnable_version
from kniga.processes.wording.words import element_in_words

PAGE: Final = 50
MOST_COUNTED: Final = 10_000
_OLDEST_FIRST: Final = Sort("i.started_at", "timestamptz")


@dataclass(frozen=True, slots=True)
class Standing:
    """How many instances stand on an element, how many of them are overdue, since when the first and the middle one
    (the median) stand there, the sum of their deals, and the deviations there that are not closed."""

    instances: int
    overdue: int
    oldest: datetime | None
    median: datetime | None = None
    amount: Decimal = Decimal(0)
    deviations: int = 0


@dataclass(frozen=True, slots=True)
class RunningRow:
    """A running (or paused) instance. `steps` are the names of the elements it stands on, `due_at` its first
    deadline; `has_incident` tells of work that the machine could not do."""

    id: int
    version: int
    status: str
    started_at: datetime
    deal_id: int
    deal_number: int
    deal_name: str
    owner: str
    team: str
    due_at: datetime | None
    is_overdue: bool
    has_incident: bool
    elements: tuple[str, ...]
    steps: tuple[str, ...]


# Not by `STANDING`, an instance after another: of very many, the tasks are read as a set. An instance that stands on an
# element several times (a repeated step) is one, since its first time.
_STANDING: Final = f"""
SELECT e.element, count(*), count(*) FILTER (WHERE e.due_at < %s), min(e.created_at),
       percentile_disc(0.5) WITHIN GROUP (ORDER BY e.created_at), coalesce(sum(e.amount), 0)
FROM (SELECT s.element, s.id, min(s.due_at) AS due_at, min(s.created_at) AS created_at, min(s.amount) AS amount
      FROM (SELECT i.id, t.element, t.due_at, t.created_at, d.amount {SOURCES}
            JOIN processes_task t ON t.deal_id = i.deal_id AND t.instance_id = i.id AND t.status = 'open'
            {{where}} AND i.tokens IS NULL
            UNION ALL
            SELECT i.id, k.token ->> 1, t.due_at, t.created_at, d.amount {SOURCES}
            CROSS JOIN LATERAL jsonb_array_elements(i.tokens -> 'tokens') AS k (token)
            LEFT JOIN processes_task t
                 ON t.instance_id = i.id AND t.token = (k.token ->> 0)::integer AND t.status = 'open'
            {{where}} AND jsonb_typeof(i.tokens) = 'object') s
      GROUP BY s.element, s.id) e
GROUP BY e.element
"""
_DEVIATIONS: Final = f"""
SELECT x.element, count(*) {SOURCES}
JOIN processes_deviation x ON x.instance_id = i.id AND x.state <> 'closed' {{where}} GROUP BY x.element
"""
_ROWS: Final = f"""
SELECT i.started_at, i.id, v.number, i.status, i.started_at, d.id, d.number, d.name, coalesce(o.name, ''),
       coalesce(m.name, ''), w.due_at, coalesce(w.due_at < %s, false), {HAS_INCIDENT}, w.elements, i.version_id
{SOURCES}
LEFT JOIN people_team m ON m.id = o.team_id
LEFT JOIN LATERAL (SELECT min(s.due_at) AS due_at, array_agg(DISTINCT s.element::text) AS elements
                   FROM ({STANDING}) s) w ON true
{{where}} ORDER BY {{order}} LIMIT {{limit}}
"""


def standing_on(*, user: User | None, scope: Scope, now: datetime) -> dict[str, Standing]:
    """The running instances of a scope by the element they stand on; two statements. `user` None is the system."""
    conditions = scope.conditions(user=user, now=now)
    found = rows_of(_STANDING.format(where=conditions.where), [now, *conditions.parameters, *conditions.parameters])
    deviations = dict(rows_of(_DEVIATIONS.format(where=conditions.where), conditions.parameters))
    return {row[0]: replace(Standing(*row[1:]), deviations=deviations.get(row[0], 0)) for row in found}


def count_running(*, user: User | None, scope: Scope, now: datetime, most: int = MOST_COUNTED) -> int:
    """How many running (and paused) instances a scope has; `most` + 1 if they are more, which are not counted."""
    conditions = scope.conditions(user=user, now=now)
    sql = f"SELECT count(*) FROM (SELECT 1 {SOURCES} {conditions.where} LIMIT {most + 1}) n"
    return int(rows_of(sql, conditions.parameters)[0][0])


def running_by_version(*, user: User | None, scope: Scope, now: datetime) -> dict[int, int]:
    """How many running (and paused) instances of a scope each version has, by its number; one statement."""
    conditions = scope.conditions(user=user, now=now)
    sql = f"SELECT v.number, count(*) {SOURCES} {conditions.where} GROUP BY v.number"
    return dict(rows_of(sql, conditions.parameters))


def running_instances(
    *, user: User | None, scope: Scope, now: datetime, cursor: str | None = None, limit: int = PAGE
) -> Page[RunningRow]:
    """The running (and paused) instances of a scope, the oldest first; one statement. Raises Refused
    `cursor_invalid`."""
    conditions = scope.conditions(user=user, now=now)
    if cursor:
        conditions.add(_OLDEST_FIRST.after("i.id"), *decode_cursor(cursor, _OLDEST_FIRST))
    sql = _ROWS.format(where=conditions.where, order=_OLDEST_FIRST.order("i.id"), limit=limit + 1)
    return page_of(rows_of(sql, [now, *conditions.parameters]), limit, _row)


def element_names(version_id: int) -> Mapping[str, str]:
    """The names of a version's elements, by id; what they are where there is none."""
    return {id: element_in_words(element) for id, element in runnable_version(version_id).definition.elements.items()}


def _row(row: tuple[Any, ...]) -> RunningRow:
    *shown, elements, version_id = row
    at = tuple(elements or ())
    names = element_names(version_id)
    return RunningRow(*[*shown, at, tuple(names.get(element) or element_in_words(None) for element in at)])
