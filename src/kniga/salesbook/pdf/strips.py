"""A diagram as SVG for paper: whole on a sheet wide enough for its letters, and cut into strips between its elements
and stages, so that a long process stays readable on plain pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Final

from kniga.processes.diagrams.drawing import Box, Drawing, Edge, Shape

_WIDEST: Final = 1_340.0
"""How many units of the diagram stand across a page at most: its letters are then about seven points."""
_PAGE: Final = (297.0, 210.0)
"""A page on its side, millimetres."""
_AROUND: Final = (32.0, 64.0)
"""What the margins, the running head and the heading take of it."""
_CAPTION: Final = 12.0
_SMALLEST: Final = 6.2
"""The smallest letters on a sheet, points."""
_WIDEST_SHEET: Final = 4_000.0
"""No reader of PDF takes a sheet of more than five metres."""
_MM_OF_POINT: Final = 25.4 / 72
_REACH: Final = 330
"""How far from an even share a strip may end, to end between two stages."""
_MARGIN: Final = 14.0
_SMALL, _LARGE = 12, 13
"""Letters of flows and events, and of steps, in the diagram's units."""
_FONT: Final = "Libertinus Serif"
_INK, _SOFT, _GREEN, _PALE, _AMBER = "#1d2426", "#575f5c", "#0d5c50", "#eaf3ef", "#855100"
_EVENTS: Final = {
    "end-won": ("#e0f0e1", "#22692f", 3),
    "end-lost": ("#fae4df", "#a93220", 3),
    "end-other": ("#fff", _SOFT, 3),
}
_GATEWAYS: Final = {
    "gateway-exclusive": "M-7 -7l14 14m0 -14l-14 14",
    "gateway-parallel": "M0 -9v18m-9 -9h18",
    "gateway-inclusive": "M-8 0a8 8 0 1 0 16 0a8 8 0 1 0 -16 0z",
    "gateway-event": "M0 -8l8 6l-3 9h-10l-3 -9z",
}
_SIGNS: Final = {
    "timer": "M0 -8v8l5 4",
    "message": "M-7 -5h14v10h-14zl7 6l7 -6",
    "signal": "M0 -7l7 12h-14z",
    "conditional": "M-5 -7h10v14h-10zm2 3h6m-6 4h6m-6 4h6",
    "error": "M-7 6l4 -12l5 8l5 -9l-3 12l-6 -8z",
    "escalation": "M0 -7l5 13l-5 -5l-5 5z",
}


