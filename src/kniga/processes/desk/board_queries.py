"""The board: open deals by stage, with sums, task states, and the next task of each deal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.roles import Entity
from kniga.platform.errors import NotVisible
from kniga.platform.keyset import Page, Sort, decode_cursor, page_of
from kniga.platform.sqlparts import Conditions, like, rows_of
from kniga.platform.textkeys import fold
from kniga.processes.desk.desk_queries import DeskDay

STATES: Final = ("overdue", "today", "later", "none")
COLUMN_CARDS: Final = 12
_NEWEST_FIRST: Final = Sort("d.stage_since", "timestamptz", is_descending=True)


@dataclass(frozen=True, slots=True)
class BoardFilter:
    """What the board is narrowed to; `state` is one of STATES: that of the deal's most urgent open task."""

    owner_id: int | None = None
    team_id: int | None = None
    text: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class BoardPipeline:
    """A pipeline as a choice."""

    id: int
    key: str
    name: str


@dataclass(frozen=True, slots=True)
class ColumnSums:
    """A stage with the number and amount of its open deals, and how many are in each task state."""

    stage_id: int
    key: str
    name: str
    deals: int
    amount: Decimal
    overdue: int
    today: int
    later: int
    none: int


@dataclass(frozen=True, slots=True)
class Card:
    """An open deal on the board with its most urgent task; `task_id` None: nothing is open for it. `deviation`: the
    control points it is at odds with, "" for none."""

    id: int
    number: int
    name: str
    amount: Decimal
    currency: str
    stage_since: datetime | None
    client: str
    owner: str
    task_id: int | None
    task: str
    due_at: datetime | None
    is_overdue: bool
    deviation: str


@dataclass(frozen=True, slots=True)
class BoardDeal:
    """A deal about to be moved: what it is called, the key of its stage, the stages of its pipeline (key, name)."""

    id: int
    name: str
    stage: str | None
    stages: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Board:
    """The columns of a pipeline with the first cards of each; `unstaged` open deals run no process yet."""

    columns: tuple[tuple[ColumnSums, Page[Card]], ...]
    unstaged: int


_NO_CARDS: Final[Page[Card]] = Page((), None)

_NEXT_TASK = """
LEFT JOIN LATERAL (
    SELECT t.id, t.name, t.due_at FROM processes_task t
    WHERE t.deal_id = d.id AND t.status = 'open' ORDER BY t.due_at, t.id LIMIT 1
) n ON true
"""
_NEXT_DUE = """
LEFT JOIN LATERAL (
    SELECT t.due_at, true AS is_there FROM processes_task t
    WHERE t.deal_id = d.id AND t.status = 'open' ORDER BY t.due_at LIMIT 1
) n ON true
"""
# One pass over the open deals by a covering index, deal_board or deal_owner_board, and the tasks' index task_open_deal.
_SUMS = """
SELECT d.stage_id, count(*), coalesce(sum(d.amount), 0), count(*) FILTER (WHERE n.due_at < %s),
       count(*) FILTER (WHERE n.due_at >= %s AND n.due_at < %s),
       count(*) FILTER (WHERE n.due_at >= %s OR n.is_there AND n.due_at IS NULL),
       count(*) FILTER (WHERE n.is_there IS NULL)
FROM deals_deal d {joins} {where} GROUP BY d.stage_id
"""
_CARDS = """
SELECT card.* FROM unnest(%s::bigint[]) WITH ORDINALITY AS s (id, place)
CROSS JOIN LATERAL (
    SELECT d.stage_id, coalesce(d.stage_since, d.opened_at), d.id, d.number, d.name, d.amount, d.currency,
           d.stage_since, coalesce(c.name, ''), coalesce(u.name, ''), n.id, coalesce(n.name, ''), n.due_at,
           coalesce(n.due_at < %s, false),
           coalesce((SELECT string_agg(v.name, ', ' ORDER BY v.raised_at) FROM processes_deviation v
                     WHERE v.deal_id = d.id AND v.state <> 'closed'), '')
    FROM (SELECT d.* FROM deals_deal d {joins} {where} AND d.stage_id = s.id ORDER BY {order} LIMIT {limit}) d
    {next_task}
    LEFT JOIN clients_client c ON c.id = d.client_id
    LEFT JOIN people_user u ON u.id = d.owner_id
    ORDER BY {order}
) card
"""
_STAGES = """
SELECT s.id, s.key, s.name FROM deals_stage s WHERE s.pipeline_id = %s
  AND (s.is_active OR EXISTS (SELECT FROM deals_deal d WHERE d.stage_id = s.id AND d.status = 'open'))
ORDER BY s.position, s.id
"""

_DEAL = """
SELECT d.pipeline_id, coalesce(c.name, d.name), s.key FROM deals_deal d
LEFT JOIN deals_stage s ON s.id = d.stage_id LEFT JOIN clients_client c ON c.id = d.client_id {where}
"""


def board_pipelines(*, user: User) -> tuple[BoardPipeline, ...]:
    """The active pipelines, those of running processes first."""
    sql = """
    SELECT l.id, l.key, l.name FROM deals_pipeline l
    WHERE l.is_active
    ORDER BY NOT EXISTS (SELECT FROM processes_process p WHERE p.pipeline_id = l.id AND p.is_active), l.id
    """
    return tuple(BoardPipeline(*row) for row in rows_of(sql, []))


