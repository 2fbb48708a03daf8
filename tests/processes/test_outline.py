"""Steps beside each other: told apart from those that are chosen, and undone in their order."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kniga.engine import compile_bpmn
from kniga.platform.errors import Refused
from kniga.processes.models import Task
from kniga.processes.services import complete_task, start_process, undo_completion
from kniga.processes.wording.outline import outline_of
from tests.processes.books import book, publish, task
from tests.processes.conftest import NOW, Department

BOTH = book(
    "both",
    f'<startEvent id="start"/>{task("ask")}<parallelGateway id="split"/>{task("left")}{task("right")}'
    f'<parallelGateway id="join"/>{task("last")}<endEvent id="end"/>'
    "<flows>\nstart -> ask\nask -> split\nsplit -> left\nsplit -> right\nleft -> join\nright -> join\n"
    "join -> last\nlast -> end\n</flows>",
)


def test_parallel_ways_all_come_and_chosen_ones_do_not() -> None:
    steps = {step.task.id: step for stage in outline_of(compile_bpmn(BOTH)) for step in stage.steps}
    (way,) = steps["ask"].ways
    assert [(one.element, one.is_beside) for one in way.destinations] == [("left", True), ("right", True)]
    (after,) = steps["left"].ways
    assert [(one.element, one.is_beside) for one in after.destinations] == [("last", False)]


def test_undoing_the_first_of_two_says_what_was_finished_after_it(department: Department) -> None:
    publish(BOTH)
    begun = start_process(deal_id=department.deal.pk, process_key="both", by=department.rep, now=NOW)
    complete_task(task_id=begun.created[0], outcome="ok", answers={}, by=department.rep, now=NOW)
    for place, element in enumerate(("left", "right"), start=1):
        task_id = Task.objects.get(element=element).pk
        complete_task(task_id=task_id, outcome="ok", answers={}, by=department.rep, now=NOW + timedelta(seconds=place))
    with pytest.raises(Refused, match="right") as refused:
        undo_completion(
            task_id=Task.objects.get(element="left").pk, by=department.rep, now=NOW + timedelta(seconds=5)
        )  # fmt: skip
    assert refused.value.code == "undo_moved_on"
