"""Undoing a step that passed several stages gives the funnel back as it was."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from kniga.deals.models import Deal, Pipeline, StageVisit
from kniga.processes.services import complete_task, start_process, undo_completion
from tests.processes.books import book, publish, task
from tests.processes.conftest import NOW, Department

STAGES = "".join(f'<kniga:stage key="s{n}" name="Stage {n}"/>' for n in (1, 2, 3))
FLOWS = "start -> a\na -> fork\nfork -> b\nfork -> c\nb -> join\nc -> join\njoin -> end\n"


def staged(id: str, stage: str) -> str:
    return task(id).replace("<userTask ", f'<userTask kniga:stage="{stage}" ')


def forking() -> bytes:
    steps = (
        f'<startEvent id="start"/>{staged("a", "s1")}<parallelGateway id="fork"/>{staged("b", "s2")}'
        f'{staged("c", "s3")}<parallelGateway id="join"/><endEvent id="end"/><flows>\n{FLOWS}</flows>'
    )
    return book("forking", steps, extra=f"<kniga:stages>{STAGES}</kniga:stages>")


def visits() -> list[tuple[str, datetime, datetime | None, str | None]]:
    found = StageVisit.objects.select_related("stage").order_by("pk")
    return [(visit.stage.key, visit.entered_at, visit.left_at, visit.exit) for visit in found]


@pytest.mark.parametrize("later", [timedelta(minutes=1), timedelta(0)], ids=["a minute later", "at one moment"])
def test_the_visit_that_was_open_is_open_again(department: Department, later: timedelta) -> None:
    publish(forking())
    Deal.objects.update(pipeline=Pipeline.objects.get(key="forking"))
    started = start_process(deal_id=department.deal.pk, process_key="forking", by=department.rep, now=NOW)
    before = visits()
    done = complete_task(task_id=started.created[0], outcome="ok", answers={}, by=department.rep, now=NOW + later)
    assert [(stage, left is None) for stage, _in, left, _exit in visits()] == [
        ("s1", False), ("s2", False), ("s3", True),
    ]  # fmt: skip
    assert len(done.created) == 2
    undo_completion(task_id=started.created[0], by=department.rep, now=NOW + later)
    assert visits() == before
    deal = Deal.objects.select_related("stage").get()
    assert deal.stage is not None
    assert (deal.stage.key, deal.stage_since) == ("s1", NOW)
    complete_task(task_id=started.created[0], outcome="ok", answers={}, by=department.rep, now=NOW + later)
    assert [stage for stage, *_rest in visits()] == ["s1", "s2", "s3"]
