"""The sales books that ship with Kniga."""

from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from kniga.engine import (
    NEW_STATE,
    BoundaryEvent,
    CompleteTask,
    Definition,
    EndEvent,
    ExclusiveGateway,
    FireTimer,
    Question,
    Start,
    State,
    UserTask,
    check,
)
from tests.e2e.clean_drawing import shared_beginnings, untidy
from tests.engine.drawing import BOOKS, book, go
from tests.engine.legible import Picture

NAMES = ("b2b_sale", "inbound_sale")
GALLERY = tuple(f"templates/{name}" for name in ("handoff", "retail_repeat", "service_case", "win_back"))
FILES = [f"{name}.{language}" for name in (*NAMES, *GALLERY) for language in ("ru", "en")]
ANSWERS: dict[str, Any] = {
    "text": "something",
    "number": 5,
    "money": "1200.50",
    "date": "2026-03-31",
    "boolean": True,
    "datetime": "2026-03-31T10:00:00+03:00",
}
LOSS_REASONS = ["price", "competitor", "no_need", "no_budget", "no_answer", "bad_timing", "terms", "other"]


def answer(question: Question) -> Any:
    return question.choices[0].key if question.choices else ANSWERS[question.type]


def take(definition: Definition, state: State, outcome: str, amount: int = 1) -> State:
    """Complete the first open task as the book demands."""
    token = state.tokens[0]
    step = definition.user_task(token.element)
    assert step is not None
    demanded = [question for question in step.questions if question.required or outcome in question.required_for]
    answers = {question.key: amount if question.field == "deal.amount" else answer(question) for question in demanded}
    return go(definition, state, CompleteTask(token.id, outcome, answers, {"deal.amount": amount})).state


def walk(name: str, outcomes: str, amount: int = 1) -> State:
    definition = book(name)
    state = go(definition, NEW_STATE, Start()).state
    for outcome in outcomes.split():
        state = take(definition, state, outcome, amount)
    return state


@pytest.mark.parametrize("name", FILES)
def test_nothing_speaks_against_publishing_a_shipped_book(name: str) -> None:
    assert check(book(name)) == ()


@pytest.mark.parametrize("name", (*NAMES, *GALLERY))
def test_both_languages_are_the_same_process(name: str) -> None:
    russian, english = book(f"{name}.ru"), book(f"{name}.en")
    assert list(russian.elements) == list(english.elements)
    assert [(flow.id, flow.source, flow.target) for flow in russian.flows] == [
        (flow.id, flow.source, flow.target) for flow in english.flows
    ]
    assert russian.question_types == english.question_types
    assert [stage.key for stage in russian.stages] == [stage.key for stage in english.stages]
    for here, there in zip(russian.user_tasks(), english.user_tasks(), strict=True):
        assert here.name != there.name
        assert here.script.splitlines()[0].startswith("### ")
        assert (here.stage, here.kind, here.assignee, here.deadline) == (
            there.stage,
            there.kind,
            there.assignee,
            there.deadline,
        )
        assert [(q.key, q.required, q.required_for) for q in here.questions] == [
            (q.key, q.required, q.required_for) for q in there.questions
        ]
        assert [(o.key, o.tone) for o in here.outcomes] == [(o.key, o.tone) for o in there.outcomes]


@pytest.mark.parametrize("name", FILES)
def test_each_language_keeps_to_its_letters(name: str) -> None:
    texts = [step.script + step.name for step in book(name).user_tasks()]
    for text in texts:
        cyrillic = sum("а" <= letter.lower() <= "я" for letter in text)
        assert (cyrillic > 100) == name.endswith(".ru")
        assert name.endswith(".ru") or cyrillic == 0


