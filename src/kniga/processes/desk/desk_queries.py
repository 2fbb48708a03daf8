"""The desk: the open tasks of a person or of the people they lead, as a list and as a calendar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.roles import Entity
from kniga.platform.keyset import Page, Sort, decode_cursor, page_of
from kniga.platform.sqlparts import Conditions, like, rows_of
from kniga.platform.textkeys import fold
from kniga.processes.versions.definitions import runnable_version

TABS: Final = ("today", "overdue", "future", "all")
# A task without a deadline comes after those that have one.
_BY_DEADLINE: Final = Sort("coalesce(t.due_at, '9999-01-01 00:00+00'::timestamptz)", "timestamptz")
# The same order as the indexes have it: a missing deadline sorts last by itself.
_ORDER: Final = "t.due_at, t.id"


@dataclass(frozen=True, slots=True)
class DeskDay:
    """The present moment and the local day around it, all aware: `ends_at` is the next midnight."""

    now: datetime
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class DeskFilter:
    """What the desk is narrowed to. `person_id`: whose tasks; None is one's own, 0 everybody one may see."""

    person_id: int | None = None
    client_id: int | None = None
    process_id: int | None = None
    kind: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class DeskTask:
    """An open task on a desk. `after_step` says what brought it: the step before it, with that step's outcome.
    `deviation`: the control points it is at odds with, "" for none."""

    id: int
    name: str
    kind: str
    due_at: datetime | None
    created_at: datetime
    is_overdue: bool
    deal_id: int
    deal_number: int
    deal_name: str
    amount: Decimal
    currency: str
    client_id: int | None
    client: str
    stage: str
    process: str
    assignee_id: int | None
    assignee: str
    deviation: str
    after_step: str
    after_outcome: str
    is_first: bool


@dataclass(frozen=True, slots=True)
class DeskCounts:
    """How many tasks each tab holds, and the amount of the deals behind those of today."""

    today: int
    overdue: int
    future: int
    all: int
    amount_today: Decimal


@dataclass(frozen=True, slots=True)
class PersonDesk:
    """How the desk of one person stands; the counts are those of its tabs, `amount_overdue` what waits too long."""

    person_id: int
    person: str
    today: int
    overdue: int
    future: int
    all: int
    amount_overdue: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class CalendarTask:
    """A task in a calendar's cell; `of_day` is how many the day has in all."""

    id: int
    name: str
    kind: str
    day: date
    due_at: datetime
    is_overdue: bool
    client: str
    amount: Decimal
    currency: str
    assignee: str
    of_day: int


_ROWS = """
SELECT t.sort_key, t.id, t.name, t.kind, t.due_at, t.created_at, t.due_at IS NOT NULL AND t.due_at < %s,
       d.id, d.number, d.name, d.amount, d.currency, c.id, coalesce(c.name, ''), coalesce(s.name, ''), p.name,
       u.id, coalesce(u.name, ''),
       coalesce((SELECT string_agg(x.name, ', ' ORDER BY x.raised_at) FROM processes_deviation x
                 WHERE x.instance_id = t.instance_id AND x.token = t.token AND x.state <> 'closed'), ''),
       coalesce(before.name, ''), before.element, before.outcome,
       i.started_at = t.created_at, coalesce(before.version_id, i.version_id)
FROM (
    SELECT t.*, {sort} AS sort_key FROM processes_task t {joins} {where} ORDER BY {order} LIMIT {limit}
) t
JOIN deals_deal d ON d.id = t.deal_id
JOIN processes_instance i ON i.id = t.instance_id
JOIN processes_processversion v ON v.id = i.version_id
JOIN processes_process p ON p.id = v.process_id
LEFT JOIN clients_client c ON c.id = t.client_id
LEFT JOIN deals_stage s ON s.id = t.stage_id
LEFT JOIN people_user u ON u.id = t.assignee_id
LEFT JOIN LATERAL (
    SELECT b.name, b.element, b.outcome, b.version_id FROM processes_task b
    WHERE b.instance_id = t.instance_id AND b.token < t.token AND b.status = 'done' AND b.completed_at = t.created_at
    ORDER BY b.token DESC LIMIT 1
) before ON true
ORDER BY t.sort_key, t.id
"""

