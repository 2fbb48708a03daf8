"""Many hands on one deal at once: one effect, and everybody else is told."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connection

from kniga.platform.errors import Conflict, NotVisible, Refused
from kniga.platform.models import Event
from kniga.processes.models import Instance, Task
from kniga.processes.services import TaskAlreadyDone, complete_task, start_process, undo_completion
from tests.processes.conftest import NOW, Department, make_department


@pytest.fixture
def busy_department(transactional_db: None) -> Department:
    return make_department()


def at_once(count: int, act: Callable[[int], object]) -> Counter[str]:
    """Run `act` in so many threads, all starting together; what came of each, by name."""
    gate, results = threading.Barrier(count), []

    def run(number: int) -> None:
        gate.wait()
        try:
            act(number)
            results.append("done")
        except Refused as refused:
            results.append(type(refused).__name__ if isinstance(refused, Conflict) else refused.code)
        except NotVisible:
            results.append("gone")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(results)


def test_of_fifty_completions_one_takes_effect_and_the_others_hear_who_was_first(busy_department: Department) -> None:
    rep, deal = busy_department.rep, busy_department.deal
    task = start_process(deal_id=deal.pk, process_key="small_sale", by=rep, now=NOW).created[0]
    outcome = at_once(50, lambda number: complete_task(task_id=task, outcome="later", answers={}, by=rep, now=NOW))
    assert outcome == {"done": 1, TaskAlreadyDone.__name__: 49}
    assert Counter(Task.objects.values_list("status", flat=True)) == {"done": 1, "open": 1}
    assert Event.objects.filter(kind="processes.task.completed").count() == 1
    assert Instance.objects.get().seq == 2


def test_of_many_starts_for_one_deal_one_takes_effect(busy_department: Department) -> None:
    rep, deal = busy_department.rep, busy_department.deal
    outcome = at_once(12, lambda number: start_process(deal_id=deal.pk, process_key="small_sale", by=rep, now=NOW))
    assert outcome == {"done": 1, "already_running": 11}
    assert Instance.objects.count() == Task.objects.count() == 1


def test_undo_and_a_completion_of_the_next_task_do_not_both_happen(busy_department: Department) -> None:
    rep, deal = busy_department.rep, busy_department.deal
    first = start_process(deal_id=deal.pk, process_key="small_sale", by=rep, now=NOW).created[0]
    for _round in range(8):
        second = complete_task(task_id=first, outcome="later", answers={}, by=rep, now=NOW).created[0]

        def act(number: int, first: int = first, second: int = second) -> None:
            if number:
                undo_completion(task_id=first, by=rep, now=NOW)
            else:
                complete_task(task_id=second, outcome="later", answers={}, by=rep, now=NOW)

        outcome = at_once(2, act)
        assert outcome["done"] == 1, outcome
        assert Task.objects.filter(status="open").count() == 1
        first = Task.objects.get(status="open").pk
