"""Drawings of other tools, freed of what only those tools can run.

What is left is the drawing: every branch of a choice is free (a condition over a field that may be anything), tasks of
every kind are steps, events wait for a time. So a model that does not execute here can still be judged as it was
drawn. Each process of a file is a model of its own."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator

from lxml import etree

from kniga.rules import FieldRegistry, FieldSpec

MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
TASKS = {"serviceTask", "sendTask", "receiveTask", "scriptTask", "businessRuleTask", "manualTask", "userTask"}
FREE = tuple(f"deal.free_{number}" for number in range(200))
FIELDS: FieldRegistry = {key: FieldSpec(key, "number", key, key) for key in FREE}
"""Fields that may be anything, one for each choice: what one gateway decides says nothing about the next."""
TIMER = f'<timerEventDefinition xmlns="{MODEL}"><timeDuration>P1D</timeDuration></timerEventDefinition>'
KEPT = {"errorEventDefinition", "escalationEventDefinition", "terminateEventDefinition"}
DROPPED = {
    "extensionElements", "ioSpecification", "dataInputAssociation", "dataOutputAssociation", "property",
    "potentialOwner", "humanPerformer", "resourceRole", "performer", "documentation", "script",
}  # fmt: skip

Node = etree._Element


def freed(xml: bytes) -> Iterator[tuple[str, bytes]]:
    """The id of each process of a file with a file that holds it alone, to be compiled with FIELDS. Raises
    lxml's XMLSyntaxError."""
    root = etree.fromstring(xml, etree.XMLParser(resolve_entities=False, no_network=True))
    for process in root.findall(f"{{{MODEL}}}process"):
        if process.find(f".//{{{MODEL}}}startEvent") is None:
            continue
        alone = etree.fromstring(f'<definitions xmlns="{MODEL}" targetNamespace="t"/>')
        for child in root:
            if _tag(child) in ("error", "escalation"):
                alone.append(copy.deepcopy(child))
        kept = copy.deepcopy(process)
        _free(kept)
        alone.append(kept)
        yield process.get("id") or "", etree.tostring(alone)


def _free(process: Node) -> None:
    for node in list(process.iter()):
        around, tag = node.getparent(), _tag(node)
        if node is process or around is None or not tag:
            continue
        for key in [key for key in node.attrib if str(key).startswith("{")]:
            del node.attrib[key]
        if not node.tag.startswith(f"{{{MODEL}}}") or tag in DROPPED:
            around.remove(node)
        elif tag in TASKS or tag == "callActivity":
            _plain(node, f"{{{MODEL}}}task")
        elif tag == "task":
            _plain(node, node.tag)
        elif tag in ("intermediateCatchEvent", "boundaryEvent", "startEvent", "intermediateThrowEvent", "endEvent"):
            _event(node, tag, around.get("triggeredByEvent") == "true")
        elif tag in ("conditionExpression", "multiInstanceLoopCharacteristics", "standardLoopCharacteristics"):
            around.remove(node)
    for key in [key for key in process.attrib if str(key).startswith("{")]:
        del process.attrib[key]
    _branches(process)


def _plain(node: Node, tag: str) -> None:
    node.tag = tag
    kept = {key: node.get(key, "") for key in ("id", "name") if key in node.attrib}
    for child in list(node):
        if _tag(child) not in ("incoming", "outgoing"):
            node.remove(child)
    node.attrib.clear()
    for key, value in kept.items():
        node.set(key, value)


def _event(node: Node, tag: str, in_handler: bool) -> None:
    kinds = {_tag(child) for child in node if _tag(child).endswith("EventDefinition")}
    is_plain = tag == "startEvent" and not in_handler
    if kinds and kinds <= KEPT and not is_plain and tag != "intermediateThrowEvent":
        return
    for child in list(node):
        if _tag(child).endswith("EventDefinition") or _tag(child) in ("eventDefinitionRef", "dataInput", "dataOutput"):
            node.remove(child)
    if tag in ("intermediateCatchEvent", "boundaryEvent") or (tag == "startEvent" and in_handler):
        node.append(etree.fromstring(TIMER))


def _branches(process: Node) -> None:
    fields = iter(FREE)
    flows = list(process.iter(f"{{{MODEL}}}sequenceFlow"))
    for node in process.iter():
        tag = _tag(node)
        if tag not in ("exclusiveGateway", "inclusiveGateway"):
            node.attrib.pop("default", "")
            continue
        leaving = [flow for flow in flows if flow.get("sourceRef") == node.get("id")]
        if len(leaving) < 2:
            node.attrib.pop("default", "")
            continue
        default = next((flow for flow in leaving if flow.get("id") == node.get("default")), leaving[-1])
        node.set("default", default.get("id") or "")
        for number, flow in enumerate(one for one in leaving if one is not default):
            if tag == "inclusiveGateway" or number == 0:
                field = next(fields)
            rule = {"field": field, "op": "eq", "value": str(number)}
            condition = etree.SubElement(flow, f"{{{MODEL}}}conditionExpression", language="urn:kniga:rules:1")
            condition.text = json.dumps(rule)


def _tag(node: Node) -> str:
    """The name without its namespace; empty for comments."""
    return "" if isinstance(node, (etree._Comment, etree._ProcessingInstruction)) else etree.QName(node).localname
