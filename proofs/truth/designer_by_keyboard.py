"""The side panel and the book view by keyboard alone, in a real browser.

    python -m proofs.truth.designer_by_keyboard

Needs Chromium. The head signs in, begins an empty process and edits it with Tab, letters, arrows, Space, Enter and
Escape; no call here moves or presses a mouse, and the page counts that none came. What the draft holds afterwards is
read from the server and compiled. The weights of the designer are printed, and that the desk loads none of it.
"""

from __future__ import annotations

import gzip
import shutil
import sys
from dataclasses import dataclass
from typing import Any, Final

from playwright.sync_api import Browser, Page, sync_playwright

from kniga.engine import BpmnRefused, compile_bpmn
from kniga.engine.definition.model import Definition, UserTask
from proofs.harness import PASSWORD, Kniga, Report, note, run, until
from proofs.truth.rep_to_won import ARGUMENTS, BROWSERS

HEAD: Final = "head@kniga.local"
FARTHEST: Final = 400
"""How often Tab may be pressed until something has the focus; the whole page has fewer places."""
NAME_OF: Final = """() => {
  const it = document.activeElement;
  if (!it || it === document.body) return '';
  const labels = [...(it.labels ?? [])].map((label) => label.textContent).join(' ');
  const text = it.getAttribute('aria-label') || labels || it.innerText;
  return (text || '').replace(/\\s+/g, ' ').trim();
}"""
LAST_MADE: Final = "kniga:escalate"
COUNT_MICE: Final = """
window.mice = 0;
for (const kind of ['mousedown', 'mousemove', 'touchstart', 'wheel'])
  window.addEventListener(kind, (event) => { if (event.isTrusted) window.mice += 1; }, { capture: true });
"""


@dataclass
class Hands:
    """One person at the keyboard; counts what was pressed."""

    page: Page
    pressed: int = 0

    def key(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)
            self.pressed += 1

    def type(self, text: str) -> None:
        """Type a text where the focus is, in place of what is selected."""
        self.page.keyboard.type(text)
        self.pressed += len(text)

    def reach(self, name: str, *, back: bool = False) -> None:
        """Go on with Tab to the next place whose name begins so."""
        for _step in range(FARTHEST):
            self.key("Shift+Tab" if back else "Tab")
            if self.page.evaluate(NAME_OF).startswith(name):
                return
        raise RuntimeError(f"Tab does not reach “{name}”")

    def fill(self, name: str, text: str) -> None:
        """Reach a field, put a text in place of its own, and leave it written."""
        self.reach(name)
        self.key("Control+A")
        self.type(text)

    def await_focus_on(self, value: str) -> None:
        """Wait until a field with this text has the focus."""
        if not until(lambda: bool(self.page.evaluate("document.activeElement.value") == value), seconds=15):
            raise RuntimeError(f"the focus does not come to “{value}”")

    def add(self, name: str, text: str) -> None:
        """Reach a field that adds what is typed on Enter."""
        self.fill(name, text)
        self.key("Enter")

    def press(self, name: str, *, key: str = "Enter") -> None:
        """Reach something and press it."""
        self.reach(name)
        self.key(key)

    def choose(self, name: str, option: str) -> None:
        """Reach a list and choose by its first letters."""
        self.reach(name)
        self.type(option)


def main(report: Report) -> None:
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        sys.exit("no Chromium here: apt-get install chromium")
    with Kniga.started(env={"KNIGA_LANG": "en"}) as kniga, sync_playwright() as playwright:
        kniga.command("user", "create", HEAD, "--name", "Hanna Head", "--role", "head", "--password", PASSWORD)
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        hands = _sign_in(browser, kniga)
        _begin(hands)
        note("the book view")
        _write_the_book(hands)
        note("the side panel")
        _use_the_panel(hands)
        _judge(report, hands, _saved(hands))
        _weigh(report, hands)
        browser.close()


def _sign_in(browser: Browser, kniga: Kniga) -> Hands:
    page = browser.new_context(base_url=kniga.url, locale="en-GB", viewport={"width": 1440, "height": 900}).new_page()
    page.set_default_timeout(30_000)
    page.add_init_script(COUNT_MICE)
    page.goto("/accounts/login/")
    page.locator("#login").focus()
    hands = Hands(page)
    hands.type(HEAD)
    hands.key("Tab")
    hands.type(PASSWORD)
    hands.key("Enter")
    page.wait_for_url(lambda address: "login" not in address)
    return hands


def _begin(hands: Hands) -> None:
    hands.page.goto("/processes/new/")
    hands.fill("Name of the process", "By keyboard")
    hands.press("Begin")
    hands.page.wait_for_url("**/processes/drafts/*/")
    hands.page.wait_for_selector("[data-designer][data-ready]")


def _write_the_book(hands: Hands) -> None:
    """A name, an outcome that leads to a new step, a question, a script, a deadline; a choice with its condition."""
    hands.press("Book")
    hands.press("1 First step")
    hands.key("Control+A")
    hands.type("Call the client")
    hands.add("Name of a new outcome", "Wants an offer")
    hands.reach("Wants an offer", back=True)
    hands.key("Enter")
    hands.press("+ Step")
    hands.await_focus_on("New step")
    hands.type("Write the offer")
    hands.press("Done")
    hands.press("+ Won")
    _fill_the_step(hands)
    hands.key("Escape")
    hands.press("Add a choice after")
    hands.await_focus_on("Which way?")
    hands.type("A large deal?")
    hands.press("Set a condition")
    hands.choose("Field", "Deal amount")
    hands.fill("Value", "50000")
    hands.key("Enter", "Escape")


