"""Deals: opened with lines and a process, so that the first task comes by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Literal

from django.http import HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from kniga.api.answers import Listed, answer, idempotent, opened, page_answer, revision_of, wants_revision
from kniga.api.door import ApiRequest, Bearer
from kniga.api.inputs import Amount, Cents, Cursor, Day, Given, Id, Limit, OwnerBody, Short, Text
from kniga.clients.queries import get_visible_client
from kniga.deals import list_queries, queries, services
from kniga.deals.lines import LineInput
from kniga.deals.list_queries import DealFilter, DealRow
from kniga.deals.queries import LineRow
from kniga.people.queries import get_assignable_user
from kniga.platform import clock
from kniga.processes.opening import hand_over_deal, start_deal

if TYPE_CHECKING:
    from kniga.deals.models import Deal
    from kniga.people.models import User

router = Router(tags=["deals"])
READ, WRITE = Bearer("deals:read"), Bearer("deals:write")


@dataclass(frozen=True, slots=True)
class DealDetail:
    """A deal with its lines; `revision` is also its ETag. `amount` is the sum of the lines where it has some."""

    id: int
    revision: int
    number: int
    name: str
    status: str
    client_id: int | None
    owner_id: int | None
    pipeline: str
    stage: str | None
    stage_since: datetime | None
    amount: Decimal
    currency: str
    expected_date: date | None
    opened_at: datetime
    closed_at: datetime | None
    loss_reason: str | None
    loss_note: str
    source_id: int | None
    region_id: int | None
    note: str
    external_key: str | None
    lines: tuple[LineRow, ...]


@dataclass(frozen=True, slots=True)
class OpenedDeal:
    """A new deal, and the ids of the tasks its process has set."""

    deal: DealDetail
    tasks: tuple[int, ...]


class DealQuery(Schema):
    """What a list of deals is narrowed to; `period` says which date `since` and `until` bound."""

    text: str = ""
    status: Literal["", "open", "won", "lost", "cancelled"] = ""
    stage_id: Id | None = None
    pipeline_id: Id | None = None
    owner_id: Id | None = None
    team_id: Id | None = None
    branch_id: Id | None = None
    client_id: Id | None = None
    product_id: Id | None = None
    source_id: Id | None = None
    region_id: Id | None = None
    loss_reason_id: Id | None = None
    period: Literal["opened", "closed", "expected"] = "opened"
    since: Day | None = None
    until: Day | None = None


class LineBody(Given):
    """A line: without a price it takes the product's; `discount` is per cent."""

    product_id: Id
    quantity: Amount = Decimal(1)
    price: Cents | None = None
    discount: Cents = Decimal(0)


class LinesBody(Given):
    """All lines of a deal."""

    lines: Annotated[list[LineBody], Field(max_length=500)]


class DealChanges(Given):
    """Fields of a deal; those that are not sent stay."""

    name: Short = ""
    amount: Cents = Decimal(0)
    expected_date: Day | None = None
    source_id: Id | None = None
    region_id: Id | None = None
    note: Text = ""


class DealBody(DealChanges):
    """A new deal. `process` is the key of the process to start; `step` enters it at one of its steps."""

    process: Short
    client_id: Id | None = None
    owner_id: Id | None = None
    step: Short | None = None
    external_key: Short | None = None
    lines: Annotated[list[LineBody], Field(max_length=500)] = []


@router.get("/deals", auth=READ, response={200: Listed[DealRow]}, summary="List deals")
def list_deals(
    request: ApiRequest, wanted: Query[DealQuery], sort: str = "-opened", limit: Limit = 50, cursor: Cursor = None
) -> HttpResponse:
    """The deals the caller sees.

    `sort`: opened, amount, closed, number, name, expected or stage_since; "-" puts the largest first.
    """
    page = list_queries.deals_page(
        user=request.auth.user, wanted=DealFilter(**wanted.dict()), sort=sort, cursor=opened(cursor), limit=limit
    )
    return page_answer(request, page)


