"""The proofs over files nobody here wrote, kept small: mutants, changed files, and the walk through two engines."""

import random
from pathlib import Path

import pytest
from lxml import etree
from proofs.foreign.both_engines import processes, translate
from proofs.foreign.xml_mutants import mutant
from proofs.harness import Report
from proofs.truth import bpmn_files
from proofs.truth.differential import UNDECIDED, Tally, quiet, tell, walk_file

from kniga.engine import BpmnRefused, compile_bpmn
from kniga.engine.bpmn.reading import read_xml
from tests.engine.drawing import BOOKS

MUTANTS = 100


@pytest.fixture(autouse=True)
def _data(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "shared_data" in request.fixturenames:
        monkeypatch.setenv("KNIGA_SHARED_DATA", str(request.getfixturevalue("shared_data")))


def test_mutants_of_the_shipped_books_never_crash() -> None:
    books = [path.read_bytes() for path in sorted(BOOKS.glob("*.bpmn"))]
    verdicts = set()
    for number in range(MUTANTS):
        chance = random.Random(f"test:{number}")
        verdicts.add(bpmn_files.digest(mutant(chance, chance.choice(books))))
    assert {"compiles", "not_xml"} <= verdicts
    assert len(verdicts) > 10


def test_the_same_number_gives_the_same_mutant() -> None:
    book = sorted(BOOKS.glob("*.bpmn"))
    assert bpmn_files.make(7, book) == bpmn_files.make(7, book)


@pytest.mark.shared_data("bpmn_miwg", "bpmn_sales_processes")
def test_changing_an_element_of_another_tool_s_file_leaves_every_other_byte(shared_data: Path) -> None:
    for path in bpmn_files.files_of("bpmn_miwg/Reference") + bpmn_files.files_of("bpmn_sales_processes"):
        data = path.read_bytes()
        try:
            node = next(iter(read_xml(data).iter("{*}process", "{*}startEvent")))
        except BpmnRefused:
            continue
        assert bpmn_files._wrong_change(data, str(node.get("id"))) is None, path.name


@pytest.mark.shared_data("bpmn_miwg")
def test_a_crash_or_a_nameless_refusal_would_be_seen(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    verdicts = bpmn_files.judge(bpmn_files.files_of("bpmn_miwg/Reference"))
    assert sum(verdicts.counts.values()) == 12
    assert verdicts.crashed == verdicts.nameless == []


@pytest.mark.shared_data("spiffworkflow_bpmn")
def test_both_engines_open_the_same_tasks(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally()
    with quiet():
        for path in bpmn_files.files_of("spiffworkflow_bpmn"):
            walk_file(path, 3, tally)
    assert tally.compared >= 20
    assert tally.steps > tally.walks
    assert UNDECIDED not in tally.differing
    report = Report()
    tell(report, tally, "test")
    assert report.all_hold


def test_conditions_of_python_are_translated_or_replaced_by_a_choice() -> None:
    def conditions(*texts: str) -> tuple[str, list[str]]:
        flows = "".join(
            f'<sequenceFlow id="f{at}" sourceRef="g" targetRef="e"><conditionExpression>{text}</conditionExpression>'
            "</sequenceFlow>"
            for at, text in enumerate(texts)
        )
        root = etree.fromstring(
            '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="p"><startEvent id="s"/>'
            '<userTask id="a"/><exclusiveGateway id="g" default="d"/><endEvent id="e"/>'
            '<sequenceFlow id="x" sourceRef="s" targetRef="a"/><sequenceFlow id="y" sourceRef="a" targetRef="g"/>'
            f'<sequenceFlow id="d" sourceRef="g" targetRef="e"/>{flows}</process></definitions>'
        )
        translated = translate(next(processes(etree.tostring(root))))
        compile_bpmn(translated.kniga)
        written = [node.text or "" for node in translated.spiff.iter("{*}conditionExpression")]
        return ", ".join(translated.variables), written

    assert conditions("v == 1", "v == 2") == ("v", ["v == 1", "v == 2"])
    assert conditions("skip == True") == ("skip", ["skip == True"])
    assert conditions("len(v) > 1", "v == 2") == ("way_0", ["way_0 == 'f0'", "way_0 == 'f1'"])
