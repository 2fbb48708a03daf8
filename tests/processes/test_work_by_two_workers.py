"""Work that two want at the same moment: each piece is done once, and what is being taken up is not undone."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import transaction

from kniga.platform.errors import Refused
from kniga.platform.sqlparts import rows_of
from kniga.processes.background import working
from kniga.processes.background.working import do_work
from kniga.processes.models import Message, Work
from kniga.processes.services import complete_task, start_process, undo_completion
from tests.processes.books import book, publish, task
from tests.processes.conftest import NOW, Department, make_department
from tests.processes.test_acts_by_two_workers import at_once
from tests.processes.test_machine_work import AFTER_UNDO, ask, contact, letter, working_book

WAITING_FOR_A_LOCK = """
SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()
"""


SLEEPING = """
SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()
"""


@pytest.fixture
def busy_department(transactional_db: None) -> Department:
    department = make_department()
    contact(department)
    publish(working_book(letter()))
    return department


def test_two_workers_send_each_letter_once(busy_department: Department) -> None:
    instance_id, _task = ask(busy_department)
    work = Work.objects.get()
    again = [Work(**{**_columns(work), "token": work.token + number}) for number in range(1, 20)]
    Work.objects.bulk_create(again)
    assert at_once(*[lambda: do_work(now=AFTER_UNDO, limit=40)] * 2) == []
    assert len(mail.outbox) == 20
    assert set(Work.objects.filter(instance_id=instance_id).values_list("claim", flat=True)) == {1}


def test_work_that_is_just_being_taken_up_is_not_undone(busy_department: Department) -> None:
    _instance, task_id = ask(busy_department)
    is_taken, is_waited_for = threading.Event(), threading.Event()

    def take() -> None:
        with transaction.atomic():
            assert working._claimed(AFTER_UNDO, None) is not None
            is_taken.set()
            is_waited_for.wait(20)

    def watch() -> None:
        for _look in range(400):
            if rows_of(WAITING_FOR_A_LOCK, [])[0][0]:
                break
            is_waited_for.wait(0.02)
        is_waited_for.set()

    def undo() -> None:
        assert is_taken.wait(20)
        undo_completion(task_id=task_id, by=busy_department.rep, now=NOW + timedelta(seconds=8))

    (refused,) = at_once(take, undo, watch)
    assert isinstance(refused, Refused)
    assert Work.objects.get().status == "running"


THROWING = book(
    "throwing",
    f'<startEvent id="start"/>{task("say")}<intermediateThrowEvent id="tell">'
    f'<messageEventDefinition messageRef="paid"/></intermediateThrowEvent>{task("rest")}<endEvent id="end"/>'
    "<flows>\nstart -> say\nsay -> tell\ntell -> rest\nrest -> end\n</flows>",
    around='<message id="paid" name="Paid"/>',
)


@pytest.mark.parametrize("reads", [True, False])
def test_a_message_that_is_just_being_read_is_not_taken_back(busy_department: Department, reads: bool) -> None:
    """Nor is it waited for without end; one that somebody looked at for a moment only is taken back."""
    publish(THROWING)
    started = start_process(deal_id=busy_department.deal.pk, process_key="throwing", by=busy_department.rep, now=NOW)
    complete_task(task_id=started.created[0], outcome="ok", answers={}, by=busy_department.rep, now=NOW)
    is_taken, is_tried = threading.Event(), threading.Event()

    def read() -> None:
        with transaction.atomic():
            message = Message.objects.select_for_update().get(status="waiting")
            is_taken.set()
            for _look in range(400):
                if is_tried.wait(0.01) or rows_of(SLEEPING, [])[0][0]:
                    break
            if reads:
                Message.objects.filter(pk=message.pk).update(status="matched", delivered=1)

    def undo() -> None:
        assert is_taken.wait(20)
        try:
            undo_completion(task_id=started.created[0], by=busy_department.rep, now=NOW + timedelta(seconds=1))
        finally:
            is_tried.set()

    assert [type(one) for one in at_once(read, undo)] == ([Refused] if reads else [])
    assert list(Message.objects.values_list("status", flat=True)) == (["matched"] if reads else [])


def _columns(work: Work) -> dict[str, object]:
    columns = {field.attname: getattr(work, field.attname) for field in Work._meta.concrete_fields}
    return {name: value for name, value in columns.items() if name != "id"}
