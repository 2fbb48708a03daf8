"""What a program changed in a file it had written anew is carried over into the file as it was."""

import pytest

from kniga.engine import BpmnRefused
from kniga.engine.bpmn.merging import merge
from kniga.engine.bpmn.splicing import splice

MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
FILE = f"""<?xml version='1.0' encoding="UTF-8" ?>
<!-- drawn elsewhere -->
<b:definitions  xmlns:b='{MODEL}' xmlns:z="urn:z" xmlns:k="urn:kniga:bpmn:1" targetNamespace="t">
\t<b:process id='p' isExecutable = "true" >
\t\t<!-- how it begins -->
\t\t<b:startEvent id="s"   isInterrupting="true" z:kept='"x"'/>
\t\t<b:userTask name='Old' id='a'><b:extensionElements><k:script><![CDATA[a < b]]></k:script>\
<z:own deep="1"><z:in/></z:own></b:extensionElements></b:userTask>
\t\t<b:userTask id="c" name="C"/>
\t\t<!-- the ways -->
\t\t<b:sequenceFlow targetRef="a" sourceRef="s" id="f1"/>
\t\t<b:sequenceFlow targetRef="c" sourceRef="a" id="f2"/>
\t</b:process><?z keep?>
</b:definitions>
<!-- end -->
"""
WRITTEN = f"""<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="{MODEL}" xmlns:z="urn:z" xmlns:kniga="urn:kniga:bpmn:1" targetNamespace="t">
  <bpmn:process id="p" isExecutable="true">
    <bpmn:startEvent id="s" z:kept="&#34;x&#34;" />
    <bpmn:userTask id="a" name="Old">
      <bpmn:extensionElements>
        <kniga:script>a &lt; b</kniga:script>
        <z:own deep="1">
          <z:in />
        </z:own>
      </bpmn:extensionElements>
    </bpmn:userTask>
    <bpmn:userTask id="c" name="C" />
    <bpmn:sequenceFlow id="f1" sourceRef="s" targetRef="a" />
    <bpmn:sequenceFlow id="f2" sourceRef="a" targetRef="c" />
  </bpmn:process>
</bpmn:definitions>
"""


def spliced(*changes: tuple[str, str], file: str = FILE, before: str = WRITTEN) -> str:
    """The file after changes of what the program wrote; it must say what the program says."""
    after = before
    for old, new in changes:
        assert after.count(old) == 1, old
        after = after.replace(old, new)
    found = splice(file.encode(), before.encode(), after.encode()).decode()
    assert found != after, "it was written anew"
    return found


def test_what_nobody_changed_keeps_its_bytes() -> None:
    assert spliced() == FILE
    assert spliced(('id="a" name="Old"', 'id="a" name="New &lt;"')) == FILE.replace("'Old'", "'New &lt;'")
    assert spliced(("a &lt; b", "c &amp; d\n e")) == FILE.replace("<![CDATA[a < b]]>", "c &amp; d\n e")
    assert spliced(('deep="1"', 'deep="2"')) == FILE.replace('deep="1"', 'deep="2"')


def test_attributes_come_go_and_find_a_prefix_that_holds() -> None:
    assert spliced((' name="C"', "")) == FILE.replace(' name="C"', "")
    assert spliced((' name="C"', ' name="C" kniga:kind="call" z:more="1" default="f2"')) == FILE.replace(
        'name="C"', 'name="C" k:kind="call" z:more="1" default="f2"'
    )
    assert spliced(('isExecutable="true"', 'isExecutable="true" xml:lang="ru"')) == FILE.replace(
        'isExecutable = "true"', 'isExecutable = "true" xml:lang="ru"'
    )
    assert spliced(('id="s" z:kept', 'id="s" isInterrupting="false" z:kept')) == FILE.replace(
        'isInterrupting="true"', 'isInterrupting="false"'
    )
    assert spliced((' name="C"', ' name="C" xmlns:q="urn:q" q:x="1"')) == FILE.replace(
        ' name="C"', ' name="C" xmlns:q="urn:q" q:x="1"'
    )
    of_one_said_otherwise = FILE.replace(' name="C"', ' name="C"  z:own="1"')
    before = WRITTEN.replace(' name="C"', ' name="C" z:more="1"')
    assert spliced((' z:more="1"', ""), file=of_one_said_otherwise, before=before) == of_one_said_otherwise


def test_a_namespace_that_is_new_is_declared_where_the_program_declares_it() -> None:
    found = spliced(
        (' targetNamespace="t"', ' targetNamespace="t" xmlns:n="urn:n"'), (' name="C"', ' name="C" n:x="1"')
    )
    assert found == FILE.replace(' targetNamespace="t"', ' targetNamespace="t" xmlns:n="urn:n"').replace(
        ' name="C"', ' name="C" n:x="1"'
    )


