"""Gateways (BPMN 2.0, 10.6) and the conditions of their flows."""

from kniga.engine.bpmn.conditions import read_flow_condition
from kniga.engine.bpmn.draft import Draft, Node, child, flag, local, name_of
from kniga.engine.definition.model import (
    Branch,
    EventGateway,
    ExclusiveGateway,
    InclusiveGateway,
    ParallelGateway,
    Way,
)
from kniga.rules import Comparison, OtherField, items_of

MAX_INCLUSIVE_FLOWS = 200
_BEHIND = ("intermediateCatchEvent", "receiveTask")


def read_exclusive(draft: Draft, node: Node) -> ExclusiveGateway:
    """An exclusive gateway (10.6.2). A single flow without a condition is its default."""
    branches, default = _branches(draft, node)
    return ExclusiveGateway(node.get("id", ""), name_of(node), branches, default, _table(branches), draft.scope(node))


def read_inclusive(draft: Draft, node: Node) -> InclusiveGateway:
    """An inclusive gateway (10.6.3)."""
    branches, default = _branches(draft, node)
    id = node.get("id", "")
    incoming = tuple(draft.incoming.get(id, ()))
    return InclusiveGateway(id, name_of(node), branches, default, incoming, upstream_of(draft, node), draft.scope(node))


def read_parallel(draft: Draft, node: Node) -> ParallelGateway:
    """A parallel gateway (10.6.4)."""
    id = node.get("id", "")
    return ParallelGateway(id, name_of(node), tuple(draft.incoming.get(id, ())), draft.ways(node), draft.scope(node))


def read_event_gateway(draft: Draft, node: Node) -> EventGateway:
    """An event-based gateway (10.6.6) in the middle of a process; behind it only what waits, each reached by it
    alone."""
    if flag(node, "instantiate", default=False):
        draft.problems.add("bad_value", node, attribute="instantiate", value="true", allowed="false")
    draft.problems.one_of(node, "eventGatewayType", node.get("eventGatewayType"), ("Exclusive",))
    ways = draft.ways(node)
    if len(ways) < 2:
        draft.problems.add("missing_part", node, part="at least two flows out")
    kinds: set[str] = set()
    for way in ways:
        target = draft.nodes[way.target]
        kinds.add(_behind(target))
        if local(target) not in _BEHIND:
            draft.problems.add("behind_event_gateway", target, gateway=node.get("id", ""), reason="it does not wait")
        elif len(draft.incoming.get(way.target, ())) > 1:
            reason = "another flow leads to it"
            draft.problems.add("behind_event_gateway", target, gateway=node.get("id", ""), reason=reason)
        elif draft.boundary_of.get(way.target) or child(target, "multiInstanceLoopCharacteristics") is not None:
            reason = "it has boundary events or a loop"
            draft.problems.add("behind_event_gateway", target, gateway=node.get("id", ""), reason=reason)
    if {"receiveTask", "message"} <= kinds:
        reason = "receive tasks and message events stand behind it"
        draft.problems.add("behind_event_gateway", node, gateway=node.get("id", ""), reason=reason)
    return EventGateway(node.get("id", ""), name_of(node), ways, draft.scope(node))


def upstream_of(draft: Draft, node: Node) -> dict[str, frozenset[str]]:
    """For each flow into an inclusive join: from which elements of its scope a token can reach that flow without
    passing the join (13.4.3). Boundary events count as ways out of their activity."""
    id = node.get("id", "")
    incoming = draft.incoming.get(id, [])
    if len(incoming) < 2:
        return {}
    draft.inclusive_flows += len(incoming)
    if draft.inclusive_flows > MAX_INCLUSIVE_FLOWS:
        draft.problems.add("too_many_inclusive", node, limit=str(MAX_INCLUSIVE_FLOWS))
        return {}
    found: dict[str, frozenset[str]] = {}
    for flow in incoming:
        seen: set[str] = set()
        pending = [draft.flows[flow].get("sourceRef", "")]
        while pending:
            at = pending.pop()
            if at in seen or at == id:
                continue
            seen.add(at)
            pending.extend(draft.flows[back].get("sourceRef", "") for back in draft.incoming.get(at, ()))
            if at in draft.host_of:
                pending.append(draft.host_of[at])
        found[flow] = frozenset(seen)
    return found


def _behind(target: Node) -> str:
    if local(target) != "intermediateCatchEvent":
        return local(target)
    return "message" if child(target, "messageEventDefinition") is not None else "event"


def _branches(draft: Draft, node: Node) -> tuple[tuple[Branch, ...], Way | None]:
    id = node.get("id", "")
    flows = draft.outgoing.get(id, [])
    default = _default(draft, node, flows)
    branches: list[Branch] = []
    for flow in flows:
        conditional = child(flow, "conditionExpression") is not None
        condition = read_flow_condition(draft, flow)
        if condition is not None:
            draft.conditions[flow.get("id", "")] = condition
        if flow is default:
            if conditional:
                draft.problems.add("default_with_condition", flow)
        elif condition is not None:
            branches.append(Branch(flow.get("id", ""), condition, flow.get("targetRef", "")))
        elif not conditional:
            draft.problems.add("flow_without_condition", flow, gateway=id)
    way = Way(default.get("id", ""), default.get("targetRef", "")) if default is not None else None
    return tuple(branches), way


def _default(draft: Draft, node: Node, flows: list[Node]) -> Node | None:
    named = node.get("default")
    if named:
        for flow in flows:
            if flow.get("id") == named:
                return flow
        if named not in draft.dropped:
            draft.problems.add("bad_default", node, flow=named)
    if len(flows) == 1 and child(flows[0], "conditionExpression") is None:
        return flows[0]
    return None


def _table(branches: tuple[Branch, ...]) -> dict[str, Way] | None:
    """Routing by outcome alone, if every condition is ``outcome`` equal to something or in a list."""
    table: dict[str, Way] = {}
    for branch in branches:
        condition = branch.condition
        if not isinstance(condition, Comparison) or condition.field != "outcome" or condition.op not in ("eq", "in"):
            return None
        if isinstance(condition.value, OtherField):
            return None
        for key in items_of(condition):
            table.setdefault(str(key), Way(branch.flow, branch.target))
    return table
