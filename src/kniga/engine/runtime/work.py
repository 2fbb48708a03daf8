"""What the shell reports about the work of service, send and call activities, and of messages: values come in."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from kniga.engine.definition.model import CallActivity, Definition, ServiceTask
from kniga.engine.runtime import throwing
from kniga.engine.runtime.commands import CompleteWork, FailWork
from kniga.engine.runtime.elements import activity
from kniga.engine.runtime.events import WorkCompleted, WorkFailed
from kniga.engine.runtime.results import Refused
from kniga.engine.runtime.run import Run
from kniga.engine.runtime.state import Token
from kniga.rules import BadValue, Value, read_value


def complete(run: Run, command: CompleteWork) -> None:
    """The work is done: keep the results that are answers of the process, go on."""
    token, element = _work_at(run, command.token)
    is_call = isinstance(element, CallActivity)
    results = take_in(run, command.results, checked=command.checked)
    run.events.append(WorkCompleted(token.id, element.id, results, command.outcome, command.skipped))
    activity.leave(run, element, token, command.outcome if is_call else token.outcome)


def fail(run: Run, command: FailWork) -> None:
    """The work ended in an error: hand it to the innermost handler. Raises Refused uncaught_error."""
    token, element = _work_at(run, command.token)
    run.events.append(WorkFailed(token.id, element.id, command.code, command.message))
    if not throwing.throw_error(run, element.id, command.code, throwing.around_activity(run, token)):
        raise Refused("uncaught_error", error=command.code, element=element.id)


def take_in(run: Run, values: Mapping[str, Value], *, checked: bool) -> dict[str, Value]:
    """Keep those values that are answers of the process, typed as it declares them; return all of them so, for the
    event. Raises Refused bad_payload; if ``checked``, for a choice that is not listed as well."""
    types = run.definition.question_types
    taken: dict[str, Value] = {}
    for key, value in values.items():
        try:
            taken[key] = read_value(types[key], value) if key in types else _known(value)
        except BadValue as error:
            raise Refused("bad_payload", key=key, detail=str(error)) from None
    answers = {key: value for key, value in taken.items() if key in types}
    if checked:
        refuse_unlisted(run.definition, answers)
    if answers:
        run.answer(answers)
    return taken


def refuse_unlisted(definition: Definition, answers: Mapping[str, Value]) -> None:
    """Raises Refused bad_payload for a choice that no question and no decision of the process knows."""
    for key, value in answers.items():
        listed = definition.choices_of(key)
        given = value if isinstance(value, tuple) else (value,)
        if listed and value is not None and not set(given) <= set(listed):
            raise Refused("bad_payload", key=key, detail="one of the listed choices is expected")


def _known(value: object) -> Value:
    """A value of no declared type, kept in the event only."""
    if isinstance(value, (list, tuple)) and (_all(str, value) or _all(int, value)):
        return tuple(value)
    if value is None or isinstance(value, (str, int, Decimal, date)):
        return value
    raise BadValue("a text, a number, a date or a list of texts is expected")


def _all(kind: type, items: Iterable[object]) -> bool:
    return all(isinstance(item, kind) for item in items)


def _work_at(run: Run, id: int) -> tuple[Token, ServiceTask | CallActivity]:
    token = run.tokens.get(id)
    element = None if token is None else run.elements.get(token.element)
    if token is None or token.loop is not None or not isinstance(element, (ServiceTask, CallActivity)):
        raise Refused("work_not_open", token=str(id))
    return token, element