def test_elements_come_and_go_with_their_lines() -> None:
    added = '<bpmn:userTask id="d" />'
    behind = spliced(('name="C" />', f'name="C" />\n    {added}'))
    declared = f'<bpmn:userTask xmlns:bpmn="{MODEL}" id="d" />'
    assert behind == FILE.replace('name="C"/>', f'name="C"/>\n\t\t{declared}')
    flow = '    <bpmn:sequenceFlow id="f2" sourceRef="a" targetRef="c" />\n'
    assert spliced((flow, "")) == FILE.replace('\n\t\t<b:sequenceFlow targetRef="c" sourceRef="a" id="f2"/>', "")
    flow = '    <bpmn:sequenceFlow id="f1" sourceRef="s" targetRef="a" />\n'
    assert spliced((flow, "")) == FILE.replace('<b:sequenceFlow targetRef="a" sourceRef="s" id="f1"/>', "")
    first = spliced(('    <bpmn:startEvent id="s"', f'    {added}\n    <bpmn:startEvent id="s"'))
    assert f"\n\t\t{declared}\n\t\t<!-- how" in first
    both = spliced(
        ('name="C" />', f'name="C" />\n    {added}\n    <bpmn:userTask id="e"><kniga:x a="z:b" /></bpmn:userTask>')
    )
    assert f'id="d" />\n\t\t<bpmn:userTask xmlns:bpmn="{MODEL}" xmlns:kniga="urn:kniga:bpmn:1" id="e">' in both


def test_an_element_without_anything_inside_is_opened() -> None:
    loop = "\n      <bpmn:documentation>Why\n so</bpmn:documentation>\n    "
    found = spliced(('name="C" />', f'name="C">{loop}</bpmn:userTask>'))
    written = f'<bpmn:documentation xmlns:bpmn="{MODEL}">Why\n so</bpmn:documentation>'
    assert found == FILE.replace('name="C"/>', f'name="C">\n\t\t  {written}\n\t\t</b:userTask>')
    in_crlf = FILE.replace("\n", "\r\n")
    found = spliced(('name="C" />', f'name="C">{loop}</bpmn:userTask>'), file=in_crlf)
    assert "\n" not in found.replace("\r\n", "")
    flat = FILE.replace('\n\t\t<b:userTask id="c" name="C"/>', '<b:userTask id="c" name="C"/>')
    assert f'name="C">{written}</b:userTask>' in spliced(('name="C" />', f'name="C">{loop}</bpmn:userTask>'), file=flat)
    noted = FILE.replace('name="C"/>', 'name="C"><!-- none --></b:userTask>')
    found = spliced(('name="C" />', f'name="C">{loop}</bpmn:userTask>'), file=noted)
    assert found == noted.replace("<!-- none -->", f"\n\t\t  {written}<!-- none -->") or "<!-- none -->" in found
    empty = FILE.replace("<k:script><![CDATA[a < b]]></k:script>", "<k:script/>")
    before = WRITTEN.replace("<kniga:script>a &lt; b</kniga:script>", "<kniga:script />")
    assert "<k:script>now</k:script>" in spliced(
        ("<kniga:script />", "<kniga:script>now</kniga:script>"), file=empty, before=before
    )
    attribute = spliced(("<z:in />", '<z:in now="1" />'))
    assert attribute == FILE.replace("<z:in/>", '<z:in now="1"/>')


def test_the_order_of_elements_follows() -> None:
    ways = [line for line in WRITTEN.splitlines(keepends=True) if "sequenceFlow" in line]
    found = spliced(("".join(ways), "".join(reversed(ways))))
    first, second = (line for line in FILE.splitlines(keepends=True) if "sequenceFlow" in line)
    assert found == FILE.replace(first + second, second + first)
    turned = FILE.replace(first + second, second + first)
    assert spliced(('name="C"', 'name="D"'), file=turned) == turned.replace('name="C"', 'name="D"')


def test_what_the_program_does_not_know_stays_and_what_it_made_itself_is_not_written() -> None:
    made = WRITTEN.replace("<bpmn:extensionElements>", "<bpmn:incoming>f1</bpmn:incoming><bpmn:extensionElements>")
    unknown = FILE.replace("<z:own", "<z:other/><z:own")
    assert spliced(('name="Old"', 'name="New"'), file=unknown, before=made) == unknown.replace("'Old'", "'New'")
    found = spliced(("<bpmn:incoming>f1<", "<bpmn:incoming>f2<"), file=unknown, before=made)
    assert found == unknown.replace("<b:ext", f'<bpmn:incoming xmlns:bpmn="{MODEL}">f2</bpmn:incoming><b:ext')


@pytest.mark.parametrize(
    ("file", "change"),
    [
        (FILE, ('<z:own deep="1">', '<z:own deep="1">words')),
        (FILE.replace("xmlns:z", 'xmlns:q="urn:other" xmlns:z'), (' name="C"', ' name="C" xmlns:q="urn:q" q:x="1"')),
        (FILE, ('z:kept="&#34;x&#34;"', 'z:kept="bpmn:x"')),
        (FILE.replace("<z:in/>", "<z:in/><z:new/>"), ("<z:in />", "<z:in /><z:new />")),
        (FILE.replace("'Old'", "'Another'"), ('name="C"', 'name="D"')),
        (FILE.replace("UTF-8", "windows-1251"), ('name="C"', 'name="漢"')),
        (FILE.replace(' id="f2"', ' id="f3"'), ('name="C"', 'name="D"')),
    ],
)
def test_what_cannot_be_carried_over_is_as_the_program_wrote_it(file: str, change: tuple[str, str]) -> None:
    after = WRITTEN.replace(*change)
    assert splice(file.encode("cp1251"), WRITTEN.encode(), after.encode()) == after.encode()


def test_a_file_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(BpmnRefused):
        splice(FILE.encode(), b"<x", WRITTEN.encode())


def test_a_joined_file_keeps_what_was_not_touched() -> None:
    theirs = FILE.replace("'Old'", "'Theirs'").encode()
    mine = FILE.replace('name="C"', 'name="Mine"').encode()
    assert merge(FILE.encode(), theirs, mine).xml == theirs.replace(b'name="C"', b'name="Mine"')
