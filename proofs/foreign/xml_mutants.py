"""Broken relatives of real files: bytes, tags, attributes and nesting changed by a seeded chance."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from lxml import etree

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
TAGS = (
    "startEvent", "endEvent", "userTask", "task", "serviceTask", "sendTask", "receiveTask", "businessRuleTask",
    "callActivity", "subProcess", "transaction", "adHocSubProcess", "exclusiveGateway", "parallelGateway",
    "inclusiveGateway", "eventBasedGateway", "complexGateway", "intermediateCatchEvent", "intermediateThrowEvent",
    "boundaryEvent", "sequenceFlow", "messageEventDefinition", "timerEventDefinition", "signalEventDefinition",
    "errorEventDefinition", "escalationEventDefinition", "terminateEventDefinition", "conditionalEventDefinition",
    "multiInstanceLoopCharacteristics", "standardLoopCharacteristics", "process", "laneSet", "lane", "definitions",
    "extensionElements", "conditionExpression", "timeDuration", "timeCycle", "collaboration", "participant", "message",
)  # fmt: skip
NASTY = (
    "", " ", "0", "-1", "true", "a" * 5000, "\U0001f4a3" * 50, "ё", "\u202e", "R/PT0S", "P99999Y", "R999999999/PT1S",
    "${1+1}", "{", '{"all": [' * 200, '{"field": "deal.amount", "op": "gt", "value": "1e999"}', "]]>", "&#0;", "PT1M",
    "2026-99-99", "99999-01-01T00:00:00Z", "x" * 100 + "\n" * 100, "1" * 400, "../../etc/passwd", "urn:kniga:rules:1",
)  # fmt: skip
BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;">]>'

Bytes = Callable[[random.Random, bytes], bytes]


def mutant(chance: random.Random, data: bytes) -> bytes:
    """One to three changes, one after the other; most keep the XML well-formed, so that they reach the compiler."""
    changes = _OF_BYTES if chance.random() < 0.3 else _OF_STRUCTURE
    for _ in range(chance.randint(1, 3)):
        data = chance.choice(changes)(chance, data)
    return data


def _flip(chance: random.Random, data: bytes) -> bytes:
    broken = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        if broken:
            broken[chance.randrange(len(broken))] = chance.randrange(256)
    return bytes(broken)


def _cut(chance: random.Random, data: bytes) -> bytes:
    start, end = sorted((chance.randrange(len(data) + 1), chance.randrange(len(data) + 1)))
    return data[:start] + data[end:] if chance.random() < 0.7 else data[:start]


def _repeat(chance: random.Random, data: bytes) -> bytes:
    start = chance.randrange(len(data) + 1)
    piece = data[start : start + chance.randint(1, 400)]
    return data[:start] + piece * chance.choice((2, 3, 10, 200)) + data[start:]


def _insert(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.choice(NASTY).encode("utf-8", "surrogatepass") + data[at:]


def _declare(chance: random.Random, data: bytes) -> bytes:
    head = chance.choice((
        b'<?xml version="1.0" encoding="UTF-16"?>', b'<?xml version="1.0" encoding="utf-7"?>', b"\xff\xfe", b"\x00",
        b'<?xml version="1.1"?>', b'<?xml version="1.0" encoding="koi8-r"?>', BOMB, b"\xef\xbb\xbf",
    ))  # fmt: skip
    at = data.find(b"?>") + 2 if chance.random() < 0.6 and b"?>" in data[:200] else 0
    return data[:at] + head + data[at:] if chance.random() < 0.7 else head + data[at:]


def _swap_tag(chance: random.Random, data: bytes) -> bytes:
    tags = re.findall(rb"<((?:[A-Za-z0-9]+:)?)([A-Za-z]+)[\s/>]", data)
    if not tags:
        return data
    prefix, name = chance.choice(tags)
    other = chance.choice(TAGS).encode()
    return re.sub(
        rb"(</?)" + prefix + name + rb"(?=[\s/>])", rb"\g<1>" + prefix + other, data, count=chance.choice((0, 2))
    )


def _swap_attribute(chance: random.Random, data: bytes) -> bytes:
    values = list(re.finditer(rb'([\w:]+)="([^"]*)"', data))
    if not values:
        return data
    match = chance.choice(values)
    other = chance.choice(values).group(2)
    new = chance.choice((other, chance.choice(NASTY).encode(), b""))
    if chance.random() < 0.2:
        return data[: match.start()] + data[match.end() :]
    return data[: match.start(2)] + new.replace(b'"', b"&quot;").replace(b"<", b"&lt;") + data[match.end(2) :]


def _parsed(data: bytes) -> etree._Element | None:
    try:
        return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return None


def _nest(chance: random.Random, data: bytes) -> bytes:
    root = _parsed(data)
    if root is None:
        return data
    nodes = [node for node in root.iter() if isinstance(node.tag, str)]
    node, other = chance.choice(nodes), chance.choice(nodes)
    kind = chance.randrange(4)
    if kind == 0 and node is not root and node not in set(other.iterancestors()) and node is not other:
        other.insert(chance.randrange(len(other) + 1), node)
    elif kind == 1 and node is not root:
        depth = chance.choice((1, 5, 70, 300))
        inner = node
        for _ in range(depth):
            inner = etree.SubElement(inner, f"{{{BPMN}}}{chance.choice(('subProcess', 'lane', 'process'))}", id="deep")
    elif kind == 2 and node is not root:
        parent = node.getparent()
        assert parent is not None
        copy = etree.fromstring(etree.tostring(node, with_tail=False))
        for _ in range(chance.choice((1, 2, 40))):
            parent.append(etree.fromstring(etree.tostring(copy)))
    elif node is not root:
        parent = node.getparent()
        assert parent is not None
        parent.remove(node)
    return etree.tostring(root)


def _redirect(chance: random.Random, data: bytes) -> bytes:
    """Another flow, into or out of anything: circles, crossings, ends that go on."""
    root = _parsed(data)
    if root is None:
        return data
    ids = [str(node.get("id")) for node in root.iter(f"{{{BPMN}}}*") if node.get("id")]
    flows = list(root.iter(f"{{{BPMN}}}sequenceFlow"))
    if not ids or not flows:
        return data
    for _ in range(chance.choice((1, 3, 30))):
        flow = chance.choice(flows)
        flow.set(chance.choice(("sourceRef", "targetRef", "id")), chance.choice(ids))
    return etree.tostring(root)


_OF_BYTES: tuple[Bytes, ...] = (_flip, _cut, _repeat, _insert, _declare)
_OF_STRUCTURE: tuple[Bytes, ...] = (_swap_tag, _swap_attribute, _swap_attribute, _nest, _redirect)
