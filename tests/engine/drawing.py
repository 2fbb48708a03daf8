"""Small BPMN files written in a few words, for the engine's tests."""

import json
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from xml.sax.saxutils import escape

import kniga.processes
from kniga.engine import (
    BpmnRefused,
    Command,
    Definition,
    Rejection,
    State,
    Step,
    advance,
    compile_bpmn,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BOOKS = Path(kniga.processes.__file__).parent / "books"

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:k="urn:kniga:bpmn:1" '
    'xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t" id="defs">'
)


def bpmn(*parts: str, process: str = 'id="p" name="P"', beside: str = "") -> bytes:
    """A file with one process made of the given parts."""
    body = "\n".join(parts)
    return f"{HEAD}\n{beside}<process {process}>\n{body}\n</process></definitions>".encode()


def start(id: str = "start") -> str:
    return f'<startEvent id="{id}"/>'


def end(id: str = "end", result: str = "won", more: str = "") -> str:
    return f'<endEvent id="{id}" k:result="{result}" {more}/>'


def task(id: str, outcomes: str = "ok", inside: str = "", attributes: str = "") -> str:
    """A user task; outcomes are keys parted by spaces."""
    buttons = "".join(f'<k:outcome key="{key}" label="{key}"/>' for key in outcomes.split())
    holder = f"<extensionElements>{inside}{buttons}</extensionElements>"
    return f'<userTask id="{id}" {attributes}>{holder}</userTask>'


def gateway(id: str = "gw", default: str = "") -> str:
    chosen = f'default="{default}"' if default else ""
    return f'<exclusiveGateway id="{id}" {chosen}/>'


def timer(id: str, at: str, *, interrupting: bool = True, duration: str = "PT1H", attributes: str = "") -> str:
    inside = f"<timeDuration>{duration}</timeDuration>" if duration else ""
    return (
        f'<boundaryEvent id="{id}" attachedToRef="{at}" cancelActivity="{str(interrupting).lower()}" '
        f"{attributes}><timerEventDefinition>{inside}</timerEventDefinition></boundaryEvent>"
    )


def node(tag: str, id: str, inside: str = "", attributes: str = "") -> str:
    """Any element of the standard."""
    return f'<{tag} id="{id}" {attributes}>{inside}</{tag}>'


def sub(id: str, *parts: str, attributes: str = "") -> str:
    """A sub-process made of the given parts."""
    return node("subProcess", id, "".join(parts), attributes)


def catch(id: str, time: str = "timeDuration", value: str = "PT1H", attributes: str = "") -> str:
    """An intermediate event that waits for a time."""
    inside = f"<timerEventDefinition><{time}>{value}</{time}></timerEventDefinition>"
    return node("intermediateCatchEvent", id, inside, attributes)


def param(name: str, value: str) -> str:
    """A parameter: ``@deal.amount`` is a field, anything else a value."""
    what = f'field="{value[1:]}"' if value.startswith("@") else f'value="{escape(value)}"'
    return f'<k:param name="{name}" {what}/>'


def service(id: str, action: str, attributes: str = "", more: str = "", **params: str) -> str:
    """A service task with its action."""
    inside = "".join(param(name, value) for name, value in params.items())
    holder = f'<extensionElements><k:action name="{action}" {attributes}>{inside}</k:action></extensionElements>'
    return node("serviceTask", id, f"{holder}{more}")


def flows(text: str) -> str:
    """Flows as arrows: ``start > a > end, a > b``."""
    found = [[name.strip() for name in chain.split(">")] for chain in text.split(",")]
    return "".join(flow(one, two) for chain in found for one, two in pairwise(chain))


def flow(source: str, target: str, condition: object = None, id: str = "") -> str:
    inside = ""
    if condition is not None:
        text = escape(json.dumps(condition, ensure_ascii=False))
        inside = f'<conditionExpression language="urn:kniga:rules:1">{text}</conditionExpression>'
    name = id or f"f_{source}_{target}"
    return f'<sequenceFlow id="{name}" sourceRef="{source}" targetRef="{target}">{inside}</sequenceFlow>'


def on(outcome: str) -> dict[str, str]:
    """The condition that the last task ended with this outcome."""
    return {"field": "outcome", "op": "eq", "value": outcome}


def codes(xml: bytes) -> list[str]:
    """The codes of the problems for which a file is refused; none if it compiles."""
    try:
        compile_bpmn(xml)
    except BpmnRefused as refused:
        assert all(str(problem) and problem.message and problem.cure for problem in refused.problems)
        return [problem.code for problem in refused.problems]
    return []


def book(name: str) -> Definition:
    return compile_bpmn((BOOKS / f"{name}.bpmn").read_bytes())


def go(definition: Definition, state: State, command: Command) -> Step:
    """One accepted command."""
    result = advance(definition, state, command, now=NOW)
    assert isinstance(result, Step), result
    return result


def refused(definition: Definition, state: State, command: Command) -> Rejection:
    """One rejected command."""
    result = advance(definition, state, command, now=NOW)
    assert isinstance(result, Rejection), result
    assert result.message
    return result