@dataclass(frozen=True, slots=True)
class Strip:
    """A piece of a diagram and its size in the diagram's units; `stages` are the names of those whose steps stand in
    it."""

    svg: str
    width: float
    height: float
    stages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The whole diagram and the sheet it stands on, in millimetres: a page, or one as high and wider, to be folded."""

    svg: str
    width: float
    height: float

    @property
    def is_page(self) -> bool:
        """Whether a plain page on its side is large enough."""
        return (self.width, self.height) == _PAGE


def sheet_of(drawing: Drawing) -> Sheet:
    """The whole diagram, on a sheet on which its smallest letters are about six points."""
    svg, height = _svg(drawing, drawing.view.x, drawing.view.x + drawing.view.width)
    scale = _SMALLEST / _SMALL * _MM_OF_POINT
    needed = (drawing.view.width * scale + _AROUND[0], height * scale + _AROUND[1])
    page = (round(max(_PAGE[0], min(needed[0], _WIDEST_SHEET)), 1), round(max(_PAGE[1], needed[1]), 1))
    return Sheet(svg, *page)


def strips_of(drawing: Drawing, stages: Mapping[str, str] | None = None) -> tuple[Strip, ...]:
    """The diagram as strips from left to right, all of them drawn to one scale; `stages` are names of stages by the
    ids of their steps, and a strip ends between two of them where it can."""
    named = stages or {}
    cuts = _cuts(drawing, named)
    return tuple(
        Strip(*_piece(drawing, left, right), _stages_between(drawing, left, right, named))
        for left, right in pairwise(cuts)
    )


def _piece(drawing: Drawing, left: float, right: float) -> tuple[str, float, float]:
    svg, height = _svg(drawing, left, right)
    return svg, right - left, height


def scale_of(strips: Sequence[Strip]) -> float:
    """Millimetres of a unit, so that every strip fits a page on its side below its heading."""
    widths, heights = [strip.width for strip in strips], [strip.height for strip in strips]
    return min((_PAGE[0] - _AROUND[0]) / max(widths), (_PAGE[1] - _AROUND[1] - _CAPTION) / max(heights))


def _stages_between(drawing: Drawing, left: float, right: float, stages: Mapping[str, str]) -> tuple[str, ...]:
    found = sorted(
        (shape.box.x, stages[shape.id]) for shape in drawing.shapes
        if stages.get(shape.id) and left <= shape.box.x + shape.box.width / 2 < right
    )  # fmt: skip
    return tuple(dict.fromkeys(name for _x, name in found))


def _cuts(drawing: Drawing, stages: Mapping[str, str]) -> list[float]:
    """Where to cut: about evenly, and where the fewest elements, labels and stages stand; through names rather than
    through elements."""
    left, width = drawing.view.x, drawing.view.width
    pieces = max(1, -(-int(width) // int(_WIDEST)))
    spans = 3 * [_span(shape) for shape in drawing.shapes if shape.form not in ("area", "scope")]
    spans += [_span_of_name(edge) for edge in drawing.edges if edge.name]
    spans += _spans_of_stages(drawing, stages)
    cuts = [left]
    for number in range(1, pieces):
        wanted = left + width * number / pieces
        lowest, highest = cuts[-1] + 0.3 * _WIDEST, min(cuts[-1] + _WIDEST, left + width)
        # What is left must fit into the strips that are left.
        lowest = max(lowest, left + width - (pieces - number) * _WIDEST)
        near = [x for x in (wanted + step for step in range(-_REACH, _REACH + 1, 6)) if lowest <= x <= highest]
        cuts.append(min(near or [wanted], key=lambda x: (sum(a < x < b for a, b in spans), abs(x - wanted))))
    return [*cuts, left + width]


def _spans_of_stages(drawing: Drawing, stages: Mapping[str, str]) -> list[tuple[float, float]]:
    """From where to where the steps of each stage stand."""
    found: dict[str, tuple[float, float]] = {}
    for shape in drawing.shapes:
        name = stages.get(shape.id)
        if name:
            left, right = found.get(name, (shape.box.x, shape.box.x))
            found[name] = (min(left, shape.box.x), max(right, shape.box.x + shape.box.width))
    return list(found.values())


def _span(shape: Shape) -> tuple[float, float]:
    label = shape.label if shape.lines else shape.box
    return min(shape.box.x, label.x) - 6, max(shape.box.x + shape.box.width, label.x + label.width) + 6


def _span_of_name(edge: Edge) -> tuple[float, float]:
    return edge.label.x, edge.label.x + edge.label.width


def _svg(drawing: Drawing, left: float, right: float) -> tuple[str, float]:
    """The part between two verticals, and how high it is."""
    shapes = [shape for shape in drawing.shapes if shape.box.x < right and shape.box.x + shape.box.width > left]
    top, bottom = _heights(shapes, [e for e in drawing.edges if _crosses(e, left, right)], left, right, drawing.view)
    view = f"{left:.1f} {top:.1f} {right - left:.1f} {bottom - top:.1f}"
    body = "".join((*_areas(shapes), *_flows(drawing.edges), *_shapes(shapes), *_names(drawing.edges)))
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view}" width="{right - left:.1f}" '
        f'height="{bottom - top:.1f}" font-family="{_FONT}">{body}</svg>'
    )
    return svg, bottom - top


def _heights(
    shapes: Sequence[Shape], edges: Sequence[Edge], left: float, right: float, view: Box
) -> tuple[float, float]:
    boxes = [box for shape in shapes if shape.form != "area" for box in (shape.box, shape.label)]
    ys = [y for box in boxes for y in (box.y, box.y + box.height)]
    ys += [y for edge in edges for _x, y in edge.points]
    if not ys:
        return view.y, view.y + view.height
    return max(min(ys) - _MARGIN, view.y), min(max(ys) + _MARGIN, view.y + view.height)


def _crosses(edge: Edge, left: float, right: float) -> bool:
    xs = [x for x, _y in edge.points]
    return min(xs) < right and max(xs) > left


def _areas(shapes: Sequence[Shape]) -> Iterator[str]:
    for shape in shapes:
        if shape.form in ("area", "scope"):
            yield _rect(shape.box, "none", "#c9c4b4", 'stroke-dasharray="4 4" rx="6"')


def _flows(edges: Sequence[Edge]) -> Iterator[str]:
    for edge in edges:
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in edge.points)
        yield f'<polyline points="{points}" fill="none" stroke="#8a8776" stroke-width="1.4"/>'
        yield _arrowhead(edge)


def _arrowhead(edge: Edge) -> str:
    """Drawn by hand: a marker is more than some readers of SVG understand."""
    (x1, y1), (x2, y2) = edge.points[-2], edge.points[-1]
    length = max(((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5, 0.01)
    ux, uy = (x2 - x1) / length, (y2 - y1) / length
    bx, by = x2 - 8 * ux, y2 - 8 * uy
    points = f"{x2:.1f},{y2:.1f} {bx - 4 * uy:.1f},{by + 4 * ux:.1f} {bx + 4 * uy:.1f},{by - 4 * ux:.1f}"
    return f'<polygon points="{points}" fill="#8a8776"/>'


def _shapes(shapes: Sequence[Shape]) -> Iterator[str]:
    for shape in shapes:
        if shape.form in ("area", "scope"):
            continue
        box = shape.box
        cx, cy = box.x + box.width / 2, box.y + box.height / 2
        place = f'transform="translate({cx:.1f} {cy:.1f})" fill="none" stroke="{_SOFT}" stroke-width="1.6"'
        if shape.form == "task":
            yield _rect(box, _PALE, _GREEN, 'rx="10" stroke-width="1.4"')
        elif shape.form.startswith("gateway"):
            corners = f"M{cx} {box.y}L{box.x + box.width} {cy}L{cx} {box.y + box.height}L{box.x} {cy}z"
            yield f'<path d="{corners}" fill="#fbefd6" stroke="{_AMBER}" stroke-width="1.4"/>'
            yield f'<path d="{_GATEWAYS[shape.form]}" {place}/>'
        else:
            fill, stroke, width = _EVENTS.get(shape.form, ("#fff", _SOFT, 1.6))
            looks = f'fill="{fill}" stroke="{stroke}" stroke-width="{width}"'
            yield f'<circle cx="{cx}" cy="{cy}" r="{box.width / 2}" {looks}/>'
            if shape.form in _SIGNS:
                yield f'<path d="{_SIGNS[shape.form]}" {place}/>'
        yield from _label(shape, cy)


def _label(shape: Shape, cy: float) -> Iterator[str]:
    x = shape.label.x + shape.label.width / 2
    is_task = shape.form == "task"
    for place, line in enumerate(shape.lines):
        y = cy + 4 - (len(shape.lines) - 1) * 7.5 + place * 15 if is_task else shape.label.y + 11 + place * 13
        yield _text(x, y, line, _LARGE if is_task else _SMALL, _INK if is_task else _SOFT, "middle")


def _names(edges: Sequence[Edge]) -> Iterator[str]:
    for edge in edges:
        x, middle = edge.place
        anchor = "middle" if edge.is_centred else "start"
        for place, line in enumerate(edge.lines):
            y = middle + 4 - (len(edge.lines) - 1) * 6.75 + place * 13.5
            yield _text(x, y, line, _SMALL, _INK, anchor, 'paint-order="stroke" stroke="#fff" stroke-width="4"')


def _text(x: float, y: float, text: str, size: int, colour: str, anchor: str, more: str = "") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}"'
    return f'<text {place} fill="{colour}" {more}>{escape(text)}</text>'


def _rect(box: Box, fill: str, stroke: str, more: str) -> str:
    place = f'x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}"'
    return f'<rect {place} fill="{fill}" stroke="{stroke}" {more}/>'
