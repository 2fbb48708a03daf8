"""Tasks: whose turn it is, what the book says, completing and taking back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from django.http import HttpResponse
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import AwareDatetime, Field

from kniga.api.answers import Listed, answer, idempotent, opened, page_answer
from kniga.api.door import ApiRequest, Bearer
from kniga.api.inputs import Cursor, Given, Id, Limit
from kniga.engine import Outcome, Question
from kniga.platform import clock
from kniga.platform.errors import Refused
from kniga.processes import services
from kniga.processes.desk.desk_queries import DeskDay, DeskFilter, DeskTask, desk_tasks_for
from kniga.processes.queries import deal_process, get_visible_task, step_of
from kniga.processes.running.deadlines import LONGEST_REASON, move_deadline

if TYPE_CHECKING:
    from kniga.processes.models import Task

router = Router(tags=["tasks"])
READ, WRITE = Bearer("tasks:read"), Bearer("tasks:write")


@dataclass(frozen=True, slots=True)
class TaskDetail:
    """A task with its step of the book: script (Markdown with placeholders), questions and outcomes."""

    id: int
    name: str
    kind: str
    element: str
    status: str
    created_at: datetime
    due_at: datetime | None
    assignee_id: int | None
    deal_id: int
    client_id: int | None
    stage: str | None
    process: str
    version: int
    completed_at: datetime | None
    completed_by_id: int | None
    outcome: str | None
    answers: dict[str, Any] | None
    script: str
    questions: tuple[Question, ...]
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class Called:
    """How a process stands that the deal's own one has called: `status`, and `result` when it ended."""

    status: str
    result: str | None


@dataclass(frozen=True, slots=True)
class Moved:
    """Where the deal stands now: `status` of its own process, `result` when that ended, `tasks` of the deal that are
    open now. `called`: the called process to which the completed task belonged, if it did."""

    deal_id: int
    status: str
    result: str | None
    tasks: tuple[int, ...]
    called: Called | None


class TaskQuery(Schema):
    """What a list of tasks is narrowed to; without `assignee_id` it holds the tasks of all whom one sees."""

    tab: Literal["today", "overdue", "future", "all"] = "all"
    assignee_id: Id | None = None
    client_id: Id | None = None
    kind: str = ""
    text: str = ""


class CompleteBody(Given):
    """An outcome of the step, the answers by the keys of its questions, and the keys of those whose unusual answer
    (paid less than the deal's amount) is confirmed."""

    outcome: Annotated[str, Field(max_length=100)]
    answers: dict[str, Any] = {}
    confirmed: list[Annotated[str, Field(max_length=100)]] = []


class DeadlineBody(Given):
    """The new deadline, with its offset from UTC, and why it is moved."""

    to: AwareDatetime
    reason: Annotated[str, Field(max_length=LONGEST_REASON)]


@router.get("/tasks", auth=READ, response={200: Listed[DeskTask]}, summary="List open tasks")
def list_tasks(request: ApiRequest, wanted: Query[TaskQuery], limit: Limit = 50, cursor: Cursor = None) -> HttpResponse:
    """Open tasks, the most urgent first."""
    narrowed = DeskFilter(
        person_id=wanted.assignee_id or 0, client_id=wanted.client_id, kind=wanted.kind, text=wanted.text
    )
    page = desk_tasks_for(
        user=request.auth.user, day=_today(), tab=wanted.tab, wanted=narrowed, cursor=opened(cursor), limit=limit
    )
    return page_answer(request, page)


@router.get("/tasks/{int:task_id}", auth=READ, response={200: TaskDetail}, summary="Read a task")
def get_task(request: ApiRequest, task_id: int) -> HttpResponse:
    """One task with what the book says about it."""
    return answer(_detail(get_visible_task(user=request.auth.user, task_id=task_id)))


@router.post("/tasks/{int:task_id}/complete", auth=WRITE, response={200: Moved}, summary="Complete a task")
@idempotent
def complete_task(request: ApiRequest, task_id: int, body: CompleteBody) -> HttpResponse:
    """Finish a task with an outcome; the next task comes with it. 409 says who was faster, and when."""
    user = request.auth.user
    try:
        moved = services.complete_task(
            task_id=task_id, outcome=body.outcome, answers=body.answers, by=user, now=clock.now(),
            confirmed=body.confirmed,
        )  # fmt: skip
    except Refused as refused:
        raise _placed(refused) from None
    own = deal_process(user=user, instance_id=moved.instance_id)
    called = None if own.instance_id == moved.instance_id else Called(moved.status, moved.result)
    return answer(Moved(moved.deal_id, own.status, own.result, own.tasks, called))


@router.post("/tasks/{int:task_id}/deadline", auth=WRITE, response={200: TaskDetail}, summary="Move a task's deadline")
@idempotent
def move_task_deadline(request: ApiRequest, task_id: int, body: DeadlineBody) -> HttpResponse:
    """Give an open task another deadline, within a year. What counts from it follows; whose task it is is told."""
    user = request.auth.user
    move_deadline(task_id=task_id, to=body.to, reason=body.reason, by=user, now=clock.now())
    return answer(_detail(get_visible_task(user=user, task_id=task_id)))


@router.post("/tasks/{int:task_id}/undo", auth=WRITE, response={200: TaskDetail}, summary="Take a completion back")
@idempotent
def undo_task(request: ApiRequest, task_id: int) -> HttpResponse:
    """Take one's own completion back within ten seconds, while nothing has followed it."""
    user = request.auth.user
    services.undo_completion(task_id=task_id, by=user, now=clock.now())
    return answer(_detail(get_visible_task(user=user, task_id=task_id)))


def _placed(refused: Refused) -> Refused:
    """The refusal with its fields where the body has them: questions stand below `answers`."""
    for one in (refused, *refused.also):
        if one.field and one.code != "unknown_outcome":
            one.field = f"answers/{one.field}"
    return refused


def _today() -> DeskDay:
    now = clock.now()
    start = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    return DeskDay(now, start, start + timedelta(days=1))


def _detail(task: Task) -> TaskDetail:
    step = step_of(task)
    version = task.instance.version
    return TaskDetail(
        task.pk, task.name, task.kind, task.element, task.status, task.created_at, task.due_at, task.assignee_id,
        task.deal_id, task.client_id, task.stage.key if task.stage else None, version.process.key, version.number,
        task.completed_at, task.completed_by_id, task.outcome, task.answers, step.script, step.questions,
        step.outcomes,
    )  # fmt: skip
