"""Sales models that other people drew with other tools come in as drafts through the gallery, in a real browser: what
executes at once, what executes after its missing answers are filled in in the side panel, and what cannot, by name.

    python -m proofs.truth.foreign_models

Needs Chromium, and KNIGA_SHARED_DATA naming the folder that holds `bpmn_sales_processes` (or any folder of that name
with BPMN files). What the program fills in, it fills in by the panel's labels, as a head would: which action a
machine's task does, when a way is taken, which message is meant, how long is waited, which table decides (a small file
of DMN, for the sets bring none). An end that another pool lacks is drawn with its key; a step that no way leads to is
taken away, and named. What Kniga refuses by its name (scripts of other engines) stays, and is named with its reason.
What executes is published, and a deal runs to its end: waits of days are put forward, messages come by the API, letters
go to a mail server on the loopback.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from playwright.sync_api import Locator, Page, TimeoutError, sync_playwright

from proofs.harness import PASSWORD, Kniga, Report, note, run, until
from proofs.panel_answers import ANSWERS, REMOVED
from proofs.post_office import post_office
from proofs.truth.bpmn_files import data_folder
from proofs.truth.rep_to_won import ARGUMENTS, BROWSERS

SET = "bpmn_sales_processes"
HEAD = "head@kniga.local"
BOOK = Path(__file__).parents[2] / "src" / "kniga" / "processes" / "books" / "b2b_sale.en.bpmn"
CHECKS = 20
MOST_ANSWERS = 60
MOST_STEPS = 400  # a sale that calls twelve others takes all their steps
STANDING = """
SELECT i.status, (SELECT min(t.id) FROM processes_task t WHERE t.deal_id = i.deal_id AND t.status = 'open'),
    EXISTS (SELECT FROM processes_work w JOIN processes_instance j ON j.id = w.instance_id
            WHERE j.deal_id = i.deal_id AND (w.status = 'queued' OR w.status = 'running' AND w.called_id IS NULL))
    OR EXISTS (SELECT FROM processes_timer w JOIN processes_instance j ON j.id = w.instance_id
               WHERE j.deal_id = i.deal_id AND w.status = 'scheduled' AND w.due_at <= now())
FROM processes_instance i WHERE i.deal_id = %s AND i.parent_id IS NULL
"""
# A wait of days is put forward, and the workers are told: they sleep until the nearest they know of.
RING = """
UPDATE processes_timer SET due_at = now() WHERE id = (
    SELECT min(w.id) FROM processes_timer w JOIN processes_instance i ON i.id = w.instance_id
    WHERE i.deal_id = %s AND w.status = 'scheduled')
RETURNING pg_notify('kniga_due', '')
"""
WAITS = """
SELECT s.name FROM processes_subscription s JOIN processes_instance i ON i.id = s.instance_id
WHERE i.deal_id = %s AND s.status = 'waiting' AND s.kind = 'message' ORDER BY s.id LIMIT 1
"""
FAILED = """
SELECT w.error FROM processes_work w JOIN processes_instance i ON i.id = w.instance_id
WHERE i.deal_id = %s AND w.status = 'incident' ORDER BY w.id LIMIT 1
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
    removed: list[str] = field(default_factory=list)
    tried: set[tuple[str, str]] = field(default_factory=set)
    key: str = ""
    done: Counter[str] = field(default_factory=Counter)
    steps: int = 0
    waits: int = 0
    result: str = ""


def main(report: Report) -> None:
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        sys.exit("no Chromium here: apt-get install chromium")
    files = sorted(path for path in (data_folder() / SET).rglob("*.bpmn*") if path.is_file())
    with contextlib.ExitStack() as stack:
        office = stack.enter_context(post_office())
        mail = {"KNIGA_SMTP_HOST": "127.0.0.1", "KNIGA_SMTP_PORT": str(office.port)}
        kniga = stack.enter_context(Kniga.started(env={"KNIGA_LANG": "en", **mail}))
        playwright = stack.enter_context(sync_playwright())
        kniga.command("user", "create", HEAD, "--name", "Hanna Head", "--role", "head", "--password", PASSWORD)
        token = kniga.token("admin@kniga.local", role="administrator")
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        context = browser.new_context(base_url=kniga.url, locale="en-GB", viewport={"width": 1600, "height": 1000})
        page = context.new_page()
        _sign_in(page)
        _weigh(report, kniga, page)
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
    _take_in(page, path)
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


