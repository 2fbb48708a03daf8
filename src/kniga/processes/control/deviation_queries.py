"""Deviations as pages and machines need them; everybody sees those of the deals they see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.roles import Entity
from kniga.platform.errors import NotVisible
from kniga.platform.keyset import Page, Sort, decode_cursor, page_of
from kniga.platform.sqlparts import Conditions, rows_of

STATES: Final = ("open", "acknowledged", "closed")


@dataclass(frozen=True, slots=True)
class DeviationFilter:
    """What the queue is narrowed to. `state` "" is all that is not closed; `point` is a control point's name; `order`
    says what comes first: the most money at risk ("") or what has stood longest (age), closed ones the last closed."""

    state: str = ""
    person_id: int | None = None
    team_id: int | None = None
    process: str = ""
    point: str = ""
    deal_id: int | None = None
    stage_id: int | None = None
    order: str = ""
    id: int | None = None


@dataclass(frozen=True, slots=True)
class DeviationRow:
    """One deviation with its deal. `due_at` is the deadline of its step; `rung` counts the rungs climbed, `next_at` is
    when the next one comes."""

    id: int
    name: str
    step: str
    stage: str
    task_id: int | None
    due_at: datetime | None
    process: str
    process_key: str
    deal_id: int
    deal_number: int
    deal: str
    client: str
    owner_id: int | None
    owner: str
    at_risk: Decimal
    currency: str
    state: str
    raised_at: datetime
    rung: int
    next_at: datetime | None
    acknowledged_by: str
    acknowledged_at: datetime | None
    word: str
    closed_at: datetime | None
    closed_by: str
    how: str
    end_word: str


@dataclass(frozen=True, slots=True)
class DeviationCounts:
    """How many deviations of the filter are open and taken up, how many climbed a rung, and the money at risk in
    both. `currency` is "" when they are of several."""

    open: int
    acknowledged: int
    escalated: int
    at_risk: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice of a filter."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class DeviationChoices:
    """The choices of the filters; a stage whose name several funnels have is told with its funnel."""

    processes: tuple[Choice, ...]
    points: tuple[Choice, ...]
    stages: tuple[Choice, ...]


_WORST: Final = Sort("v.at_risk", "numeric", is_descending=True)
_LONGEST: Final = Sort("v.raised_at", "timestamptz", is_descending=False)
_LAST_CLOSED: Final = Sort("v.closed_at", "timestamptz", is_descending=True)
_COLUMNS: Final = """
       v.id, v.name, v.step, coalesce(s.name, ''), t.id, t.due_at, p.name, p.key, d.id, d.number, d.name,
       coalesce(c.name, ''), d.owner_id, coalesce(o.name, ''), v.at_risk, d.currency, v.state, v.raised_at, v.rung,
       v.next_at, coalesce(a.name, ''), v.acknowledged_at, v.word, v.closed_at, coalesce(e.name, ''), v.how, v.end_word
FROM processes_deviation v
JOIN deals_deal d ON d.id = v.deal_id
LEFT JOIN deals_stage s ON s.id = d.stage_id
JOIN processes_process p ON p.id = v.process_id
LEFT JOIN processes_task t ON t.instance_id = v.instance_id AND t.token = v.token
LEFT JOIN clients_client c ON c.id = d.client_id
LEFT JOIN people_user o ON o.id = d.owner_id
LEFT JOIN people_user a ON a.id = v.acknowledged_by_id
LEFT JOIN people_user e ON e.id = v.closed_by_id
"""
_PAGE: Final = f"SELECT {{sort}}, {_COLUMNS} {{where}} ORDER BY {{order}} LIMIT {{limit}}"
_COUNTS: Final = """
SELECT count(*) FILTER (WHERE v.state = 'open'), count(*) FILTER (WHERE v.state = 'acknowledged'),
       count(*) FILTER (WHERE v.rung > 0), coalesce(sum(v.at_risk), 0),
       CASE WHEN count(DISTINCT d.currency) = 1 THEN min(d.currency) ELSE '' END
