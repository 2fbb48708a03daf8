"""The file a new process begins as: a start, one step, and the two ends of a sale, laid out."""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import quoteattr

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

_FILE: Final = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI"
    xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"
    xmlns:di="http://www.omg.org/spec/DD/20100524/DI"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    xmlns:kniga="urn:kniga:bpmn:1"
    id="definitions" targetNamespace="urn:kniga:books" exporter="Kniga">
  <bpmn:process id={key} name={name} isExecutable="true" kniga:kind={kind}>
    <bpmn:extensionElements>
      <kniga:stages>
        <kniga:stage key="first" name={stage}/>
      </kniga:stages>
    </bpmn:extensionElements>
    <bpmn:startEvent id="start" name={start}>
      <bpmn:outgoing>flow_start</bpmn:outgoing>
    </bpmn:startEvent>
    <bpmn:sequenceFlow id="flow_start" sourceRef="start" targetRef="first_step"/>
    <bpmn:userTask id="first_step" name={step} kniga:kind="call" kniga:assignee="owner" kniga:stage="first">
      <bpmn:extensionElements>
        <kniga:deadline duration="P1D" calendar="working"/>
        <kniga:question key="loss_reason" type="text" label={reason} requiredFor="failed"/>
        <kniga:outcome key="done" label={done} tone="positive"/>
        <kniga:outcome key="failed" label={failed} tone="negative"/>
      </bpmn:extensionElements>
      <bpmn:incoming>flow_start</bpmn:incoming>
      <bpmn:outgoing>flow_step</bpmn:outgoing>
    </bpmn:userTask>
    <bpmn:sequenceFlow id="flow_step" sourceRef="first_step" targetRef="how_it_went"/>
    <bpmn:exclusiveGateway id="how_it_went" default="flow_lost">
      <bpmn:incoming>flow_step</bpmn:incoming>
      <bpmn:outgoing>flow_won</bpmn:outgoing>
      <bpmn:outgoing>flow_lost</bpmn:outgoing>
    </bpmn:exclusiveGateway>
    <bpmn:sequenceFlow id="flow_won" name={done} sourceRef="how_it_went" targetRef="end_won">
      <bpmn:conditionExpression xsi:type="bpmn:tFormalExpression" language="urn:kniga:rules:1">\
{{"field": "outcome", "op": "eq", "value": "done"}}</bpmn:conditionExpression>
    </bpmn:sequenceFlow>
    <bpmn:sequenceFlow id="flow_lost" name={failed} sourceRef="how_it_went" targetRef="end_lost"/>
    <bpmn:endEvent id="end_won" name={won} kniga:result="won">
      <bpmn:incoming>flow_won</bpmn:incoming>
    </bpmn:endEvent>
    <bpmn:endEvent id="end_lost" name={lost} kniga:result="lost" kniga:reasonFrom="loss_reason">
      <bpmn:incoming>flow_lost</bpmn:incoming>
    </bpmn:endEvent>
  </bpmn:process>
  <bpmndi:BPMNDiagram id="diagram">
    <bpmndi:BPMNPlane id="plane" bpmnElement={key}>
{drawn}
    </bpmndi:BPMNPlane>
  </bpmndi:BPMNDiagram>
</bpmn:definitions>
"""
_SHAPES: Final = (
    ("start", 160, 162, 36, 36),
    ("first_step", 260, 140, 100, 80),
    ("how_it_went", 425, 155, 50, 50),
    ("end_won", 592, 162, 36, 36),
    ("end_lost", 592, 282, 36, 36),
)
_EDGES: Final = (
    ("flow_start", ((196, 180), (260, 180))),
    ("flow_step", ((360, 180), (425, 180))),
    ("flow_won", ((475, 180), (592, 180))),
    ("flow_lost", ((450, 205), (450, 300), (592, 300))),
)
# Where the words of a way begin.
_LABELS: Final = {"flow_won": (486, 160), "flow_lost": (486, 280)}


def new_process(*, key: str, name: str, kind: str) -> bytes:
    """The file of a new process with the key, name and kind; it compiles, runs and is sound as it is."""
    texts = {
        "key": key, "name": name, "kind": kind, "stage": _("First stage"), "start": pgettext("event", "Start"),
        "step": _("First step"),
        "reason": _("Why it did not work out"), "done": _("It worked out"), "failed": _("It did not work out"),
        "won": _("Won"), "lost": _("Lost"),
    }  # fmt: skip
    return _FILE.format(**{key: quoteattr(text) for key, text in texts.items()}, drawn=_drawn()).encode()


def _drawn() -> str:
    shapes = [
        f'      <bpmndi:BPMNShape id="shape_{id}" bpmnElement="{id}"'
        f'{_marker(id)}>\n        <dc:Bounds x="{x}" y="{y}" width="{width}" height="{height}"/>\n'
        f"{_label(x, y, width, height) if height < 60 else ''}      </bpmndi:BPMNShape>"
        for id, x, y, width, height in _SHAPES
    ]
    edges = [
        f'      <bpmndi:BPMNEdge id="edge_{id}" bpmnElement="{id}">\n'
        + "".join(f'        <di:waypoint x="{x}" y="{y}"/>\n' for x, y in points)
        + _words(id)
        + "      </bpmndi:BPMNEdge>"
        for id, points in _EDGES
    ]
    return "\n".join([*shapes, *edges])


def _marker(id: str) -> str:
    return ' isMarkerVisible="true"' if id == "how_it_went" else ""


def _label(x: int, y: int, width: int, height: int) -> str:
    return _words_at(x + width // 2 - 45, y + height + 7)


def _words(id: str) -> str:
    """The label of a way that has one: above its level part, where no line runs."""
    return _words_at(*_LABELS[id]) if id in _LABELS else ""


def _words_at(x: int, y: int) -> str:
    return (
        "        <bpmndi:BPMNLabel>\n"
        f'          <dc:Bounds x="{x}" y="{y}" width="90" height="14"/>\n'
        "        </bpmndi:BPMNLabel>\n"
    )
