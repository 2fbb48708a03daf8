"""Where the names of a drawn process lie, and what they lie upon: boxes are (left, top, width, height)."""

from collections.abc import Iterator
from itertools import combinations, pairwise
from typing import Any

from lxml import etree

Box = tuple[float, float, float, float]

_WIDE, _NARROW = "шщмжюыфэШЩМЖЮЫФДmwMW@%", "iljtrfI.,:;!'| -«»"
_LINE = 13.2
"""Height of a line of a label: 11 pixels by 1.2."""


def width_of(text: str) -> float:
    """About how wide a label is drawn, in 11 pixels of a plain face; rather too wide than too narrow."""
    return sum(9.0 if one in _WIDE else 4.0 if one in _NARROW else 7.8 if one.isupper() else 6.2 for one in text)


def wrapped(text: str, width: float) -> int:
    """How many lines the words take."""
    lines, taken = 1, 0.0
    for word in text.split():
        if taken and taken + 4 + width_of(word) > width:
            lines, taken = lines + 1, 0.0
        taken += width_of(word) + (4 if taken else 0)
    return lines


def bounds_of(node: Any) -> Box | None:
    found = None if node is None else node.find("{*}Bounds")
    return None if found is None else tuple(float(found.get(key)) for key in ("x", "y", "width", "height"))  # type: ignore[return-value]


class Picture:
    """The drawn parts of a file: shapes, lines of flows, and names with the box their words take."""

    def __init__(self, xml: bytes) -> None:
        root = etree.fromstring(xml)
        named = {node.get("id"): " ".join((node.get("name") or "").split()) for node in root.iter(etree.Element)}
        self.names: dict[str, str] = {str(id): name for id, name in named.items() if id}
        self.shapes: dict[str, Box] = {}
        self.lines: dict[str, list[tuple[float, float]]] = {}
        self.labels: dict[str, Box] = {}
        for node in root.iter("{*}BPMNShape", "{*}BPMNEdge"):
            id, label = node.get("bpmnElement", ""), bounds_of(node.find("{*}BPMNLabel"))
            if (own := bounds_of(node)) is not None:
                self.shapes[id] = own
            else:
                self.lines[id] = [(float(at.get("x") or 0), float(at.get("y") or 0)) for at in node.iter("{*}waypoint")]
            if label is not None and self.names[id]:
                self.labels[id] = self.words(id, label)

    def words(self, id: str, label: Box) -> Box:
        """The box the words of a label take: as wide as its widest line may be, as high as its lines are."""
        x, y, width, height = label
        if id in self.lines and height < 2 * _LINE:
            return (x, y, max(width, width_of(self.names[id])), height)
        if id in self.lines:
            return label  # divided into lines, see processes.diagrams.drawing
        return (x, y, width, max(height, wrapped(self.names[id], max(width, 90)) * _LINE))

    def stretches(self) -> Iterator[tuple[str, Box]]:
        """The straight pieces of the flows."""
        for id, points in self.lines.items():
            for (x1, y1), (x2, y2) in pairwise(points):
                yield id, (min(x1, x2), min(y1, y2), abs(x1 - x2), abs(y1 - y2))

    def faults(self) -> list[str]:
        """Every name that lies on another name, on a shape or on a line."""
        found = [
            f"“{self.names[a]}” on “{self.names[b]}”"
            for a, b in combinations(self.labels, 2)
            if overlap(self.labels[a], self.labels[b])
        ]
        for id, box in self.labels.items():
            found += [f"“{self.names[id]}” on {one}" for one, shape in self.shapes.items() if overlap(box, shape)]
            found += [f"“{self.names[id]}” on the line {one}" for one, line in self.stretches() if overlap(box, line)]
        return found


def overlap(a: Box, b: Box) -> bool:
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]