_COUNTS = """
SELECT count(*) FILTER (WHERE t.due_at IS NULL OR t.due_at < %(ends_at)s),
       count(*) FILTER (WHERE t.due_at < %(now)s),
       count(*) FILTER (WHERE t.due_at >= %(ends_at)s),
       count(*),
       coalesce(sum(d.amount) FILTER (WHERE t.due_at IS NULL OR t.due_at < %(ends_at)s), 0)
FROM processes_task t {joins} {where}
"""

_PEOPLE = """
SELECT u.id, u.name, count(*) FILTER (WHERE t.due_at IS NULL OR t.due_at < %(ends_at)s),
       count(*) FILTER (WHERE t.due_at < %(now)s) AS overdue,
       count(*) FILTER (WHERE t.due_at >= %(ends_at)s), count(*),
       coalesce(sum(d.amount) FILTER (WHERE t.due_at < %(now)s), 0) AS waiting, max(d.currency)
FROM processes_task t {joins} JOIN people_user u ON u.id = t.assignee_id {where}
GROUP BY u.id, u.name ORDER BY overdue DESC, waiting DESC, u.name, u.id LIMIT %(limit)s
"""

_CALENDAR = """
SELECT t.id, t.name, t.kind, t.day, t.due_at, t.due_at < %s, coalesce(c.name, ''), d.amount, d.currency,
       coalesce(u.name, ''), t.of_day
FROM (
    SELECT t.*, count(*) OVER (PARTITION BY t.day) AS of_day,
           row_number() OVER (PARTITION BY t.day ORDER BY t.due_at, t.id) AS place
    FROM (SELECT t.*, (t.due_at AT TIME ZONE %s)::date AS day FROM processes_task t {joins} {where}) t
) t
JOIN deals_deal d ON d.id = t.deal_id
LEFT JOIN clients_client c ON c.id = t.client_id
LEFT JOIN people_user u ON u.id = t.assignee_id
WHERE t.place <= %s
ORDER BY t.due_at, t.id
"""


def desk_tasks_for(
    *, user: User, day: DeskDay, tab: str = "today", wanted: DeskFilter | None = None, cursor: str | None = None,
    limit: int = 50,
) -> Page[DeskTask]:  # fmt: skip
    """A page of open tasks, the most urgent first; one statement beside the access rules.

    `tab` is one of TABS: today holds what is due by midnight, what is overdue and what has no deadline. Raises
    Refused `cursor_invalid`."""
    conditions, joins = _conditions(user, wanted or DeskFilter())
    if tab == "overdue":
        conditions.add("t.due_at < %s", day.now)
    elif tab == "future":
        conditions.add("t.due_at >= %s", day.ends_at)
    elif tab == "today":
        conditions.add("(t.due_at IS NULL OR t.due_at < %s)", day.ends_at)
    if cursor:
        place = decode_cursor(cursor, _BY_DEADLINE)
        conditions.add(_BY_DEADLINE.after("t.id"), *place)
        conditions.add("(t.due_at >= %s::timestamptz OR t.due_at IS NULL)", place[0])
    sql = _ROWS.format(
        sort=_BY_DEADLINE.expression, joins=joins, where=conditions.where, order=_ORDER,
        limit=limit + 1,
    )  # fmt: skip
    return page_of(rows_of(sql, [day.now, *conditions.parameters]), limit, _desk_task)


def desk_counts_for(*, user: User, day: DeskDay, wanted: DeskFilter | None = None) -> DeskCounts:
    """How many tasks each tab holds under the same filter; one statement."""
    return DeskCounts(*_counted(_COUNTS, user, day, wanted or DeskFilter())[0])


def desks_of_people(*, user: User, day: DeskDay, limit: int = 24) -> tuple[PersonDesk, ...]:
    """The desks of all whom one sees, those with most overdue first; one statement."""
    return tuple(PersonDesk(*row) for row in _counted(_PEOPLE, user, day, DeskFilter(person_id=0), limit=limit))


def calendar_tasks_for(
    *, user: User, now: datetime, since: datetime, until: datetime, zone: str, per_day: int,
    wanted: DeskFilter | None = None,
) -> tuple[CalendarTask, ...]:  # fmt: skip
    """The open tasks due in [`since`, `until`), at most `per_day` of each local day of `zone`; one statement."""
    conditions, joins = _conditions(user, wanted or DeskFilter())
    conditions.add("t.due_at >= %s", since)
    conditions.add("t.due_at < %s", until)
    sql = _CALENDAR.format(joins=joins, where=conditions.where)
    return tuple(CalendarTask(*row) for row in rows_of(sql, [now, zone, *conditions.parameters, per_day]))


