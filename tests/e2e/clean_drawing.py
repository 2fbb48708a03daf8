"""Whether a drawn BPMN file is clean: nothing lies over anything, no flow runs through an element or a name, or ends in
the air."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import hypot

from lxml import etree

_DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
_BOUNDS = "{http://www.omg.org/spec/DD/20100524/DC}Bounds"
_WAYPOINT = "{http://www.omg.org/spec/DD/20100524/DI}waypoint"
_GROUND = ("participant", "lane", "group")
_NAMED_WITHIN = ("task", "Task", "subProcess", "SubProcess", "callActivity", "transaction", *_GROUND)
_INSIDE = 2.0
"""How far something may reach into another: lines have a width and numbers are rounded."""
_TOGETHER = 20.0
"""How long two flows that have nothing in common may lie on each other."""
_NEAR = 4.0
"""How far from the outline of what it leaves or enters a flow may end."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Box:
    id: str
    x: float
    y: float
    right: float
    bottom: float
    scope: str
    host: str
    outline: str

    def reach(self, point: Point) -> float:
        """How far outside the outline a point lies; below zero inside."""
        across, down = (self.right - self.x) / 2, (self.bottom - self.y) / 2
        x, y = abs(point[0] - self.x - across), abs(point[1] - self.y - down)
        if self.outline == "circle":
            return hypot(x, y) - across
        if self.outline == "rhombus":
            return (x / across + y / down - 1) * across * down / hypot(across, down)
        return hypot(x - across, y - down) if x > across and y > down else max(x - across, y - down)

    @property
    def core(self) -> float:
        """How far inside begins what its own flows keep out of: they may leave a rhombus beside its corners, too."""
        return (self.right - self.x) / 4 if self.outline == "rhombus" else 4

    def meets(self, other: _Box) -> bool:
        return (
            self.x + _INSIDE < other.right
            and other.x + _INSIDE < self.right
            and self.y + _INSIDE < other.bottom
            and other.y + _INSIDE < self.bottom
        )


@dataclass(frozen=True, slots=True)
class _Way:
    id: str
    source: str
    target: str
    points: tuple[Point, ...]
    scope: str


def untidy(xml: bytes) -> list[str]:
    """What is not clean in the drawing of this file, as sentences; empty when all is."""
    root = etree.fromstring(xml)
    elements = {id: node for node in root.iter(etree.Element) if (id := node.get("id")) and not _is_drawn(node)}
    shapes, names = _boxes(root, elements)
    ways = list(_ways(root, elements))
    return [*_over(shapes, names), *_through(shapes, names, ways), *_together(ways), *_in_the_air(shapes, ways)]


def shared_beginnings(xml: bytes) -> list[str]:
    """The pairs of flows that leave the same element on one line, as sentences."""
    root = etree.fromstring(xml)
    elements = {id: node for node in root.iter(etree.Element) if (id := node.get("id")) and not _is_drawn(node)}
    return [
        f"{one.id} and {other.id} leave {one.source} on one line"
        for one, other in combinations(_ways(root, elements), 2)
        if one.source == other.source and one.target != other.target and _length_together(one, other) > 0
    ]


def _is_drawn(node: etree._Element) -> bool:
    return str(node.tag).startswith(_DI)


def _tag(node: etree._Element) -> str:
    return etree.QName(node).localname


def _boxes(root: etree._Element, elements: dict[str, etree._Element]) -> tuple[list[_Box], list[_Box]]:
    shapes, names = [], []
    for drawn in (*root.iter(f"{_DI}BPMNShape"), *root.iter(f"{_DI}BPMNEdge")):
        node = elements[drawn.get("bpmnElement", "")]
        if (bounds := drawn.find(_BOUNDS)) is not None and _tag(node) not in _GROUND:
            shapes.append(_box(node, bounds))
        if (bounds := drawn.find(f"{_DI}BPMNLabel/{_BOUNDS}")) is not None and _is_named_beside(node):
            names.append(_box(node, bounds))
    return shapes, names


def _is_named_beside(node: etree._Element) -> bool:
    """Some tools give a place even to the names of what bears its name within; nobody draws them there."""
    return bool(node.get("name")) and not _tag(node).endswith(_NAMED_WITHIN)


