"""Several workers at the same due things: each happens once, and an old database takes its timers along."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core import mail
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from kniga.deals.models import Deal
from kniga.platform import clock
from kniga.platform.models import Event
from kniga.platform.waking import wake_workers
from kniga.processes.background import pump, working
from kniga.processes.background.pump import run_due
from kniga.processes.correlation.messaging import receive_message
from kniga.processes.models import Instance, Message, ProcessVersion, Task, Timer, Work
from kniga.processes.running.bulk import start_many
from kniga.processes.running.replaying import replay_all
from kniga.processes.services import complete_task, start_process
from tests.processes.books import book, publish, task
from tests.processes.conftest import NOW, Department, make_department
from tests.processes.old_rows import OLD_ROWS
from tests.processes.test_machine_work import AFTER_UNDO, contact, letter, working_book
from tests.processes.test_many_at_once import at_once
from tests.processes.test_messages import receiving

LATER = NOW + timedelta(days=30)
COUNT = 40


@pytest.fixture
def busy_department(transactional_db: None) -> Department:
    return make_department()


def many_deals(department: Department, count: int = COUNT) -> list[int]:
    deals = []
    for number in range(count):
        deal = Deal.objects.get(pk=department.deal.pk)
        deal.pk, deal.number, deal.stage = None, 1000 + number, None
        deals.append(deal)
    return [deal.pk for deal in Deal.objects.bulk_create(deals)]


def start_all(version_id: int, deals: list[int], element: str | None = None) -> None:
    with transaction.atomic():
        assert start_many(
            version_id=version_id, entries=[(deal, element) for deal in deals], actor_id=None, now=NOW
        ).started == len(deals)  # fmt: skip


def test_each_timer_fires_once_however_many_workers_sweep(busy_department: Department) -> None:
    version = ProcessVersion.objects.get(process__key="small_sale")
    start_all(version.pk, many_deals(busy_department), "offer")
    assert at_once(4, lambda _number: run_due(now=LATER)) == {"done": 4}
    run_due(now=LATER)
    assert Task.objects.filter(element="check").count() == COUNT
    assert Event.objects.filter(kind="processes.timer.fired").count() == COUNT
    assert [one.problem for one in replay_all() if one.problem] == []


def test_each_letter_goes_out_once_however_many_workers_write(busy_department: Department) -> None:
    contact(busy_department)
    version = publish(working_book(letter()))
    deals = many_deals(busy_department, 12)
    start_all(version.pk, deals)
    for task_id in Task.objects.values_list("pk", flat=True):
        complete_task(task_id=task_id, outcome="ok", answers={}, by=busy_department.rep, now=NOW)
    at_once(3, lambda _number: run_due(now=AFTER_UNDO))
    assert len(mail.outbox) == Work.objects.filter(status="done").count() == 12
    assert Task.objects.filter(element="after").count() == 12


def test_a_message_and_its_wait_that_come_at_once_meet(busy_department: Department) -> None:
    publish(receiving())
    rep, deal = busy_department.rep, busy_department.deal
    asked = start_process(deal_id=deal.pk, process_key="receiving", by=rep, now=NOW).created[0]

    def act(number: int) -> object:
        if number:
            return receive_message(name="paid", deal_id=deal.pk, source="api", now=NOW)
        return complete_task(task_id=asked, outcome="ok", answers={}, by=rep, now=NOW)

    assert at_once(2, act)["done"] == 2
    run_due(now=NOW)
    assert Message.objects.get().status == "matched"
    assert Task.objects.get(status="open").element == "thank"


def run_apart(watch: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a coroutine in a thread of its own: the browser tests leave a running loop in the main one."""
    with ThreadPoolExecutor(1) as threads:
        threads.submit(lambda: asyncio.run(watch())).result()