def _fill_the_step(hands: Hands) -> None:
    hands.fill("Text of the script", "Thank {{client.name}} and name **one** price.")
    hands.press("What to find out")
    hands.add("Text of a new question", "Price named")
    hands.reach("Price named", back=True)
    hands.key("Enter")
    hands.choose("Kind of answer", "Amount")
    hands.choose("Must be answered", "Always")
    hands.press("Deadline")
    hands.press("The step has a deadline", key="Space")
    hands.fill("To be done within", "4")
    hands.choose("Unit of time", "hour")


def _use_the_panel(hands: Hands) -> None:
    """What is open in the book is selected on the diagram; there the panel adds a control point and an end."""
    hands.page.keyboard.press("Home")
    hands.press("2 Write the offer")
    hands.press("Diagram")
    hands.add("Name of a new outcome", "Sent")
    hands.reach("Sent", back=True)
    hands.key("Enter")
    hands.press("Control points")
    hands.add("Name of a new control point", "No offer yet")
    hands.press("Only on a condition", key="Space")
    hands.press("Lead of the owner’s team", key="Space")
    hands.press("by mail", key="Space")
    hands.press("Add a rung")


def _saved(hands: Hands) -> bytes:
    """The draft as the server has it once what was made last has come there."""
    page = hands.page
    hands.key("Tab")
    if not until(lambda: LAST_MADE in _state(page), seconds=30):
        raise RuntimeError("the draft is not saved")
    return _state(page).encode()


def _state(page: Page) -> str:
    state: dict[str, Any] = page.request.get(f"{page.url}state/").json()
    return str(state["xml"])


def _judge(report: Report, hands: Hands, xml: bytes) -> None:
    mice = hands.page.evaluate("window.mice")
    report.line("keys pressed", hands.pressed, "keys")
    report.line("events of a mouse on the designer's page", mice, "events", goal="0", holds=mice == 0)
    try:
        definition = compile_bpmn(xml)
    except BpmnRefused as refused:
        report.line(
            "the saved draft compiles",
            [problem.code for problem in refused.problems],
            "problems",
            goal="none",
            holds=False,
        )
        return
    report.line("the saved draft compiles", "yes", "yes/no", goal="yes")
    for name, holds in _found(definition).items():
        report.line(name, "there" if holds else "missing", "there/missing", goal="there", holds=holds)


def _found(definition: Definition) -> dict[str, bool]:
    tasks = {task.name: task for task in definition.user_tasks()}
    call, offer = tasks.get("Call the client"), tasks.get("Write the offer")
    if call is None or offer is None:
        return {"the two steps by their names": False}
    deadline, controls = offer.deadline, offer.controls
    return {
        "an outcome": "wants_an_offer" in {outcome.key for outcome in call.outcomes},
        "an outcome by the panel": "sent" in {outcome.key for outcome in offer.outcomes},
        "a question, of money and always to be answered": _asks_the_price(offer),
        "a script with a placeholder": "{{client.name}}" in offer.script,
        "a deadline of four working hours": deadline is not None
        and deadline.seconds == 4 * 3600
        and deadline.working_time,
        "a condition": any("50000" in repr(flow.condition) for flow in definition.flows),
        "a control point with a condition, by mail, with a rung": bool(
            controls and controls[0].condition and "mail" in controls[0].by and controls[0].ladder
        ),
        "a new step behind an outcome and one behind the choice": len(tasks) == 3,
    }


def _asks_the_price(offer: UserTask) -> bool:
    return any(one.label == "Price named" and one.type == "money" and one.required for one in offer.questions)


def _weigh(report: Report, hands: Hands) -> None:
    """What the designer's page loads of its own, and that the desk loads none of it: by what stands in the scripts,
    since a chunk's name would not tell."""
    page = hands.page
    loaded = (
        "performance.getEntriesByType('resource').map((entry) => entry.name).filter((name) => name.includes('/build/'))"
    )
    designer: list[str] = page.evaluate(loaded)
    page.goto("/desk/")
    desk: list[str] = page.evaluate(loaded)
    own = sorted(set(designer) - set(desk))
    for address in own:
        content = page.request.get(address).body()
        name = address.rpartition("/build/")[2]
        report.line(
            f"weight of {name.partition('-')[0]}{name[name.rindex('.') :]}",
            len(gzip.compress(content)) // 1024,
            "KB compressed",
        )
    library = [name for name in own if name.endswith(".js") and "djs-container" in page.request.get(name).text()]
    parts = [name for name in desk if name.endswith(".js") and "djs-container" in page.request.get(name).text()]
    report.line("scripts of the desk with the designer's library in them", len(parts), "files", goal="0",
                holds=bool(desk and library) and not parts)  # fmt: skip


if __name__ == "__main__":
    sys.exit(run(main))
