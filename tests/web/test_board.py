"""The board: columns with sums, moves that the book allows, and reasons where it does not."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from kniga.deals.models import Deal, Stage
from kniga.people.models import User
from kniga.platform import clock
from kniga.processes.models import Task
from kniga.processes.services import start_process
from tests.processes.conftest import Department, department

__all__ = ["department"]

HTMX = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "modal"}


def client_of(user: User) -> Client:
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(user)
    return client


@pytest.fixture
def deal(department: Department) -> Deal:
    start_process(deal_id=department.deal.pk, process_key="small_sale", by=department.rep, now=clock.now())
    return department.deal


def column(html: str, key: str) -> str:
    return html.split(f'data-stage="{key}"')[1].split("</section>")[0]


def test_a_deal_stands_in_the_column_of_its_stage_with_its_next_task(department: Department, deal: Deal) -> None:
    html = client_of(department.rep).get("/board/").content.decode()
    contact = column(html, "contact")
    assert "Warehouse" in contact and "Call the client" in contact and '<span class="k-count">1</span>' in contact
    assert f'data-deal="{deal.pk}"' not in column(html, "offer")


def test_another_rep_sees_an_empty_board(department: Department, deal: Deal) -> None:
    assert "No open deals" in client_of(department.other).get("/board/").content.decode()
    assert client_of(department.other).get(f"/board/deals/{deal.pk}/move/").status_code == 404


def test_filters_narrow_the_board(department: Department, deal: Deal) -> None:
    lead = client_of(department.lead)
    assert "Warehouse" in lead.get(f"/board/?owner={department.rep.pk}&q=rack").content.decode()
    assert "Nothing matches" in lead.get(f"/board/?owner={department.lead.pk}").content.decode()
    assert "Nothing matches" in lead.get("/board/?q=zzz").content.decode()
    for state in ("overdue", "none"):
        assert f'data-deal="{deal.pk}"' not in lead.get(f"/board/?state={state}").content.decode()
    Task.objects.update(due_at=clock.now())
    assert f'data-deal="{deal.pk}"' in lead.get("/board/?state=overdue").content.decode()


def test_a_move_offers_the_outcomes_that_lead_there(department: Department, deal: Deal) -> None:
    html = client_of(department.rep).get(f"/board/deals/{deal.pk}/move/?to=offer", **HTMX).content.decode()
    assert "Interested</span>" in html and "What do they need?" in html
    assert "Refused</span>" not in html and "Why not?" not in html


def test_a_card_can_be_dropped_on_lost(department: Department, deal: Deal) -> None:
    html = client_of(department.rep).get(f"/board/deals/{deal.pk}/move/?to=lost", **HTMX).content.decode()
    assert "Refused</span>" in html and "Why not?" in html and "Interested</span>" not in html


def test_a_forbidden_move_says_what_the_book_demands(department: Department, deal: Deal) -> None:
    html = client_of(department.rep).get(f"/board/deals/{deal.pk}/move/?to=won", **HTMX).content.decode()
    assert "does not lead from here to “Won”" in html
    assert "The book demands “Call the client” first" in html
    assert Task.objects.get().status == "open"


def test_moving_completes_the_task_and_asks_the_board_to_show_itself_anew(department: Department, deal: Deal) -> None:
    task, browser = Task.objects.get(), client_of(department.rep)
    address = f"/board/deals/{deal.pk}/move/{task.pk}/"
    refused = browser.post(address, {"outcome": "interested", "to": "offer"}, **HTMX)
    assert refused.status_code == 422 and "Answer the question" in refused.content.decode()
    moved = browser.post(address, {"outcome": "interested", "to": "offer", "answer-need": "Racks"}, **HTMX)
    assert moved.status_code == 204 and "board-changed" in moved["HX-Trigger"]
    deal.refresh_from_db()
    assert deal.stage == Stage.objects.get(key="offer")
    undone = browser.post(f"/tasks/{task.pk}/undo/?from=board", **HTMX)
    assert "board-changed" in undone["HX-Trigger"]
    deal.refresh_from_db()
    assert deal.stage == Stage.objects.get(key="contact")


def test_columns_go_on_where_they_ended(department: Department, deal: Deal) -> None:
    stage = Stage.objects.get(key="contact")
    deal.refresh_from_db()
    for number in range(2, 20):
        Deal.objects.create(
            number=number, name=f"D{number}", name_key=f"d{number}", client=deal.client, owner=department.rep,
            pipeline=deal.pipeline, stage=stage, stage_since=deal.stage_since, amount=100, currency="RUB",
            opened_at=deal.opened_at, created_at=deal.opened_at, updated_at=deal.opened_at,
        )  # fmt: skip
    browser = client_of(department.rep)
    first = browser.get("/board/").content.decode()
    more = column(first, "contact").split('hx-get="/board/column/')[1].split('"')[0].replace("&amp;", "&")
    rest = browser.get(f"/board/column/{more}").content.decode()
    shown = [part.split('"')[0] for html in (first, rest) for part in html.split('data-deal="')[1:]]
    assert len(shown) == len(set(shown)) == 19
    assert '<span class="k-count">19</span>' in column(first, "contact")


def test_statements_do_not_grow_with_deals(department: Department, deal: Deal, sql_log: Any) -> None:
    browser = client_of(department.rep)
    browser.get("/board/")
    with sql_log() as one:
        browser.get("/board/")
    test_columns_go_on_where_they_ended(department, deal)
    with sql_log() as many:
        browser.get("/board/")
    assert one.shapes == many.shapes and len(many) <= 8