def board_for(*, user: User, pipeline_id: int, day: DeskDay, wanted: BoardFilter | None = None) -> Board:
    """Sums and the first cards of every stage; three statements whatever the number of deals."""
    chosen = wanted or BoardFilter()
    stages = rows_of(_STAGES, [pipeline_id])
    sums = _sums(user, pipeline_id, day, chosen)
    pages = _cards(user, pipeline_id, [row[0] for row in stages], day, chosen, None)
    columns = []
    for id, key, name in stages:
        numbers = sums.get(id, (0, Decimal(0), 0, 0, 0, 0))
        columns.append((ColumnSums(id, key, name, *numbers), pages.get(id, _NO_CARDS)))
    return Board(tuple(columns), int(sums[None][0]) if None in sums else 0)


def column_cards(
    *, user: User, pipeline_id: int, stage_id: int, day: DeskDay, wanted: BoardFilter, cursor: str
) -> Page[Card]:
    """The next cards of a column, behind `cursor`; one statement. Raises Refused `cursor_invalid`."""
    pages = _cards(user, pipeline_id, [stage_id], day, wanted, cursor)
    return pages.get(stage_id, _NO_CARDS)


def get_board_deal(*, user: User, deal_id: int) -> BoardDeal:
    """An open deal `user` sees, with the stages it may stand in; two statements. Raises NotVisible."""
    conditions = Conditions()
    conditions.add("d.id = %s AND d.status = 'open'", deal_id)
    conditions.among("d.owner_id", visible_owner_ids(user, Entity.DEAL))
    found = rows_of(_DEAL.format(where=conditions.where), conditions.parameters)
    if not found or not user.is_active:
        raise NotVisible
    pipeline_id, name, stage = found[0]
    stages = tuple((key, text) for _id, key, text in rows_of(_STAGES, [pipeline_id]))
    return BoardDeal(deal_id, name, stage, stages)


def _sums(user: User, pipeline_id: int, day: DeskDay, wanted: BoardFilter) -> dict[int | None, tuple[Any, ...]]:
    # The bar shows all states, also when the cards are narrowed to one of them.
    conditions = _conditions(user, pipeline_id, wanted)
    sql = _SUMS.format(joins=_NEXT_DUE, where=conditions.where)
    moments = [day.now, day.now, day.ends_at, day.ends_at]
    return {row[0]: tuple(row[1:]) for row in rows_of(sql, [*moments, *conditions.parameters])}


def _cards(
    user: User, pipeline_id: int, stages: Sequence[int], day: DeskDay, wanted: BoardFilter, cursor: str | None
) -> dict[int, Page[Card]]:
    conditions = _conditions(user, pipeline_id, wanted)
    joins = ""
    if wanted.state:
        joins = _NEXT_DUE
        _add_state(conditions, wanted.state, day)
    if cursor:
        conditions.add(_NEWEST_FIRST.after("d.id"), *decode_cursor(cursor, _NEWEST_FIRST))
    sql = _CARDS.format(
        joins=joins,
        where=conditions.where,
        order=_NEWEST_FIRST.order("d.id"),
        limit=COLUMN_CARDS + 1,
        next_task=_NEXT_TASK,
    )
    found: dict[int, list[tuple[Any, ...]]] = {}
    for row in rows_of(sql, [list(stages), day.now, *conditions.parameters]):
        found.setdefault(row[0], []).append(row[1:])
    return {stage: page_of(rows, COLUMN_CARDS, lambda row: Card(*row)) for stage, rows in found.items()}


def _conditions(user: User, pipeline_id: int, wanted: BoardFilter) -> Conditions:
    conditions = Conditions()
    conditions.add("d.pipeline_id = %s AND d.status = 'open'", pipeline_id)
    owners = visible_owner_ids(user, Entity.DEAL)
    if wanted.owner_id is not None:
        conditions.add("d.owner_id = %s", wanted.owner_id)
    if owners is not None and (wanted.owner_id is None or wanted.owner_id not in owners):
        # One owner by equality, so that the index gives the cards in their order.
        if len(owners) == 1:
            conditions.add("d.owner_id = %s", owners[0])
        else:
            conditions.among("d.owner_id", owners)
    if wanted.team_id is not None:
        conditions.add("d.owner_id IN (SELECT id FROM people_user WHERE team_id = %s)", wanted.team_id)
    if wanted.text:
        pattern = like(fold(wanted.text))
        conditions.add(
            "(d.name_key LIKE %s OR d.client_id IN (SELECT id FROM clients_client WHERE search_text LIKE %s)"
            " OR d.number::text = %s)",
            pattern,
            pattern,
            wanted.text.strip(),
        )
    return conditions


def _add_state(conditions: Conditions, state: str, day: DeskDay) -> None:
    if state == "overdue":
        conditions.add("n.due_at < %s", day.now)
    elif state == "today":
        conditions.add("n.due_at >= %s AND n.due_at < %s", day.now, day.ends_at)
    elif state == "later":
        conditions.add("(n.due_at >= %s OR n.is_there AND n.due_at IS NULL)", day.ends_at)
    else:
        conditions.add("n.is_there IS NULL")