FROM processes_deviation v JOIN deals_deal d ON d.id = v.deal_id JOIN processes_process p ON p.id = v.process_id {where}
"""
_OPEN: Final = "SELECT count(*) FROM processes_deviation v JOIN deals_deal d ON d.id = v.deal_id {where}"
_THERE: Final = "SELECT v.id FROM processes_deviation v JOIN deals_deal d ON d.id = v.deal_id {where}"
_OPEN_IDS: Final = """
SELECT v.id FROM processes_deviation v JOIN deals_deal d ON d.id = v.deal_id
JOIN processes_process p ON p.id = v.process_id {where} ORDER BY v.id LIMIT {most}
"""
_OF_DEALS: Final = """
SELECT v.deal_id, array_agg(v.name ORDER BY v.raised_at)
FROM processes_deviation v JOIN deals_deal d ON d.id = v.deal_id {where} GROUP BY v.deal_id
"""
_POINTS: Final = """
SELECT DISTINCT v.name FROM processes_deviation v JOIN deals_deal d ON d.id = v.deal_id {where} ORDER BY 1 LIMIT 200
"""
_STAGES: Final = """
SELECT s.id, s.name, min(l.name), count(*) OVER (PARTITION BY s.name) FROM processes_deviation v
JOIN deals_deal d ON d.id = v.deal_id JOIN deals_stage s ON s.id = d.stage_id
JOIN deals_pipeline l ON l.id = s.pipeline_id {where} GROUP BY s.id, s.name ORDER BY 3, s.position
"""
_PROCESSES: Final = """
SELECT DISTINCT p.key, p.name FROM processes_deviation v JOIN deals_deal d ON d.id = v.deal_id
JOIN processes_process p ON p.id = v.process_id {where} ORDER BY 2
"""


def deviations_page(
    *, user: User, wanted: DeviationFilter | None = None, cursor: str | None = None, limit: int = 50
) -> Page[DeviationRow]:
    """A page of deviations in the order of the filter; one statement. Raises Refused `cursor_invalid`."""
    wanted = wanted or DeviationFilter()
    conditions = _conditions(user, wanted)
    sort = _LAST_CLOSED if wanted.state == "closed" else _LONGEST if wanted.order == "age" else _WORST
    if cursor:
        conditions.add(sort.after("v.id"), *decode_cursor(cursor, sort))
    sql = _PAGE.format(sort=sort.expression, where=conditions.where, order=sort.order("v.id"), limit=limit + 1)
    return page_of(rows_of(sql, conditions.parameters), limit, lambda row: DeviationRow(*row))


def deviation_line(*, user: User, id: int, wanted: DeviationFilter) -> DeviationRow | None:
    """One deviation of the queue as it is narrowed; None when the filter leaves it out. Raises NotVisible for one of
    a deal that `user` does not see."""
    rows = deviations_page(user=user, wanted=replace(wanted, id=id)).rows
    if rows:
        return rows[0]
    conditions = _visible(user)
    conditions.add("v.id = %s::bigint", id)
    if not rows_of(_THERE.format(where=conditions.where), conditions.parameters):
        raise NotVisible
    return None


def deviation_counts(*, user: User, wanted: DeviationFilter | None = None) -> DeviationCounts:
    """Counts and money at risk of all live deviations of the filter, whatever its state; one statement."""
    conditions = _conditions(user, wanted or DeviationFilter(), with_state=False)
    return DeviationCounts(*rows_of(_COUNTS.format(where=conditions.where), conditions.parameters)[0])


def open_deviations(*, user: User) -> int:
    """How many deviations nobody has taken up: the badge of the menu; one statement."""
    conditions = _visible(user)
    conditions.add("v.state = 'open'")
    return int(rows_of(_OPEN.format(where=conditions.where), conditions.parameters)[0][0])


def live_deviations_of(*, user: User, deal_id: int) -> tuple[DeviationRow, ...]:
    """The deviations of a deal that are not closed."""
    return deviations_page(user=user, wanted=DeviationFilter(deal_id=deal_id)).rows


def deviating_deals(*, user: User, deal_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Which of these deals deviate, and in what; one statement, none for no deals."""
    if not deal_ids:
        return {}
    conditions = _visible(user)
    conditions.add("v.state <> 'closed'")
    conditions.add("v.deal_id = ANY(%s::bigint[])", list(deal_ids))
    return {row[0]: tuple(row[1]) for row in rows_of(_OF_DEALS.format(where=conditions.where), conditions.parameters)}


def open_ids(*, user: User, wanted: DeviationFilter, most: int) -> list[int]:
    """The deviations of the filter that nobody has taken up, at most so many; one statement."""
    conditions = _conditions(user, replace(wanted, state="open"))
    return [row[0] for row in rows_of(_OPEN_IDS.format(where=conditions.where, most=most), conditions.parameters)]


def deviation_choices(*, user: User) -> DeviationChoices:
    """What live deviations may be narrowed to: processes, control points, stages; three statements."""
    conditions = _visible(user)
    conditions.add("v.state <> 'closed'")
    processes = rows_of(_PROCESSES.format(where=conditions.where), conditions.parameters)
    points = rows_of(_POINTS.format(where=conditions.where), conditions.parameters)
    stages = rows_of(_STAGES.format(where=conditions.where), conditions.parameters)
    return DeviationChoices(
        tuple(Choice(*row) for row in processes),
        tuple(Choice(row[0], row[0]) for row in points),
        tuple(Choice(str(id), name if same == 1 else f"{name} · {line}") for id, name, line, same in stages),
    )


def _conditions(user: User, wanted: DeviationFilter, *, with_state: bool = True) -> Conditions:
    conditions = _visible(user)
    if not with_state or wanted.state != "closed":
        conditions.add("v.state <> 'closed'")
    if with_state and wanted.state in STATES:
        conditions.add("v.state = %s", wanted.state)
    conditions.narrow("v.id = %s::bigint", wanted.id)
    conditions.narrow("v.deal_id = %s::bigint", wanted.deal_id)
    conditions.narrow("d.owner_id = %s::bigint", wanted.person_id)
    conditions.narrow("d.owner_id IN (SELECT id FROM people_user WHERE team_id = %s::bigint)", wanted.team_id)
    conditions.narrow("d.stage_id = %s::bigint", wanted.stage_id)
    conditions.narrow("p.key = %s", wanted.process)
    conditions.narrow("v.name = %s", wanted.point)
    return conditions


def _visible(user: User) -> Conditions:
    conditions = Conditions()
    conditions.among("d.owner_id", visible_owner_ids(user, Entity.DEAL))
    return conditions
