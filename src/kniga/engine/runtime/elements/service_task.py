"""Service and send task (BPMN 2.0, 10.3.3.2): the machine does a registered action. The engine does ``set_field``
itself; for every other action a token rests here until the shell has done it."""

from collections.abc import Mapping
from decimal import Decimal

from kniga.engine.definition.model import LARGEST_AMOUNT, SETTABLE_FIELDS, ServiceTask
from kniga.engine.runtime.effects import StartWork
from kniga.engine.runtime.elements import activity, multi_instance
from kniga.engine.runtime.events import WorkStarted
from kniga.engine.runtime.results import Refused
from kniga.engine.runtime.run import Move, Run
from kniga.engine.runtime.state import Token
from kniga.rules import BadValue, FieldType, Value, read_value


def enter(run: Run, task: ServiceTask, move: Move) -> None:
    """Do the action, or ask for it."""
    if task.loop is not None and move.item is None:
        return multi_instance.enter(run, task, move)
    if task.immediate:
        _set_field(run, run.resolve(task.params))
        return activity.done(run, task, move.parent, move.item, move.outcome)
    token = run.rest(task.id, move.parent, outcome=move.outcome, item=move.item)
    ask(run, task, token)
    return activity.arm(run, task, token)


def ask(run: Run, task: ServiceTask, token: Token) -> None:
    """Ask the shell to do the action, with the parameters as they are now."""
    item = None if token.item is None else multi_instance.item_of(run, token)
    run.events.append(WorkStarted(token.id, task.id, task.action, item))
    run.effects.append(StartWork(token.id, task.id, task.action, run.resolve(task.params), item))


def _set_field(run: Run, params: Mapping[str, Value]) -> None:
    """Give a field of the deal, or an answer, a value; a field of the deal is never cleared."""
    field, value = str(params.get("field")), params.get("value")
    key = field.removeprefix("answer.")
    type = SETTABLE_FIELDS.get(field) if key == field else run.definition.question_types.get(key)
    read = _read(field, type, value)
    if key != field:
        run.answer({key: read})
    elif read is not None:
        run.set_field(field, read)


def _read(field: str, type: FieldType | None, value: Value) -> Value:
    if type is None:
        raise Refused("bad_payload", key=field, detail="no field of this name can be set")
    try:
        read = read_value(type, value)
    except BadValue as error:
        raise Refused("bad_payload", key=field, detail=str(error)) from None
    if field == "deal.amount" and isinstance(read, Decimal) and not 0 <= read < LARGEST_AMOUNT:
        raise Refused("bad_payload", key=field, detail="an amount from 0 to 999,999,999,999 is expected")
    return read
