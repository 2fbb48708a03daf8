"""User task (BPMN 2.0, 10.3.3.1): a token rests here until a person finishes the task. Manual and abstract tasks
are read as user tasks too."""

from collections.abc import Mapping

from kniga.engine.definition.model import UserTask
from kniga.engine.runtime.effects import CloseTask, CreateTask, EnterStage
from kniga.engine.runtime.elements import activity, multi_instance
from kniga.engine.runtime.elements.answers import accept_answers
from kniga.engine.runtime.events import StageEntered, TaskCompleted, TaskCreated
from kniga.engine.runtime.results import Refused
from kniga.engine.runtime.run import Move, Run
from kniga.engine.runtime.state import Token


def enter(run: Run, task: UserTask, move: Move) -> None:
    """Create the task, note a new stage, and set up its boundary events."""
    if task.loop is not None and move.item is None:
        return multi_instance.enter(run, task, move)
    enter_stage(run, task.stage)
    token = run.rest(task.id, move.parent, item=move.item)
    item = None if token.item is None else multi_instance.item_of(run, token)
    run.events.append(TaskCreated(token.id, task.id, task.stage, item))
    run.effects.append(CreateTask(token.id, task.id, task.stage, item))
    return activity.arm(run, task, token)


def enter_stage(run: Run, stage: str | None) -> None:
    """Note that the deal is in this stage now."""
    if stage is not None and stage != run.stage:
        run.events.append(StageEntered(stage, run.stage))
        run.effects.append(EnterStage(stage))
        run.stage = stage


def complete(run: Run, token: Token, task: UserTask, outcome: str, raw: Mapping[str, object]) -> None:
    """Check the outcome and the answers, close the task and go on. Raises Refused for what does not fit."""
    if task.outcome(outcome) is None:
        raise Refused("unknown_outcome", element=task.id, outcome=outcome)
    answers = accept_answers(task, outcome, raw)
    if answers:
        run.answer(answers)
        for question in task.questions:
            if question.field is not None and answers.get(question.key) is not None:
                run.set_field(question.field, answers[question.key])
    run.events.append(TaskCompleted(token.id, task.id, outcome, answers))
    run.effects.append(CloseTask(token.id, "completed", outcome))
    activity.leave(run, task, token, outcome)
