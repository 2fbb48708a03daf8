"""User tasks with everything the book says about them; manual and abstract tasks are read as such (10.3.3)."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from kniga.engine.bpmn.controls import is_person, read_controls
from kniga.engine.bpmn.draft import Draft, Node, attribute, local, name_of, parts
from kniga.engine.bpmn.durations import read_part_due
from kniga.engine.bpmn.loops import read_loop
from kniga.engine.bpmn.materials import read_materials
from kniga.engine.bpmn.questions import read_outcomes, read_questions
from kniga.engine.definition.model import TASK_KINDS, Outcome, Question, TaskKind, UserTask
from kniga.engine.definition.timing import Due
from kniga.rules import BadValue, read_value

_DEFAULT_KIND_LAST: tuple[TaskKind, ...] = ("task", *(kind for kind in TASK_KINDS if kind != "task"))
_TAGS: tuple[Literal["userTask", "manualTask", "task"], ...] = ("userTask", "manualTask", "task")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a step asks and how it may end: read before everything that conditions may look at."""

    outcomes: tuple[Outcome, ...]
    questions: tuple[Question, ...]


def read_asked(draft: Draft, node: Node) -> Asked:
    """The outcomes and questions of a user task."""
    outcomes = read_outcomes(draft, node)
    return Asked(outcomes, read_questions(draft, node, outcomes))


def read_user_task(draft: Draft, node: Node, stage: str | None, asked: Asked) -> UserTask:
    """Compile one user task; what is wrong goes into the draft's problems."""
    problems = draft.problems
    id = node.get("id", "")
    deadline = _deadline(draft, node)
    return UserTask(
        id=id,
        name=name_of(node) or id,
        stage=stage,
        kind=problems.one_of(node, "kind", attribute(node, "kind"), _DEFAULT_KIND_LAST),
        assignee=_assignee(draft, node),
        deadline=deadline,
        script=_script(node),
        questions=asked.questions,
        outcomes=asked.outcomes,
        price=_price(draft, node),
        boundary=draft.boundary(node),
        ways=draft.ways(node),
        deadline_answer=next((part.get("answer") for part in parts(node, "deadline")), None),
        scope=draft.scope(node),
        loop=read_loop(draft, node),
        skill=attribute(node, "skill"),
        controls=read_controls(draft, node, deadline),
        materials=read_materials(draft, node),
        bpmn=next(tag for tag in _TAGS if tag == local(node)),
    )


def _assignee(draft: Draft, node: Node) -> str:
    value = attribute(node, "assignee") or "owner"
    if is_person(value):
        return value
    draft.problems.add("bad_value", node, attribute="assignee", value=value, allowed="owner, lead, head, role:<role>")
    return "owner"


def _deadline(draft: Draft, node: Node) -> Due | None:
    found = parts(node, "deadline")
    if len(found) > 1:
        draft.problems.add("duplicate_key", found[1], what="part", key="deadline")
    return read_part_due(found[0], "duration", draft.problems) if found else None


def _script(node: Node) -> str:
    return "\n\n".join((part.text or "").strip("\n").rstrip() for part in parts(node, "script"))


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
