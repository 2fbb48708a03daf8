"""The sale that every engine of the race runs: seven tasks, after each a gateway that goes on or ends as lost."""

from __future__ import annotations

from typing import Final

STEPS: Final = 7
"""Tasks of the sale; in Kniga each stands in a stage of its own."""
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
    stages = "".join(f'<kniga:stage key="stage{n}" name="Stage {n}"/>' for n in _numbers())
    condition = f'<conditionExpression xsi:type="tFormalExpression" language="urn:kniga:rules:1">{_IS_OK}'
    tasks = "".join(
        f'<userTask id="{step(n)}" name="Step {n}" kniga:kind="call" kniga:stage="stage{n}"><extensionElements>'
        f'<kniga:deadline duration="P1D"/><kniga:script>Do it.</kniga:script>{_OUTCOMES}</extensionElements></userTask>'
        for n in _numbers()
    )
    return _file(f"<extensionElements><kniga:stages>{stages}</kniga:stages></extensionElements>", tasks, condition)


def spiff_sale() -> bytes:
    """The same sale as SpiffWorkflow takes it: its conditions are Python."""
    tasks = "".join(f'<userTask id="{step(n)}" name="Step {n}"/>' for n in _numbers())
    return _file("", tasks, "<conditionExpression>outcome == 'ok'")


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
    process = f'<process id="{KEY}" name="Sale" isExecutable="true" kniga:kind="sale">'
    return f"{_HEAD}{process}{top}{start}{tasks}{ways}{ends}</process></definitions>".encode()
