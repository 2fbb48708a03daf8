"""The two books that run while workers are killed: a sale that goes round in circles of every kind, and what it calls.

Each round of the sale begins at the task `pick`; its outcome says what the round waits for. Timers are of seconds.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

SALE, ASIDE = "busy_sale", "busy_aside"
REPLY, HALT, FAIR = "reply", "halt", "fair"

PICK: Final = {
    "talk": 20, "chase": 18, "pause": 8, "race": 16, "both": 20, "machine": 6, "approval": 10, "won": 1, "lost": 1,
}  # fmt: skip
"""The outcomes of `pick`, and how often each is chosen."""

_WAYS: Final = (
    "start > pick > how", "talk > pick", "talk_halted > pick", "chase > pick", "chase_late > late > pick",
    "pause > pick", "race > heard > answer > pick", "race > silence > pick", "race > met > answer",
    "split > left > join > pick", "split > right > join", "beside > pick", "call > pick", "call_late > pick",
)  # fmt: skip
_HEAD: Final = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:kniga="urn:kniga:bpmn:1"
             xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="d" targetNamespace="urn:kniga:proofs">
"""
_AROUND: Final = f"""
<message id="{REPLY}" name="{REPLY}" kniga:correlation="deal"/>
<message id="{HALT}" name="{HALT}" kniga:correlation="deal"/>
<signal id="{FAIR}" name="{FAIR}"/>
"""
_STAGES: Final = """
<kniga:stages><kniga:stage key="contact" name="Contact"/><kniga:stage key="offer" name="Offer"/></kniga:stages>
"""


def aside() -> bytes:
    """The process that the sale calls, and that it starts beside itself."""
    body = f"""<startEvent id="start"/>{_task("approve", "yes", "no")}{_choice("which", yes="fine", no="bad")}
    <endEvent id="fine" kniga:result="won"/><endEvent id="bad" kniga:result="lost"/>
    {_flows("start > approve > which")}"""
    return _file(ASIDE, body)


def sale() -> bytes:
    """The sale."""
    rounds = {"both": "split", "approval": "call", "machine": "beside"}
    body = f"""
    <startEvent id="start"/>
    {_task("pick", *PICK, stage="contact")}
    {_choice("how", **{outcome: rounds.get(outcome, outcome) for outcome in PICK})}
    <subProcess id="talk" name="Talk">
      <startEvent id="talk_start"/>
      {_task("speak", stage="offer")}
      <boundaryEvent id="speak_late" attachedToRef="speak" cancelActivity="false" kniga:calendar="absolute">
        {_timer(3)}
      </boundaryEvent>
      {_task("remind")}
      <endEvent id="spoken"/><endEvent id="reminded"/>
      {_flows("talk_start > speak > spoken", "speak_late > remind > reminded")}
    </subProcess>
    <boundaryEvent id="talk_halted" attachedToRef="talk"><messageEventDefinition messageRef="{HALT}"/></boundaryEvent>
    {_task("chase")}
    <boundaryEvent id="chase_late" attachedToRef="chase" kniga:calendar="absolute">{_timer(4)}</boundaryEvent>
    {_task("late", stage="offer")}
    <intermediateCatchEvent id="pause" kniga:calendar="absolute">{_timer(2)}</intermediateCatchEvent>
    <eventBasedGateway id="race"/>
    <intermediateCatchEvent id="heard"><messageEventDefinition messageRef="{REPLY}"/></intermediateCatchEvent>
    <intermediateCatchEvent id="silence" kniga:calendar="absolute">{_timer(5)}</intermediateCatchEvent>
    <intermediateCatchEvent id="met"><signalEventDefinition signalRef="{FAIR}"/></intermediateCatchEvent>
    {_task("answer", stage="offer")}
    <parallelGateway id="split"/>{_task("left")}{_task("right")}<parallelGateway id="join"/>
    <serviceTask id="beside" name="Begin something beside"><extensionElements>
      <kniga:action name="start_process"><kniga:param name="process" value="{ASIDE}"/></kniga:action>
    </extensionElements></serviceTask>
    <callActivity id="call" name="Approval" calledElement="{ASIDE}"/>
    <boundaryEvent id="call_late" attachedToRef="call" kniga:calendar="absolute">{_timer(6)}</boundaryEvent>
    <endEvent id="won" kniga:result="won"/><endEvent id="lost" kniga:result="lost"/>
    {_flows(*_WAYS)}"""
    return _file(SALE, body, around=_AROUND, stages=_STAGES)


def _file(key: str, body: str, *, around: str = "", stages: str = "") -> bytes:
    extra = f"<extensionElements>{stages}</extensionElements>" if stages else ""
    process = f'<process id="{key}" name="{key}" isExecutable="true" kniga:kind="sale">{extra}{body}</process>'
    return f"{_HEAD}{around}{process}</definitions>".encode()


def _task(id: str, *outcomes: str, stage: str = "") -> str:
    said = "".join(f'<kniga:outcome key="{key}" label="{key}"/>' for key in outcomes or ("ok",))
    where = f' kniga:stage="{stage}"' if stage else ""
    return (
        f'<userTask id="{id}" name="{id}" kniga:kind="call" kniga:assignee="owner"{where}><extensionElements>'
        f'<kniga:deadline duration="P1D"/><kniga:script>Do it.</kniga:script>{said}</extensionElements></userTask>'
    )


def _timer(seconds: int) -> str:
    return f"<timerEventDefinition><timeDuration>PT{seconds}S</timeDuration></timerEventDefinition>"


def _choice(gateway: str, **targets: str) -> str:
    """A gateway by the outcome; the last one is its default."""
    *ruled, default = targets
    flows = "".join(
        f'<sequenceFlow id="{gateway}_{outcome}" sourceRef="{gateway}" targetRef="{targets[outcome]}">'
        '<conditionExpression xsi:type="tFormalExpression" language="urn:kniga:rules:1">'
        f'{{"field":"outcome","op":"eq","value":"{outcome}"}}</conditionExpression></sequenceFlow>'
        for outcome in ruled
    )
    rest = f'<sequenceFlow id="{gateway}_{default}" sourceRef="{gateway}" targetRef="{targets[default]}"/>'
    return f'<exclusiveGateway id="{gateway}" default="{gateway}_{default}"/>{flows}{rest}'


def _flows(*lines: str) -> str:
    pairs: dict[tuple[str, str], None] = {}
    for line in lines:
        stops = line.split(" > ")
        pairs |= dict.fromkeys(pairwise(stops))
    return "".join(f'<sequenceFlow id="{a}_{b}" sourceRef="{a}" targetRef="{b}"/>' for a, b in pairs)
