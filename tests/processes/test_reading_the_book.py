"""Where outcomes lead, as the board and the book show it; and the diagram."""

from __future__ import annotations

from pathlib import Path

import pytest

from kniga.engine import compile_bpmn
from kniga.processes.desk.moves import ways_on
from kniga.processes.diagrams.drawing import drawing_of
from kniga.processes.models import Instance, Task
from kniga.processes.services import complete_task, start_process
from kniga.processes.versions.publishing import BOOKS
from kniga.processes.wording.outline import OutlineStep, outline_of
from tests.processes.conftest import NOW, SMALL_SALE, Department

SHIPPED = sorted(BOOKS.glob("*.bpmn"))


def steps_of(xml: bytes) -> dict[str, OutlineStep]:
    return {step.task.id: step for stage in outline_of(compile_bpmn(xml)) for step in stage.steps}


def test_trials_tell_where_each_outcome_leads_and_write_nothing(department: Department) -> None:
    start_process(deal_id=department.deal.pk, process_key="small_sale", by=department.rep, now=NOW)
    (ways,) = ways_on(user=department.rep, deal_id=department.deal.pk, now=NOW)
    assert {way.outcome.key: way.targets for way in ways.ways} == {
        "interested": ("offer",),
        "later": ("",),
        "refused": ("lost",),
    }
    assert [way.outcome.key for way in ways.to("lost")] == ["refused"] and ways.to("won") == ()
    assert Instance.objects.get().revision == 2 and Task.objects.count() == 1


def test_the_next_stage_opens_other_ways(department: Department) -> None:
    first = start_process(deal_id=department.deal.pk, process_key="small_sale", by=department.rep, now=NOW)
    complete_task(task_id=first.created[0], outcome="interested", answers={"need": "racks"}, by=department.rep, now=NOW)
    (ways,) = ways_on(user=department.rep, deal_id=department.deal.pk, now=NOW)
    assert {way.outcome.key: way.targets for way in ways.ways} == {"paid": ("won",), "back": ("contact",)}


def test_somebody_elses_task_is_shown_but_not_offered(department: Department) -> None:
    start_process(deal_id=department.deal.pk, process_key="small_sale", by=department.rep, now=NOW)
    Task.objects.update(assignee=department.lead)
    (ways,) = ways_on(user=department.rep, deal_id=department.deal.pk, now=NOW)
    assert not ways.is_own
    assert ways_on(user=department.other, deal_id=department.deal.pk, now=NOW) == ()


def test_the_outline_follows_every_outcome_to_its_step_or_end() -> None:
    call = steps_of(SMALL_SALE)["call"]
    assert [(way.outcome.key, [place.element for place in way.destinations]) for way in call.ways] == [
        ("interested", ["offer"]),
        ("later", ["call"]),
        ("refused", ["lost"]),
    ]
    (timer,) = steps_of(SMALL_SALE)["offer"].events
    assert [place.element for place in timer.destinations] == ["check"] and not timer.interrupting


def test_a_condition_beyond_the_outcome_is_named_and_the_rest_is_otherwise() -> None:
    ready = steps_of((BOOKS / "b2b_sale.en.bpmn").read_bytes())["task_proposal"].ways[0]
    approve, present = ready.destinations
    assert (approve.element, present.element) == ("task_approve", "task_present")
    assert approve.only_if is not None and not approve.otherwise
    assert present.only_if is None and present.otherwise


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_shipped_books_are_drawn_whole(path: Path) -> None:
    xml = path.read_bytes()
    definition = compile_bpmn(xml)
    drawing = drawing_of(xml, definition)
    assert drawing is not None
    assert {shape.id for shape in drawing.shapes if shape.form != "area"} == set(definition.elements)
    assert {edge.id for edge in drawing.edges} == {flow.id for flow in definition.flows}
    view = drawing.view
    for shape in drawing.shapes:
        assert view.x <= shape.box.x and shape.box.x + shape.box.width <= view.x + view.width


def test_a_drawing_knows_where_its_process_begins() -> None:
    xml = (BOOKS / "b2b_sale.en.bpmn").read_bytes()
    start = xml.index(b"<bpmndi:BPMNShape")
    after = xml.index(b"</bpmndi:BPMNShape>", start) + len(b"</bpmndi:BPMNShape>")
    end = xml.rindex(b"</bpmndi:BPMNPlane>")
    moved = xml[:start] + xml[after:end] + xml[start:after] + xml[end:]
    for file in (xml, moved):
        drawing = drawing_of(file, compile_bpmn(file))
        assert drawing is not None
        begins = next(shape for shape in drawing.shapes if shape.id == drawing.begins)
        assert begins.form == "start"
    assert drawing_of(moved, None) == drawing


def test_a_long_word_is_divided_where_the_box_ends() -> None:
    path = BOOKS / "b2b_sale.en.bpmn"
    long = path.read_bytes().replace(
        b'name="Prepare the call"', 'name="Сельскохозяйственномашиностроительный"'.encode()
    )
    drawing = drawing_of(long, compile_bpmn(long))
    assert drawing is not None
    (shape,) = (one for one in drawing.shapes if one.name == "Сельскохозяйственномашиностроительный")
    assert len(shape.lines) > 1 and all(line.endswith("-") for line in shape.lines[:-1])
    assert "".join(shape.lines).replace("-", "") == shape.name


def test_cyrillic_words_get_the_wider_room_they_need() -> None:
    xml = (BOOKS / "b2b_sale.ru.bpmn").read_bytes()
    drawing = drawing_of(xml, compile_bpmn(xml))
    assert drawing is not None
    (shape,) = (one for one in drawing.shapes if one.name == "Выявить потребности")
    assert shape.lines == ("Выявить", "потребности") and shape.words.width <= shape.box.width - 12


def test_a_file_without_a_diagram_has_no_drawing() -> None:
    assert drawing_of(SMALL_SALE, compile_bpmn(SMALL_SALE)) is None


def test_a_diagram_with_nonsense_numbers_does_not_break_the_page() -> None:
    xml = (
        (BOOKS / "inbound_sale.en.bpmn").read_bytes().replace(b'x="330"', b'x="many"').replace(b'y="302"', b'y="1e99"')
    )
    assert drawing_of(xml, compile_bpmn(xml)) is not None