@pytest.mark.parametrize("name", FILES)
def test_every_losing_outcome_demands_the_reason(name: str) -> None:
    definition = book(name)
    for end in definition.elements.values():
        if isinstance(end, EndEvent) and end.result == "lost":
            assert end.reason_from == "loss_reason"
    for step in definition.user_tasks():
        losing = {outcome.key for outcome in step.outcomes if loses(definition, step, outcome.key)}
        question = step.question("loss_reason")
        assert losing == set(question.required_for if question is not None else ())
        if question is not None:
            assert [choice.key for choice in question.choices] == LOSS_REASONS


def loses(definition: Definition, step: UserTask, outcome: str) -> bool:
    (way,) = step.ways
    target = definition.elements[way.target]
    while isinstance(target, ExclusiveGateway) and target.by_outcome is not None:
        target = definition.elements[target.by_outcome[outcome].target]
    return isinstance(target, EndEvent) and target.result == "lost"


def test_a_b2b_sale_runs_from_the_cold_call_to_the_payment() -> None:
    state = walk("b2b_sale.ru", "ready agreed needs_clear ready agreed signed paid")
    assert (state.status, state.result, state.stage) == ("ended", "won", "payment")


def test_a_b2b_sale_goes_through_objections_and_a_revised_proposal() -> None:
    state = walk("b2b_sale.en", "ready no_answer agreed needs_clear ready objections new_terms ready thinking")
    assert [token.element for token in state.tokens] == ["task_follow_up"]
    assert state.stage == "proposal"


@pytest.mark.parametrize(
    ("name", "amount", "next_step"),
    [
        ("b2b_sale.ru", 1_000_000, "task_present"),
        ("b2b_sale.ru", 1_000_001, "task_approve"),
        ("b2b_sale.en", 20_001, "task_approve"),
    ],
)
def test_a_large_proposal_goes_to_the_lead_first(name: str, amount: int, next_step: str) -> None:
    assert walk(name, "ready agreed needs_clear ready", amount).tokens[0].element == next_step


def test_a_lost_sale_keeps_its_reason() -> None:
    state = walk("b2b_sale.ru", "ready agreed needs_clear ready refused")
    assert (state.result, state.reason) == ("lost", "price")


def test_an_overdue_proposal_calls_the_lead_and_leaves_the_task_open() -> None:
    definition = book("b2b_sale.ru")
    state = walk("b2b_sale.ru", "ready agreed needs_clear")
    state = go(definition, state, FireTimer(state.tokens[0].id, "timer_proposal_overdue")).state
    assert [token.element for token in state.tokens] == ["task_proposal", "task_proposal_overdue"]
    lead = definition.user_task("task_proposal_overdue")
    assert lead is not None
    assert (lead.assignee, lead.stage) == ("lead", None)
    timer = definition.elements["timer_proposal_overdue"]
    assert isinstance(timer, BoundaryEvent)
    assert timer.due is not None
    assert (timer.interrupting, timer.due.basis) == (False, "deadline")


def test_an_inbound_sale_runs_from_the_request_to_the_payment() -> None:
    state = walk("inbound_sale.ru", "talked fits accepted paid")
    assert (state.result, state.stage) == ("won", "payment")
    assert walk("inbound_sale.en", "talked fits", 50_000).tokens[0].element == "task_visit"


@pytest.mark.parametrize(
    ("name", "outcomes", "stands"),
    [
        ("retail_repeat.ru", "found agreed placed received happy", "won"),
        ("retail_repeat.en", "found thinking later agreed placed received problem returned", "lost"),
        ("service_case.ru", "understood part delayed arrived solved works", "won"),
        ("service_case.en", "understood solved again solved unhappy left", "lost"),
        ("handoff.ru", "lacking got ready impossible agreed accepted done delayed agreed started kept", "won"),
        ("handoff.en", "ready returned ready accepted moved done started remarks delayed cancelled", "lost"),
        ("win_back.ru", "clear talked accepted agreed bad accepted agreed good", "won"),
        ("win_back.en", "clear refused", "lost"),
    ],
)
def test_a_book_of_the_gallery_runs(name: str, outcomes: str, stands: str) -> None:
    state = walk(f"templates/{name}", outcomes)
    assert (state.status, state.result) == ("ended", stands)


