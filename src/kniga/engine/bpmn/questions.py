"""What a step asks for and how it may end; and the typed fields of a process, which are asked nowhere."""

from dataclasses import dataclass

from kniga.engine.bpmn.draft import Draft, Node, parts
from kniga.engine.definition.model import (
    CHECKS,
    QUESTION_TYPES,
    SETTABLE_FIELDS,
    TONES,
    Check,
    Choice,
    Outcome,
    Question,
)
from kniga.rules import FieldType

PLAIN_OUTCOME = Outcome("done", "Done", "primary")
"""What a user task drawn in another tool ends with."""

_TONES_NEUTRAL_FIRST = ("neutral", *(tone for tone in TONES if tone != "neutral"))


@dataclass(frozen=True, slots=True)
class ProcessField:
    """A typed field of the process: an answer that messages, decisions or machines give."""

    key: str
    label: str
    type: FieldType
    choices: tuple[Choice, ...]


def read_outcomes(draft: Draft, node: Node) -> tuple[Outcome, ...]:
    """The outcomes of a user task; the plain one if it names none."""
    outcomes: dict[str, Outcome] = {}
    for part in parts(node, "outcome"):
        key = draft.problems.key(part, "key", part.get("key"))
        if key is None:
            continue
        if key in outcomes:
            draft.problems.add("duplicate_key", part, what="outcome", key=key)
        tone = draft.problems.one_of(part, "tone", part.get("tone"), _TONES_NEUTRAL_FIRST)
        outcomes[key] = Outcome(key, part.get("label") or key, next(t for t in TONES if t == tone))
    return tuple(outcomes.values()) or (PLAIN_OUTCOME,)


def read_questions(draft: Draft, node: Node, outcomes: tuple[Outcome, ...]) -> tuple[Question, ...]:
    """The questions of a user task."""
    questions: dict[str, Question] = {}
    known = {outcome.key for outcome in outcomes}
    for part in parts(node, "question"):
        key = draft.problems.key(part, "key", part.get("key"))
        if key is None:
            continue
        if key in questions:
            draft.problems.add("duplicate_key", part, what="question", key=key)
        required_for = tuple((part.get("requiredFor") or "").split())
        for outcome in required_for:
            if outcome not in known:
                draft.problems.add("unknown_outcome_in_question", part, key=key, outcome=outcome)
        type = draft.problems.one_of(part, "type", part.get("type"), QUESTION_TYPES)
        questions[key] = Question(
            key=key,
            label=part.get("label") or key,
            type=type,
            required=draft.problems.one_of(part, "required", part.get("required"), ("false", "true")) == "true",
            required_for=required_for,
            choices=_choices(draft, part, type),
            help=part.get("help") or "",
            field=_field(draft, part, type),
            check=_check(draft, part, type),
        )
    return tuple(questions.values())


def read_process_fields(draft: Draft) -> tuple[ProcessField, ...]:
    """``<kniga:fields>`` of the process."""
    found: dict[str, ProcessField] = {}
    for holder in parts(draft.process, "fields"):
        for part in holder:
            key = draft.problems.key(part, "key", part.get("key"))
            if key is None:
                continue
            if key in found:
                draft.problems.add("duplicate_key", part, what="field", key=key)
            type = draft.problems.one_of(part, "type", part.get("type"), QUESTION_TYPES)
            choices = _choices(draft, part, type)
            found[key] = ProcessField(key, part.get("label") or key, type, choices)
    return tuple(found.values())


def _field(draft: Draft, question: Node, type: FieldType) -> str | None:
    field = question.get("field")
    if field is not None and SETTABLE_FIELDS.get(field) != type:
        allowed = ", ".join(f"{key} ({wanted})" for key, wanted in SETTABLE_FIELDS.items())
        draft.problems.add("bad_value", question, attribute="field", value=field, allowed=allowed)
    return field


def _check(draft: Draft, question: Node, type: FieldType) -> Check | None:
    named = question.get("check")
    found = next((check for check, types in CHECKS.items() if check == named and type in types), None)
    if named is not None and found is None:
        allowed = ", ".join(f"{check} ({'/'.join(types)})" for check, types in CHECKS.items())
        draft.problems.add("bad_value", question, attribute="check", value=named, allowed=allowed)
    return found


def _choices(draft: Draft, question: Node, type: FieldType) -> tuple[Choice, ...]:
    choices: dict[str, Choice] = {}
    for part in question:
        key = draft.problems.key(part, "key", part.get("key"))
        if key is None:
            continue
        if key in choices:
            draft.problems.add("duplicate_key", part, what="choice", key=key)
        choices[key] = Choice(key, part.get("label") or key)
    if not choices and type in ("choice", "multi_choice"):
        draft.problems.add("missing_part", question, part="at least one choice")
    return tuple(choices.values())