def _box(node: etree._Element, bounds: etree._Element) -> _Box:
    x, y, width, height = (float(bounds.get(name, "0")) for name in ("x", "y", "width", "height"))
    scope = node.getparent()
    assert scope is not None
    host, tag = node.get("attachedToRef", ""), _tag(node)
    outline = "rhombus" if tag.endswith("Gateway") else "circle" if tag.endswith("Event") else "box"
    return _Box(node.get("id", ""), x, y, x + width, y + height, scope.get("id", ""), host, outline)


def _ways(root: etree._Element, elements: dict[str, etree._Element]) -> Iterator[_Way]:
    for drawn in root.iter(f"{_DI}BPMNEdge"):
        node = elements[drawn.get("bpmnElement", "")]
        if _tag(node) != "sequenceFlow":
            continue
        points = tuple((float(one.get("x", "0")), float(one.get("y", "0"))) for one in drawn.iter(_WAYPOINT))
        scope = node.getparent()
        assert scope is not None
        yield _Way(
            node.get("id", ""), node.get("sourceRef", ""), node.get("targetRef", ""), points, scope.get("id", "")
        )


def _over(shapes: list[_Box], names: list[_Box]) -> Iterator[str]:
    for one, other in combinations(shapes, 2):
        if one.scope == other.scope and one.meets(other) and not {one.host, other.host} & {one.id, other.id}:
            yield f"{one.id} lies over {other.id}"
    for name, shape in ((name, shape) for name in names for shape in shapes):
        if name.scope == shape.scope and name.meets(shape):
            yield f"the name of {name.id} lies over {shape.id}"
    for name, other in combinations(names, 2):
        if name.scope == other.scope and name.meets(other):
            yield f"the names of {name.id} and {other.id} lie over each other"


def _through(shapes: list[_Box], names: list[_Box], ways: list[_Way]) -> Iterator[str]:
    hosts = {shape.id: shape.host for shape in shapes}
    for way in ways:
        own = {way.source, way.target}
        for shape in (one for one in shapes if one.scope == way.scope):
            is_at_host = hosts.get(way.source) == shape.id and way.target != shape.id
            beside = shape.id not in own and shape.host not in own and not is_at_host
            if (beside or shape.id in own) and _cut(way, shape, shape.core if shape.id in own else _INSIDE):
                yield f"{way.id} runs through {shape.id}"
        for name in (one for one in names if one.scope == way.scope):
            if _cut(way, name, _INSIDE):
                yield f"{way.id} runs through the name of {name.id}"


def _together(ways: list[_Way]) -> Iterator[str]:
    for one, other in combinations(ways, 2):
        if one.scope == other.scope and one.target != other.target and one.source != other.source:
            length = _length_together(one, other)
            if length > _TOGETHER:
                yield f"{one.id} and {other.id} lie on each other for {length:.0f}"


def _length_together(one: _Way, other: _Way) -> float:
    return sum(_shared(a, b) for a in pairwise(one.points) for b in pairwise(other.points))


def _in_the_air(shapes: list[_Box], ways: list[_Way]) -> Iterator[str]:
    by_id = {shape.id: shape for shape in shapes}
    for way in ways:
        for end, what in ((way.points[0], way.source), (way.points[-1], way.target)):
            if abs(by_id[what].reach(end)) > _NEAR:
                yield f"{way.id} ends in the air beside {what}"


def _cut(way: _Way, box: _Box, inside: float) -> bool:
    return any(
        _crosses(a, b, (box.x + inside, box.y + inside, box.right - inside, box.bottom - inside))
        for a, b in pairwise(way.points)
    )


def _crosses(a: Point, b: Point, box: tuple[float, float, float, float]) -> bool:
    """Whether the straight line has a part inside the box (Liang and Barsky)."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    left, top, right, bottom = box
    first, last = 0.0, 1.0
    for step, distance in ((-dx, a[0] - left), (dx, right - a[0]), (-dy, a[1] - top), (dy, bottom - a[1])):
        if abs(step) < 1e-9:
            if distance <= 0:
                return False
        elif step < 0:
            first = max(first, distance / step)
        else:
            last = min(last, distance / step)
    return first < last


def _shared(one: tuple[Point, Point], other: tuple[Point, Point]) -> float:
    for along, across in ((0, 1), (1, 0)):
        if all(abs(run[0][across] - run[1][across]) < 1 for run in (one, other)):
            if abs(one[0][across] - other[0][across]) >= 3:
                continue
            low = max(min(point[along] for point in one), min(point[along] for point in other))
            high = min(max(point[along] for point in one), max(point[along] for point in other))
            return max(0.0, high - low)
    return 0.0
