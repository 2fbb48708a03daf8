"""Names and numbers of a drawn process keep out of each other's way."""

from __future__ import annotations

from pathlib import Path

import pytest

from kniga.processes.diagrams import drawing
from kniga.processes.diagrams.drawing import Box, Drawing, Edge, Shape, drawing_of

STEP = Shape("step", "task", Box(100, 100, 100, 80), "Call", ("Call",), Box(100, 100, 100, 80))


def _with(*edges: Edge, shapes: tuple[Shape, ...] = ()) -> Drawing:
    return Drawing(Box(0, 0, 600, 400), (STEP, *shapes), edges)


def _named(name: str, x: float, y: float) -> Edge:
    return Edge("way", ((200, 140), (400, 140)), name, (x, y), False, (name,))


def test_a_number_stands_on_the_corner_wished_for_when_no_name_is_there() -> None:
    assert _with().corners(STEP, ("top-right", "bottom-right"), ("3", "1 d")) == ("top-right", "bottom-right")


def test_a_number_leaves_a_corner_on_which_a_name_lies_for_one_that_no_other_number_wants() -> None:
    drawing = _with(_named("Agreed", 190, 105))
    assert drawing.corners(STEP, ("top-right", "bottom-right"), ("3", "1 d")) == ("top-left", "bottom-right")


def test_a_number_of_a_timer_keeps_off_the_words_of_its_step() -> None:
    long = Shape("long", "task", Box(100, 200, 100, 80), "A B C D", ("Prepare", "the offer", "in", "time"), STEP.label)
    timer = Shape("timer", "timer", Box(132, 262, 36, 36), "", (), Box(0, 0, 0, 0))
    drawing = _with(shapes=(Shape(long.id, long.form, long.box, long.name, long.lines, long.box), timer))
    assert drawing.corners(timer, ("top-left",), ("6",)) == ("bottom-right",)


def test_a_number_stays_where_it_was_wished_when_every_corner_is_taken() -> None:
    crowd = [_named("wwwwwwwwwwwwwwwwwwwwww", 90, y) for y in (100, 180)]
    assert _with(*crowd).corners(STEP, ("top-right",), ("3",)) == ("top-right",)


def test_a_number_is_compared_with_the_names_near_it_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[Box] = []
    meet = drawing._meet
    monkeypatch.setattr(drawing, "_meet", lambda one, other: compared.append(other) or meet(one, other))
    steps = [
        Shape(f"step_{at}", "task", box, "Call", ("Call",), box)
        for at, box in enumerate(Box(150 * at, 100, 100, 80) for at in range(200))
    ]
    drawn = _with(*(_named("On", 150 * at + 110, 135) for at in range(200)), shapes=tuple(steps))
    for step in steps:
        drawn.corners(step, ("top-right", "bottom-right"), ("3", "1 d"))
    assert len(compared) < 20 * len(steps)


def test_the_name_of_a_flow_stands_in_as_many_lines_as_its_label_is_high_for() -> None:
    xml = (Path(__file__).parents[1] / "e2e" / "crowded.bpmn").read_bytes()
    high = xml.replace(b'name="On"', b'name="Nobody answered"').replace(
        b'width="20" height="14"', b'width="60" height="27"'
    )
    assert [_lines(xml), _lines(high)] == [("On",), ("Nobody", "answered")]


def _lines(xml: bytes) -> tuple[str, ...]:
    drawing = drawing_of(xml, None)
    assert drawing is not None
    return drawing.edges[0].lines
