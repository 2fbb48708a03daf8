"""A rep takes one imported open deal to won in a real browser, another to lost; the head sees both at once.

    python -m proofs.truth.rep_to_won

Needs Chromium, and KNIGA_SHARED_DATA naming the folder that holds `crm_sales_opportunities` (or data of the same
shape). The rep signs in by the form, finds the deals on the desk, answers what each step demands and presses its
main outcome until the deal is won; the second deal is lost with a reason. Then the head opens the funnel.
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from typing import Any

import psycopg
from playwright.sync_api import Browser, Page, sync_playwright

from proofs.harness import PASSWORD, Kniga, Report, note, run
from proofs.truth.real_data import MEANT, STEPS, data_folder

HEAD = "head@kniga.local"
LONGEST_WAY = 30
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
BROWSERS = ("/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome")
# A rep with several open deals that have a client, and two of these.
CHOICE = """
SELECT u.email, u.name, array_agg(d.id ORDER BY d.id), array_agg(c.name ORDER BY d.id)
FROM deals_deal d
JOIN processes_task t ON t.deal_id = d.id AND t.status = 'open' AND t.assignee_id = d.owner_id
JOIN clients_client c ON c.id = d.client_id
JOIN people_user u ON u.id = d.owner_id
WHERE d.status = 'open' GROUP BY u.id HAVING count(*) > 3 ORDER BY u.name LIMIT 1
"""
DEAL = """
SELECT d.status, r.key, (SELECT count(*) FROM processes_task t WHERE t.deal_id = d.id AND t.status = 'done'),
       (SELECT array_agg(DISTINCT s.key) FROM deals_stagevisit v JOIN deals_stage s ON s.id = v.stage_id
        WHERE v.deal_id = d.id)
