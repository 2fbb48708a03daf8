"""Answers that a file drawn with another tool lacks, given in the designer's side panel by its labels, as a head would.

An answer takes the panel with the problem's element in it and the problem; it says whether there was something to fill.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import Any, Final

from playwright.sync_api import Locator

Problem = dict[str, Any]
BOUNDS: Final = itertools.count(1000, -10)
TABLE: Final = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" namespace="urn:proof" id="tables" name="Tables">
  <decision id="KEY" name="Large"><decisionTable hitPolicy="FIRST">
    <input label="Amount"><inputExpression typeRef="number"><text>deal.amount</text></inputExpression></input>
    <output name="KEY_large" typeRef="boolean"/>
    <rule><inputEntry><text>&gt;= 1000</text></inputEntry><outputEntry><text>true</text></outputEntry></rule>
    <rule><inputEntry><text>-</text></inputEntry><outputEntry><text>false</text></outputEntry></rule>
  </decisionTable></decision>
</definitions>
"""


def _choose_action(panel: Locator, problem: Problem) -> bool:
    """The machine's task asks another program for the invoice if it says so, and sets the deal's amount otherwise."""
    action = panel.get_by_label("What the system does")
    if not action.count() or action.input_value():
        return False
    if "create invoice" in str(problem["place"]).lower():
        action.select_option(value="call_webhook")
        address = panel.get_by_label("Address of the program *", exact=True)
        address.fill("https://accounts.example/invoices")
        address.press("Tab")
        return True
    action.select_option(value="set_field")
    panel.get_by_label("Field *", exact=True).select_option(value="deal.amount")
    value = panel.get_by_label("Value *", exact=True).first
    value.fill("1000")
    value.press("Tab")
    return True


def _write_letter(panel: Locator, _problem: Problem) -> bool:
    """The letter says its own text."""
    subject, body = panel.get_by_label("Subject", exact=True), panel.get_by_label("Text of the letter")
    if not subject.count() or not body.count() or subject.input_value():
        return False
    subject.fill("News of your order")
    body.fill("Good day, {{client.name}}!")
    body.press("Tab")
    return True


def _say_when(panel: Locator, _problem: Problem) -> bool:
    """A way whose condition another tool wrote, or that has none: taken for large deals. Each has a bound of its own:
    of two ways with the same one the second is never taken."""
    begin = panel.get_by_role("button", name="Set it anew").or_(panel.get_by_role("button", name="Set a condition"))
    if not begin.count():
        return False
    begin.first.click()
    rule = panel.locator(".kp-rule").first
    rule.get_by_label("Field", exact=True).first.select_option(value="deal.amount")
    rule.get_by_label("Comparison", exact=True).first.select_option(value="gt")
    value = rule.get_by_label("Value", exact=True).first
    value.fill(str(next(BOUNDS)))
    value.press("Tab")
    return True


def _say_otherwise(panel: Locator, _problem: Problem) -> bool:
    """The last way of a gateway is taken when no other is."""
    otherwise = panel.get_by_label("Taken when no other way is")
    if not otherwise.count() or otherwise.last.is_checked():
        return False
    otherwise.last.check()
    return True


def _choose_process(panel: Locator, _problem: Problem) -> bool:
    """One of the processes that are published is called."""
    called = panel.get_by_label("Which process", exact=True)
    if not called.count():
        return False
    values = [one.get_attribute("value") or "" for one in called.locator("option").all()]
    others = [value for value in values if value and value != called.input_value()]
    if not others:
        return False
    called.select_option(value=others[-1])
    return True


def _name_message(panel: Locator, problem: Problem) -> bool:
    """The message is called as its event."""
    message = panel.get_by_label("Message", exact=True)
    if not message.count() or message.input_value():
        return False
    message.fill(str(problem["place"] or problem["element"]))
    message.press("Enter")
    return True


def _say_how_long(panel: Locator, problem: Problem) -> bool:
    """As many days as the name of the wait says, by the clock."""
    if not panel.get_by_role("group", name="After", exact=True).count():
        return False
    number = re.search(r"\d+", str(problem["place"]))
    _span(panel, "After", number[0] if number else "1", "days")
    return True


def _say_how_often(panel: Locator, _problem: Problem) -> bool:
    """Every five minutes, by the clock."""
    if not panel.get_by_label("Every", exact=True).count():
        return False
    _span(panel, "Every", "5", "minutes")
    return True


def _span(panel: Locator, label: str, number: str, unit: str) -> None:
    group = panel.get_by_role("group", name=label, exact=True)
    group.get_by_role("spinbutton").fill(number)
    group.get_by_role("spinbutton").press("Enter")
    group.get_by_label("Unit of time").select_option(label=unit)
    group.get_by_label("Which time counts").select_option(label="by the clock")


def _bring_table(panel: Locator, problem: Problem) -> bool:
    """A file of DMN with one table: large deals, and the others. Its id and its answer are those of the task."""
    file = panel.get_by_label("Decision table from a file", exact=True)
    if not file.count():
        return False
    key = re.sub(r"\W", "_", str(problem["element"])).lower()
    table = TABLE.replace("KEY", key).encode()
    file.set_input_files({"name": "large.dmn", "mimeType": "application/xml", "buffer": table})
    return True


def _draw_end(panel: Locator, problem: Problem) -> bool:
    """The pool's last element gets an end behind it, with the key that adds one."""
    page = panel.page
    last = page.evaluate(LAST, problem["element"])
    if not last:
        return False
    page.locator("[data-do=fit]").click()
    page.locator(f"[data-element-id='{last}'] .djs-hit").first.click()
    page.keyboard.press("q")
    return True


def _remove(panel: Locator, _problem: Problem) -> bool:
    """A step that only another pool's message leads to is taken away: nothing of the process ever comes to it."""
    panel.page.locator("[data-do=fit]").click()
    panel.page.locator(".djs-context-pad [data-action=delete]").click()
    return True


REMOVED: Final = "unreachable"
"""The code of what is not answered but taken away."""
LAST: Final = """async (process) => {
    const state = document.querySelector("[data-designer]").dataset.state;
    const { xml } = await (await fetch(state)).json();
    const file = new DOMParser().parseFromString(xml, "application/xml");
    const nodes = [...file.querySelectorAll(`[id="${process}"] > *`)].filter((node) => /Task$/.test(node.localName));
    const sources = new Set([...file.querySelectorAll("sequenceFlow")].map((flow) => flow.getAttribute("sourceRef")));
    return nodes.map((node) => node.id).find((id) => !sources.has(id)) ?? null;
}"""
ANSWERS: Final[dict[str, tuple[Callable[[Locator, Problem], bool], ...]]] = {
    "missing_part": (_choose_action, _write_letter, _name_message, _bring_table, _say_how_long),
    "message_event_without_message": (_name_message,),
    "bad_cycle": (_say_how_often,),
    "condition_language": (_say_when,),
    "flow_without_condition": (_say_when,),
    "gateway_may_block": (_say_otherwise,),
    "unknown_called_process": (_choose_process,),
    "start_without_end": (_draw_end,),
    REMOVED: (_remove,),
}
"""What may cure a problem, by its code; what is not here stays as it is."""
