"""The sale that every engine of the race runs, and the small ones of the other programs.

It has the shape of the B2B book that Kniga comes with: eleven tasks in seven stages, after each task a gateway that
goes on or ends as lost.
"""

from __future__ import annotations

from typing import Final

STAGES: Final = (1, 2, 2, 3, 4, 4, 4, 4, 5, 6, 7)
"""The stage of each task, as in the B2B book."""
STEPS: Final = len(STAGES)
COMPLETED: Final = STEPS - 1
"""Tasks of an instance that are completed in the race: the last one stays open, so that every completion opens one."""
KEY: Final = "race_sale"

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:kniga="urn:kniga:bpmn:1"
             xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="d" targetNamespace="urn:kniga:proofs">
"""
_OUTCOMES = '<kniga:outcome key="ok" label="Go on"/><kniga:outcome key="no" label="Lost" tone="negative"/>'
_IS_OK = '{"field":"outcome","op":"eq","value":"ok"}'


def step(number: int) -> str:
    """The id of the task with this number, from 1."""
    return f"step{number}"


def kniga_sale() -> bytes:
    """The sale as Kniga takes it: stages, deadlines, scripts and outcomes."""
    stages = "".join(f'<kniga:stage key="stage{n}" name="Stage {n}"/>' for n in sorted(set(STAGES)))
    condition = f'<conditionExpression xsi:type="tFormalExpression" language="urn:kniga:rules:1">{_IS_OK}'
    tasks = "".join(
        f'<userTask id="{step(n)}" name="Step {n}" kniga:kind="call" kniga:stage="stage{stage}"><extensionElements>'
        f'<kniga:deadline duration="P1D"/><kniga:script>Do it.</kniga:script>{_OUTCOMES}</extensionElements></userTask>'
        for n, stage in enumerate(STAGES, start=1)
    )
    return _file(f"<extensionElements><kniga:stages>{stages}</kniga:stages></extensionElements>", tasks, condition)


def spiff_sale() -> bytes:
    """The same sale as SpiffWorkflow takes it: its conditions are Python."""
    tasks = "".join(f'<userTask id="{step(n)}" name="Step {n}"/>' for n in _numbers())
    return _file("", tasks, "<conditionExpression>outcome == 'ok'")


def parallel_sale() -> bytes:
    """Three tasks side by side between a split and a join, with one task before and one after them; no stages."""
    tasks = "".join(
        f'<userTask id="{step(n)}" name="Step {n}" kniga:kind="call"><extensionElements>'
        f'<kniga:deadline duration="P1D"/><kniga:script>Do it.</kniga:script>{_OUTCOMES}</extensionElements></userTask>'
        for n in range(1, 6)
    )
    ways = [("start", step(1)), (step(1), "split"), ("join", step(5)), (step(5), "won")]
    ways += [("split", step(n)) for n in (2, 3, 4)] + [(step(n), "join") for n in (2, 3, 4)]
    flows = "".join(f'<sequenceFlow id="{a}_{b}" sourceRef="{a}" targetRef="{b}"/>' for a, b in ways)
    return _process(
        f'<startEvent id="start"/>{tasks}<parallelGateway id="split"/><parallelGateway id="join"/>'
        f'<endEvent id="won" kniga:result="won"/>{flows}'
    )


def timed_sale() -> bytes:
    """A task with a timer on it that does not interrupt: when it fires, a second task asks the lead to look."""
    tasks = "".join(
        f'<userTask id="{id}" name="{id}" kniga:kind="call" kniga:stage="{stage}" kniga:assignee="{who}">'
        f'<extensionElements><kniga:deadline duration="P1D"/><kniga:script>Do it.</kniga:script>{_OUTCOMES}'
        "</extensionElements></userTask>"
        for id, stage, who in (("offer", "stage1", "owner"), ("check", "stage1", "lead"))
    )
    flows = "".join(
        f'<sequenceFlow id="{a}_{b}" sourceRef="{a}" targetRef="{b}"/>'
        for a, b in (("start", "offer"), ("offer", "won"), ("late", "check"), ("check", "checked"))
    )
    return _process(
        '<extensionElements><kniga:stages><kniga:stage key="stage1" name="Stage 1"/></kniga:stages></extensionElements>'
        f'<startEvent id="start"/>{tasks}'
        '<boundaryEvent id="late" attachedToRef="offer" cancelActivity="false"><timerEventDefinition>'
        "<timeDuration>PT4H</timeDuration></timerEventDefinition></boundaryEvent>"
        f'<endEvent id="won" kniga:result="won"/><endEvent id="checked" kniga:result="other"/>{flows}',
        key="race_timed",
    )


def circling_sale() -> bytes:
    """One task that can be repeated for ever: "no" leads back to it."""
    flow = '<sequenceFlow id="{0}_{1}" sourceRef="{0}" targetRef="{1}"/>'.format
    condition = '<conditionExpression xsi:type="tFormalExpression" language="urn:kniga:rules:1">'
    return _process(
        f'<startEvent id="start"/>{flow("start", "call")}<userTask id="call" name="Call" kniga:kind="call">'
        f'<extensionElements><kniga:deadline duration="P1D"/><kniga:script>Call.</kniga:script>{_OUTCOMES}'
        f'</extensionElements></userTask>{flow("call", "way")}<exclusiveGateway id="way" default="way_call"/>'
        f'{flow("way", "call")}<sequenceFlow id="way_won" sourceRef="way" targetRef="won">{condition}{_IS_OK}'
        '</conditionExpression></sequenceFlow><endEvent id="won" kniga:result="won"/>',
        key="race_circle",
    )


def _numbers() -> range:
    return range(1, STEPS + 1)


def _file(top: str, tasks: str, condition: str) -> bytes:
    ways = "".join(
        f'<exclusiveGateway id="way{n}" default="no{n}"/>'
        f'<sequenceFlow id="done{n}" sourceRef="{step(n)}" targetRef="way{n}"/>'
        f'<sequenceFlow id="ok{n}" sourceRef="way{n}" targetRef="{step(n + 1) if n < STEPS else "won"}">'
        f"{condition}</conditionExpression></sequenceFlow>"
        f'<sequenceFlow id="no{n}" sourceRef="way{n}" targetRef="lost"/>'
        for n in _numbers()
    )
    ends = '<endEvent id="won" kniga:result="won"/><endEvent id="lost" kniga:result="lost"/>'
    start = f'<startEvent id="start"/><sequenceFlow id="begin" sourceRef="start" targetRef="{step(1)}"/>'
    return _process(f"{top}{start}{tasks}{ways}{ends}")


def _process(content: str, *, key: str = KEY) -> bytes:
    process = f'<process id="{key}" name="{key}" isExecutable="true" kniga:kind="sale">'
    return f"{_HEAD}{process}{content}</process></definitions>".encode()
