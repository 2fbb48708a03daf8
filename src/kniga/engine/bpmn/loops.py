"""Multi-instance activities (BPMN 2.0, 10.3.7)."""

from kniga.engine.bpmn.conditions import read_expression
from kniga.engine.bpmn.draft import Draft, Node, attribute, child, flag, is_bpmn, local
from kniga.engine.bpmn.names import CURES, LOOP_DATA
from kniga.engine.definition.model import RESULTS, MultiInstance
from kniga.rules import FieldSpec

MAX_COUNT = 1_000
LISTS = ("multi_choice", "multi_reference")
_PARTS = ("loopCardinality", "completionCondition", "documentation", "extensionElements")


def loop_node(node: Node) -> Node | None:
    """The multi-instance marker of an activity, None without one."""
    return child(node, "multiInstanceLoopCharacteristics")


def read_loop(draft: Draft, node: Node) -> MultiInstance | None:
    """How often an activity is done; None if once."""
    for part in node:
        if is_bpmn(part) and local(part) == "standardLoopCharacteristics":
            draft.problems.add("not_supported", part, cure=CURES["standardLoopCharacteristics"])
    marker = loop_node(node)
    if marker is None:
        return None
    for part in marker:
        if is_bpmn(part) and local(part) not in _PARTS:
            draft.problems.add("not_supported", part, cure=LOOP_DATA)
    draft.problems.one_of(marker, "behavior", marker.get("behavior"), ("All",))
    each, count = _items(draft, marker)
    until = child(marker, "completionCondition")
    rule = None if until is None else read_expression(draft, node, until, loop_fields(draft, node))
    return MultiInstance(flag(marker, "isSequential", default=False), each, count, rule)


def _items(draft: Draft, marker: Node) -> tuple[str | None, int | None]:
    each, cardinality = attribute(marker, "each"), child(marker, "loopCardinality")
    if (each is None) == (cardinality is None):
        draft.problems.add("missing_part", marker, part="either kniga:each or a loopCardinality")
        return None, 1
    if cardinality is not None:
        text = (cardinality.text or "").strip()
        return None, draft.problems.whole(cardinality, "loopCardinality", text, 1, MAX_COUNT)
    spec = draft.field(marker, "kniga:each", each or "")
    if spec is not None and spec.type not in LISTS:
        draft.problems.add("wrong_type", marker, what="kniga:each", type=spec.type, wanted=", ".join(LISTS))
    return each, None


def outcome_keys(node: Node, outcomes: tuple[str, ...]) -> tuple[str, ...]:
    """The outcomes of one turn of the loop that are counted."""
    return RESULTS if local(node) == "callActivity" else outcomes


def loop_fields(draft: Draft, node: Node) -> dict[str, FieldSpec]:
    """What the condition that ends a loop early may look at, beside the usual fields."""
    id = node.get("id", "")
    prefix = f"answer.{id}."
    counted = (key.removeprefix(prefix) for key in draft.fields if key.startswith(prefix))
    keys = ("loop.total", "loop.done", *(f"loop.outcome.{key}" for key in counted))
    return {key: FieldSpec(key, "number", key, key) for key in keys}
