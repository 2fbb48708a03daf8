"""Everything the engine says to a person exists in Russian."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import kniga
from kniga.engine import BpmnRefused, compile_bpmn
from kniga.engine.bpmn.names import CURES, DEFAULT_CURE, DRAWN_CURES
from kniga.engine.definition.problems import TEMPLATES
from kniga.engine.dmn import names as dmn
from kniga.rules import values
from tests.engine.drawing import bpmn, end, flow, start, task
from tests.engine.test_compile import REFUSALS

CATALOGUE = Path(kniga.__file__).parent / "locale" / "engine" / "ru" / "LC_MESSAGES" / "django.po"
with CATALOGUE.open("rb") as file:
    RUSSIAN = {str(message.id): str(message.string) for message in read_po(file, locale="ru") if message.id}
ALL_CURES = {*dmn.CURES.values(), *(text for name, text in vars(dmn).items() if name.endswith("_CURE"))}
FIELD = re.compile(r"\{\w+\}")


def translate(text: str) -> str:
    return text if text == "{cure}" else RUSSIAN[text]


def test_every_problem_has_a_russian_text_with_the_same_places() -> None:
    for message, cure in TEMPLATES.values():
        for text in (message, cure):
            assert set(FIELD.findall(translate(text))) == set(FIELD.findall(text))
    cures = {*CURES.values(), DEFAULT_CURE, *DRAWN_CURES, *ALL_CURES}
    assert cures <= set(RUSSIAN)


@pytest.mark.parametrize("code", REFUSALS)
def test_a_problem_can_be_said_in_russian(code: str) -> None:
    with pytest.raises(BpmnRefused) as caught:
        compile_bpmn(REFUSALS[code])
    message, cure = caught.value.problems[0].said(translate)
    assert re.search("[а-я]", message)
    assert re.search("[а-я]", cure)


@pytest.mark.parametrize(
    "part",
    [
        '<complexGateway id="x"/>',
        '<endEvent id="x"><compensateEventDefinition/></endEvent>',
        '<startEvent id="x"><conditionalEventDefinition/></startEvent>',
        '<subProcess id="s"><startEvent id="x"><messageEventDefinition/></startEvent><endEvent id="y"/></subProcess>',
        '<userTask id="x"><multiInstanceLoopCharacteristics><inputDataItem/></multiInstanceLoopCharacteristics>'
        "</userTask>",
        '<boundaryEvent id="x" attachedToRef="a"><errorEventDefinition/><errorEventDefinition/></boundaryEvent>',
    ],
)
def test_the_cure_of_a_refused_element_is_said_in_russian(part: str) -> None:
    with pytest.raises(BpmnRefused) as caught:
        compile_bpmn(bpmn(start(), task("a"), end(), flow("start", "a"), flow("a", "end"), part))
    for problem in caught.value.problems:
        assert re.search("[а-я]", problem.said(translate)[1])


def test_what_is_wrong_with_a_value_is_said_in_russian() -> None:
    """The text of a value's refusal reaches the rep beside the question."""
    said = re.findall(r'BadValue\("([^"]+)"\)', Path(values.__file__).read_text(encoding="utf-8"))
    assert len(said) > 10
    assert [text for text in said if not re.search("[а-я]", RUSSIAN.get(text, ""))] == []
