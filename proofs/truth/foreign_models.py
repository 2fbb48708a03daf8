"""Sales models that other people drew with other tools come in as drafts through the gallery, in a real browser: what
executes at once, what executes after its missing answers are filled in in the side panel, and what cannot, by name.

    python -m proofs.truth.foreign_models

Needs Chromium, and KNIGA_SHARED_DATA naming the folder that holds `bpmn_sales_processes` (or any folder of that name
with BPMN files). What the program fills in, it fills in by the panel's labels, as a head would: which action a
machine's task does, when a way is taken. What it does not fill in (scripts of other engines, tables that are not in
the file) stays, and is named with element and reason. What executes is published, and a deal runs to its end.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from playwright.sync_api import Locator, Page, sync_playwright

from proofs.harness import PASSWORD, Kniga, Report, note, run, until
from proofs.truth.bpmn_files import data_folder
from proofs.truth.rep_to_won import ARGUMENTS, BROWSERS

SET = "bpmn_sales_processes"
HEAD = "head@kniga.local"
MOST_ANSWERS = 40
MOST_STEPS = 60
STANDING = """
SELECT i.status, (SELECT min(t.id) FROM processes_task t WHERE t.deal_id = i.deal_id AND t.status = 'open')
FROM processes_instance i WHERE i.deal_id = %s AND i.parent_id IS NULL
"""
CHECK = """async () => {
    const designer = document.querySelector("[data-designer]").dataset;
    const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
    const { xml } = await (await fetch(designer.state)).json();
    const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
    return (await fetch(designer.check, { method: "POST", headers, body: JSON.stringify({ xml }) })).json();
}"""


@dataclass
class Model:
    """One file: what became of it, what was filled in, what was left, and the key of its process."""

    name: str
    outcome: str = ""
    answered: int = 0
    left: list[str] = field(default_factory=list)
    tried: set[tuple[str, str]] = field(default_factory=set)
    key: str = ""
    steps: int = 0
    result: str = ""


def main(report: Report) -> None:
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        sys.exit("no Chromium here: apt-get install chromium")
    files = sorted(path for path in (data_folder() / SET).rglob("*.bpmn*") if path.is_file())
    with Kniga.started(env={"KNIGA_LANG": "en"}) as kniga, sync_playwright() as playwright:
        kniga.command("user", "create", HEAD, "--name", "Hanna Head", "--role", "head", "--password", PASSWORD)
        token = kniga.token("admin@kniga.local", role="administrator")
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        context = browser.new_context(base_url=kniga.url, locale="en-GB", viewport={"width": 1600, "height": 1000})
        page = context.new_page()
        _sign_in(page)
        models = [_bring(page, path) for path in files]
        for model in models:
            if model.outcome.startswith("executes"):
                _run(kniga, token, model)
            _tell(report, model)
        browser.close()
    _judge(report, models)


def _sign_in(page: Page) -> None:
    page.goto("/accounts/login/")
    page.locator("#login").fill(HEAD)
    page.locator("#password").fill(PASSWORD)
    page.locator("#password").press("Enter")
    page.wait_for_url("**/desk/**")


def _bring(page: Page, path: Path) -> Model:
    """Take a file in through the gallery, fill in what is missing, publish what executes."""
    model = Model(path.name)
    note(path.name)
    page.goto("/processes/new/")
    page.locator("#file input[type=file]").set_input_files(path)
    page.locator("#file button[type=submit], #file .k-actions button").first.click()
    page.wait_for_load_state()
    if "/drafts/" not in page.url:
        said = page.locator(".k-problems .k-alert").all_inner_texts()
        model.outcome, model.left = "unreadable", [" ".join(one.split()) for one in said]
        return model
    page.locator(".djs-container").wait_for()
    model.key = page.locator("[data-designer]").get_attribute("data-key") or ""
    first = _errors(page)
    for _round in range(MOST_ANSWERS):
        if not _answer_one(page, model):
            break
    left = _errors(page)
    model.left = [f"{one['place'] or 'the file'}: {one['message']}" for one in left]
    if not left:
        model.outcome = "executes at once" if not first else "executes after answers"
        _publish(page, model)
    else:
        model.outcome = "does not execute"
    return model


def _errors(page: Page) -> list[dict[str, Any]]:
    """What forbids publishing, as the designer's check says of what is saved."""
    page.locator("[data-part=status][data-status=saved]").wait_for(state="attached")
    found = page.evaluate(CHECK)["problems"]
    return [one for one in found if one["severity"] == "error"]


def _answer_one(page: Page, model: Model) -> bool:
    """Fill in the first answer that is missing and that a head can give in the panel; False if there is none."""
    for problem in _errors(page):
        place = (problem["element"], problem["code"])
        if problem["element"] is None or place in model.tried:
            continue
        model.tried.add(place)
        panel = _selected(page, problem)
        for fill in _fills(problem):
            if panel is not None and fill(panel):
                model.answered += 1
                page.wait_for_timeout(1200)  # the designer saves what was written a moment later
                return True
    return False


