"""Two people change one file: what only one of them changed is joined, what both changed is told, nothing is lost."""

from random import Random

import pytest
from lxml import etree

from kniga.engine import compile_bpmn
from kniga.engine.bpmn.anatomy import take_apart
from kniga.engine.bpmn.difference import differences
from kniga.engine.bpmn.editing import Change, Part, SetAttribute, SetParts, edit, set_name, set_script
from kniga.engine.bpmn.merging import FieldDifference, Merged, Side, StructureDifference, merge
from kniga.engine.bpmn.reading import read_xml
from kniga.engine.bpmn.renaming import in_utf8, process_named, rename_process
from tests.engine.drawing import BOOKS

BOOK = (BOOKS / "inbound_sale.en.bpmn").read_bytes()
FILE = b"""<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:kniga="urn:kniga:bpmn:1"
  xmlns:z="urn:z" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI"
  xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" targetNamespace="t">
  <process id="p"><laneSet id="ls"><lane id="l1" name="L"><flowNodeRef>a</flowNodeRef></lane></laneSet>
    <startEvent id="s"><outgoing>f1</outgoing></startEvent>
    <sequenceFlow id="f1" sourceRef="s" targetRef="a"/>
    <userTask id="a" name="A" default="f2"><documentation>why</documentation><extensionElements>
      <kniga:script>Say</kniga:script>
      <kniga:outcome key="x" label="X"/><kniga:outcome key="y" label="Y"/><z:more n="1"/></extensionElements>
      <incoming>f1</incoming><outgoing>f2</outgoing><outgoing>f3</outgoing></userTask>
    <sequenceFlow id="f2" sourceRef="a" targetRef="e"/>
    <sequenceFlow id="f3" sourceRef="a" targetRef="b"><conditionExpression>1</conditionExpression></sequenceFlow>
    <task id="b"><incoming>f3</incoming><outgoing>f4</outgoing></task>
    <sequenceFlow id="f4" sourceRef="b" targetRef="e"/>
    <subProcess id="sub" name="Sub"><task id="in" name="In"/></subProcess>
    <boundaryEvent id="be" attachedToRef="b"/>
    <sequenceFlow id="odd" sourceRef="nobody" targetRef="e"/>
    <endEvent id="e"><incoming>f2</incoming><incoming>f4</incoming><incoming>odd</incoming></endEvent>
  </process>
  <bpmndi:BPMNDiagram><bpmndi:BPMNPlane bpmnElement="p">
    <bpmndi:BPMNShape bpmnElement="a"><dc:Bounds x="1" y="2.0" width="3" height="4"/></bpmndi:BPMNShape>
    <bpmndi:BPMNShape bpmnElement="b" z:as="-"><dc:Bounds x="11" y="2" width="3" height="4"/></bpmndi:BPMNShape>
  </bpmndi:BPMNPlane></bpmndi:BPMNDiagram>
</definitions>"""
SHAPE = b'<bpmndi:BPMNShape bpmnElement="b"'
FLOW = b'<sequenceFlow id="f4" sourceRef="b" targetRef="e"/>'


def edited(*pairs: tuple[bytes, bytes], of: bytes = FILE) -> bytes:
    for old, new in pairs:
        assert old in of, old
        of = of.replace(old, new)
    return of


def without_b() -> bytes:
    """The file without the step b, its flows and its picture."""
    found = read_xml(FILE)
    for node in list(found.iter()):
        holder = node.getparent()
        if holder is not None and (
            node.get("id") in ("b", "f3", "f4", "be") or node.get("bpmnElement") == "b" or node.text in ("f3", "f4")
        ):
            holder.remove(node)
    written = etree.tostring(found)
    assert isinstance(written, bytes)
    return written


def joined(
    theirs: bytes, mine: bytes, base: bytes | None = FILE, choices: dict[tuple[str, str], Side] | None = None
) -> bytes:
    found = merge(base, theirs, mine, choices=choices)
    assert found.xml is not None, found
    return found.xml


def same(one: bytes, other: bytes) -> bool:
    """Whether two files say the same of every element."""
    return take_apart(read_xml(one)).fields == take_apart(read_xml(other)).fields


