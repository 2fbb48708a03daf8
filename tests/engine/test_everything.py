"""One file with every word of the vocabulary: valid against the standard's schema, compiled, and spoilt at random."""

import random
import time
from pathlib import Path

import pytest
from lxml import etree

from kniga.engine import (
    BoundaryEvent,
    CallActivity,
    CatchEvent,
    DecisionTask,
    EndEvent,
    EventGateway,
    ExclusiveGateway,
    InclusiveGateway,
    ParallelGateway,
    ReceiveTask,
    ServiceTask,
    StartEvent,
    SubProcess,
    ThrowEvent,
    UserTask,
    compile_bpmn,
)
from kniga.engine.bpmn.difference import differences
from kniga.engine.bpmn.editing import edit, set_name
from kniga.engine.bpmn.vocabulary import _ATTRIBUTES, _PARTS
from tests.engine.drawing import codes

FILE = Path(__file__).parent / "everything.bpmn"
XML = FILE.read_bytes()
KINDS = (
    BoundaryEvent, CallActivity, CatchEvent, DecisionTask, EndEvent, EventGateway, ExclusiveGateway, InclusiveGateway,
    ParallelGateway, ReceiveTask, ServiceTask, StartEvent, SubProcess, ThrowEvent, UserTask,
)  # fmt: skip


def test_every_kind_of_element_is_compiled() -> None:
    definition = compile_bpmn(XML)
    assert {type(element) for element in definition.elements.values()} == set(KINDS)
    assert definition.starts == ("start", "start_form", "start_weekly", "start_prices")
    assert definition.handlers == ("on_withdrawal",)
    assert definition.conditionals == {"catch_rich", "withdrawn"}
    assert definition.needs == {
        "deal.amount", "deal.discount", "deal.source", "deal.expected_date", "client.contacts",
    }  # fmt: skip
    assert definition.question_types == {
        "amount": "money", "loss_reason": "choice", "order": "text", "discount": "number", "score": "number",
        "touch_everybody.yes": "number", "touch_everybody.no": "number",
    }  # fmt: skip


def test_every_word_of_our_extension_is_in_it() -> None:
    text = XML.decode()
    words = {f"<kniga:{name}" for name in _PARTS} | {
        f"kniga:{name}=" for names in _ATTRIBUTES.values() for name in names
    }
    assert [word for word in sorted(words) if word not in text] == []


@pytest.mark.shared_data("bpmn_xsd")
def test_the_extension_stays_within_the_schema_of_the_standard(shared_data: Path) -> None:
    schema = etree.XMLSchema(etree.parse(shared_data / "bpmn_xsd/resources/bpmn/xsd/BPMN20.xsd"))
    schema.assertValid(etree.fromstring(XML))


def test_each_element_can_be_renamed_alone() -> None:
    definition = compile_bpmn(XML)
    for id in definition.elements:
        edited = edit(XML, [set_name(id, "Другое")])
        (difference,) = differences(XML, edited)
        assert difference.place.endswith(f"[{id}]")
        again = compile_bpmn(edited)
        assert again.elements[id].name == "Другое"
        others = [other for other in definition.elements if other != id]
        assert [again.elements[other] for other in others] == [definition.elements[other] for other in others]


def test_spoilt_words_are_compiled_or_refused_and_nothing_else() -> None:
    chance = random.Random(11)
    pieces = XML.decode().split('"')
    refusals, slowest = 0, 0.0
    for _ in range(150):
        spoilt = list(pieces)
        for _ in range(chance.randint(1, 3)):
            at, other = (chance.randrange(1, len(pieces) - 1) | 1 for _ in range(2))
            spoilt[at] = spoilt[other]
        begun = time.process_time()
        refusals += bool(codes('"'.join(spoilt).encode()))
        slowest = max(slowest, time.process_time() - begun)
    assert refusals > 75
    assert slowest < 1


def test_elements_that_change_places_are_compiled_or_refused_and_nothing_else() -> None:
    chance = random.Random(12)
    refusals = 0
    for _ in range(150):
        root = etree.fromstring(XML)
        nodes = [node for node in root.iter("{*}*") if node is not root]
        for _ in range(chance.randint(1, 3)):
            node, target = chance.choice(nodes), chance.choice(nodes)
            if chance.random() < 0.3:
                node.tag = target.tag
            elif chance.random() < 0.3 and (parent := node.getparent()) is not None:
                parent.remove(node)
            elif node not in target.iterancestors() and node is not target:
                target.append(node)
        refusals += bool(codes(etree.tostring(root)))
    assert refusals > 75