def test_a_sleeping_worker_is_woken_for_what_is_due_soon(busy_department: Department) -> None:
    publish(
        book("soon", f'<startEvent id="start"/>{task("ask")}'
             '<intermediateCatchEvent id="wait" kniga:calendar="absolute">'
             '<timerEventDefinition><timeDuration>PT1S</timeDuration></timerEventDefinition></intermediateCatchEvent>'
             f'{task("after")}<endEvent id="end"/>'
             "<flows>\nstart -> ask\nask -> wait\nwait -> after\nafter -> end\n</flows>")
    )  # fmt: skip
    rep = busy_department.rep

    def begin() -> None:
        first = start_process(deal_id=busy_department.deal.pk, process_key="soon", by=rep, now=clock.now()).created[0]
        complete_task(task_id=first, outcome="ok", answers={}, by=rep, now=clock.now())
        connection.close()

    def is_there() -> bool:
        try:
            return Task.objects.filter(element="after").exists()
        finally:
            connection.close()

    async def watch() -> None:
        worker = asyncio.create_task(pump.run())
        try:
            await asyncio.sleep(0.5)
            await sync_to_async(begin, thread_sensitive=False)()
            async with asyncio.timeout(20):
                while not await sync_to_async(is_there, thread_sensitive=False)():
                    await asyncio.sleep(0.1)
        finally:
            worker.cancel()
            with suppress(asyncio.CancelledError):
                await worker

    run_apart(watch)
    fired = Event.objects.get(kind="processes.timer.fired").at
    assert fired - Timer.objects.get().due_at < timedelta(seconds=10), "long before anybody would look anyway"


def test_a_letter_that_takes_its_time_lets_nothing_else_wait(
    busy_department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact(busy_department)
    publish(working_book(letter()))
    publish(
        book("soon", f'<startEvent id="start"/>{task("ask")}<intermediateCatchEvent id="wait">'
             '<timerEventDefinition><timeDuration>PT1S</timeDuration></timerEventDefinition></intermediateCatchEvent>'
             f'{task("then")}<endEvent id="end"/>'
             "<flows>\nstart -> ask\nask -> wait\nwait -> then\nthen -> end\n</flows>")
    )  # fmt: skip
    rep = busy_department.rep
    second = many_deals(busy_department)[0]
    is_sending, may_go_on = threading.Event(), threading.Event()

    def send(_job: object) -> dict[str, object]:
        is_sending.set()
        may_go_on.wait(30)
        return {}

    monkeypatch.setattr(working, "DOINGS", {"send_letter": send})

    def begin() -> None:
        try:
            for deal_id, key in ((busy_department.deal.pk, "working"), (second, "soon")):
                first = start_process(deal_id=deal_id, process_key=key, by=rep, now=clock.now()).created[0]
                complete_task(task_id=first, outcome="ok", answers={}, by=rep, now=clock.now())
                if key == "working":
                    Work.objects.update(next_at=clock.now())
                    wake_workers()
                    assert is_sending.wait(20)
                else:
                    Timer.objects.update(due_at=clock.now())  # a second of working time ends tomorrow in the evening
                    wake_workers()
        finally:
            connection.close()

    def is_there() -> bool:
        try:
            return Task.objects.filter(element="then").exists()
        finally:
            connection.close()

    async def watch() -> None:
        worker = asyncio.create_task(pump.run())
        try:
            await sync_to_async(begin, thread_sensitive=False)()
            async with asyncio.timeout(20):
                while not await sync_to_async(is_there, thread_sensitive=False)():
                    await asyncio.sleep(0.1)
            assert not may_go_on.is_set()
        finally:
            may_go_on.set()
            worker.cancel()
            with suppress(asyncio.CancelledError):
                await worker

    run_apart(watch)


@pytest.fixture
def old_schema(transactional_db: None) -> Iterator[MigrationExecutor]:
    executor = MigrationExecutor(connection)
    executor.migrate([("processes", "0004_one_running_instance")])
    yield MigrationExecutor(connection)
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes("processes"))


def test_a_database_of_before_takes_its_timers_along(old_schema: MigrationExecutor) -> None:
    with connection.cursor() as cursor:
        cursor.execute(OLD_ROWS)
    old_schema.migrate(old_schema.loader.graph.leaf_nodes("processes"))
    found = Timer.objects.order_by("element").values_list("instance_id", "token", "element", "status")
    assert list(found) == [(1, 3, "fired_one", "fired"), (1, 3, "waiting_one", "scheduled")]
    instance = Instance.objects.get(pk=1)
    assert instance.tokens == {"format": 1, "fired": [], "tokens": [[3, "offer", ["fired_one"]], [4, "check", []]]}
    assert Instance.objects.get(pk=2).tokens is None
    assert Instance.objects.get(pk=3).reason == "price"