def conflicts(found: Merged) -> list[tuple[str, str]]:
    assert found.xml is None
    fields = [(one.element, one.field) for one in found.differences if one.both]
    return [*fields, *((one.element, one.kind) for one in found.structure if one.both)]


CHANGES: dict[str, tuple[tuple[bytes, bytes], ...]] = {
    "a name": ((b'name="A"', b'name="Better"'),),
    "a new attribute": ((b'<task id="b">', b'<task id="b" name="B" kniga:stage="x">'),),
    "no name": ((b'<userTask id="a" name="A"', b'<userTask id="a"'),),
    "a script": ((b">Say<", b">Say it well<"),),
    "no script": ((b"<kniga:script>Say</kniga:script>", b""),),
    "another outcome": ((b'<z:more n="1"/>', b'<kniga:outcome key="n" label="N"/><z:more n="1"/>'),),
    "an outcome in front": ((b'<kniga:outcome key="x"', b'<kniga:outcome key="n"/><kniga:outcome key="x"'),),
    "fewer outcomes": ((b'<kniga:outcome key="y" label="Y"/>', b""),),
    "outcomes in another order": (
        (b'<kniga:outcome key="x" label="X"/><kniga:outcome key="y" label="Y"/>',
         b'<kniga:outcome key="y" label="Y"/><kniga:outcome key="x" label="X"/>'),
    ),
    "an extension where none was": (
        (b'<task id="b">', b'<task id="b"><extensionElements><kniga:script>B</kniga:script></extensionElements>'),
    ),
    "a foreign extension": ((b'n="1"', b'n="2"'),),
    "a condition": ((b">1</cond", b">2</cond"),),
    "a new condition": ((FLOW, FLOW.replace(b"/>", b"><conditionExpression/></sequenceFlow>")),),
    "a documentation": ((b">why<", b">because<"),),
    "a place": ((b'x="1"', b'x="100"'),),
    "no place": (
        (b'<bpmndi:BPMNShape bpmnElement="a"><dc:Bounds x="1" y="2.0" width="3" height="4"/></bpmndi:BPMNShape>', b""),
    ),
    "a first place": (
        (b'<bpmndi:BPMNShape bpmnElement="b"', b'<bpmndi:BPMNShape bpmnElement="s"/><bpmndi:BPMNShape bpmnElement="b"'),
    ),
    "a lane's step": ((b"<flowNodeRef>a</flowNodeRef>", b"<flowNodeRef>b</flowNodeRef>"),),
    "the order of flows": (
        (b'<sequenceFlow id="f2" sourceRef="a" targetRef="e"/>', b""),
        (FLOW, FLOW + b'<sequenceFlow id="f2" sourceRef="a" targetRef="e"/>'),
    ),
    "a step into a sub-process": (
        (b'<endEvent id="e">', b"<!-- -->" b'<endEvent id="e">'),
        (b'<task id="in" name="In"/>', b""),
        (b'<boundaryEvent id="be"', b'<task id="in" name="In"/><boundaryEvent id="be"'),
    ),
    "a flow elsewhere": (
        (FLOW, b'<sequenceFlow id="f4" sourceRef="b" targetRef="a"/>'),
        (b"<incoming>f4</incoming>", b""),
        (b"<incoming>f1</incoming>", b"<incoming>f1</incoming><incoming>f4</incoming>"),
    ),
    "a new step": (
        (FLOW, FLOW + b'<task id="new"/><sequenceFlow id="f9" sourceRef="new" targetRef="e"/>'),
        (SHAPE, b'<bpmndi:BPMNShape bpmnElement="new"/>' + SHAPE),
    ),
    "a step in front": ((b'<laneSet id="ls">', b'<task id="first"/><laneSet id="ls">'),),
    "a step within": ((b'<task id="in"', b'<task id="more"/><task id="in"'),),
    "a sub-process": ((FLOW, FLOW + b'<subProcess id="s2"><task id="t2"/></subProcess>'),),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_what_one_changed_is_joined_with_nothing_and_with_the_same(what: str) -> None:
    changed = edited(*CHANGES[what])
    assert same(joined(FILE, changed), changed)
    assert same(joined(changed, FILE), changed)
    assert same(joined(changed, changed), changed)


@pytest.mark.parametrize("what", CHANGES)
def test_every_change_is_joined_with_another_ones(what: str) -> None:
    name = edited((b'<endEvent id="e">', b'<endEvent id="e" name="End">'))
    both = edited((b'<endEvent id="e">', b'<endEvent id="e" name="End">'), of=edited(*CHANGES[what]))
    assert same(joined(name, edited(*CHANGES[what])), both)
    assert same(joined(edited(*CHANGES[what]), name), both)


def test_a_part_comes_behind_the_nearest_one_that_is_still_there() -> None:
    found = joined(edited(*CHANGES["fewer outcomes"]), edited(*CHANGES["another outcome"]))
    assert keys_of_outcomes(found) == ["x", "n"]


def keys_of_outcomes(xml: bytes) -> list[str | None]:
    return [one.get("key") for one in read_xml(xml).iter("{urn:kniga:bpmn:1}outcome")]


def test_what_both_changed_is_told_with_all_three_and_chosen() -> None:
    theirs, mine = edited((b'name="A"', b'name="T"')), edited((b'name="A"', b'name="M"'), (b">Say<", b">Speak<"))
    found = merge(FILE, theirs, mine)
    assert conflicts(found) == [("a", "name")]
    assert found.differences == (
        FieldDifference("a", "T", "name", "A", "T", "M", both=True),
        FieldDifference("a", "T", "script", "Say", "Say", "Speak", both=False),
    )
    for side, name in (("mine", b'name="M"'), ("theirs", b'name="T"')):
        xml = joined(theirs, mine, choices={("a", "name"): side})  # type: ignore[dict-item]
        assert name in xml and b"Speak" in xml


def test_two_who_put_a_step_into_different_places_are_asked() -> None:
    theirs = edited(*CHANGES["a step into a sub-process"])
    mine = edited(
        (b'<task id="in" name="In"/>', b""),
        (b"</laneSet>", b"</laneSet><subProcess id='u'><task id='in' name='In'/></subProcess>"),
    )
    assert conflicts(merge(FILE, theirs, mine)) == [("in", "moved")]
    assert same(joined(theirs, mine, choices={("in", "parent"): "mine"}), mine)
    found = merge(FILE, theirs, FILE)
    assert found.structure == (StructureDifference("in", "In", "moved", "theirs", both=False),)


def test_what_one_removed_is_gone_with_its_flows_and_its_picture() -> None:
    for theirs, mine in ((FILE, without_b()), (without_b(), FILE)):
        found = joined(theirs, mine)
        assert same(found, without_b()) and b'bpmnElement="b"' not in found
        parent = read_xml(found).find(".//{*}userTask")
        assert parent is not None
        assert [one.text for one in parent.iter("{*}outgoing")] == ["f2"]


def test_what_one_moved_and_the_other_removed_is_gone() -> None:
    assert same(joined(edited((b'x="11"', b'x="12"')), without_b()), without_b())


def test_what_one_removed_and_the_other_changed_is_asked() -> None:
    named = edited((b'<task id="b">', b'<task id="b" name="B">'))
    assert conflicts(merge(FILE, named, without_b())) == [("b", "removed")]
    assert conflicts(merge(FILE, without_b(), named)) == [("b", "removed")]
    assert same(joined(named, without_b(), choices={("b", "structure"): "mine"}), without_b())
    assert same(joined(without_b(), named, choices={("b", "structure"): "theirs"}), without_b())
    kept = joined(without_b(), named, choices={("b", "structure"): "mine"})
    assert b'name="B"' in kept and b'id="f3"' in kept and b'bpmnElement="b"' in kept and b'id="be"' in kept
    assert same(joined(named, without_b(), choices={("b", "structure"): "theirs"}), named)


def test_a_new_flow_to_what_the_other_removed_is_asked() -> None:
    tied = edited((FLOW, FLOW + b'<sequenceFlow id="f9" sourceRef="s" targetRef="b"/>'))
    assert conflicts(merge(FILE, without_b(), tied)) == [("b", "removed")]
    assert conflicts(merge(FILE, tied, without_b())) == [("b", "removed")]
    assert b"f9" not in joined(without_b(), tied, choices={("b", "structure"): "theirs"})
    assert b"f9" not in joined(tied, without_b(), choices={("b", "structure"): "mine"})
    assert b"f9" in joined(without_b(), tied, choices={("b", "structure"): "mine"})
    led = edited((FLOW, FLOW + b'<sequenceFlow id="f9" sourceRef="s" targetRef="e"/>'))
    leads = edited((b'id="f1" sourceRef="s" targetRef="a"', b'id="f1" sourceRef="s" targetRef="b"'))
    assert conflicts(merge(FILE, without_b(), leads)) == [("b", "removed")]
    assert b"f9" in joined(without_b(), led)


def test_a_step_in_a_sub_process_the_other_removed_is_asked() -> None:
    inside = edited((b'<task id="in"', b'<task id="more"/><task id="in"'))
    gone = edited((b'<subProcess id="sub" name="Sub"><task id="in" name="In"/></subProcess>', b""))
    assert conflicts(merge(FILE, gone, inside)) == [("sub", "removed")]
    assert same(joined(gone, inside, choices={("sub", "structure"): "theirs"}), gone)
    assert b'id="more"' in joined(gone, inside, choices={("sub", "structure"): "mine"})


def test_a_lane_names_only_steps_that_are_there_and_a_default_only_flows() -> None:
    lane = edited(*CHANGES["a lane's step"])
    assert b"flowNodeRef" not in joined(lane, without_b())
    default = edited((b'default="f2"', b'default="f3"'))
    assert b"default" not in joined(default, without_b())


def test_a_file_without_a_diagram_gets_one() -> None:
    start, end = FILE.index(b"  <bpmndi:BPMNDiagram>"), FILE.index(b"</definitions>")
    bare = FILE[:start] + FILE[end:]
    found = joined(bare, FILE, base=bare)
    assert found.count(b"BPMNPlane bpmnElement") == 1 and same(found, FILE)
    other = edited((b'BPMNPlane bpmnElement="p"', b'BPMNPlane bpmnElement="q"'))
    new = edited(*CHANGES["a new step"])
    assert same(joined(other, new), new)


def test_without_a_common_base_everything_that_differs_is_asked() -> None:
    assert conflicts(merge(None, FILE, edited((b'name="A"', b'name="M"')))) == [("a", "name")]
    assert conflicts(merge(None, FILE, edited((b"<kniga:script>Say</kniga:script>", b"")))) == [("a", "script")]
    assert merge(None, FILE, FILE).xml is not None


def test_without_a_common_base_what_only_one_has_is_asked_with_all_that_hangs_on_it() -> None:
    for theirs, mine, keeper in ((FILE, without_b(), "theirs"), (without_b(), FILE, "mine")):
        found = merge(None, theirs, mine)
        assert ("b", "removed") in conflicts(found)
        assert [one.element for one in found.structure if one.both] == ["b"]
        asked: dict[tuple[str, str], Side] = {(one.element, one.field): "mine" for one in found.differences if one.both}
        other: Side = "mine" if keeper == "theirs" else "theirs"
        kept = joined(theirs, mine, None, asked | {("b", "structure"): keeper})  # type: ignore[dict-item]
        assert b'id="b"' in kept and b'id="f4"' in kept and b'id="be"' in kept
        assert b'id="b"' not in joined(theirs, mine, None, asked | {("b", "structure"): other})


SERVICE = (
    (b"userTask", b"serviceTask"),
    (b"<kniga:script>Say</kniga:script>", b'<kniga:action name="x"/>'),
    (b'<kniga:outcome key="x" label="X"/><kniga:outcome key="y" label="Y"/>', b""),
)
NAMED = (b'name="A"', b'name="N"')


def test_another_kind_of_element_is_taken_over_with_what_belongs_to_it() -> None:
    for theirs, mine in ((edited(NAMED), edited(*SERVICE)), (edited(*SERVICE), edited(NAMED))):
        assert same(joined(theirs, mine), edited(NAMED, *SERVICE))


def test_another_kind_and_a_change_of_what_belongs_to_the_old_one_is_asked() -> None:
    asked = edited((b"</kniga:script>", b'</kniga:script><kniga:question key="q" label="Q"/>'))
    for theirs, mine in ((edited(*SERVICE), asked), (asked, edited(*SERVICE))):
        assert conflicts(merge(FILE, theirs, mine)) == [("a", "tag")]
        assert same(joined(theirs, mine, choices={("a", "tag"): "mine"}), mine)
        assert same(joined(theirs, mine, choices={("a", "tag"): "theirs"}), theirs)
    found = merge(FILE, asked, edited(*SERVICE)).differences
    assert found == (FieldDifference("a", "A", "tag", "userTask", "userTask", "serviceTask", both=True),)


def test_two_elements_added_under_one_id_are_asked_about() -> None:
    one, other = (edited((FLOW, FLOW + b"<" + kind + b' id="n"/>')) for kind in (b"task", b"exclusiveGateway"))
    assert conflicts(merge(FILE, one, other)) == [("n", "tag")]
    assert same(joined(one, other, choices={("n", "tag"): "mine"}), other)


def test_a_cycle_in_place_of_a_duration_of_the_same_text_is_a_change() -> None:
    def timer(kind: bytes) -> tuple[bytes, bytes]:
        return (
            SHAPE_OF_EVENT,
            b'<boundaryEvent id="be" attachedToRef="b"><timerEventDefinition><%b>R/PT1H</%b>'
            b"</timerEventDefinition></boundaryEvent>" % (kind, kind),
        )

    duration, cycle = edited(timer(b"timeDuration")), edited(timer(b"timeCycle"))
    message = edited(
        (SHAPE_OF_EVENT, SHAPE_OF_EVENT[:-2] + b'><messageEventDefinition messageRef="m"/></boundaryEvent>')
    )
    assert same(joined(duration, cycle, base=duration), cycle)
    assert conflicts(merge(duration, cycle, message)) == [("be", "eventDefinition")]
    assert same(joined(cycle, message, base=duration, choices={("be", "eventDefinition"): "mine"}), message)


SHAPE_OF_EVENT = b'<boundaryEvent id="be" attachedToRef="b"/>'
SUB = b'<subProcess id="sub" name="Sub"><task id="in" name="In"/></subProcess>'


def test_a_sub_process_made_a_task_while_the_other_worked_in_it_is_asked() -> None:
    flat = edited((SUB, b'<task id="sub" name="Sub"/>'))
    deeper = SUB.replace(b'<task id="in"', b'<subProcess id="n"><task id="m"/></subProcess><task id="in"')
    assert same(joined(FILE, flat), flat) and same(joined(flat, FILE), flat)
    worked = edited((SUB, deeper))
    for theirs, mine in ((flat, worked), (worked, flat)):
        assert conflicts(merge(FILE, theirs, mine)) == [("sub", "tag")]
        assert same(joined(theirs, mine, choices={("sub", "tag"): "mine"}), mine)
        assert same(joined(theirs, mine, choices={("sub", "tag"): "theirs"}), theirs)


def nested(*pairs: tuple[bytes, bytes]) -> bytes:
    return edited(*pairs, of=edited((SUB, b'<subProcess id="x"/><subProcess id="y"/><subProcess id="z"/>')))


Y_IN_X = ((b'<subProcess id="x"/><subProcess id="y"/>', b'<subProcess id="x"><subProcess id="y"/></subProcess>'),)
X_IN_Y = ((b'<subProcess id="x"/><subProcess id="y"/>', b'<subProcess id="y"><subProcess id="x"/></subProcess>'),)


def test_two_who_put_two_sub_processes_into_each_other_are_asked() -> None:
    base, theirs, mine = nested(), nested(*Y_IN_X), nested(*X_IN_Y)
    assert conflicts(merge(base, theirs, mine)) == [("x", "moved")]
    assert same(joined(theirs, mine, base, {("x", "parent"): "mine"}), mine)
    assert same(joined(theirs, mine, base, {("x", "parent"): "theirs"}), theirs)


def test_three_sub_processes_put_round_each_other_are_asked() -> None:
    base = nested()
    theirs = nested((b'<subProcess id="x"/><subProcess id="y"/><subProcess id="z"/>',
                     b'<subProcess id="x"><subProcess id="y">'
                     b'<subProcess id="z"/></subProcess></subProcess>'))  # fmt: skip
    mine = nested((b'<subProcess id="x"/><subProcess id="y"/><subProcess id="z"/>',
                   b'<subProcess id="z"><subProcess id="x"/></subProcess><subProcess id="y"/>'))  # fmt: skip
    assert conflicts(merge(base, theirs, mine)) == [("x", "moved")]
    assert same(joined(theirs, mine, base, {("x", "parent"): "mine"}), mine)


def test_an_event_definition_comes_behind_all_flows_and_before_nothing_else() -> None:
    flows = edited((FLOW, FLOW + b'<boundaryEvent id="ev" attachedToRef="a"><outgoing>g1</outgoing>'
                    b'<outgoing>g2</outgoing></boundaryEvent><sequenceFlow id="g1" sourceRef="ev" targetRef="e"/>'
                    b'<sequenceFlow id="g2" sourceRef="ev" targetRef="e"/>'))  # fmt: skip
    timed = edited((b"<outgoing>g2</outgoing>", b"<outgoing>g2</outgoing><timerEventDefinition/>"), of=flows)
    found = read_xml(joined(flows, timed, base=flows)).find(".//{*}boundaryEvent[@id='ev']")
    assert found is not None
    assert [etree.QName(one).localname for one in found] == ["outgoing", "outgoing", "timerEventDefinition"]


def test_a_loop_comes_before_the_elements_of_a_sub_process() -> None:
    looped = edited((b'<task id="in"', b'<multiInstanceLoopCharacteristics/><task id="in"'))
    sub = read_xml(joined(edited(NAMED), looped)).find(".//{*}subProcess")
    assert sub is not None
    assert [etree.QName(one).localname for one in sub] == ["multiInstanceLoopCharacteristics", "task"]


KINDS = (b"task", b"userTask", b"exclusiveGateway", b"inclusiveGateway", b"subProcess")
TREE = b"""<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t"><process id="p">
  %b</process></definitions>""" % b"".join(b'<subProcess id="s%d"/><task id="t%d"/>' % (n, n) for n in range(5))


def rearranged(random: Random, changes: int) -> bytes:
    """The tree with elements renamed, put elsewhere, made another kind, removed, added."""
    root = read_xml(TREE)
    for _turn in range(changes):
        nodes = [node for node in root.iter() if node.get("id", "p") != "p"]
        node, what = random.choice(nodes), random.randrange(5)
        holders = [one for one in root.iter("{*}subProcess", "{*}process") if node not in (one, *one.iterancestors())]
        if what == 0:
            node.set("name", str(random.randrange(3)))
        elif what == 1 and holders:
            random.choice(holders).append(node)
        elif what == 2:
            for inside in list(node):
                node.addnext(inside)
            node.tag = f"{{http://www.omg.org/spec/BPMN/20100524/MODEL}}{random.choice(KINDS).decode()}"
        elif what == 3:
            holder = node.getparent()
            assert holder is not None
            holder.remove(node)
        else:
            etree.SubElement(random.choice(holders), node.tag, {"id": f"n{random.randrange(3)}"})
        if len({one.get("id") for one in root.iter()}) != len(list(root.iter())):
            return rearranged(random, changes)
    written = etree.tostring(root)
    assert isinstance(written, bytes)
    return written


@pytest.mark.parametrize("seed", range(150))
def test_kinds_and_parents_changed_at_random_are_joined_or_told(seed: int) -> None:
    random = Random(seed)
    theirs, mine = rearranged(random, random.randrange(1, 7)), rearranged(random, random.randrange(1, 7))
    assert same(joined(TREE, mine, TREE), mine) and same(joined(theirs, TREE, TREE), theirs)
    base = TREE if seed % 4 else None
    choices: dict[tuple[str, str], Side] = {}
    while (found := merge(base, theirs, mine, choices=choices)).xml is None:
        fields = [(one.element, one.field) for one in found.differences if one.both]
        fields += [
            (one.element, "parent" if one.kind == "moved" else "structure") for one in found.structure if one.both
        ]
        assert not choices.keys() & set(fields) and fields
        choices |= {one: random.choice(("mine", "theirs")) for one in fields}  # type: ignore[misc]
    before, first, second, now = (take_apart(read_xml(xml)).fields for xml in (TREE, theirs, mine, found.xml))
    for id, fields_now in now.items():
        for name, value in fields_now.items():
            assert value in (first.get(id, {}).get(name), second.get(id, {}).get(name))
    if base is None or choices:
        return
    for id in before:
        for one, other in ((first, second), (second, first)):
            if id in one and other.get(id) == before[id]:
                assert now[id] == one[id]


STEPS = tuple(compile_bpmn(BOOK).user_tasks())


def random_change(random: Random) -> Change:
    """A change of a step as the side panel makes it."""
    step = random.choice(STEPS).id
    text = f"text {random.randrange(1000)}"
    kind = random.randrange(4)
    if kind == 0:
        return set_name(step, text)
    if kind == 1:
        return set_script(step, text)
    if kind == 2:
        return SetAttribute(step, "kniga:price", str(random.randrange(100)))
    return SetParts(step, "deadline", (Part("deadline", {"duration": f"PT{random.randrange(1, 90)}M"}),))


@pytest.mark.parametrize("seed", range(60))
def test_two_peoples_random_changes_are_joined_or_told(seed: int) -> None:
    random = Random(seed)
    first, second = ([random_change(random) for _ in range(random.randrange(1, 6))] for _ in range(2))
    theirs, mine = edit(BOOK, first), edit(BOOK, second)
    found = merge(BOOK, theirs, mine)
    if found.xml is None:
        wanted: Side = random.choice(("mine", "theirs"))
        asked = {(one.element, one.field): wanted for one in found.differences if one.both}
        assert asked
        found = merge(BOOK, theirs, mine, choices=asked)
        assert found.xml is not None
        both = edit(edit(BOOK, first), second) if wanted == "mine" else edit(edit(BOOK, second), first)
        assert same(found.xml, both)
    else:
        assert same(found.xml, edit(theirs, second)) and same(found.xml, edit(mine, first))
    compile_bpmn(found.xml)
    assert merge(theirs, theirs, found.xml).xml is not None


def test_a_process_gets_another_id_wherever_it_is_named() -> None:
    renamed = rename_process(in_utf8(BOOK), "another")
    assert compile_bpmn(renamed).process_id == "another" and process_named(renamed) == ("another", "Inbound sale")
    assert renamed.count(b'bpmnElement="another"') == 1
    assert same(rename_process(renamed, "inbound_sale"), BOOK)
    pool = b"""<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:t="urn:t" targetNamespace="urn:t">
      <collaboration id="c"><participant id="x" processRef="t:p"/></collaboration><process id="p"/></definitions>"""
    assert b'processRef="t:q"' in rename_process(pool, "q") and process_named(pool) == ("p", "")
    named = pool.replace(b'id="x"', b'id="x" name="License sales"')
    assert process_named(named) == ("p", "License sales")
    assert process_named(named.replace(b'<process id="p"', b'<process id="p" name="Sale"')) == ("p", "Sale")
    nothing = b'<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t"/>'
    assert rename_process(nothing, "q") == nothing and process_named(nothing) == ("", "")


def test_a_file_is_written_in_utf8_and_says_so() -> None:
    text = BOOK.decode().replace("UTF-8", "windows-1251").replace("Inbound sale", "Продажа")
    found = in_utf8(text.encode("cp1251"))
    assert process_named(found)[1] == "Продажа" and found.startswith(b'<?xml version="1.0" encoding="UTF-8"?>')
    assert differences(found, in_utf8(found)) == ()
