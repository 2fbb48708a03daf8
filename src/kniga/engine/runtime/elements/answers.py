"""What a person answered, checked against what the step demands."""

from collections.abc import Mapping

from kniga.engine.definition.model import Question, UserTask
from kniga.engine.runtime.results import Refused
from kniga.rules import BadValue, Value, is_blank, read_value


def accept_answers(task: UserTask, outcome: str, answers: Mapping[str, object]) -> dict[str, Value]:
    """Return the answers as typed values; a question answered with a blank is None (cleared).

    Raises Refused: unknown_answer, missing_answer or bad_answer, naming the question's key.
    """
    accepted: dict[str, Value] = {}
    asked = 0
    for question in task.questions:
        given = question.key in answers
        raw = answers[question.key] if given else None
        asked += given
        if is_blank(raw) or (isinstance(raw, str) and not raw.strip()):
            if question.required or outcome in question.required_for:
                raise Refused("missing_answer", question=question.key, label=question.label)
            if given:
                accepted[question.key] = None
        else:
            accepted[question.key] = _read(question, raw)
    if asked != len(answers):
        known = {question.key for question in task.questions}
        unknown = next(key for key in answers if key not in known)
        raise Refused("unknown_answer", question=unknown, element=task.id)
    return accepted


def _read(question: Question, raw: object) -> Value:
    try:
        value = read_value(question.type, raw)
    except BadValue as error:
        raise _bad(question, str(error)) from None
    if question.choices and value is not None:
        allowed = [choice.key for choice in question.choices]
        for key in value if isinstance(value, tuple) else (value,):
            if key not in allowed:
                raise _bad(question, "one of the listed choices is expected")
    return value


def _bad(question: Question, detail: str) -> Refused:
    return Refused("bad_answer", question=question.key, label=question.label, detail=detail)