@router.post("/deals", auth=WRITE, response={201: OpenedDeal}, summary="Open a deal")
@idempotent
def create_deal(request: ApiRequest, body: DealBody) -> HttpResponse:
    """A new deal with its process started: its first task is on a desk at once."""
    user = request.auth.user
    given = body.given()
    given.pop("lines", None)
    client_id, owner_id = given.pop("client_id", None), given.pop("owner_id", None)
    process, step = given.pop("process"), given.pop("step", None)
    started = start_deal(
        client=None if client_id is None else get_visible_client(user=user, id=client_id),
        process_key=process,
        owner=user if owner_id in (None, user.pk) else get_assignable_user(user=user, id=owner_id),
        lines=_lines(body.lines),
        element=step,
        by=user,
        now=clock.now(),
        **given,
    )
    deal = queries.get_visible_deal(user=user, id=started.deal_id)
    made = OpenedDeal(_detail(user, deal), started.created)
    return answer(made, status=201, revision=deal.revision, location=f"/api/v1/deals/{deal.pk}")


@router.get("/deals/{int:deal_id}", auth=READ, response={200: DealDetail}, summary="Read a deal")
def get_deal(request: ApiRequest, deal_id: int) -> HttpResponse:
    """One deal with its lines."""
    user = request.auth.user
    return _deal_answer(user, queries.get_visible_deal(user=user, id=deal_id))


@router.patch("/deals/{int:deal_id}", auth=WRITE, response={200: DealDetail}, summary="Change a deal")
@wants_revision
def change_deal(request: ApiRequest, deal_id: int, body: DealChanges) -> HttpResponse:
    """Change the fields that are sent. Where a deal stands is changed by completing its tasks, not here."""
    user = request.auth.user
    deal = queries.get_visible_deal(user=user, id=deal_id)
    revision = revision_of(request)
    return _deal_answer(
        user, services.update_deal(deal=deal, revision=revision, by=user, now=clock.now(), **body.given())
    )


@router.put("/deals/{int:deal_id}/owner", auth=WRITE, response={200: DealDetail}, summary="Hand a deal over")
def assign_deal(request: ApiRequest, deal_id: int, body: OwnerBody) -> HttpResponse:
    """Give a deal and its open tasks to another person."""
    user = request.auth.user
    deal = queries.get_visible_deal(user=user, id=deal_id)
    owner = get_assignable_user(user=user, id=body.owner_id)
    return _deal_answer(user, hand_over_deal(deal=deal, owner=owner, by=user, now=clock.now()))


@router.put("/deals/{int:deal_id}/lines", auth=WRITE, response={200: DealDetail}, summary="Replace the lines")
@wants_revision
def replace_lines(request: ApiRequest, deal_id: int, body: LinesBody) -> HttpResponse:
    """Give an open deal new lines; its amount becomes their sum."""
    user = request.auth.user
    deal = queries.get_visible_deal(user=user, id=deal_id)
    revision = revision_of(request)
    changed = services.set_lines(deal=deal, lines=_lines(body.lines), revision=revision, by=user, now=clock.now())
    return _deal_answer(user, changed)


def _lines(lines: list[LineBody]) -> list[LineInput]:
    return [LineInput(line.product_id, line.quantity, line.price, line.discount) for line in lines]


def _deal_answer(user: User, deal: Deal) -> HttpResponse:
    return answer(_detail(user, deal), revision=deal.revision)


def _detail(user: User, deal: Deal) -> DealDetail:
    return DealDetail(
        deal.pk, deal.revision, deal.number, deal.name, deal.status, deal.client_id, deal.owner_id,
        deal.pipeline.key, deal.stage.key if deal.stage else None, deal.stage_since, deal.amount, deal.currency,
        deal.expected_date, deal.opened_at, deal.closed_at, deal.loss_reason.key if deal.loss_reason else None,
        deal.loss_note, deal.source_id, deal.region_id, deal.note, deal.external_key,
        queries.lines_of(user=user, deal=deal),
    )  # fmt: skip
