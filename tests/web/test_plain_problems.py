"""What is wrong with a process is said in the words of the palette: nobody who draws need know BPMN's own."""

from __future__ import annotations

import re
from string import Formatter

import pytest
from django.utils import translation
from django.utils.translation import get_language, gettext

from kniga.engine import BpmnRefused, compile_bpmn
from kniga.engine.definition.problems import TEMPLATES, Problem
from kniga.web.processes import plain_problems
from kniga.web.processes.designer_words import canvas_words
from kniga.web.processes.plain_problems import plainly
from kniga.web.processes.plain_words import Words, plain_cures, plain_words

OF_BPMN = re.compile(
    r"gateway|\bflows?\b|token|boundary|sequence|start event|end event|user task|service task|business-rule|activit|"
    r"call activity|receive task|inclusive|exclusive|kniga:|hit policy|typeRef|isExecutable|isImmediate|"
    r"default output|loopCard|multiInstance|ISO 8601|JSON|namespace|"
    r"шлюз|поток|токен|граничн|пользовательск|сервисн|бизнес-правил|активност|исключающ|включающ|начально\w+ событи|"
    r"конечно\w+ событи|выход\w* по умолчанию|пространств",
    re.IGNORECASE,
)
WORD_OF_BPMN = "multiInstanceLoopCharacteristics"
FILLED_BY_BPMN = frozenset({"allowed", "attribute", "detail", "direction", "extension", "tag", "trigger", "what"})
MARKED = re.compile(r"\((?:in|в) (?:BPMN|DMN): [^)]*\)")
"""What a tool that others draw in would call it is said beside the plain words, marked as such."""


def gaps_of(*texts: str) -> set[str]:
    return {name for text in texts for _literal, name, _spec, _conversion in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", ["en", "ru"])
def test_no_problem_is_told_in_words_of_bpmn(language: str) -> None:
    with translation.override(language):
        told = {}
        for code, texts in TEMPLATES.items():
            params = {gap: WORD_OF_BPMN if gap in FILLED_BY_BPMN else "x" for gap in gaps_of(*texts)}
            told[code] = MARKED.sub("", " ".join(plainly(Problem(code, params=params))))
    wrong = {code: text for code, text in told.items() if OF_BPMN.search(text)}
    assert not wrong


def test_the_words_are_put_together_once_for_each_language(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str | None] = []

    def counted() -> Words:
        made.append(get_language())
        return plain_words()

    monkeypatch.setattr(plain_problems, "plain_words", counted)
    plain_problems._in_language.cache_clear()
    for language in ("ru", "en", "ru", "en"):
        with translation.override(language):
            told = [plainly(Problem("no_start", params={"tag": "process"}))[0] for _ in range(3)]
        assert len(set(told)) == 1
    assert made == ["ru", "en"]


def test_what_is_missing_or_not_carried_out_is_told_in_plain_words_too() -> None:
    parts = [
        "a kniga:points",
        "at least two flows out",
        "the attribute messageRef",
        "either kniga:each or a loopCardinality",
    ]
    for part in parts:
        assert not OF_BPMN.search(" ".join(plainly(Problem("missing_part", params={"tag": "userTask", "part": part}))))
    with translation.override("en"):
        message, cure = plainly(Problem("not_supported", params={"tag": "scriptTask", "cure": "a service task"}))
    assert message == "Kniga cannot carry this out (in BPMN: scriptTask)."
    assert cure == "Make it an automatic action, or a step."
    assert not [text for text in plain_cures().values() if OF_BPMN.search(text)]


def test_plain_words_have_no_gap_that_the_problem_does_not_fill() -> None:
    for code, texts in plain_words().items():
        assert gaps_of(*texts) <= gaps_of(*TEMPLATES[code]), code


def test_a_row_of_a_table_is_told_in_the_language_of_the_page() -> None:
    params = {"text": "?", "place": "row 2, input 1", "place_ru": "строка 2, условие 1", "detail": "x"}
    with translation.override("ru"):
        message, _cure = plainly(Problem("bad_unary_test", params=params))
    assert message == "«?» (строка 2, условие 1) не читается."


@pytest.mark.parametrize(("language", "named"), [("en", "“Call”"), ("ru", "«Call»")])
def test_a_name_is_quoted_as_the_language_does(language: str, named: str) -> None:
    with translation.override(language):
        told = [plainly(Problem(code, params={"name": "“Call”"}))[0] for code in ("no_script", "unreachable")]
    assert all(named in message for message in told), told


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_palette_itself_is_in_plain_words(language: str) -> None:
    with translation.override(language):
        said = [text for words in canvas_words().values() for text in words.values()]
        assert gettext("Way") in said
    assert [text for text in said if OF_BPMN.search(text)] == []


def test_a_broken_file_is_told_without_the_words_of_the_reader_of_xml() -> None:
    with translation.override("ru"), pytest.raises(BpmnRefused) as refused:
        compile_bpmn(b"<a><b></a>")
    with translation.override("ru"):
        message, cure = plainly(refused.value.problems[0])
    assert message == "Файл не читается: он оборван, повреждён, или это вовсе не схема процесса."
    assert not re.search("[A-Za-z]{4,}", cure.replace("BPMN", "").replace(".bpmn", ""))
