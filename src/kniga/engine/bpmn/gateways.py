"""Exclusive gateways and the conditions of their flows."""

from kniga.engine.bpmn.draft import Draft, Node, children
from kniga.engine.bpmn.names import RULES_LANGUAGE
from kniga.engine.definition.model import Branch, ExclusiveGateway
from kniga.rules import Comparison, FieldRegistry, OtherField, Rule, RuleRefused, fields_of, items_of, parse_rule


def read_gateway(draft: Draft, node: Node, fields: FieldRegistry) -> ExclusiveGateway:
    """Compile an exclusive gateway. A single flow without a condition is its default."""
    id = node.get("id", "")
    flows = draft.outgoing.get(id, [])
    default = _default(draft, node, flows)
    branches: list[Branch] = []
    for flow in flows:
        condition = read_condition(draft, flow, fields)
        if flow is default:
            if next(children(flow, "conditionExpression"), None) is not None:
                draft.problems.add("default_with_condition", flow)
        elif condition is not None:
            branches.append(Branch(flow.get("id", ""), condition, flow.get("targetRef", "")))
        elif next(children(flow, "conditionExpression"), None) is None:
            draft.problems.add("flow_without_condition", flow, gateway=id)
    target = default.get("targetRef") if default is not None else None
    return ExclusiveGateway(id, node.get("name") or "", tuple(branches), target, _table(branches))


def read_condition(draft: Draft, flow: Node, fields: FieldRegistry) -> Rule | None:
    """The condition of a flow, None without one; an unreadable one is a problem."""
    expression = next(children(flow, "conditionExpression"), None)
    if expression is None:
        return None
    language = (expression.get("language") or "").strip()
    if language != RULES_LANGUAGE:
        draft.problems.add("condition_language", flow, language=language or (expression.text or "").strip())
        return None
    try:
        return parse_rule((expression.text or "").strip(), fields)
    except RuleRefused as error:
        draft.problems.add("bad_condition", flow, detail=str(error))
        return None


def _default(draft: Draft, node: Node, flows: list[Node]) -> Node | None:
    named = node.get("default")
    if named:
        for flow in flows:
            if flow.get("id") == named:
                return flow
        if named not in draft.dropped:
            draft.problems.add("bad_default", node, flow=named)
    if len(flows) == 1 and next(children(flows[0], "conditionExpression"), None) is None:
        return flows[0]
    return None


def _table(branches: list[Branch]) -> dict[str, str] | None:
    """Routing by outcome alone, if every condition is ``outcome`` equal to something or in a list."""
    table: dict[str, str] = {}
    for branch in branches:
        if fields_of(branch.condition) - {"outcome"}:
            return None
        if not isinstance(branch.condition, Comparison) or branch.condition.op not in ("eq", "in"):
            return None
        if isinstance(branch.condition.value, OtherField):
            return None
        for key in items_of(branch.condition):
            table.setdefault(str(key), branch.target)
    return table
