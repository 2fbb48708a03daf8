"""One process made to run in Kniga and in SpiffWorkflow, so that the same choices can be made in both.

The two differ in what they call executable, so a process is *translated* first, the same way for both, and only what
can be said in both is left. What is kept is what a differential walk is about: how tokens flow. Translated are

- script, service, send, business-rule and call activities: a user task (both engines rest there, the walk says when);
- timers, signals and conditions that are waited for: a message of the event's own, sent when the walk chooses so;
- what is thrown on the way: nothing (the event is passed), and starts by a trigger: plain starts;
- conditions: `name == literal` as it stands, anything else, or nothing: a variable that says which flow is taken;
- the number of instances: three.
"""

from __future__ import annotations

import ast
import json
import random
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
KNIGA = "urn:kniga:bpmn:1"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
INSTANCES = "3"

Node = etree._Element

_AS_USER_TASK = ("scriptTask", "serviceTask", "sendTask", "businessRuleTask", "callActivity", "receiveTask")
_STEPS = ("userTask", "task", "manualTask")
_DROPPED = (
    "extensionElements", "laneSet", "dataObject", "dataObjectReference", "dataStoreReference", "textAnnotation",
    "association", "group", "property", "ioSpecification", "dataInputAssociation", "dataOutputAssociation",
    "documentation", "script", "dataInput", "dataOutput", "inputSet", "outputSet", "potentialOwner", "performer",
    "resourceRole", "humanPerformer", "incoming", "outgoing", "correlationSubscription", "auditing", "monitoring",
)  # fmt: skip
_WAITED = ("timerEventDefinition", "signalEventDefinition", "conditionalEventDefinition", "messageEventDefinition")
_THROWN = ("signalEventDefinition", "messageEventDefinition", "escalationEventDefinition")
_EQUALS = re.compile(r"\s*(?:=|\$\{)?\s*([A-Za-z_]\w*)\s*==\s*(.+?)\s*\}?\s*\Z", re.DOTALL)
_TYPES: dict[type, str] = {str: "text", int: "number", bool: "boolean"}


@dataclass
class Variable:
    """What a condition looks at: its type in Kniga and the values a walk may choose."""

    type: str
    values: list[Any] = field(default_factory=list)


@dataclass
class Translated:
    """The process for both engines; ``groups`` are variables of which one must be true."""

    process: str
    kniga: bytes
    spiff: Node
    variables: dict[str, Variable]
    groups: list[list[str]]

    def choose(self, chance: random.Random) -> dict[str, Any]:
        """Values for all variables, the same for both engines."""
        chosen = {name: chance.choice(variable.values) for name, variable in self.variables.items()}
        for group in self.groups:
            if not any(chosen[name] for name in group):
                chosen[chance.choice(group)] = True
        return chosen


def processes(data: bytes) -> Iterator[Node]:
    """The processes of a file that have steps, each in a file of its own with the root elements it refers to."""
    root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True))
    for process in root.iterchildren(f"{{{BPMN}}}process"):
        if next(process.iter(f"{{{BPMN}}}startEvent"), None) is not None:
            alone = etree.fromstring(
                f'<definitions xmlns="{BPMN}" xmlns:xsi="{XSI}" xmlns:kniga="{KNIGA}" '
                'id="defs" targetNamespace="t"/>'.encode()
            )
            for child in root:
                if etree.QName(child).localname in ("error", "escalation", "message"):
                    alone.append(deepcopy(child))
            alone.append(deepcopy(process))
            yield alone


def translate(root: Node) -> Translated:
    """Make a process run in both engines as far as it can be; what cannot is left as it is, for them to refuse."""
    process = next(root.iterchildren(f"{{{BPMN}}}process"))
    process.set("isExecutable", "true")
    _strip(root)
    _messages(root, process)
    _activities(process)
    variables: dict[str, Variable] = {}
    groups: list[list[str]] = []
    kniga = deepcopy(root)
    for tag in ("exclusiveGateway", "inclusiveGateway"):
        for gateway in process.iter(f"{{{BPMN}}}{tag}"):
            _conditions(root, kniga, gateway, variables, groups)
    for step in kniga.iter(*(f"{{{BPMN}}}{tag}" for tag in _STEPS)):
        _questions(step, variables)
    return Translated(str(process.get("id")), etree.tostring(kniga), root, variables, groups)


def _local(node: Node) -> str:
    return etree.QName(node).localname


def _strip(root: Node) -> None:
    for node in list(root.iter()):
        if not isinstance(node.tag, str) or etree.QName(node).namespace != BPMN or _local(node) in _DROPPED:
            parent = node.getparent()
            if parent is not None:
                parent.remove(node)
            continue
        for key in list(node.attrib):
            if str(key).startswith("{"):
                del node.attrib[key]


