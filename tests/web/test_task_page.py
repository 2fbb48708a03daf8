"""The task page in a test client: it shows, refuses, completes, undoes, and tells the later of two people."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from kniga.clients.models import Contact
from kniga.deals.models import Deal, LossReason
from kniga.people.models import User
from kniga.platform import clock
from kniga.processes.models import Task
from kniga.processes.services import complete_task, start_process
from kniga.processes.versions.publishing import install_books
from tests.processes.conftest import Department, department

__all__ = ["department"]

HTMX = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "task"}


def client_of(user: User) -> Client:
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(user)
    return client


@pytest.fixture
def task_id(department: Department) -> int:
    started = start_process(deal_id=department.deal.pk, process_key="small_sale", by=department.rep, now=clock.now())
    return started.created[0]


def complete(user: User, task_id: int, **fields: Any) -> Any:
    return client_of(user).post(f"/tasks/{task_id}/complete/", fields, **HTMX)


def test_the_page_shows_script_questions_and_outcomes(department: Department, task_id: int) -> None:
    Contact.objects.create(client=department.deal.client, name="Ivan <b>Petrov</b>", name_key="ivan", is_primary=True)
    html = client_of(department.rep).get(f"/tasks/{task_id}/").content.decode()
    assert 'Hello, <mark class="k-fill">Ivan &lt;b&gt;Petrov&lt;/b&gt;</mark>!' in html
    assert "What do they need?" in html and "Needed for: Interested" in html
    assert html.index("Interested</span>") < html.index("Call later</span>") < html.index("Refused</span>")


def test_missing_data_is_a_gap_that_leads_to_the_card(department: Department, task_id: int) -> None:
    html = client_of(department.rep).get(f"/tasks/{task_id}/").content.decode()
    assert f'<a class="k-gap" href="/clients/{department.deal.client_id}/"' in html


def test_completing_brings_the_next_task_in_place(department: Department, task_id: int) -> None:
    answer = complete(department.rep, task_id, outcome="interested", **{"answer-need": "Racks"})
    html = answer.content.decode()
    following = Task.objects.get(element="offer")
    assert answer.status_code == 200
    assert (answer["HX-Retarget"], answer["HX-Push-Url"]) == ("#main", f"/tasks/{following.pk}/")
    assert "Make an offer" in html and "<html" not in html
    assert f"/tasks/{task_id}/undo/" in answer["HX-Trigger"]


def test_the_next_task_says_what_was_just_finished_and_that_it_is_the_next(
    department: Department, task_id: int
) -> None:
    html = complete(department.rep, task_id, outcome="interested", **{"answer-need": "Racks"}).content.decode()
    assert "data-just-done" in html
    assert "Done: Call the client" not in html, "the toast with Undo says it already"
    assert "The deal's next step is “Make an offer”." in html
    following = Task.objects.get(status="open")
    assert "data-just-done" not in client_of(department.rep).get(f"/tasks/{following.pk}/").content.decode()


def test_the_same_step_once_more_does_not_take_the_place_of_the_finished_one(
    department: Department, task_id: int
) -> None:
    answer = complete(department.rep, task_id, outcome="later")
    html = answer.content.decode()
    following = Task.objects.get(status="open")
    assert answer["HX-Push-Url"] == f"/tasks/{task_id}/"
    assert "task-form" not in html and f'href="/tasks/{following.pk}/"' in html and "Next for this deal" in html


def test_one_who_was_faster_in_another_tab_is_told_so(department: Department, task_id: int) -> None:
    complete_task(task_id=task_id, outcome="later", answers={}, by=department.rep, now=clock.now())
    assert "You completed this task at" in complete(department.rep, task_id, outcome="later").content.decode()


def test_the_deals_history_tells_a_step_in_one_line_with_its_answers(department: Department, task_id: int) -> None:
    complete(department.rep, task_id, outcome="interested", **{"answer-need": "Forty racks"})
    html = client_of(department.rep).get(f"/deals/{department.deal.pk}/timeline/").content.decode()
    told = " ".join(re.sub("<[^>]+>", "", html).split())
    assert "Call the client: Interested What do they need?: Forty racks" in told
    assert f"Next step: Make an offer — {department.rep.name}" in told and "Task set" not in told


def test_without_javascript_completing_leads_to_the_next_task(department: Department, task_id: int) -> None:
    browser = client_of(department.rep)
    answer = browser.post(f"/tasks/{task_id}/complete/", {"outcome": "interested", "answer-need": "Racks"})
    following = Task.objects.get(status="open")
    assert (answer.status_code, answer["Location"]) == (302, f"/tasks/{following.pk}/")
    assert f'action="/tasks/{task_id}/undo/"' in browser.get(answer["Location"]).content.decode()


def test_a_missing_answer_is_refused_in_place_and_what_was_typed_survives(department: Department, task_id: int) -> None:
    answer = complete(department.rep, task_id, outcome="refused", **{"answer-need": "Half an hour of talk"})
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "Answer the question “Why not?”" in html and 'aria-invalid="true"' in html
    assert "Half an hour of talk" in html
    assert Task.objects.get(pk=task_id).status == "open"


@pytest.mark.parametrize("outcome", ["", "nonsense"])
def test_an_unknown_outcome_is_refused(department: Department, task_id: int, outcome: str) -> None:
    assert complete(department.rep, task_id, outcome=outcome).status_code == 422
    assert Task.objects.count() == 1


def test_losing_shows_the_closing_panel_with_the_reason(department: Department, task_id: int) -> None:
    LossReason.objects.get_or_create(key="price", defaults={"name": "Price"})
    answer = complete(department.rep, task_id, outcome="refused", **{"answer-loss_reason": "price"})
    html = answer.content.decode()
    assert "The deal is lost" in html and "Reason: Price" in html
    assert Deal.objects.get().status == "lost"


def test_undo_opens_the_task_again_with_its_answers(department: Department, task_id: int) -> None:
    complete(department.rep, task_id, outcome="interested", **{"answer-need": "Forty racks"})
    undone = client_of(department.rep).post(f"/tasks/{task_id}/undo/", **HTMX)
    assert f"/tasks/{task_id}/" in undone["HX-Location"]
    html = client_of(department.rep).get(f"/tasks/{task_id}/").content.decode()
    assert "Forty racks</textarea>" in html
    assert Task.objects.get().status == "open"


def test_going_back_to_a_task_that_was_taken_back_leads_to_the_one_that_is_open_again(
    department: Department, task_id: int
) -> None:
    browser = client_of(department.rep)
    browser.post(f"/tasks/{task_id}/complete/", {"outcome": "interested", "answer-need": "Forty racks"}, **HTMX)
    later = Task.objects.get(status="open").pk
    browser.post(f"/tasks/{task_id}/undo/", **HTMX)
    answer = browser.get(f"/tasks/{later}/")
    assert (answer.status_code, answer["Location"]) == (302, f"/tasks/{task_id}/")
    assert "That task is gone" in browser.get(f"/tasks/{task_id}/").content.decode()
    assert client_of(department.rep).get(f"/tasks/{later}/").status_code == 404, "another session knows nothing of it"


def test_the_later_of_two_people_is_told_who_and_sees_the_present_state(department: Department, task_id: int) -> None:
    complete_task(task_id=task_id, outcome="later", answers={}, by=department.lead, now=clock.now())
    answer = complete(department.rep, task_id, outcome="later")
    assert answer.status_code == 422
    assert "Lena completed this task at" in answer.content.decode()
    plain = client_of(department.rep).post(f"/tasks/{task_id}/complete/", {"outcome": "later"})
    assert plain.status_code == 409
    assert Task.objects.count() == 2


def test_a_foreign_task_is_not_there(department: Department, task_id: int) -> None:
    stranger = client_of(department.other)
    assert stranger.get(f"/tasks/{task_id}/").status_code == 404
    assert stranger.post(f"/tasks/{task_id}/complete/", {"outcome": "later"}).status_code == 404
    assert stranger.post(f"/tasks/{task_id}/undo/").status_code == 404
    assert Task.objects.get().status == "open"


def test_undo_after_its_time_is_refused_with_a_reason(department: Department, task_id: int) -> None:
    complete_task(
        task_id=task_id, outcome="later", answers={}, by=department.rep, now=clock.now() - timedelta(minutes=1)
    )
    answer = client_of(department.rep).post(f"/tasks/{task_id}/undo/", **HTMX)
    assert "too late" in answer["HX-Trigger"]


def test_the_number_of_statements_does_not_grow_with_history(
    department: Department, task_id: int, sql_log: Any
) -> None:
    browser, last = client_of(department.rep), task_id
    browser.get(f"/tasks/{last}/")
    with sql_log() as short:
        browser.get(f"/tasks/{last}/")
    for _round in range(12):
        done = complete_task(task_id=last, outcome="later", answers={}, by=department.rep, now=clock.now())
        last = done.created[0]
    with sql_log() as long:
        browser.get(f"/tasks/{last}/")
    assert len(long) == len(short) <= 14


def test_what_the_deal_already_says_is_there_to_be_confirmed(department: Department) -> None:
    install_books(language="en", by=None, now=clock.now())
    proposal = start_process(
        deal_id=department.deal.pk, process_key="b2b_sale", by=department.rep, now=clock.now(), element="task_proposal"
    ).created[0]
    html = client_of(department.rep).get(f"/tasks/{proposal}/").content.decode()
    assert re.search(
        r'name="answer-proposal_amount"[^>]*value="1000"|value="1000"[^>]*name="answer-proposal_amount"', html
    )


def test_what_cannot_be_read_is_told_by_an_example_of_the_page_and_only_amounts_are_confirmed(
    department: Department,
) -> None:
    install_books(language="en", by=None, now=clock.now())
    paid = start_process(
        deal_id=department.deal.pk, process_key="b2b_sale", by=department.rep, now=clock.now(), element="task_payment"
    ).created[0]

    def refused(amount: str, day: str, language: str = "en") -> str:
        User.objects.filter(pk=department.rep.pk).update(language=language)
        sent = {"answer-paid_amount": amount, "answer-paid_date": day}
        answer = complete(department.rep, paid, outcome="paid", **sent)
        assert answer.status_code == 422
        return str(answer.content.decode())

    html = refused("minus a hundred", "tomorrow")
    assert "This is no number. Write one in digits, such as 1200.50." in html
    assert "Write it like 31/12/2026." in html and "confirm-" not in html
    html = refused("минус сто", "завтра", "ru")
    assert "1200,50" in html and "31.12.2026" in html and "confirm-" not in html
    html = refused("1.005", "2026-01-31")
    assert "two decimal places" in html and "confirm-" not in html
    html = refused("1", "2026-01-31")
    assert "less than the deal" in html and 'name="confirm-paid_amount"' in html


def test_a_call_on_a_day_off_is_kept_or_moved_to_the_working_day_that_is_offered(department: Department) -> None:
    install_books(language="en", by=None, now=clock.now())
    call = start_process(
        deal_id=department.deal.pk,
        process_key="b2b_sale",
        by=department.rep,
        now=clock.now(),
        element="task_call_again",
    ).created[0]
    sunday = clock.now().date() + timedelta(days=13 - clock.now().weekday())
    sent = {"answer-call_back_date": sunday.isoformat()}
    refused = complete(department.rep, call, outcome="call_later", **sent)
    html = refused.content.decode()
    assert refused.status_code == 422 and 'name="confirm-call_back_date"' in html
    offered = re.search(r'name="instead-call_back_date" value="([\d-]+)"', html)
    assert offered is not None and date.fromisoformat(offered[1]) > sunday
    taken = {"instead-call_back_date": offered[1]}
    assert complete(department.rep, call, outcome="call_later", **sent, **taken).status_code == 200
    assert Task.objects.get(pk=call).answers["call_back_date"] == offered[1]


def test_a_manager_moves_the_deadline_and_the_rep_only_sees_it(department: Department, task_id: int) -> None:
    assert "Move the deadline" not in client_of(department.rep).get(f"/tasks/{task_id}/").content.decode()
    browser, address = client_of(department.lead), f"/tasks/{task_id}/deadline/"
    assert f'action="{address}"' in browser.get(f"/tasks/{task_id}/").content.decode()
    at = (clock.now() + timedelta(days=3)).replace(second=0, microsecond=0)
    sent = timezone.localtime(at).strftime("%Y-%m-%dT%H:%M")
    answer = browser.post(address, {"to": sent, "reason": ""})
    html = answer.content.decode()
    assert answer.status_code == 422 and "Say why" in html and f'value="{sent}"' in html
    assert client_of(department.rep).post(address, {"to": sent, "reason": "Ill"}).status_code == 403
    answer = browser.post(address, {"to": sent, "reason": "Ill"})
    assert (answer.status_code, answer["Location"]) == (302, f"/tasks/{task_id}/")
    assert Task.objects.get(pk=task_id).due_at == at
    complete(department.rep, task_id, outcome="interested", **{"answer-need": "Racks"})
    late = browser.post(address, {"to": sent, "reason": "Ill"})
    assert late.status_code == 422 and "its deadline cannot be moved any more" in late.content.decode()
