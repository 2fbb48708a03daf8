"""Small BPMN files for tests: the frame around the elements that matter."""

from __future__ import annotations

from xml.sax.saxutils import escape

from kniga.processes.models import ProcessVersion
from kniga.processes.versions.publishing import publish_version, upload_version
from tests.processes.conftest import NOW

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:kniga="urn:kniga:bpmn:1"
             xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="d" targetNamespace="urn:kniga:tests">
"""


def book(key: str, elements: str, *, around: str = "", extra: str = "") -> bytes:
    """A process; flows are written as `a -> b` lines inside <flows>…</flows>, ids made of both ends."""
    body, _open, rest = elements.partition("<flows>")
    lines, _close, after = rest.partition("</flows>")
    flows = [line.split("->") for line in lines.strip().splitlines()]
    drawn = "".join(
        f'<sequenceFlow id="{a.strip()}_{b.strip()}" sourceRef="{a.strip()}" targetRef="{b.strip()}"/>'
        for a, b in flows
    )
    process = f'<process id="{key}" name="{key}" isExecutable="true"><extensionElements>{extra}</extensionElements>'
    return f"{_HEAD}{around}{process}{body}{drawn}{after}</process></definitions>".encode()


def task(id: str, *outcomes: str, name: str = "", assignee: str = "owner") -> str:
    """A user task with these outcomes (ok by default)."""
    said = "".join(f'<kniga:outcome key="{key}" label="{key}"/>' for key in outcomes or ("ok",))
    return (
        f'<userTask id="{id}" name="{name or id}" kniga:kind="call" kniga:assignee="{assignee}"><extensionElements>'
        f'<kniga:deadline duration="P1D"/><kniga:script>Do it.</kniga:script>{said}</extensionElements></userTask>'
    )


def publish(xml: bytes) -> ProcessVersion:
    """Publish a book as the system does."""
    version = upload_version(xml=xml, note="", by=None, now=NOW)
    return publish_version(version_id=version.pk, by=None, now=NOW)


def decided_sale(*rows: tuple[str, str], policy: str = "UNIQUE") -> bytes:
    """A step, and a decision about the deal's amount whose rows are (cell, answer)."""
    lines = "".join(
        f"<rule><inputEntry><text>{escape(cell)}</text></inputEntry>"
        f'<outputEntry><text>"{answer}"</text></outputEntry></rule>'
        for cell, answer in rows
    )
    dmn = (
        '<kniga:dmn><definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d_terms" name="Terms">'
        f'<decision id="terms" name="Terms"><decisionTable hitPolicy="{policy}"><input><inputExpression>'
        "<text>deal.amount</text></inputExpression></input>"
        f'<output name="level"/>{lines}</decisionTable></decision></definitions></kniga:dmn>'
    )
    return book(
        "decided",
        f"""<startEvent id="s"/>{task("first")}<businessRuleTask id="decide" name="Which terms" kniga:decision="terms">
        <extensionElements>{dmn}</extensionElements></businessRuleTask><endEvent id="e" kniga:result="won"/>
        <flows>
        s -> first
        first -> decide
        decide -> e
        </flows>""",
    )