def _messages(root: Node, process: Node) -> None:
    for event in list(process.iter(f"{{{BPMN}}}startEvent")):
        scope = event.getparent()
        if scope is not None and scope.get("triggeredByEvent") != "true":
            _drop(event, _WAITED)
    for event in list(process.iter(f"{{{BPMN}}}intermediateThrowEvent", f"{{{BPMN}}}endEvent")):
        _drop(event, _THROWN)
    for event in process.iter(
        f"{{{BPMN}}}intermediateCatchEvent", f"{{{BPMN}}}boundaryEvent", f"{{{BPMN}}}startEvent"
    ):  # fmt: skip
        for definition in [child for child in event if _local(child) in _WAITED]:
            event.remove(definition)
            id = f"message_{event.get('id')}"
            message = etree.Element(f"{{{BPMN}}}message", id=id, name=id)
            root.insert(0, message)
            etree.SubElement(event, f"{{{BPMN}}}messageEventDefinition", messageRef=id)


def _drop(event: Node, names: tuple[str, ...]) -> None:
    for definition in [child for child in event if _local(child) in names]:
        event.remove(definition)


def _activities(process: Node) -> None:
    for tag in _AS_USER_TASK:
        for task in list(process.iter(f"{{{BPMN}}}{tag}")):
            task.tag = f"{{{BPMN}}}userTask"
            for attribute in ("calledElement", "messageRef", "operationRef", "implementation", "scriptFormat"):
                task.attrib.pop(attribute, None)
    for loop in process.iter(f"{{{BPMN}}}multiInstanceLoopCharacteristics"):
        for child in list(loop):
            loop.remove(child)
        count = etree.SubElement(loop, f"{{{BPMN}}}loopCardinality")
        count.set(f"{{{XSI}}}type", "tFormalExpression")
        count.text = INSTANCES


def _conditions(
    root: Node, kniga: Node, gateway: Node, variables: dict[str, Variable], groups: list[list[str]]
) -> None:
    id, default = gateway.get("id"), gateway.get("default")
    flows = [flow for flow in root.iter(f"{{{BPMN}}}sequenceFlow") if flow.get("sourceRef") == id]
    if len(flows) < 2:
        for flow in flows:
            _condition(root, kniga, flow, None)
        return
    conditional = [flow for flow in flows if flow.get("id") != default]
    exact = [_equation(flow) for flow in conditional]
    known = [equation for equation in exact if equation is not None]
    names: list[str] = []
    if len(known) == len(conditional) and default is not None:
        for flow, (name, value) in zip(conditional, known, strict=True):
            _vary(variables, name, value)
            _condition(root, kniga, flow, (name, variables[name].type, value))
    elif _local(gateway) == "exclusiveGateway":
        name = f"way_{len(variables)}"
        variables[name] = Variable("text", [f"f{at}" for at in range(len(flows))])
        for at, flow in enumerate(conditional):
            _condition(root, kniga, flow, (name, "text", f"f{at}"))
        if default is None:
            variables[name].values = [f"f{at}" for at in range(len(conditional))]
    else:
        for flow in conditional:
            name = f"way_{len(variables)}"
            variables[name] = Variable("boolean", [True, False])
            names.append(name)
            _condition(root, kniga, flow, (name, "boolean", True))
        if default is None:
            groups.append(names)


def _equation(flow: Node) -> tuple[str, Any] | None:
    text = flow.findtext(f"{{{BPMN}}}conditionExpression") or ""
    match = _EQUALS.match(text)
    if match is None:
        return None
    try:
        value = ast.literal_eval(match.group(2))
    except (ValueError, SyntaxError):
        return None
    return (match.group(1), value) if type(value) in _TYPES else None


def _vary(variables: dict[str, Variable], name: str, value: Any) -> None:
    variable = variables.setdefault(name, Variable(_TYPES[type(value)]))
    other: Any = {"text": "something else", "number": 4711, "boolean": not value}[variable.type]
    variable.values.extend(candidate for candidate in (value, other) if candidate not in variable.values)


def _condition(root: Node, kniga: Node, flow: Node, test: tuple[str, str, Any] | None) -> None:
    twin = next(node for node in kniga.iter(f"{{{BPMN}}}sequenceFlow") if node.get("id") == flow.get("id"))
    for node in (flow, twin):
        for old in list(node):
            node.remove(old)
    if test is None:
        return
    name, type, value = test
    for node, language, text in (
        (flow, None, f"{name} == {value!r}"),
        (twin, "urn:kniga:rules:1", json.dumps({"field": f"answer.{name}", "type": type, "op": "eq", "value": value})),
    ):
        expression = etree.SubElement(node, f"{{{BPMN}}}conditionExpression")
        expression.set(f"{{{XSI}}}type", "tFormalExpression")
        expression.text = text
        if language is not None:
            expression.set("language", language)


def _questions(step: Node, variables: dict[str, Variable]) -> None:
    if variables:
        extensions = etree.Element(f"{{{BPMN}}}extensionElements")
        for name, variable in variables.items():
            etree.SubElement(extensions, f"{{{KNIGA}}}question", key=name, type=variable.type, label=name)
        step.insert(0, extensions)