def _take_in(page: Page, path: Path) -> None:
    page.goto("/processes/new/")
    page.locator("#file input[type=file]").set_input_files(path)
    page.locator("#file button[type=submit], #file .k-actions button").first.click()
    page.wait_for_load_state()


def _weigh(report: Report, kniga: Kniga, page: Page) -> None:
    """What the designer's check of the shipped sales book costs the web server, as the browser asks for it."""
    _take_in(page, BOOK)
    page.locator(".djs-container").wait_for()
    verdict = page.evaluate(CHECK)["verdict"]
    before = _cpu_seconds(kniga)
    for _ in range(CHECKS):
        page.evaluate(CHECK)
    spent = 1000 * (_cpu_seconds(kniga) - before) / CHECKS
    report.line(
        "check of the sales book in the designer", round(spent, 1), "ms of the server's CPU",
        against=f"{CHECKS} checks of {BOOK.name}, with reading the draft: {verdict}",
    )  # fmt: skip


def _cpu_seconds(kniga: Kniga) -> float:
    return sum(used.user + used.system for used in (one.cpu_times() for one in kniga.processes("granian")))


def _errors(page: Page) -> list[dict[str, Any]]:
    """What forbids publishing, as the designer's check says of what is saved."""
    page.locator("[data-part=status][data-status=saved]").wait_for(state="attached")
    found = page.evaluate(CHECK)["problems"]
    return [one for one in found if one["severity"] == "error"]


def _answer_one(page: Page, model: Model) -> bool:
    """Fill in the first answer that is missing and that a head can give in the panel; False if there is none."""
    for at, problem in enumerate(_errors(page)):
        place = (problem["element"], problem["code"])
        if problem["element"] is None or place in model.tried:
            continue
        model.tried.add(place)
        panel = _selected(page, problem, at)
        for fill in ANSWERS.get(problem["code"], ()):
            if panel is not None and fill(panel, problem):
                if problem["code"] == REMOVED:
                    model.removed.append(problem["place"])
                else:
                    model.answered += 1
                page.wait_for_timeout(1200)  # the designer saves what was written a moment later
                return True
    return False


def _selected(page: Page, problem: dict[str, Any], at: int) -> Locator | None:
    """The side panel with the problem's element in it, opened by the line of the problem."""
    if page.locator("[data-part=problems]").is_hidden():
        page.locator("[data-part=count]").click()
    lines = page.locator("[data-part=problems] [data-problem]")
    named = lines.filter(has_text=problem["message"]).filter(has_text=problem["place"])
    found = named.first if named.count() else lines.nth(at)  # what has no name is called by what it is
    if not found.count():
        return None
    found.click()
    return page.locator("[data-part=panel]")


def _publish(page: Page, model: Model) -> None:
    page.locator("[data-do=publish]").click()
    dialog = page.locator("[data-part=publish]")
    dialog.locator("#publish-note").fill("As it was drawn elsewhere")
    dialog.locator("[data-confirm]").click()
    try:
        page.wait_for_url(lambda url: "/drafts/" not in url, timeout=10_000)
    except TimeoutError:
        model.outcome = "does not execute"
        model.left = [dialog.locator("[data-refused]").inner_text() or page.url]


def _run(kniga: Kniga, token: str, model: Model) -> None:
    """Open a deal on the process and take every step until it has ended."""
    contact = {"name": "Clara Contact", "emails": ["clara@client.example"], "is_primary": True}
    asked = {"name": f"Client of {model.name}", "contacts": [contact]}
    _, client = kniga.api("POST", "/clients", token=token, body=asked)
    body = {"process": model.key, "client_id": client["id"], "name": model.name, "amount": "5000"}
    status, deal = kniga.api("POST", "/deals", token=token, body=body)
    if status != 201:
        model.result = f"refused: {deal}"
        return
    deal_id = int(deal["deal"]["id"])
    with psycopg.connect(f"postgresql://kniga@/kniga?host={kniga.home}/postgres-socket", autocommit=True) as database:
        goes_on = True
        while goes_on and model.steps + model.waits < MOST_STEPS:
            model.result, task_id = _standing(database, deal_id)
            if model.result != "running":
                return
            if task_id is None:
                goes_on = _let_pass(kniga, token, database, deal_id)
                model.waits += goes_on
                failed = database.execute(FAILED, [deal_id]).fetchone()
                model.result = f"stopped: {failed[0]}" if failed and not goes_on else model.result
            else:
                goes_on = _complete(kniga, token, model, deal_id, task_id)


