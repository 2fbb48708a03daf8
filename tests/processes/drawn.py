"""A diagram for small books of tests: all elements in a row, the flows between them."""

from __future__ import annotations

from lxml import etree

DI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DD = "http://www.omg.org/spec/DD/20100524/DI"
_MODEL = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
_DRAWN = ("startEvent", "userTask", "boundaryEvent", "endEvent", "exclusiveGateway", "parallelGateway")


def drawn(xml: bytes) -> bytes:
    """The same book with a diagram."""
    root = etree.fromstring(xml)
    places = {
        node.get("id"): place * 160
        for place, node in enumerate(node for node in root.iter() if node.tag in [_MODEL + name for name in _DRAWN])
    }
    shapes = "".join(
        f'<di:BPMNShape bpmnElement="{id}"><dc:Bounds x="{x}" y="10" width="100" height="80"/></di:BPMNShape>'
        for id, x in places.items()
    )
    edges = "".join(
        f'<di:BPMNEdge bpmnElement="{flow.get("id")}"><dd:waypoint x="{places[flow.get("sourceRef")]}" y="50"/>'
        f'<dd:waypoint x="{places[flow.get("targetRef")]}" y="50"/></di:BPMNEdge>'
        for flow in root.iter(f"{_MODEL}sequenceFlow")
    )
    process = root.find(f"{_MODEL}process")
    assert process is not None
    names = f'xmlns:di="{DI}" xmlns:dc="{DC}" xmlns:dd="{DD}"'
    plane = f'<di:BPMNPlane bpmnElement="{process.get("id")}">{shapes}{edges}</di:BPMNPlane>'
    diagram = f"<di:BPMNDiagram {names}>{plane}</di:BPMNDiagram></definitions>"
    return xml.replace(b"</definitions>", diagram.encode())
