"""Files are changed at one place and stay as they are everywhere else; and what differs between two files is said."""

import codecs
from pathlib import Path

import pytest

from kniga.engine import BpmnRefused, UserTask, compile_bpmn
from kniga.engine.bpmn.difference import differences
from kniga.engine.bpmn.editing import Change, EditRefused, Part, SetAttribute, SetParts, edit, set_name, set_script
from kniga.engine.bpmn.reading import read_xml
from tests.engine.drawing import BOOKS

BOOK = (BOOKS / "inbound_sale.en.bpmn").read_bytes()
REAL = ("bpmn_sales_processes", "bpmn_moddle_fixtures", "spiffworkflow_bpmn")
MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
FOREIGN = f"""<?xml version="1.0" encoding="UTF-8"?>
<!-- drawn <userTask id="a"> elsewhere -->
<definitions xmlns="{MODEL}"
             xmlns:z='urn:z' targetNamespace='t'>
  <process id="p">
    <startEvent id='s' z:kept="a > b" />
    <sequenceFlow id="f1" sourceRef="s" targetRef="a"/>
    <userTask id="a" name='Old' >
      <documentation>Why</documentation>
    </userTask>
    <userTask id="b"/><task
       id="c"
       name="C"></task>
    <![CDATA[  ]]>
  </process>
</definitions>
""".encode()


def changed_lines(before: bytes, after: bytes) -> tuple[list[str], list[str]]:
    """The lines that went and the lines that came."""
    old, new = before.decode().splitlines(), after.decode().splitlines()
    return [line for line in old if line not in new], [line for line in new if line not in old]


def step(data: bytes, id: str) -> UserTask:
    found = compile_bpmn(data).user_task(id)
    assert found is not None
    return found


def test_a_file_without_changes_is_the_same_file() -> None:
    assert edit(BOOK, []) == BOOK
    assert edit(FOREIGN, []) == FOREIGN


def test_a_name_changes_and_nothing_else() -> None:
    edited = edit(FOREIGN, [set_name("a", 'New & "best"\n')])
    assert changed_lines(FOREIGN, edited) == (
        ["    <userTask id=\"a\" name='Old' >"],
        ["    <userTask id=\"a\" name='New &amp; &quot;best&quot;&#10;' >"],
    )
    (difference,) = differences(FOREIGN, edited)
    assert (difference.what, difference.before, difference.after) == ("attribute name", "Old", 'New & "best"\n')
    assert str(difference).startswith("/definitions/process[p]/userTask[a]: attribute name: 'Old' → ")


def test_an_attribute_is_added_where_the_tag_ends_and_taken_away_again() -> None:
    added = edit(FOREIGN, [SetAttribute("c", "default", "x"), SetAttribute("b", "name", "B")])
    assert b'<userTask id="b" name="B"/>' in added
    assert b'name="C" default="x"></task>' in added
    assert edit(added, [SetAttribute("c", "default", None), SetAttribute("b", "name", None)]) == FOREIGN
    assert edit(FOREIGN, [set_script("b", "")]) == FOREIGN
    assert edit(FOREIGN, [SetAttribute("b", "name", None), SetAttribute("b", "kniga:kind", None)]) == FOREIGN


def test_our_namespace_is_declared_when_it_is_first_needed() -> None:
    edited = edit(FOREIGN, [SetAttribute("b", "kniga:kind", "call"), SetAttribute("b", "kniga:kind", "mail")])
    gone, come = changed_lines(FOREIGN, edited)
    assert come == [
        "             xmlns:z='urn:z' targetNamespace='t' xmlns:kniga=\"urn:kniga:bpmn:1\">",
        '    <userTask id="b" kniga:kind="mail"/><task',
    ]
    assert len(gone) == 2
    assert [str(found) for found in differences(FOREIGN, edited)] == [
        "/definitions/process[p]/userTask[b]: attribute {urn:kniga:bpmn:1}kind: None → 'mail'"
    ]


def test_a_prefix_of_another_meaning_is_left_alone() -> None:
    taken = FOREIGN.replace(b"xmlns:z", b"xmlns:kniga").replace(b"z:kept", b"kniga:kept")
    edited = edit(taken, [SetAttribute("b", "kniga:kind", "call")])
    assert b'xmlns:kniga0="urn:kniga:bpmn:1"' in edited
    assert b'kniga0:kind="call"' in edited
    assert b'kniga:kept="a > b"' in edited


