"""User tasks with everything the book says about them."""

from decimal import Decimal

from kniga.engine.bpmn.draft import Draft, Node, attribute, extensions, local
from kniga.engine.bpmn.durations import read_deadline
from kniga.engine.definition.model import (
    CHECKS,
    QUESTION_TYPES,
    SETTABLE_FIELDS,
    TASK_KINDS,
    TONES,
    Check,
    Choice,
    Due,
    Outcome,
    Question,
    TaskKind,
    UserTask,
)
from kniga.rules import BadValue, FieldType, read_value

PLAIN_OUTCOME = Outcome("done", "Done", "primary")
"""What a user task drawn in another tool ends with."""

_DEFAULT_KIND_LAST: tuple[TaskKind, ...] = ("task", *(kind for kind in TASK_KINDS if kind != "task"))
_TONES_NEUTRAL_FIRST = ("neutral", *(tone for tone in TONES if tone != "neutral"))


def read_user_task(draft: Draft, node: Node, stage: str | None) -> UserTask:
    """Compile one user task; what is wrong goes into the draft's problems."""
    problems = draft.problems
    id = node.get("id", "")
    outcomes = _outcomes(draft, node)
    return UserTask(
        id=id,
        name=(node.get("name") or id).strip(),
        stage=stage,
        kind=problems.one_of(node, "kind", attribute(node, "kind"), _DEFAULT_KIND_LAST),
        assignee=_assignee(draft, node),
        deadline=_deadline(draft, node),
        script=_script(node),
        questions=_questions(draft, node, outcomes),
        outcomes=outcomes or (PLAIN_OUTCOME,),
        price=_price(draft, node),
        timers=tuple(draft.timers_of.get(id, ())),
        target=draft.target(node),
        deadline_answer=next((part.get("answer") for part in _parts(node, "deadline")), None),
    )


def _parts(node: Node, name: str) -> list[Node]:
    return [part for part in extensions(node) if local(part) == name]


def _assignee(draft: Draft, node: Node) -> str:
    value = attribute(node, "assignee") or "owner"
    if value in ("owner", "lead", "head") or (value.startswith("role:") and len(value) > 5):
        return value
    draft.problems.add("bad_value", node, attribute="assignee", value=value, allowed="owner, lead, head, role:<role>")
    return "owner"


def _deadline(draft: Draft, node: Node) -> Due | None:
    found = _parts(node, "deadline")
    if len(found) > 1:
        draft.problems.add("duplicate_key", found[1], what="part", key="deadline")
    return read_deadline(found[0], draft.problems) if found else None


def _script(node: Node) -> str:
    return "\n\n".join((part.text or "").strip("\n").rstrip() for part in _parts(node, "script"))


def _price(draft: Draft, node: Node) -> Decimal | None:
    text = attribute(node, "price")
    if text is None:
        return None
    try:
        price = read_value("money", text)
    except BadValue:
        price = None
    if isinstance(price, Decimal) and price >= 0:
        return price
    draft.problems.add("bad_value", node, attribute="price", value=text, allowed="an amount such as 150.00")
    return None


def _outcomes(draft: Draft, node: Node) -> tuple[Outcome, ...]:
    outcomes: dict[str, Outcome] = {}
    for part in _parts(node, "outcome"):
        key = draft.problems.key(part, "key", part.get("key"))
        if key is None:
            continue
        if key in outcomes:
            draft.problems.add("duplicate_key", part, what="outcome", key=key)
        tone = draft.problems.one_of(part, "tone", part.get("tone"), _TONES_NEUTRAL_FIRST)
        outcomes[key] = Outcome(key, part.get("label") or key, next(t for t in TONES if t == tone))
    return tuple(outcomes.values())


def _questions(draft: Draft, node: Node, outcomes: tuple[Outcome, ...]) -> tuple[Question, ...]:
    questions: dict[str, Question] = {}
    known = {outcome.key for outcome in outcomes or (PLAIN_OUTCOME,)}
    for part in _parts(node, "question"):
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
