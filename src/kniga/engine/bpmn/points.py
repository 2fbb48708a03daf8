"""A list of points (the action rescore): conditions of the rules language, each worth so many points; those that are
true make the sum. It is read as a decision table that collects and adds up: it runs, is proved and replays as one."""

from decimal import Decimal

from kniga.engine.bpmn.conditions import read_rule
from kniga.engine.bpmn.draft import Draft, Node, local, name_of, parts
from kniga.engine.bpmn.loops import read_loop
from kniga.engine.definition.actions import RESCORE
from kniga.engine.definition.decisions import DecisionOutput, DecisionRule, DecisionTable
from kniga.engine.definition.model import DecisionTask, Param
from kniga.rules import And, BadValue, Rule, fields_of, read_value

MOST_POINTS = Decimal(1_000_000)
"""How much a line may be worth at most, and how little at least (negated)."""


def score_of(node: Node) -> str | None:
    """The key of the answer that a service task keeps its points as; None for any other element."""
    actions = parts(node, "action") if local(node) == "serviceTask" else []
    if len(actions) != 1 or actions[0].get("name") != RESCORE:
        return None
    found = (part.get("value") for part in actions[0] if local(part) == "param" and part.get("name") == "answer")
    return next((value.strip() for value in found if value and value.strip()), None)


def read_points(draft: Draft, node: Node, action: Node, params: tuple[Param, ...]) -> DecisionTask:
    """A service task that adds up points."""
    key = next((str(param.value) for param in params if param.name == "answer" and param.value), "")
    if key:
        draft.problems.key(action, "answer", key)
    for name in ("retries", "backoff"):
        if action.get(name) is not None:
            draft.problems.add("no_effect", action, what=name)
    lines = [part for part in action if local(part) == "points"]
    if not lines:
        draft.problems.add("missing_part", action, part="a kniga:points")
    rules = tuple(_line(draft, line, at) for at, line in enumerate(lines, 1))
    inputs = tuple(sorted({field for rule in rules for field in fields_of(rule.condition)}))
    id, name = node.get("id", ""), name_of(node)
    output = DecisionOutput(key, name or key, "number", default=Decimal(0))
    return DecisionTask(
        id=id,
        name=name,
        table=DecisionTable(id, name, "COLLECT", "SUM", inputs, (output,), rules),
        boundary=draft.boundary(node),
        ways=draft.ways(node),
        scope=draft.scope(node),
        loop=read_loop(draft, node),
    )


def _line(draft: Draft, line: Node, at: int) -> DecisionRule:
    conditions = [part for part in line if local(part) == "condition"]
    if len(conditions) > 1:
        draft.problems.add("duplicate_key", conditions[1], what="part", key="condition")
    condition: Rule | None = None
    if conditions:
        condition = read_rule(draft, line, conditions[0])
    else:
        draft.problems.add("missing_part", line, part="a kniga:condition")
    label = (line.get("label") or "").strip()
    return DecisionRule(str(at), condition or And(()), (_points(draft, line),), label)


def _points(draft: Draft, line: Node) -> Decimal:
    text = line.get("value")
    if text is None:
        draft.problems.add("missing_part", line, part="the attribute value")
        return Decimal(0)
    try:
        value = read_value("number", text)
    except BadValue as error:
        draft.problems.add("bad_param", line, value=text, detail=str(error))
        return Decimal(0)
    points = Decimal(str(value or 0))
    if abs(points) > MOST_POINTS:
        draft.problems.add("bad_value", line, attribute="value", value=text, allowed=f"-{MOST_POINTS}–{MOST_POINTS}")
    return points