def test_a_script_is_written_into_an_empty_a_filled_and_a_documented_element() -> None:
    edited = edit(FOREIGN, [set_script("a", "One\nTwo"), set_script("b", "Three"), set_script("c", "Four")])
    assert changed_lines(FOREIGN, edited)[1] == [
        "             xmlns:z='urn:z' targetNamespace='t' xmlns:kniga=\"urn:kniga:bpmn:1\">",
        "      <extensionElements>",
        "        <kniga:script>One",
        "Two</kniga:script>",
        "      </extensionElements>",
        '    <userTask id="b">',
        "      <extensionElements>",
        "        <kniga:script>Three</kniga:script>",
        "      </extensionElements>",
        "    </userTask><task",
        '       name="C"><extensionElements><kniga:script>Four</kniga:script></extensionElements></task>',
    ]


def test_a_script_is_replaced_and_taken_away() -> None:
    text = "## Call\n> {{contact.name}} <b> & ]]&gt;\n\nEnd"
    edited = edit(BOOK, [set_script("task_answer", text)])
    assert step(edited, "task_answer").script == text
    assert [found.what for found in differences(BOOK, edited)] == ["text"]
    nothing = edit(edited, [set_script("task_answer", "  ")])
    assert step(nothing, "task_answer").script == ""
    restored = edit(edited, [set_script("task_answer", "\n" + step(BOOK, "task_answer").script + "\n")])
    assert restored == BOOK


@pytest.mark.parametrize("text", ["]]>", "a < b ]]> c", "<![CDATA[x]]>", "&amp;", "tab\tend", "\r\nline\r"])
def test_any_text_comes_back_from_a_script(text: str) -> None:
    edited = edit(BOOK, [set_script("task_answer", f"A{text}Z")])
    expected = text.replace("\r\n", "\n").replace("\r", "\n")
    assert step(edited, "task_answer").script == f"A{expected}Z"


def test_a_list_of_parts_is_replaced_where_it_stood() -> None:
    question = Part("question", {"key": "q", "type": "choice"}, children=(Part("choice", {"key": "x"}),))
    outcomes = tuple(Part("outcome", {"key": key, "label": f'"{key}"'}) for key in ("yes", "no"))
    changes: list[Change] = [
        SetParts("task_answer", "question", (question,)),
        SetParts("task_answer", "outcome", outcomes),
    ]
    edited = edit(BOOK, changes)
    text = edited.decode()
    assert (
        '        <kniga:question key="q" type="choice">\n          <kniga:choice key="x"/>\n        </kniga:question>\n'
        '        <kniga:outcome key="yes" label="&quot;yes&quot;"/>\n        <kniga:outcome key="no"'
    ) in text
    place = "/definitions[definitions_inbound_sale]/process[inbound_sale]/userTask[task_answer]/extensionElements"
    assert all(found.place.startswith(place) for found in differences(BOOK, edited))


def test_parts_in_a_file_without_lines_are_written_without_lines() -> None:
    flat = f'<definitions xmlns="{MODEL}"><process id="p"><userTask id="a"/></process></definitions>'.encode()
    parts = (Part("question", {"key": "q"}, children=(Part("choice", {"key": "x"}),)), Part("question", {"key": "r"}))
    edited = edit(flat, [SetParts("a", "question", parts)])
    assert b"\n" not in edited
    assert b'<kniga:question key="q"><kniga:choice key="x"/></kniga:question><kniga:question key="r"/>' in edited
    without = edit(edited, [SetParts("a", "question", ())])
    assert b'<userTask id="a"><extensionElements></extensionElements></userTask>' in without
    assert edit(without, [SetParts("a", "question", parts)]) == edited


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "windows-1251", "koi8-r"])
def test_a_file_keeps_its_encoding_and_its_lines(encoding: str) -> None:
    named = encoding.removesuffix("-sig")
    text = FOREIGN.decode().replace("UTF-8", named).replace("Old", "Имя").replace("\n", "\r\n")
    data = (codecs.BOM_UTF16_BE if encoding == "utf-16-be" else b"") + text.encode(encoding)
    edited = edit(data, [set_script("b", "Цена – 5 €\n\N{GRINNING FACE}"), set_name("a", "Звонок")])
    assert edited.count("\n".encode(named)[-1:]) or "16" in encoding
    back = edit(edited, [])
    assert back == edited
    found = differences(data, edited)
    assert {difference.after for difference in found} >= {"Звонок"}
    removed = edit(edited, [set_name("a", "Имя"), set_script("b", "")])
    assert all(found.place.endswith("userTask[b]") for found in differences(data, removed))


