"""Random ways through the shipped book: the rows always tell the same story, and undo always takes back one step."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from kniga.deals.models import Deal, Pipeline, StageVisit
from kniga.engine import Question, UserTask
from kniga.platform.models import Event
from kniga.processes.background.sweeping import sweep_timers
from kniga.processes.models import Instance, Task, Timer
from kniga.processes.services import complete_task, start_process, undo_completion
from kniga.processes.versions.definitions import runnable_version
from kniga.processes.versions.publishing import install_books
from tests.processes.conftest import NOW, Department

SAMPLES: dict[str, object] = {"text": "text", "number": "12", "money": "2500000", "boolean": True}
WEEK = timedelta(days=7)


def answer_for(question: Question, now: datetime) -> object:
    if question.choices:
        key = question.choices[0].key
        return [key] if question.type == "multi_choice" else key
    if question.type in ("date", "datetime"):
        moment = NOW if question.check == "not_future" else now + WEEK
        return moment.isoformat() if question.type == "datetime" else moment.date().isoformat()
    return SAMPLES[question.type]


def step_of(task: Task) -> UserTask:
    step = runnable_version(task.instance.version_id).definition.user_task(task.element)
    assert step is not None
    return step


def rows(deal: Deal) -> dict[str, Any]:
    """Everything a completion writes, except what only counts steps."""
    return {
        "deal": Deal.objects.filter(pk=deal.pk).values("status", "stage_id", "stage_since", "closed_at", "loss_note"),
        "instance": Instance.objects.filter(deal=deal).values("status", "seq", "stage", "data", "result", "ended_at"),
        "tasks": Task.objects.filter(deal=deal)
        .order_by("id")
        .values("id", "token", "status", "outcome", "completed_at"),
        "timers": Timer.objects.filter(instance__deal=deal).order_by("id").values("id", "element", "status", "due_at"),
        "visits": StageVisit.objects.filter(deal=deal).order_by("id").values("id", "stage_id", "left_at", "exit"),
    }


def frozen(deal: Deal) -> dict[str, Any]:
    return {name: list(found) for name, found in rows(deal).items()}


def check_story(deal: Deal) -> None:
    deal.refresh_from_db()
    instance = Instance.objects.get(deal=deal)
    still_open = list(Task.objects.filter(deal=deal, status="open"))
    assert bool(still_open) == (instance.status == "running")
    assert {task.token for task in still_open} <= set(range(1, instance.seq + 1))
    visits = list(StageVisit.objects.filter(deal=deal).order_by("id"))
    assert all(left.left_at == right.entered_at for left, right in pairwise(visits))
    assert [visit.left_at is None for visit in visits[-1:]] == [deal.status == "open"]
    assert visits[-1].stage_id == deal.stage_id and visits[-1].entered_at == deal.stage_since
    if deal.status != "open":
        assert visits[-1].exit == deal.status == instance.result
        assert Event.objects.filter(deal_id=deal.pk, kind=f"deals.deal.{deal.status}").exists()
    open_tokens = {task.token for task in still_open}
    assert {timer.token for timer in Timer.objects.filter(status="scheduled")} <= open_tokens


def walk_one_step(department: Department, chance: random.Random, now: datetime) -> int | None:
    open_ones = Task.objects.filter(deal=department.deal, status="open").order_by("pk")
    task = chance.choice(list(open_ones.select_related("instance")))
    step = step_of(task)
    onward = [outcome for outcome in step.outcomes if outcome.tone != "negative"] or list(step.outcomes)
    outcome = chance.choice(onward if chance.random() < 0.9 else step.outcomes)
    answers = {
        question.key: answer_for(question, now)
        for question in step.questions
        if question.required or outcome.key in question.required_for or chance.random() < 0.3
    }
    by = task.assignee or department.rep
    complete_task(task_id=task.pk, outcome=outcome.key, answers=answers, by=by, now=now, confirmed=answers)
    return task.pk


@pytest.mark.parametrize("seed", range(8))
def test_a_random_way_keeps_the_rows_in_agreement(department: Department, seed: int) -> None:
    chance, now = random.Random(seed), NOW
    install_books(language="en", by=None, now=now)
    department.deal.pipeline = Pipeline.objects.get(key="b2b_sale")
    department.deal.save()
    start_process(deal_id=department.deal.pk, process_key="b2b_sale", by=department.rep, now=now)
    for _step in range(25):
        now += timedelta(hours=chance.randint(1, 60))
        sweep_timers(now=now)
        check_story(department.deal)
        before = frozen(department.deal)
        done = walk_one_step(department, chance, now)
        check_story(department.deal)
        if done and chance.random() < 0.4:
            who = Task.objects.get(pk=done).completed_by
            assert who is not None
            undo_completion(task_id=done, by=who, now=now + timedelta(seconds=3))
            assert frozen(department.deal) == before
            check_story(department.deal)
        if not Task.objects.filter(status="open").exists():
            break
