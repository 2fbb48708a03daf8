"""Every line of a history names what it is about."""

from __future__ import annotations

import re
from datetime import timedelta

from kniga.processes.background.pump import run_due
from kniga.processes.background.working import do_work
from kniga.processes.control.deviation_acts import acknowledge, close, write_to_owner
from kniga.processes.correlation.messages import accept_message
from kniga.processes.models import Deviation, Task
from kniga.processes.services import complete_task, start_process, undo_completion
from tests.processes.books import decided_sale, publish
from tests.processes.conftest import NOW, Department, department
from tests.processes.test_control_points import DUE, controlled, start
from tests.processes.test_machine_work import AFTER_UNDO, ask, contact, letter, working_book
from tests.processes.test_messages import ask as wait_for_money
from tests.processes.test_messages import receiving
from tests.web.test_processes_pages import client_of

__all__ = ["department"]


def lines(department: Department) -> str:
    page = client_of(department.rep).get(f"/deals/{department.deal.pk}/timeline/").content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


def client_lines(department: Department) -> str:
    page = client_of(department.rep).get(f"/clients/{department.deal.client_id}/timeline/").content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


def test_a_completion_taken_back_says_which_and_leaves_no_empty_next_step(department: Department) -> None:
    publish(working_book(letter()))
    _instance, task_id = ask(department)
    undo_completion(task_id=task_id, by=department.rep, now=NOW + timedelta(seconds=5))
    told = lines(department)
    assert "A completion was taken back: ask — ok" in told


def test_a_row_of_a_table_that_gives_no_points_ends_without_a_colon(department: Department) -> None:
    publish(decided_sale(("< 0", "low"), ("-", "high"), policy="FIRST"))
    started = start_process(deal_id=department.deal.pk, process_key="decided", by=department.rep, now=NOW)
    complete_task(task_id=started.created[0], outcome="ok", answers={}, by=department.rep, now=NOW)
    told = lines(department)
    assert "• always" in told and "always:" not in told


def test_a_next_step_that_undoing_has_taken_away_keeps_its_name(department: Department) -> None:
    started = start_process(deal_id=department.deal.pk, process_key="small_sale", by=department.rep, now=NOW)
    step = Task.objects.get(pk=started.created[0])
    outcome = complete_task(
        task_id=step.pk, outcome="later", answers={}, by=department.rep, now=NOW + timedelta(minutes=1)
    )
    named = Task.objects.get(pk=outcome.created[0]).name
    undo_completion(task_id=step.pk, by=department.rep, now=NOW + timedelta(minutes=1, seconds=5))
    told = lines(department)
    assert f"Next step: {named}" in told
    assert not re.search(r"Next step: (—|</|$)", told)


def test_what_the_machine_did_is_named(department: Department) -> None:
    contact(department)
    publish(working_book(letter()))
    ask(department)
    do_work(now=AFTER_UNDO)
    assert "The machine has done its part: Write" in lines(department)


def test_a_message_that_came_is_named_as_the_book_names_it(department: Department) -> None:
    publish(receiving())
    wait_for_money(department)
    accept_message(
        name="paid", deal_id=department.deal.pk, client_id=None, thread=None, key=None, payload={"paid": True},
        by=department.rep, now=NOW,
    )  # fmt: skip
    assert "A message came: Wait for the money" in lines(department)


def test_what_became_of_a_deviation_is_told_with_the_words_of_people(department: Department) -> None:
    start(department, controlled())
    run_due(now=DUE)
    row = Deviation.objects.get()
    acknowledge(deviation_id=row.pk, word="I call them", by=department.lead, now=DUE)
    write_to_owner(deviation_id=row.pk, word="Send it today", by=department.lead, now=DUE)
    close(deviation_id=row.pk, word="The client is ill", by=department.lead, now=DUE)
    for told in (lines(department), client_lines(department)):
        assert "Deviation taken up: Offer not sent" in told and "I call them" in told
        assert "Written to the rep: Offer not sent" in told and "Send it today" in told
        assert "Deviation closed: Offer not sent" in told
        assert "How it ended: Closed by hand" in told and "The client is ill" in told
