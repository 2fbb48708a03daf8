"""The diagram of a BPMN file, read from its diagram interchange (BPMN 2.0, clause 12), ready to be drawn as SVG."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from lxml import etree

from kniga.engine import (
    BoundaryEvent,
    CatchEvent,
    Definition,
    Element,
    EndEvent,
    EventGateway,
    ExclusiveGateway,
    InclusiveGateway,
    ParallelGateway,
    StartEvent,
    SubProcess,
    ThrowEvent,
)
from kniga.engine.bpmn.draft import local
from kniga.engine.bpmn.names import KNIGA, MODEL
from kniga.engine.bpmn.reading import read_xml

_DI: Final = "{http://www.omg.org/spec/BPMN/20100524/DI}"
_DC: Final = "{http://www.omg.org/spec/DD/20100524/DC}"
_WAYPOINT: Final = "{http://www.omg.org/spec/DD/20100524/DI}waypoint"
_MARGIN: Final = 40.0
"""Room for the numbers that stand on the corners of elements, and grow when the diagram is small."""
_LETTER: Final = 6.6
_WIDE_LETTER: Final = 7.1
_SMALL_LETTER: Final = 5.6
"""About how wide a letter is, in the diagram's units: of the names of steps, Latin and Cyrillic, and of those beside
events and flows."""
_LINE: Final = 13.5
"""How high a line of a name beside a flow is."""
_SQUARE: Final = 200.0
"""The side of a square of the grid by which names that lie near are found."""
_CORNERS: Final = ("top-right", "bottom-right", "top-left", "bottom-left")


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in the diagram's units."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Shape:
    """A drawn element. `form` is task, scope (a sub-process), area (lanes, notes), start, end-won, end-lost, end-other,
    gateway-exclusive, -inclusive, -parallel or -event, or what an event is about: timer, message, signal,
    conditional, error, escalation, none. `lines` is its `name`, wrapped, and stands in `label`."""

    id: str
    form: str
    box: Box
    name: str
    lines: tuple[str, ...]
    label: Box

    @property
    def words(self) -> Box:
        """The room that the name takes, by and large: in the middle of a step, at the top of its label elsewhere."""
        is_task = self.form == "task"
        letter = _letter(self.name) if is_task else _SMALL_LETTER
        width = letter * max((len(line) for line in self.lines), default=0)
        height = (15 if is_task else 13) * len(self.lines)
        top = self.box.y + (self.box.height - height) / 2 if is_task else self.label.y
        return Box(self.label.x + (self.label.width - width) / 2, top, width, height)


@dataclass(frozen=True, slots=True)
class Edge:
    """A drawn flow: its points, and its name in `lines`: they begin at `place`, the middle of their height, or stand
    around it when `is_centred`."""

    id: str
    points: tuple[tuple[float, float], ...]
    name: str
    place: tuple[float, float]
    is_centred: bool
    lines: tuple[str, ...]

    @property
    def label(self) -> Box:
        """The room that the name takes, by and large."""
        width = _SMALL_LETTER * max((len(line) for line in self.lines), default=0)
        height = _LINE * len(self.lines)
        left = self.place[0] - (width / 2 if self.is_centred else 0)
        return Box(left, self.place[1] - height / 2, width, height)


@dataclass(frozen=True)
class Drawing:
    """A diagram; `view` is the box that holds everything, `begins` the id of the start of its process."""

    view: Box
    shapes: tuple[Shape, ...]
    edges: tuple[Edge, ...]
    begins: str = ""

    @cached_property
    def _names(self) -> Mapping[tuple[int, int], Sequence[Box]]:
        """The room that names take, by the squares of a grid that it reaches into."""
        names = [edge.label for edge in self.edges if edge.lines]
        names += [one.words for one in self.shapes if one.lines and one.form not in ("scope", "area")]
        found: defaultdict[tuple[int, int], list[Box]] = defaultdict(list)
        for name in names:
            for square in _squares(name):
                found[square].append(name)
        return found

    def corners(self, shape: Shape, wished: Sequence[str], texts: Sequence[str]) -> tuple[str, ...]:
        """For each number that stands on a corner of an element the corner wished for it ("top-left" and so on), or
        another on which it lies over no name and no other number; the wished one when there is none."""
        found: list[str] = []
        for corner, text in zip(wished, texts, strict=True):
            free = (
                other
                for other in (corner, *_CORNERS)
                if other not in found
                and (other == corner or other not in wished)
                and not self._lies_over_a_name(_badge(shape.box, other, text))
            )
            found.append(next(free, corner))
        return tuple(found)

    def _lies_over_a_name(self, box: Box) -> bool:
        return any(_meet(box, name) for square in _squares(box) for name in self._names.get(square, ()))


def _squares(box: Box) -> Iterator[tuple[int, int]]:
    for column in range(int(box.x // _SQUARE), int((box.x + box.width) // _SQUARE) + 1):
        for row in range(int(box.y // _SQUARE), int((box.y + box.height) // _SQUARE) + 1):
            yield column, row


def _badge(box: Box, corner: str, text: str) -> Box:
    """A number on a corner of an element; see templates/processes/diagram.html."""
    width, height = 14.0 + 8 * len(text), 22.0
    x = box.x if corner.endswith("left") else box.x + box.width
    y = box.y if corner.startswith("top") else box.y + box.height
    return Box(x - width / 2, y - height / 2, width, height)


def _meet(one: Box, other: Box) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def drawing_of(xml: bytes, definition: Definition | None) -> Drawing | None:
    """The diagram of a file; None when it has no diagram interchange. Without a definition, of a file that does not
    compile, the form of an element is what its tag says."""
    root = read_xml(xml)
    names = _names(root)
    forms = _forms(root) if definition is None else {id: _form(one) for id, one in definition.elements.items()}
    shapes = tuple(_shapes(root, forms, names))
    edges = tuple(_edges(root, names))
    if not shapes:
        return None
    xs = [x for shape in shapes for x in (shape.box.x, shape.box.x + shape.box.width)]
    ys = [y for shape in shapes for y in (shape.box.y, shape.box.y + shape.box.height)]
    xs += [x for edge in edges for x, _y in edge.points]
    ys += [y for edge in edges for _x, y in edge.points]
    left, top = min(xs) - _MARGIN, min(ys) - _MARGIN
    view = Box(left, top, max(xs) + _MARGIN - left, max(ys) + 2 * _MARGIN - top)
    return Drawing(view, shapes, edges, _beginning(root, shapes))


def _beginning(root: etree._Element, shapes: Sequence[Shape]) -> str:
    """The plain start of a process, else another one; not those inside of sub-processes."""
    starts = {node.get("id") for node in root.iterfind(f".//{{{MODEL}}}process/{{{MODEL}}}startEvent")}
    found = sorted((shape for shape in shapes if shape.id in starts), key=lambda shape: shape.form != "start")
    return found[0].id if found else ""


def _shapes(root: etree._Element, forms: Mapping[str, str], names: Mapping[str, str]) -> Iterator[Shape]:
    for node in root.iter(f"{_DI}BPMNShape"):
        id, box = node.get("bpmnElement", ""), _box(node.find(f"{_DC}Bounds"))
        if box is None:
            continue
        form = forms.get(id, "area")
        label = _box(node.find(f"{_DI}BPMNLabel/{_DC}Bounds"))
        if form not in ("task", "area", "scope"):
            label = label or Box(box.x + box.width / 2 - 50, box.y + box.height + 4, 100, 28)
        name = names.get(id, "")
        lines = _wrapped(name, label or box, _LETTER if label else _letter(name))
        yield Shape(id, form, box, name, lines, label or box)


def _edges(root: etree._Element, names: Mapping[str, str]) -> Iterator[Edge]:
    for node in root.iter(f"{_DI}BPMNEdge"):
        points = tuple(
            point for waypoint in node.iter(_WAYPOINT) if (point := _point(waypoint.get("x"), waypoint.get("y")))
        )
        if len(points) < 2:
            continue
        label = _box(node.find(f"{_DI}BPMNLabel/{_DC}Bounds"))
        place = (label.x, label.y + label.height / 2) if label else _middle(points)
        id = node.get("bpmnElement", "")
        name = names.get(id, "")
        yield Edge(id, points, name, place, label is None, _beside(name, label))


_TRIGGERS: Final = {
    f"{one}EventDefinition" for one in ("timer", "message", "signal", "conditional", "error", "escalation")
}
_GATEWAYS: Final = (
    (ExclusiveGateway, "gateway-exclusive"),
    (InclusiveGateway, "gateway-inclusive"),
    (ParallelGateway, "gateway-parallel"),
    (EventGateway, "gateway-event"),
)


def _form(element: Element) -> str:
    if isinstance(element, EndEvent):
        return f"end-{element.result}"
    if isinstance(element, StartEvent) and element.trigger == "none":
        return "start"
    if isinstance(element, (StartEvent, BoundaryEvent, CatchEvent, ThrowEvent)):
        return element.trigger
    if isinstance(element, SubProcess):
        return "scope"
    return next((form for kind, form in _GATEWAYS if isinstance(element, kind)), "task")


_TAGS: Final = {
    "exclusiveGateway": "gateway-exclusive", "inclusiveGateway": "gateway-inclusive", "startEvent": "start",
    "parallelGateway": "gateway-parallel", "eventBasedGateway": "gateway-event", "endEvent": "end-other",
    "subProcess": "scope", "boundaryEvent": "none", "intermediateCatchEvent": "none", "intermediateThrowEvent": "none",
}  # fmt: skip


def _forms(root: etree._Element) -> dict[str, str]:
    """The form of each element by its tag, for a file that does not compile."""
    found = {}
    for node in root.iter(f"{{{MODEL}}}*"):
        tag, id = local(node), node.get("id")
        if id and tag in _TAGS:
            triggers = [local(one).removesuffix("EventDefinition") for one in node if local(one) in _TRIGGERS]
            result = node.get(f"{{{KNIGA}}}result", "")
            found[id] = (
                f"end-{result}" if tag == "endEvent" and result in ("won", "lost") else [*triggers, _TAGS[tag]][0]
            )
        elif id and (tag.endswith(("Task", "task")) or tag == "callActivity"):
            found[id] = "task"
    return found


def _names(root: etree._Element) -> dict[str, str]:
    return {
        id: " ".join((node.get("name") or "").split())
        for node in root.iter(etree.Element)
        if (id := node.get("id")) is not None and not str(node.tag).startswith(_DI)
    }


def _box(node: etree._Element | None) -> Box | None:
    if node is None:
        return None
    corner, size = _point(node.get("x"), node.get("y")), _point(node.get("width"), node.get("height"))
    return None if corner is None or size is None else Box(*corner, *size)


def _point(x: str | None, y: str | None) -> tuple[float, float] | None:
    try:
        point = float(x or ""), float(y or "")
    except ValueError:
        return None
    return point if all(abs(number) < 1e6 for number in point) else None


def _middle(points: tuple[tuple[float, float], ...]) -> tuple[float, float]:
    place = len(points) // 2
    (x1, y1), (x2, y2) = points[place - 1], points[place]
    return (x1 + x2) / 2, (y1 + y2) / 2


def _beside(name: str, label: Box | None) -> tuple[str, ...]:
    """The name of a flow in as many lines as its label is high for."""
    count = round(label.height / _LINE) if label else 1
    if not name or count < 2 or label is None:
        return (name,) if name else ()
    lines: list[str] = []
    for word in name.split():
        fits = lines and _SMALL_LETTER * (len(lines[-1]) + 1 + len(word)) <= label.width + _SMALL_LETTER
        if lines and (fits or len(lines) == count):
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return tuple(lines)


def _letter(text: str) -> float:
    """How wide a letter of a step's name is, on average: Cyrillic ones are wider."""
    return _WIDE_LETTER if any("\u0400" <= letter <= "\u04ff" for letter in text) else _LETTER


def _wrapped(text: str, box: Box, letter: float) -> tuple[str, ...]:
    """The words in lines that fit the box, long ones divided; what does not fit is cut with an ellipsis."""
    room, most = max(int((box.width - 12) / letter), 6), max(int(box.height / 15), 2)
    lines: list[str] = []
    for word in (part for long in text.split() for part in _divided(long, room)):
        if lines and len(lines[-1]) + 1 + len(word) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    shown = lines[:most]
    if len(lines) > most:
        shown[-1] += "…"
    return tuple(shown)


def _divided(word: str, room: int) -> Iterator[str]:
    """A word, or its parts with hyphens, where it is clearly longer than a line; none of a letter or two."""
    while len(word) > room + 2:
        at = min(room - 1, len(word) - 3)
        yield f"{word[:at]}-"
        word = word[at:]
    yield word