def _standing(database: psycopg.Connection[Any], deal_id: int) -> tuple[str, int | None]:
    """How the deal's process stands and its task, once what workers do at once is done."""
    state: list[tuple[str, int | None, bool]] = []

    def is_settled() -> bool:
        state[:] = database.execute(STANDING, [deal_id]).fetchall()
        status, task_id, at_work = state[0]
        return status != "running" or task_id is not None or not at_work

    until(is_settled, seconds=30)
    return state[0][0], state[0][1]


def _let_pass(kniga: Kniga, token: str, database: psycopg.Connection[Any], deal_id: int) -> bool:
    """What the deal waits for comes: the time is put forward, or the message is sent. False if it waits for nothing."""
    if database.execute(RING, [deal_id]).fetchone():
        return True
    waits = database.execute(WAITS, [deal_id]).fetchone()
    if waits is None:
        return False
    status, _said = kniga.api("POST", "/messages", token=token, body={"name": waits[0], "deal_id": deal_id})
    return status == 200


def _complete(kniga: Kniga, token: str, model: Model, deal_id: int, task_id: int) -> bool:
    """Complete a step. One that comes again is answered otherwise, in a deal of another size: so a loop is left."""
    step = kniga.api("GET", f"/tasks/{task_id}", token=token)[1]
    times = model.done[step["name"]]
    model.done[step["name"]] += 1
    if times:
        revision = kniga.api("GET", f"/deals/{deal_id}", token=token)[1]["revision"]
        size = {"amount": "1" if times % 2 else "5000"}
        status, said = kniga.api("PATCH", f"/deals/{deal_id}", token=token, body=size, revision=revision)
        if status != 200:
            model.result = f"refused: {said}"
            return False
    outcome = step["outcomes"][times % len(step["outcomes"])]["key"]
    asked = [one for one in step["questions"] if one["required"] or outcome in one["required_for"]]
    answer = {"outcome": outcome, "answers": {one["key"]: _said(one, times) for one in asked}}
    status, said = kniga.api("POST", f"/tasks/{task_id}/complete", token=token, body=answer)
    if status != 200:
        model.result = f"refused: {said}"
        return False
    model.steps += 1
    return True


def _said(question: dict[str, Any], times: int) -> Any:
    """An answer of the question's type; another choice each time."""
    if question["choices"]:
        chosen = question["choices"][times % len(question["choices"])]["key"]
        return [chosen] if question["type"] == "multi_choice" else chosen
    today = datetime.now(UTC).date().isoformat()
    values = {"number": "1", "money": "5000", "date": today, "datetime": f"{today}T00:00", "boolean": True}
    return values.get(question["type"], "As agreed")


def _tell(report: Report, model: Model) -> None:
    passed = f"{model.steps} steps and {model.waits} waits"
    runs = {"ended": f"{passed} to its end", "running": f"still running after {passed}"}.get(model.result, model.result)
    removed = f"removed: {', '.join(model.removed)}" if model.removed else ""
    report.line(
        model.name, model.outcome, "outcome", against="; ".join(model.left)[:2000] or None,
        goal="; ".join(filter(None, (f"{model.answered} answers filled in", removed, runs))),
        holds=bool(model.left) != model.outcome.startswith("executes")
        and (model.result == "ended" or not model.outcome.startswith("executes")),
    )  # fmt: skip


def _judge(report: Report, models: list[Model]) -> None:
    for outcome in ("executes at once", "executes after answers", "does not execute", "unreadable"):
        number = sum(model.outcome == outcome for model in models)
        report.line(f"models: {outcome}", number, "files", against=f"{len(models)} files")
    run_through = sum(model.outcome.startswith("executes") for model in models)
    report.line("models that execute", run_through, "files", goal="at least 1", holds=run_through > 0)


if __name__ == "__main__":
    sys.exit(run(main))
