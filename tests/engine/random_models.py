"""Random processes for the proof of soundness: drawn block by block, then spoiled a little.

A drawing that was not spoiled is mostly sound; a spoiled one has lost a flow, has another gateway, or a flow that
leads elsewhere. What the compiler refuses is drawn anew."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random
from typing import Any
from xml.sax.saxutils import escape

from kniga.engine import BpmnRefused, Definition, compile_bpmn
from tests.engine.drawing import bpmn, flow, node

ANSWERS = {"q": ("x", "y")}
FIELDS: tuple[dict[str, Any], ...] = ({}, {"deal.amount": Decimal(50)}, {"deal.amount": Decimal(200)})


@dataclass
class Node:
    """An element: its tag, the scope it stands in, what stands inside its tag."""

    id: str
    tag: str
    scope: str = ""
    inside: str = ""
    attributes: str = ""
    default: str = ""


@dataclass
class Arrow:
    """A sequence flow; ``condition`` counts only behind gateways that decide."""

    id: str
    source: str
    target: str
    condition: Any = None


@dataclass
class Drawing:
    """A process being drawn."""

    random: Random
    nodes: dict[str, Node] = field(default_factory=dict)
    arrows: list[Arrow] = field(default_factory=list)
    left: int = 8

    def add(self, tag: str, scope: str, inside: str = "", attributes: str = "") -> str:
        """Draw an element."""
        id = f"n{len(self.nodes)}"
        self.nodes[id] = Node(id, tag, scope, inside, attributes)
        return id

    def link(self, source: str, target: str, condition: Any = None) -> str:
        """Draw a flow."""
        id = f"f{len(self.arrows)}"
        self.arrows.append(Arrow(id, source, target, condition))
        return id

    def render(self) -> bytes:
        """The file."""
        roots = (
            '<message id="m" name="m"/><signal id="s" name="s"/><error id="e1" errorCode="e1"/>'
            '<escalation id="c1" escalationCode="c1"/>'
        )
        return bpmn(self._scope(""), beside=roots)

    def _scope(self, scope: str) -> str:
        parts = []
        for one in self.nodes.values():
            if one.scope == scope:
                default = f' default="{one.default}"' if one.default and self._has(one.default, one.id) else ""
                inside = one.inside + (self._scope(one.id) if one.tag == "subProcess" else "")
                parts.append(node(one.tag, one.id, inside, one.attributes + default))
        for arrow in self.arrows:
            source = self.nodes[arrow.source]
            if source.scope == scope:
                decides = source.tag in ("exclusiveGateway", "inclusiveGateway") and source.default != arrow.id
                parts.append(flow(arrow.source, arrow.target, arrow.condition if decides else None, arrow.id))
        return "".join(parts)

    def _has(self, id: str, source: str) -> bool:
        return any(arrow.id == id and arrow.source == source for arrow in self.arrows)


def on(outcome: str) -> dict[str, str]:
    return {"field": "outcome", "op": "eq", "value": outcome}


def large() -> dict[str, str]:
    return {"field": "deal.amount", "op": "gt", "value": "100"}


def rule(tag: str, condition: object) -> str:
    return f'<{tag} language="urn:kniga:rules:1">{escape(json.dumps(condition))}</{tag}>'


def decision(id: str, rows: Sequence[tuple[str, str]]) -> str:
    """A table that answers ``l<id>`` by the amount."""
    lines = "".join(
        f"<rule><inputEntry><text>{escape(test)}</text></inputEntry>"
        f'<outputEntry><text>"{answer}"</text></outputEntry></rule>'
        for test, answer in rows
    )
    return (
        '<k:dmn><definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="D" namespace="n">'
        f'<decision id="t{id}" name="T"><decisionTable hitPolicy="FIRST"><input><inputExpression typeRef="number">'
        f'<text>deal.amount</text></inputExpression></input><output name="l{id}" typeRef="string"/>{lines}'
        "</decisionTable></decision></definitions></k:dmn>"
    )


def asked(value: str) -> dict[str, str]:
    return {"field": "answer.q", "op": "eq", "value": value}


Piece = tuple[str, str]
"""Where a block begins and ends."""


class Draughtsman:
    """Draws blocks into a drawing."""

    def __init__(self, random: Random, size: int, with_answers: bool) -> None:
        self.random = random
        self.drawing = Drawing(random, left=size)
        self.with_answers = with_answers

    def process(self) -> Drawing:
        """A whole process."""
        self._fill("", self.random.choice(("won", "other")))
        if self.random.random() < 0.15:
            self._handler("")
        return self.drawing

    def _fill(self, scope: str, result: str) -> str:
        start = self.drawing.add("startEvent", scope)
        first, last = self._sequence(scope, 0)
        self.drawing.link(start, first)
        self.drawing.link(last, self._end(scope, result))
        return start

    def _end(self, scope: str, result: str = "other") -> str:
        return self.drawing.add("endEvent", scope, attributes=f'k:result="{result}"')

    def _handler(self, scope: str) -> None:
        draw = self.drawing
        inner = draw.add("subProcess", scope, attributes='triggeredByEvent="true"')
        interrupting = self.random.random() < 0.5
        trigger = '<messageEventDefinition messageRef="m"/>'
        start = draw.add("startEvent", inner, trigger, f'isInterrupting="{str(interrupting).lower()}"')
        task = self._task(inner)
        draw.link(start, task[0])
        draw.link(task[1], self._end(inner))

    def _sequence(self, scope: str, depth: int) -> Piece:
        first, last = self._block(scope, depth)
        for _ in range(self.random.choice((0, 0, 1, 1, 2))):
            if self.drawing.left <= 0:
                break
            begin, end = self._block(scope, depth)
            self.drawing.link(last, begin)
            last = end
        return first, last

    def _block(self, scope: str, depth: int) -> Piece:
        self.drawing.left -= 1
        if depth >= 3 or self.drawing.left <= 0:
            return self._task(scope)
        flat = (
            self._task, self._task, self._beside, self._service, self._event_gateway, self._looped, self._throw,
            self._set_field, self._receive, self._until, self._decide, self._call,
        )  # fmt: skip
        nested = (
            self._choice, self._choice, self._parallel, self._parallel, self._inclusive, self._loop, self._scope,
            self._each,
        )  # fmt: skip
        if self.random.random() < 0.5:
            return self.random.choice(flat)(scope)
        return self.random.choice(nested)(scope, depth)

    def _task(self, scope: str, outcomes: str = "ok", more: str = "") -> Piece:
        question = ""
        if self.with_answers and self.random.random() < 0.5:
            required = 'required="true"' if self.random.random() < 0.5 else ""
            choices = "".join(f'<k:choice key="{key}"/>' for key in ANSWERS["q"])
            question = f'<k:question key="q" type="choice" {required}>{choices}</k:question>'
        buttons = "".join(f'<k:outcome key="{key}" label="{key}"/>' for key in outcomes.split())
        id = self.drawing.add("userTask", scope, f"<extensionElements>{question}{buttons}</extensionElements>{more}")
        return id, id

    def _looped(self, scope: str) -> Piece:
        way = self.random.choice(("true", "false"))
        count = "<loopCardinality>2</loopCardinality>"
        loop = f'<multiInstanceLoopCharacteristics isSequential="{way}">{count}</multiInstanceLoopCharacteristics>'
        return self._task(scope, more=loop)

    def _throw(self, scope: str) -> Piece:
        inside = self.random.choice(
            ('<escalationEventDefinition escalationRef="c1"/>', '<signalEventDefinition signalRef="s"/>')
        )
        id = self.drawing.add("intermediateThrowEvent", scope, inside)
        return id, id

    def _boundary(self, host: str, scope: str, inside: str, interrupting: bool) -> str:
        stop = str(interrupting).lower()
        return self.drawing.add("boundaryEvent", scope, inside, f'attachedToRef="{host}" cancelActivity="{stop}"')

    def _beside(self, scope: str) -> Piece:
        """A task with a timer or a message on it."""
        task, _ = self._task(scope)
        interrupting = self.random.random() < 0.6
        timer = "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>"
        inside = self.random.choice((timer, timer, '<messageEventDefinition messageRef="m"/>'))
        event = self._boundary(task, scope, inside, interrupting)
        if interrupting:
            merge = self.drawing.add("exclusiveGateway", scope)
            self.drawing.link(task, merge)
            self.drawing.link(event, merge)
            return task, merge
        self.drawing.link(event, self._end(scope))
        return task, task

    def _service(self, scope: str) -> Piece:
        param = '<k:param name="url" value="https://example.org/"/>'
        action = f'<k:action name="call_webhook">{param}</k:action>'
        id = self.drawing.add("serviceTask", scope, f"<extensionElements>{action}</extensionElements>")
        if self.random.random() < 0.5:
            code = self.random.choice(('errorRef="e1"', ""))
            event = self._boundary(id, scope, f"<errorEventDefinition {code}/>", True)
            merge = self.drawing.add("exclusiveGateway", scope)
            self.drawing.link(id, merge)
            self.drawing.link(event, merge)
            return id, merge
        return id, id

    def _set_field(self, scope: str) -> Piece:
        """The machine sets the amount, in the midst of a step."""
        value = self.random.choice(("50", "200"))
        params = f'<k:param name="field" value="deal.amount"/><k:param name="value" value="{value}"/>'
        action = f'<extensionElements><k:action name="set_field">{params}</k:action></extensionElements>'
        id = self.drawing.add("serviceTask", scope, action)
        if self.random.random() < 0.5:
            return id, id
        gateway, merge = self.drawing.add("exclusiveGateway", scope), self.drawing.add("exclusiveGateway", scope)
        self.drawing.link(id, gateway)
        self.drawing.link(gateway, merge, large())
        if self.random.random() < 0.5:
            self.drawing.link(gateway, self._end(scope), {"not": large()})
        return id, merge

    def _receive(self, scope: str) -> Piece:
        id = self.drawing.add("receiveTask", scope, attributes='messageRef="m"')
        return id, id

    def _until(self, scope: str) -> Piece:
        """Something waits for a condition: an event alone, one behind a gateway, or one on a task."""
        condition = self.random.choice((large(), asked("x"))) if self.with_answers else large()
        inside = f"<conditionalEventDefinition>{rule('condition', condition)}</conditionalEventDefinition>"
        kind = self.random.random()
        if kind < 0.4:
            id = self.drawing.add("intermediateCatchEvent", scope, inside)
            return id, id
        merge = self.drawing.add("exclusiveGateway", scope)
        if kind < 0.7:
            task, _ = self._task(scope)
            for source in (task, self._boundary(task, scope, inside, True)):
                self.drawing.link(source, merge)
            return task, merge
        gateway = self.drawing.add("eventBasedGateway", scope)
        for event in (inside, '<messageEventDefinition messageRef="m"/>'):
            id = self.drawing.add("intermediateCatchEvent", scope, event)
            self.drawing.link(gateway, id)
            self.drawing.link(id, merge)
        return gateway, merge

    def _decide(self, scope: str) -> Piece:
        """A decision by the amount, whose table may have a gap, and a gateway that may know one answer of two."""
        draw, rows = self.drawing, [("> 100", "high")]
        if self.random.random() < 0.8:
            rows.append((self.random.choice(("-", "<= 100")), "low"))
        id = draw.add("businessRuleTask", scope)
        draw.nodes[id].inside = f"<extensionElements>{decision(id, rows)}</extensionElements>"
        draw.nodes[id].attributes = f'k:decision="t{id}"'
        if self.random.random() < 0.4:
            return id, id
        gateway, merge = draw.add("exclusiveGateway", scope), draw.add("exclusiveGateway", scope)
        draw.link(id, gateway)
        for _, answer in rows[: self.random.choice((1, 2, 2))]:
            draw.link(gateway, merge, {"field": f"answer.l{id}", "op": "eq", "value": answer})
        return id, merge

    def _call(self, scope: str) -> Piece:
        """Another process is called; it may be won, lost or neither."""
        id = self.drawing.add("callActivity", scope, attributes='calledElement="other"')
        if self.random.random() < 0.5:
            return id, id
        gateway, merge = self.drawing.add("exclusiveGateway", scope), self.drawing.add("exclusiveGateway", scope)
        self.drawing.link(id, gateway)
        for result in ("won", "lost", "other")[: self.random.choice((2, 3, 3))]:
            self.drawing.link(gateway, merge, on(result))
        return id, merge

    def _event_gateway(self, scope: str) -> Piece:
        draw = self.drawing
        gateway = draw.add("eventBasedGateway", scope)
        merge = draw.add("exclusiveGateway", scope)
        insides = (
            '<messageEventDefinition messageRef="m"/>',
            "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>",
        )
        for inside in insides:
            event = draw.add("intermediateCatchEvent", scope, inside)
            draw.link(gateway, event)
            if self.random.random() < 0.3:
                draw.link(event, self._end(scope, self.random.choice(("lost", "other"))))
            else:
                draw.link(event, merge)
        if not any(arrow.target == merge for arrow in draw.arrows):
            draw.link(event, merge)
        return gateway, merge

    def _choice(self, scope: str, depth: int) -> Piece:
        draw = self.drawing
        task, gateway = self._task(scope, "a b")[0], draw.add("exclusiveGateway", scope)
        merge = draw.add("exclusiveGateway", scope)
        draw.link(task, gateway)
        by_answer = self.with_answers and self.random.random() < 0.5
        by_field = not by_answer and self.random.random() < 0.2
        conditions: list[dict[str, Any]] = [asked("x"), asked("y")] if by_answer else [on("a"), on("b")]
        if by_field:
            conditions = [large(), {"not": large()}]
        ways = []
        for condition in conditions:
            begin, end = self._sequence(scope, depth + 1)
            ways.append(draw.link(gateway, begin, condition))
            draw.link(end, merge)
        if by_answer or by_field or self.random.random() < 0.3:
            draw.nodes[gateway].default = ways[1]
        return task, merge

    def _parallel(self, scope: str, depth: int) -> Piece:
        return self._split("parallelGateway", scope, depth)

    def _inclusive(self, scope: str, depth: int) -> Piece:
        return self._split("inclusiveGateway", scope, depth)

    def _split(self, tag: str, scope: str, depth: int) -> Piece:
        draw = self.drawing
        task = self._task(scope, "a b")[0]
        split, join = draw.add(tag, scope), draw.add(tag, scope)
        draw.link(task, split)
        for count in range(2 if self.random.random() < 0.8 else 3):
            begin, end = self._sequence(scope, depth + 1)
            options: tuple[dict[str, Any], ...] = (on("a"), {"not": on("a")}, large())
            condition = self.random.choice(options) if count else on("a")
            if self.with_answers and self.random.random() < 0.3:
                condition = asked("x")
            way = draw.link(split, begin, condition)
            if count and tag == "inclusiveGateway":
                draw.nodes[split].default = way
            draw.link(end, join)
        return task, join

    def _loop(self, scope: str, depth: int) -> Piece:
        draw = self.drawing
        merge = draw.add("exclusiveGateway", scope)
        begin, end = self._sequence(scope, depth + 1)
        task, gateway = self._task(scope, "on again")[0], draw.add("exclusiveGateway", scope)
        draw.link(merge, begin)
        draw.link(end, task)
        draw.link(task, gateway)
        draw.link(gateway, merge, on("again"))
        after = self._task(scope)[0]
        draw.link(gateway, after, on("on"))
        return merge, after

    def _each(self, scope: str, depth: int) -> Piece:
        """A sub-process for each of two items."""
        way = self.random.choice(("true", "false"))
        count = "<loopCardinality>2</loopCardinality>"
        loop = f'<multiInstanceLoopCharacteristics isSequential="{way}">{count}</multiInstanceLoopCharacteristics>'
        inner = self.drawing.add("subProcess", scope, loop)
        self.drawing.left = min(self.drawing.left, 2)  # two bodies at once have many states
        start = self.drawing.add("startEvent", inner)
        begin, end = self._sequence(inner, depth + 1)
        self.drawing.link(start, begin)
        self.drawing.link(end, self._end(inner))
        return inner, inner

    def _scope(self, scope: str, depth: int) -> Piece:
        draw = self.drawing
        inner = draw.add("subProcess", scope)
        start = draw.add("startEvent", inner)
        begin, end = self._sequence(inner, depth + 1)
        draw.link(start, begin)
        stop = draw.add("endEvent", inner)
        draw.link(end, stop)
        if self.random.random() < 0.2:
            self._handler(inner)
        kind = self.random.random()
        if kind < 0.5:
            timer = "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>"
            inside = timer
            if kind < 0.2:
                inside = '<errorEventDefinition errorRef="e1"/>'
                draw.nodes[stop] = replace(draw.nodes[stop], inside='<errorEventDefinition errorRef="e1"/>')
            elif kind < 0.3:
                inside = '<escalationEventDefinition escalationRef="c1"/>'
                draw.nodes[stop] = replace(draw.nodes[stop], inside='<escalationEventDefinition escalationRef="c1"/>')
            event = self._boundary(inner, scope, inside, kind < 0.4)
            if kind < 0.4:
                merge = draw.add("exclusiveGateway", scope)
                draw.link(inner, merge)
                draw.link(event, merge)
                return inner, merge
            draw.link(event, self._end(scope))
        return inner, inner


def spoil(drawing: Drawing) -> None:
    """Change a drawing at one place."""
    random = drawing.random
    kind = random.random()
    gateways = [one for one in drawing.nodes.values() if one.tag.endswith("Gateway") and one.tag != "eventBasedGateway"]
    if kind < 0.2:
        drawing.arrows.remove(random.choice(drawing.arrows))
    elif kind < 0.6 and gateways:
        chosen = random.choice(gateways)
        tags = ("parallelGateway", "exclusiveGateway", "inclusiveGateway")
        chosen.tag = random.choice([tag for tag in tags if tag != chosen.tag])
        for arrow in drawing.arrows:
            if arrow.source == chosen.id and arrow.condition is None:
                arrow.condition = on(random.choice(("a", "b")))
    elif kind < 0.7 and gateways:
        random.choice(gateways).default = ""
    else:
        arrow = random.choice(drawing.arrows)
        scope = drawing.nodes[arrow.source].scope
        beside = [
            one.id
            for one in drawing.nodes.values()
            if one.scope == scope
            and one.tag not in ("startEvent", "boundaryEvent", "intermediateCatchEvent")
            and "triggeredByEvent" not in one.attributes
        ]
        arrow.target = random.choice(beside)


def random_model(seed: int, *, size: int = 7) -> tuple[bytes, Definition]:
    """A process of 2 to ``size`` blocks that compiles; the same for the same seed."""
    random = Random(seed)
    while True:
        drawing = Draughtsman(random, random.randint(2, size), random.random() < 0.3).process()
        for _ in range(random.choice((0, 1, 1, 2))):
            spoil(drawing)
        xml = drawing.render()
        try:
            return xml, compile_bpmn(xml)
        except BpmnRefused:
            continue