def _selected(page: Page, problem: dict[str, Any]) -> Locator | None:
    """The side panel with the problem's element in it, opened by the line of the problem."""
    if page.locator("[data-part=problems]").is_hidden():
        page.locator("[data-part=count]").click()
    lines = page.locator("[data-part=problems] [data-problem]", has_text=problem["message"])
    named = lines.filter(has_text=problem["place"])
    line = named.first if named.count() else lines.first
    if not line.count():
        return None
    line.click()
    return page.locator("[data-part=panel]")


def _fills(problem: dict[str, Any]) -> Iterator[Callable[[Locator], bool]]:
    """What may cure a problem, by its code."""
    if problem["code"] == "missing_part":
        yield _choose_action
        yield _write_letter
    if problem["code"] in ("condition_language", "flow_without_condition"):
        yield _say_when
    if problem["code"] == "gateway_may_block":
        yield _say_otherwise
    if problem["code"] == "unknown_called_process":
        yield _choose_process


def _choose_action(panel: Locator) -> bool:
    """The machine's task sets the deal's amount."""
    action = panel.get_by_label("What the system does")
    if not action.count() or action.input_value():
        return False
    action.select_option(value="set_field")
    panel.get_by_label("Field *", exact=True).select_option(value="deal.amount")
    value = panel.get_by_label("Value *", exact=True).first
    value.fill("1000")
    value.press("Tab")
    return True


def _write_letter(panel: Locator) -> bool:
    """The letter says its own text."""
    subject, body = panel.get_by_label("Subject", exact=True), panel.get_by_label("Text of the letter")
    if not subject.count() or not body.count() or subject.input_value():
        return False
    subject.fill("News of your order")
    body.fill("Good day, {{client.name}}!")
    body.press("Tab")
    return True


def _say_when(panel: Locator) -> bool:
    """A way whose condition another tool wrote, or that has none: taken for large deals."""
    begin = panel.get_by_role("button", name="Set it anew").or_(panel.get_by_role("button", name="Set a condition"))
    if not begin.count():
        return False
    begin.first.click()
    rule = panel.locator(".kp-rule").first
    rule.get_by_label("Field", exact=True).first.select_option(value="deal.amount")
    rule.get_by_label("Comparison", exact=True).first.select_option(value="gt")
    value = rule.get_by_label("Value", exact=True).first
    value.fill("1000")
    value.press("Tab")
    return True


def _say_otherwise(panel: Locator) -> bool:
    """The last way of a gateway is taken when no other is."""
    otherwise = panel.get_by_label("Taken when no other way is")
    if not otherwise.count() or otherwise.last.is_checked():
        return False
    otherwise.last.check()
    return True


def _choose_process(panel: Locator) -> bool:
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


def _publish(page: Page, model: Model) -> None:
    page.locator("[data-do=publish]").click()
    dialog = page.locator("[data-part=publish]")
    dialog.locator("#publish-note").fill("As it was drawn elsewhere")
    dialog.locator(".k-actions button").click()
    page.wait_for_load_state()
    if not until(lambda: "/drafts/" not in page.url, seconds=10):
        model.outcome = "does not execute"
        model.left = page.locator(".k-problems .k-alert").all_inner_texts() or [page.url]


def _run(kniga: Kniga, token: str, model: Model) -> None:
    """Open a deal on the process and take every step until it has ended."""
    _, client = kniga.api("POST", "/clients", token=token, body={"name": f"Client of {model.name}"})
    body = {"process": model.key, "client_id": client["id"], "name": model.name}
    status, deal = kniga.api("POST", "/deals", token=token, body=body)
    if status != 201:
        model.result = f"refused: {deal}"
        return
    with psycopg.connect(f"postgresql://kniga@/kniga?host={kniga.home}/postgres-socket", autocommit=True) as database:
        while model.steps < MOST_STEPS:
            state: list[tuple[str, int | None]] = []

            def has_moved(state: list[tuple[str, int | None]] = state) -> bool:
                state[:] = database.execute(STANDING, [deal["deal"]["id"]]).fetchall()
                return state[0][0] != "running" or state[0][1] is not None

            until(has_moved, seconds=20)  # a called process is begun by a worker
            model.result, task_id = state[0]
            if task_id is None or model.result != "running":
                return
            step = kniga.api("GET", f"/tasks/{task_id}", token=token)[1]
            answer = {"outcome": step["outcomes"][0]["key"], "answers": {}}
            status, said = kniga.api("POST", f"/tasks/{task_id}/complete", token=token, body=answer)
            if status != 200:
                model.result = f"refused: {said}"
                return
            model.steps += 1


def _tell(report: Report, model: Model) -> None:
    runs = f"{model.steps} steps to its end" if model.result == "ended" else model.result
    report.line(
        model.name, model.outcome, "outcome", against="; ".join(model.left)[:2000] or None,
        goal=f"{model.answered} answers filled in; {runs}".rstrip("; "),
        holds=bool(model.left) != model.outcome.startswith("executes")
        and (model.result == "ended" or not model.outcome.startswith("executes")),
    )  # fmt: skip


def _judge(report: Report, models: list[Model]) -> None:
    for outcome in ("executes at once", "executes after answers", "does not execute", "unreadable"):
        number = sum(model.outcome == outcome for model in models)
        report.line(f"models: {outcome}", number, "files", against=f"{len(models)} files")


if __name__ == "__main__":
    sys.exit(run(main))
