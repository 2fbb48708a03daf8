"""Steps beside each other: told apart from those that are chosen, and undone in their order."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.translation import override

from kniga.engine import compile_bpmn
from kniga.platform.errors import Refused
from kniga.processes.models import Task
from kniga.processes.services import complete_task, start_process, undo_completion
from kniga.processes.wording.outline import outline_of
from kniga.processes.wording.words import condition_in_words, element_in_words, points_in_words
from tests.processes.books import book, publish, task
from tests.processes.conftest import NOW, Department

BOTH = book(
    "both",
    f'<startEvent id="start"/>{task("ask")}<parallelGateway id="split"/>{task("left")}{task("right")}'
    f'<parallelGateway id="join"/>{task("last")}<endEvent id="end"/>'
    "<flows>\nstart -> ask\nask -> split\nsplit -> left\nsplit -> right\nleft -> join\nright -> join\n"
    "join -> last\nlast -> end\n</flows>",
)


def test_parallel_ways_all_come_and_chosen_ones_do_not() -> None:
    steps = {step.task.id: step for stage in outline_of(compile_bpmn(BOTH)) for step in stage.steps}
    (way,) = steps["ask"].ways
    assert [(one.element, one.is_beside) for one in way.destinations] == [("left", True), ("right", True)]
    (after,) = steps["left"].ways
    assert [(one.element, one.is_beside) for one in after.destinations] == [("last", False)]


def test_steps_are_read_in_the_order_of_the_ways_not_of_the_file() -> None:
    drawn = book(
        "order",
        f"""<startEvent id="s"/>{task("offer")}{task("sign")}{task("again")}{task("ask")}
        <exclusiveGateway id="g" default="g_again"/><endEvent id="e"/>
        <sequenceFlow id="g_sign" sourceRef="g" targetRef="sign"><conditionExpression language="urn:kniga:rules:1">
        {{"field": "deal.amount", "type": "money", "op": "ge", "value": "100"}}</conditionExpression></sequenceFlow>
        <flows>
        s -> ask
        ask -> offer
        offer -> g
        g -> again
        again -> offer
        sign -> e
        </flows>""",
    )
    assert [step.task.id for stage in outline_of(compile_bpmn(drawn)) for step in stage.steps] == [
        "ask", "offer", "again", "sign",
    ]  # fmt: skip


def test_what_has_no_name_is_told_by_what_it_is_in_the_readers_language() -> None:
    plain = book(
        "plain",
        """<startEvent id="s"/><userTask id="a" name="Call"/><intermediateCatchEvent id="Event_1ckj8v0">
        <timerEventDefinition><timeDuration>P3D</timeDuration></timerEventDefinition></intermediateCatchEvent>
        <endEvent id="e"/>
        <flows>
        s -> a
        a -> Event_1ckj8v0
        Event_1ckj8v0 -> e
        </flows>""",
    )
    definition = compile_bpmn(plain)
    with override("ru"):
        (stage,) = outline_of(definition)
        assert [way.outcome.label for way in stage.steps[0].ways] == ["Выполнено"]
        assert element_in_words(definition.elements["Event_1ckj8v0"]) == "Таймер (3 рабочих дня)"
        assert element_in_words(None) == "Шаг без названия"


def test_undoing_the_first_of_two_says_what_was_finished_after_it(department: Department) -> None:
    publish(BOTH)
    begun = start_process(deal_id=department.deal.pk, process_key="both", by=department.rep, now=NOW)
    complete_task(task_id=begun.created[0], outcome="ok", answers={}, by=department.rep, now=NOW)
    for place, element in enumerate(("left", "right"), start=1):
        task_id = Task.objects.get(element=element).pk
        complete_task(task_id=task_id, outcome="ok", answers={}, by=department.rep, now=NOW + timedelta(seconds=place))
    with pytest.raises(Refused, match="right") as refused:
        undo_completion(
            task_id=Task.objects.get(element="left").pk, by=department.rep, now=NOW + timedelta(seconds=5)
        )  # fmt: skip
    assert refused.value.code == "undo_moved_on"


def test_points_and_waits_are_told_with_their_lines_and_length() -> None:
    condition = '{"field": "%s", "type": "%s", "op": "ge", "value": "%s"}'
    found = compile_bpmn(
        book(
            "pointed",
            f"""<startEvent id="s"/>{task("a")}<serviceTask id="points" name="Score"><extensionElements>
            <kniga:action name="rescore"><kniga:param name="answer" value="score"/><kniga:points value="5">
            <kniga:condition>{condition % ("deal.amount", "money", "100")}</kniga:condition></kniga:points>
            </kniga:action>
            </extensionElements></serviceTask>
            <intermediateCatchEvent id="pause" name="Pause"><timerEventDefinition><timeDuration>P3D</timeDuration>
            </timerEventDefinition></intermediateCatchEvent>
            <exclusiveGateway id="g" default="g_b"/>{task("b")}{task("c")}<endEvent id="e"/>
            <sequenceFlow id="g_c" sourceRef="g" targetRef="c"><conditionExpression language="urn:kniga:rules:1">
            {condition % ("answer.score", "number", "10")}</conditionExpression></sequenceFlow>
            <flows>
            s -> a
            a -> points
            points -> pause
            pause -> g
            g -> b
            b -> e
            c -> e
            </flows>""",
        )
    )
    with override("en"):
        leads = outline_of(found)[-1].steps[0].ways[0].destinations
        assert {lead.via for lead in leads} == {("Score", "Pause (3 working days)")}
        (only_if,) = (lead.only_if for lead in leads if lead.only_if)
        assert condition_in_words(only_if, found) == "Score is at least 10"
        (told,) = points_in_words(found)
        assert told.name == "Score" and len(told.lines) == 1 and told.lines[0].endswith("100: +5")