FROM deals_deal d LEFT JOIN deals_lossreason r ON r.id = d.loss_reason_id WHERE d.id = %s
"""


@dataclass(frozen=True)
class Chosen:
    """The rep, and the deals with the names of their clients."""

    email: str
    name: str
    won: tuple[int, str]
    lost: tuple[int, str]


def main(report: Report) -> None:
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        sys.exit("no Chromium here: apt-get install chromium")
    with Kniga.started(env={"KNIGA_LANG": "en"}) as kniga, sync_playwright() as playwright:
        note("importing the real pipeline")
        _import(kniga)
        chosen = _choose(kniga)
        before = _funnel(kniga)
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        page = _sign_in(browser, kniga, chosen.email)
        steps, pages = _sell(page, chosen.won), _lose(page, chosen.lost)
        _judge_deals(report, kniga, chosen, steps, pages)
        _judge_funnel(report, kniga, browser, before)
        browser.close()


def _import(kniga: Kniga) -> None:
    folder = data_folder()
    kniga.command("import", "users", str(folder / "sales_teams.csv"), "--json")
    kniga.command("import", "clients", str(folder / "accounts.csv"), "--json")
    kniga.command("import", "products", str(folder / "products.csv"), "--json")
    kniga.command("import", "deals", str(folder / "sales_pipeline.csv"), *STEPS, *MEANT, "--json")
    kniga.command("user", "create", HEAD, "--name", "Hanna Head", "--role", "head", "--password", PASSWORD)


def _choose(kniga: Kniga) -> Chosen:
    found = _ask(kniga, CHOICE)
    email, name, deals, clients = found
    kniga.command("user", "set-password", email, "--password", PASSWORD)
    return Chosen(email, name, (deals[0], clients[0]), (deals[1], clients[1]))


def _ask(kniga: Kniga, sql: str, *values: Any) -> tuple[Any, ...]:
    with psycopg.connect(f"postgresql://kniga@/kniga?host={kniga.home}/postgres-socket") as connection:
        found = connection.execute(sql, values).fetchone()
    assert found is not None, "the data has a rep with open deals"
    return found


def _funnel(kniga: Kniga) -> dict[str, Any]:
    totals: dict[str, Any] = json.loads(kniga.command("funnel", "--process", "b2b_sale", "--json").stdout)["totals"]
    return totals


def _sign_in(browser: Browser, kniga: Kniga, email: str) -> Page:
    page = browser.new_context(base_url=kniga.url, locale="en-GB", viewport={"width": 1440, "height": 900}).new_page()
    page.goto("/accounts/login/")
    page.locator("#login").fill(email)
    page.locator("#password").fill(PASSWORD)
    page.locator("#password").press("Enter")
    page.wait_for_url("**/desk/**")
    return page


def _open(page: Page, deal: tuple[int, str]) -> None:
    """Find the deal's task on the desk, by the client's name."""
    page.goto("/desk/?tab=all")
    page.locator("#desk-q").fill(deal[1])
    page.locator("#desk-q").press("Enter")
    for link in page.locator("[data-row] a.k-desk-task").all():
        address = link.get_attribute("href") or ""
        link.click()
        page.wait_for_url(f"**{address}")
        if page.locator(f".k-page-header a[href='/deals/{deal[0]}/']").count():
            return
        page.go_back()
    raise RuntimeError(f"the desk does not show the task of deal {deal[0]}")


def _answer_everything(page: Page) -> None:
    form = page.locator("#task-form")
    for field in form.locator("textarea").all():
        field.fill("They want to replace three old systems")
    for field in form.locator("input[data-day='date']").all():
        field.fill(field.get_attribute("max") or "2031-01-15")
    for field in form.locator("input[inputmode='decimal']").all():
        if not field.input_value():  # the amount of the proposal stands there already
            field.fill("99999999" if field.get_attribute("name") == "answer-paid_amount" else "5")
    for field in form.locator("select").all():
        field.select_option(index=1)
    for group in form.locator("fieldset.k-choices").all():
        group.locator("input").first.check()


def _press(page: Page, selector: str) -> None:
    """Press an outcome and wait until what stands there is something else."""
    task = page.locator("#task")
    before = (task.get_attribute("data-task"), task.get_attribute("data-status"))
    page.locator(selector).first.click()
    page.wait_for_function(
        "([id, status]) => { const t = document.querySelector('#task');"
        " return t && (t.dataset.task !== id || t.dataset.status !== status); }",
        arg=list(before),
    )


def _sell(page: Page, deal: tuple[int, str]) -> int:
    """Main outcome after main outcome, without ever leaving the page; returns the number of steps."""
    _open(page, deal)
    for step in range(1, LONGEST_WAY):
        _answer_everything(page)
        _press(page, "#task-form [data-default]")
        if page.locator(".k-closing--won").count():
            return step
    raise RuntimeError("the main outcomes do not lead to won")


def _lose(page: Page, deal: tuple[int, str]) -> bool:
    """The refusal without its reason is refused in place; with it the deal is lost."""
    _open(page, deal)
    page.locator("#task-form button[name='outcome'].k-button--bad").first.click()
    page.wait_for_selector("#task-form [aria-invalid='true']")
    demanded = page.evaluate("document.activeElement.getAttribute('aria-invalid') === 'true'")
    _answer_everything(page)
    _press(page, "#task-form button[name='outcome'].k-button--bad")
    page.wait_for_selector(".k-closing--lost")
    return bool(demanded)


def _judge_deals(report: Report, kniga: Kniga, chosen: Chosen, steps: int, demanded: bool) -> None:
    status, _reason, done, stages = _ask(kniga, DEAL, chosen.won[0])
    report.line("the first deal", status, "status", goal="won", holds=status == "won")
    report.line("steps the rep took to won, each set by the one before", steps, "steps", holds=steps == done > 3)
    passed = {"needs", "proposal", "contract", "payment"} <= set(stages)
    report.line("stages on the way", sorted(stages), "stages", goal="needs to payment", holds=passed)
    report.line("a refusal without its reason is refused and focused", demanded, "yes/no", goal="yes", holds=demanded)
    status, reason, _done, _stages = _ask(kniga, DEAL, chosen.lost[0])
    holds = status == "lost" and bool(reason)
    report.line("the second deal", f"{status}: {reason}", "status", goal="lost with a reason", holds=holds)


def _judge_funnel(report: Report, kniga: Kniga, browser: Browser, before: dict[str, Any]) -> None:
    after = _funnel(kniga)
    for name in ("won", "lost"):
        grown = after[name] - before[name]
        report.line(f"{name} in the funnel, by the command", grown, "more deals", goal="1", holds=grown == 1)
    page = _sign_in(browser, kniga, HEAD)
    page.goto("/funnel/?process=b2b_sale")
    text = page.locator("main").inner_text()
    for name in ("won", "lost"):
        seen = f"{after[name]:,}" in text
        report.line(f"{name} on the head's funnel page", f"{after[name]:,}", "deals", goal="shown", holds=seen)


if __name__ == "__main__":
    sys.exit(run(main))
