"""What a person answered, checked against what the step demands."""

from collections.abc import Mapping
from decimal import Decimal

from kniga.engine.definition.model import LARGEST_AMOUNT, Question, UserTask
from kniga.engine.runtime.results import Refused
from kniga.rules import BadValue, Value, is_blank, read_value


def accept_answers(task: UserTask, outcome: str, answers: Mapping[str, object]) -> dict[str, Value]:
    """Return the answers as typed values; a question answered with a blank is None (cleared).

    Raises Refused: unknown_answer, missing_answer or bad_answer, naming the question's key; every question
    that is refused is named at once.
    """
    accepted: dict[str, Value] = {}
    refused: list[Refused] = []
    asked = 0
    for question in task.questions:
        given = question.key in answers
        raw = answers[question.key] if given else None
        asked += given
        if is_blank(raw) or (isinstance(raw, str) and not raw.strip()):
            if question.required or outcome in question.required_for:
                refused.append(Refused("missing_answer", question=question.key, label=question.label))
            elif given:
                accepted[question.key] = None
        else:
            try:
                accepted[question.key] = _read(question, raw)
            except Refused as bad:
                refused.append(bad)
    if refused:
        raise Refused.all_of(refused)
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
    if isinstance(value, Decimal) and "E" in str(value):
        value = Decimal(format(value, "f"))  # as it is written into the ledger, so that a replay gives the very same
    if question.field == "deal.amount" and isinstance(value, Decimal) and not 0 <= value < LARGEST_AMOUNT:
        raise _bad(question, "an amount from 0 to 999,999,999,999 is expected")
    return value


def _bad(question: Question, detail: str) -> Refused:
    return Refused("bad_answer", question=question.key, label=question.label, detail=detail)