@pytest.mark.parametrize(
    "change",
    [
        set_name("nobody", "x"),
        set_name("a", "\x00"),
        set_script("a", "a\x0c"),
        SetAttribute("a", "on click", "x"),
        SetAttribute("a", "z:kept", "x"),
        SetParts("a", "script", (Part("scr ipt"),)),
        SetParts("a", "question", (Part("question", {'k="x" y': "z"}),)),
    ],
)
def test_a_change_that_cannot_be_made_is_refused(change: Change) -> None:
    with pytest.raises(EditRefused):
        edit(FOREIGN, [change])


def test_a_file_that_cannot_be_read_is_not_edited() -> None:
    with pytest.raises(BpmnRefused):
        edit(b"<a/>", [])


def same(one: str, other: str) -> list[str]:
    return [found.what for found in differences(one.encode(), other.encode())]


def test_white_space_prefixes_comments_and_the_order_of_attributes_are_no_difference() -> None:
    one = f'<b:definitions xmlns:b="{MODEL}"><b:process id="p" name="x"><b:task id="t"/></b:process></b:definitions>'
    inside = '<!-- c -->\n <process name="x" id="p">\n<task id="t"></task></process>'
    other = f'<definitions xmlns="{MODEL}">{inside}</definitions>'
    assert same(one, other) == []
    typed = '<a xmlns:x="urn:x" type="x:t"/>'
    assert same(typed, '<a xmlns:y="urn:x" type="y:t"/>') == []
    assert same(typed, '<a xmlns:x="urn:y" type="x:t"/>') == ["attribute type"]


def test_everything_else_is_a_difference() -> None:
    assert same("<a/>", "<b/>") == ["element"]
    assert same("<a>x</a>", "<a>y</a>") == ["text"]
    assert same("<a><b/>x</a>", "<a><b/>y</a>") == ["text"]
    assert same("<a><b/></a>", "<a><b/><b/><c/></a>") == ["element b", "element c"]
    assert same("<a><b id='1'/><b id='2'/></a>", "<a><b id='2'/><b id='1' x='y'/></a>") == [
        "order of the elements",
        "attribute x",
    ]
    assert same("<a><b/><c x='1'/></a>", "<a><c x='2'/></a>") == ["element b", "attribute x"]


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.shared_data(name)) for name in REAL])
def test_in_a_model_of_another_tool_only_the_one_step_changes(name: str, shared_data: Path) -> None:
    edited_files = 0
    for path in sorted((shared_data / name).rglob("*.bpmn")):
        data = path.read_bytes()
        try:
            root = read_xml(data)
        except BpmnRefused:
            continue
        assert edit(data, []) == data
        step = next((one.get("id") for one in root.iter("{*}task", "{*}userTask") if one.get("id")), None)
        if step is None:
            continue
        written = f"– <{step}> &"
        edited = edit(data, [set_name(step, written), set_script(step, written)])
        assert {str(found.after) for found in differences(data, edited)} <= {written, ""}
        assert all(f"[{step}]" in found.place for found in differences(data, edited))
        untouched = edit(edited, [set_script(step, "")])
        assert not [found for found in differences(edited, untouched) if "script" not in f"{found.place}{found.what}"]
        edited_files += 1
    assert edited_files


@pytest.mark.parametrize("holder", ["<extensionElements/>", "<extensionElements />", "\n  <extensionElements\n  />\n "])
def test_a_part_is_written_into_a_holder_that_closes_itself(holder: str) -> None:
    drawn = FOREIGN.replace(b'<userTask id="b"/>', f'<userTask id="b">{holder}</userTask>'.encode())
    edited = edit(drawn, [set_script("b", "Call < ask")])
    (task,) = (node for node in read_xml(edited).iter(f"{{{MODEL}}}userTask") if node.get("id") == "b")
    (inside,) = task
    assert [(part.tag, part.text) for part in inside] == [("{urn:kniga:bpmn:1}script", "Call < ask")]
    assert edit(drawn, [set_script("b", "")]) == drawn


@pytest.mark.parametrize("empty", [False, True])
def test_a_prefix_that_the_holder_binds_anew_is_not_taken_for_ours(empty: bool) -> None:
    own = 'xmlns:kniga="urn:kniga:bpmn:1"'
    holder = '<extensionElements xmlns:kniga="urn:other"' + ("/>" if empty else "><kniga:x/></extensionElements>")
    drawn = FOREIGN.replace(b"xmlns:z", f"{own} xmlns:z".encode()).replace(
        b'<userTask id="b"/>', f'<userTask id="b">{holder}</userTask>'.encode()
    )
    (inside,) = (
        node
        for node in read_xml(edit(drawn, [set_script("b", "Call")])).iter()
        if len(node) and node[-1].text == "Call"
    )
    assert [node.tag for node in inside] == ["{urn:other}x"] * (not empty) + ["{urn:kniga:bpmn:1}script"]