def test_every_book_of_the_gallery_is_tried() -> None:
    found = {path.name.split(".")[0] for path in (BOOKS / "templates").glob("*.bpmn")}
    assert {f"templates/{name}" for name in found} == set(GALLERY)


@pytest.mark.parametrize("name", FILES)
def test_the_diagram_shows_everything(name: str) -> None:
    root = etree.parse(BOOKS / f"{name}.bpmn").getroot()
    drawn = {shape.get("bpmnElement") for tag in ("Shape", "Edge") for shape in root.iter(f"{{*}}BPMN{tag}")}
    definition = book(name)
    assert drawn == set(definition.elements) | {flow.id for flow in definition.flows}


@pytest.mark.parametrize("name", FILES)
def test_nothing_lies_over_anything_and_no_flow_runs_through_an_element_or_a_name(name: str) -> None:
    assert untidy(xml_of(name)) == []


@pytest.mark.parametrize("name", FILES)
def test_each_way_leaves_its_gateway_on_a_line_of_its_own(name: str) -> None:
    """A fork is seen where it is: flows lie on each other only where they come in together."""
    assert shared_beginnings(xml_of(name)) == []


@pytest.mark.parametrize("name", (*NAMES, *GALLERY))
def test_both_languages_are_drawn_alike(name: str) -> None:
    russian, english = (Picture(xml_of(f"{name}.{language}")) for language in ("ru", "en"))
    assert (russian.shapes, russian.lines) == (english.shapes, english.lines)


@pytest.mark.parametrize("name", FILES)
def test_the_way_to_a_won_end_begins_in_the_row_of_the_start_and_reads_to_the_right(name: str) -> None:
    picture, definition = Picture(xml_of(name)), book(name)
    left, top, _width, height = picture.shapes["start"]
    (won,) = (end.id for end in definition.elements.values() if isinstance(end, EndEvent) and end.result == "won")
    assert picture.shapes[won][1] + picture.shapes[won][3] / 2 == top + height / 2
    assert min(box[0] for box in picture.shapes.values()) == left


def xml_of(name: str) -> bytes:
    return BOOKS.joinpath(f"{name}.bpmn").read_bytes()


@pytest.mark.shared_data("bpmn_xsd")
@pytest.mark.parametrize("name", FILES)
def test_the_files_are_valid_against_the_schema_of_the_standard(name: str, shared_data: Path) -> None:
    schema = etree.XMLSchema(etree.parse(shared_data / "bpmn_xsd/resources/bpmn/xsd/BPMN20.xsd"))
    schema.assertValid(etree.parse(BOOKS / f"{name}.bpmn"))


@pytest.mark.parametrize("name", FILES)
def test_no_name_lies_on_another_on_an_element_or_on_a_flow(name: str) -> None:
    assert Picture(xml_of(name)).faults() == []


def test_names_that_lie_on_each_other_are_found() -> None:
    root = etree.fromstring(xml_of("inbound_sale.en"))
    first, second = (
        root.find(f".//{{*}}BPMNEdge[@bpmnElement='{id}']/{{*}}BPMNLabel/{{*}}Bounds")
        for id in ("flow_answer_talked", "flow_answer_no_answer")
    )
    assert first is not None and second is not None
    second.attrib.update(first.attrib)
    assert len(Picture(etree.tostring(root)).faults()) == 1


def test_ways_that_leave_behind_one_line_are_found() -> None:
    root = etree.fromstring(xml_of("inbound_sale.en"))
    first, second = (
        root.find(f".//{{*}}BPMNEdge[@bpmnElement='{id}']") for id in ("flow_answer_talked", "flow_answer_no_answer")
    )
    assert first is not None and second is not None
    second[0].attrib.update(first[0].attrib)
    second[1].attrib.update(first[1].attrib)
    assert shared_beginnings(etree.tostring(root)) == [
        "flow_answer_talked and flow_answer_no_answer leave gateway_answer on one line"
    ]