def next_desk_task_for(*, user: User, now: datetime, besides_deal: int | None = None) -> DeskTask | None:
    """The most urgent task of one's own desk, of another deal than `besides_deal`; None when the desk is clear."""
    conditions, joins = _conditions(user, DeskFilter())
    if besides_deal is not None:
        conditions.add("t.deal_id <> %s", besides_deal)
    sql = _ROWS.format(sort=_BY_DEADLINE.expression, joins=joins, where=conditions.where, order=_ORDER, limit=1)
    found = rows_of(sql, [now, *conditions.parameters])
    return _desk_task(found[0][1:]) if found else None


def has_own_tasks(*, user: User) -> bool:
    """Whether anything at all is open for this person."""
    sql = "SELECT EXISTS (SELECT FROM processes_task WHERE assignee_id = %s AND status = 'open')"
    return bool(rows_of(sql, [user.pk])[0][0])


def process_options() -> tuple[tuple[int, str], ...]:
    """Ids and names of the processes that are in use: choices of a filter."""
    return tuple(rows_of("SELECT id, name FROM processes_process WHERE is_active ORDER BY name, id", []))


def _conditions(user: User, wanted: DeskFilter, *, with_deal: bool = False) -> tuple[Conditions, str]:
    conditions = Conditions()
    joins = ""
    conditions.add("t.status = 'open'")
    own = wanted.person_id is None or wanted.person_id == user.pk
    if own:
        conditions.add("t.assignee_id = %s", user.pk)
    elif wanted.person_id:
        conditions.add("t.assignee_id = %s", wanted.person_id)
    if not own:
        with_deal = _may_see(user, conditions) or with_deal
    if wanted.client_id is not None:
        conditions.add("t.client_id = %s", wanted.client_id)
    if wanted.kind:
        conditions.add("t.kind = %s", wanted.kind)
    if wanted.process_id is not None:
        conditions.add(
            "t.instance_id IN (SELECT i.id FROM processes_instance i JOIN processes_processversion v"
            " ON v.id = i.version_id WHERE v.process_id = %s)",
            wanted.process_id,
        )
    if wanted.text:
        with_deal = True
        joins = " LEFT JOIN clients_client c ON c.id = t.client_id"
        pattern = like(fold(wanted.text))
        task = "replace(lower(t.name), 'ё', 'е')"
        conditions.add(f"(c.name_key LIKE %s OR d.name_key LIKE %s OR {task} LIKE %s)", *[pattern] * 3)
    if with_deal:
        joins = " JOIN deals_deal d ON d.id = t.deal_id" + joins
    return conditions, joins


def _counted(sql: str, user: User, day: DeskDay, wanted: DeskFilter, **further: int) -> list[tuple[Any, ...]]:
    conditions, joins = _conditions(user, wanted, with_deal=True)
    # Named and positional parameters do not mix: the filter's become p0, p1, …
    named = {f"p{place}": value for place, value in enumerate(conditions.parameters)}
    where = conditions.where
    for name in named:
        where = where.replace("%s", f"%({name})s", 1)
    given = {**named, **further, "now": day.now, "ends_at": day.ends_at}
    return rows_of(sql.format(joins=joins, where=where), given)


def _may_see(user: User, conditions: Conditions) -> bool:
    """Keep what the user may see; answers whether the deal has to be looked at."""
    people, owners = visible_owner_ids(user, Entity.TASK), visible_owner_ids(user, Entity.DEAL)
    conditions.among("t.assignee_id", people)
    if owners is not None:
        conditions.add("(d.owner_id = ANY(%s::bigint[]) OR t.assignee_id = %s)", owners, user.pk)
    return owners is not None


def _desk_task(row: Sequence[Any]) -> DeskTask:
    *shown, element, outcome, is_first, version_id = row
    label = outcome or ""
    if outcome:
        step = runnable_version(version_id).definition.user_task(element)
        found = step.outcome(outcome) if step else None
        label = found.label if found else outcome
    return DeskTask(*[*shown, label, is_first])
