"""User task (BPMN 2.0, 10.3.3.1): a token rests here until a person finishes the task."""

from kniga.engine.definition.model import BoundaryTimer, UserTask
from kniga.engine.runtime.effects import CloseTask, CreateTask, EnterStage, ScheduleTimer
from kniga.engine.runtime.events import StageEntered, TaskCompleted, TaskCreated
from kniga.engine.runtime.results import Refused
from kniga.engine.runtime.run import Run
from kniga.engine.runtime.state import Token
from kniga.rules import Value


def enter(run: Run, task: UserTask) -> None:
    """Create the task, note a new stage, and set its timers."""
    stage = task.stage
    if stage is not None and stage != run.stage:
        run.events.append(StageEntered(stage, run.stage))
        run.effects.append(EnterStage(stage))
        run.stage = stage
    run.seq += 1
    run.tokens.append(Token(run.seq, task.id))
    run.events.append(TaskCreated(run.seq, task.id, stage))
    run.effects.append(CreateTask(run.seq, task.id, stage))
    for id in task.timers:
        timer = run.definition.elements[id]
        assert isinstance(timer, BoundaryTimer)
        run.effects.append(ScheduleTimer(run.seq, id, timer.due))


def complete(run: Run, token: Token, task: UserTask, outcome: str, answers: dict[str, Value]) -> str:
    """Close the task with checked answers; return the element that comes next."""
    if task.target is None:
        raise Refused("no_flow", element=task.id)
    if answers:
        data = {**run.data, **answers}
        run.data = {key: value for key, value in data.items() if value is not None}
        for question in task.questions:
            if question.field is not None and answers.get(question.key) is not None:
                run.set_field(question.field, answers[question.key])
    run.outcome = outcome
    run.tokens.remove(token)
    run.events.append(TaskCompleted(token.id, task.id, outcome, answers))
    run.effects.append(CloseTask(token.id, "completed", outcome))
    run.drop_timers(token)
    return task.target
