"""Take pictures of every page: both languages, light and dark, desktop and phone; report pages that overflow.

    python -m proofs.screenshots --address http://localhost:8000 --email head@example.org --password …

Needs a running Kniga with the demo department, and Chromium. Pictures go to docs/screenshots as WebP. Prints a JSON
line per claim and exits 0 if all hold. `PAGES` is the one list of pages: add yours there.
"""

from __future__ import annotations

import argparse
import base64
import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, CDPSession, Page, TimeoutError, sync_playwright

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "screenshots"
LIMIT_MB = 15
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SIZES = {"1440": (1440, 900), "390": (390, 844)}
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SETTLED = """() => new Promise(done => {
  const bell = document.querySelector("[data-count=notices]");
  const address = bell?.getAttribute("hx-get");
  const asked = () => performance.getEntriesByType("resource").some(one => one.name.includes(address));
  let calm = 0;
  const look = () => {
    const at_work = document.fonts.status !== "loaded" || document.querySelector(".htmx-request, .k-loading--on");
    calm = at_work || (bell && !asked()) ? 0 : calm + 1;
    if (calm > 5) done(true); else requestAnimationFrame(look);
  };
  look();
})"""
"""Calm for five frames, and the bell, which asks last, has been answered."""
REPAINTED = """async () => {
  const frame = () => new Promise(done => requestAnimationFrame(done));
  await frame();
  for (const one of document.getAnimations()) if (one instanceof CSSTransition) one.finish();
  for (let left = 4; left > 0; left -= 1) await frame();
}"""
CUT = """() => {
  const pen = document.createElement("canvas").getContext("2d");
  const width = (text, style) => {
    pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    return pen.measureText(text).width;
  };
  const cut = [];
  for (const one of document.querySelectorAll("select, input[placeholder], button, .k-button")) {
    if (!one.checkVisibility({ visibilityProperty: true }) || one.clientWidth < 2) continue;
    const style = getComputedStyle(one);
    const room = one.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    let text = "", lacks = 0;
    if (one.matches("select")) {
      // The arrow of a select takes some 20 px of it.
      text = one.multiple || one.size > 1 ? "" : (one.selectedOptions[0]?.text ?? "");
      lacks = width(text, style) - room + 20;
    } else if (one.matches("input")) {
      text = one.value ? "" : one.placeholder;
      lacks = width(text, style) - room + (one.type === "search" ? 16 : 0);
    } else {
      text = one.textContent.trim().replace(/\\s+/g, " ").slice(0, 60);
      lacks = one.scrollWidth - one.clientWidth;
    }
    const name = one.id || one.name || one.className || one.tagName;
    if (text && lacks > 1) cut.push(`${name}: ${text} (${Math.ceil(lacks)} px)`);
  }
  return cut;
}"""
"""What is wider than its box: chosen options, placeholders, words of buttons. Tabs are scrolled."""
QUALITY = 55
"""Of the WebP pictures: text stays crisp at it, and the folder stays within its limit."""

LEADS = """Компания;ИНН;Контактное лицо;Телефон;Почта;Город
ООО «Северный склад»;7707083893;Анна Жукова;8 (916) 123-45-67;anna@sever.example;Тверь
АО «Паллета»;7707083890;Пётр Ким;8 916 555-12-12;kim@palleta.example;Тула
Логистика Юг;;Ольга Щукина;+7 861 200-30-40;olga@;Краснодар
ИП Орлов;;Иван Орлов;8 (916) 123-45-67;orlov@mail.example;Тверь
"""
LEADS_IN_ENGLISH = """Company,Contact,Phone,E-mail,City,Employees
Northern Storage Ltd,Anna Walsh,020 7946 0321,anna@northern.example,Leicester,48
Pallet House plc,Peter Kimber,+44 117 496 0212,kimber@pallethouse.example,Bristol,many
Southern Freight Ltd,Olive Shaw,+44 20 7946 0040,olive@,London,120
Orchard & Co,Ivan Orchard,+44 20 7946 0321,orchard@mail.example,Leicester,9
"""
"""Files with an error of each kind, so that the import wizard has something to show."""
FILES = {
    "ru": ("Выставка.csv", LEADS.encode("cp1251")),
    "en": ("Exhibition.csv", LEADS_IN_ENGLISH.encode()),
}

TEMPLATE = {
    "ru": ("Коммерческое предложение", "# Предложение для {{client.name}}\n\nСумма: **{{deal.amount}}**."),
    "en": ("Proposal", "# Proposal for {{client.name}}\n\nAmount: **{{deal.amount}}**."),
}


@dataclass(frozen=True)
class Shot:
    """One page: its picture's name, its address, the links to follow from there (CSS selectors), what to wait for, and
    what to press then."""

    name: str
    address: str
    follow: tuple[str, ...] = ()
    keys: str = ""
    ready: str = ""
    press: tuple[str, ...] = ()
    signed_in: bool = True


DRAFT = "main a[href^='/processes/drafts/']"
DRAWN = ".djs-shape[data-element-id]:has(.djs-visual text)"
STEP = "[data-element-id=task_answer] .djs-hit"
PAGES = (
    Shot("sign-in", "/accounts/login/", signed_in=False),
    Shot("password-reset", "/accounts/password/reset/", signed_in=False),
    Shot("desk", "/desk/"),
    Shot("desk-week", "/desk/?view=week"),
    Shot("desk-month", "/desk/?view=month"),
    Shot("desks", "/desk/people/"),
    Shot("task", "/deals/", follow=("main a[href^='/tasks/']",)),
    Shot("deals", "/deals/"),
    Shot("deal", "/deals/", follow=("main [data-row] a[href^='/deals/']",)),
    Shot("deal-path", "/deals/", follow=("main [data-row] a[href^='/deals/']", "main a[href$='/path/']")),
    Shot("deal-new", "/deals/new/"),
    Shot("board", "/board/"),
    Shot("deviations", "/deviations/"),
    Shot("notices", "/notices/"),
    Shot("clients", "/clients/"),
    Shot("client", "/clients/", follow=("main [data-row] a[href^='/clients/']",)),
    Shot("client-new", "/clients/new/"),
    Shot("products", "/products/"),
    Shot("product", "/products/", follow=("main [data-row] a[href^='/products/']",)),
    Shot("product-new", "/products/new/"),
    Shot("funnel", "/funnel/"),
    Shot("funnel-deals", "/funnel/", follow=("main a[href^='/funnel/deals/']",)),
    Shot("processes", "/processes/"),
    Shot("process", "/processes/inbound_sale/"),
    Shot("process-version", "/processes/b2b_sale/1/"),
    Shot("process-new", "/processes/new/"),
    Shot("process-template", "/processes/new/win_back/"),
    Shot("designer", "/processes/", follow=(DRAFT,), ready=DRAWN, press=("[data-tab=diagram]", STEP)),
    Shot("designer-book", "/processes/", follow=(DRAFT,), ready=DRAWN, press=("[data-tab=book]",)),
    Shot("designer-publish", "/processes/", follow=(DRAFT,), ready=DRAWN, press=("[data-do=publish]",)),
    Shot("process-running", "/processes/b2b_sale/running/"),
    Shot("process-move", "/processes/inbound_sale/move/"),
    Shot("process-act", "/processes/inbound_sale/move/", follow=("main a[href^='/processes/acts/']",)),
    Shot("book", "/book/"),
    Shot("book-map", "/book/map/"),
    Shot("book-readers", "/book/readers/"),
    Shot("book-changes", "/processes/inbound_sale/compare/"),
    Shot("incidents", "/processes/incidents/"),
    Shot("messages", "/processes/messages/"),
    Shot("imports", "/imports/"),
    Shot("import-review", "/imports/", follow=("main [data-row] a[href^='/imports/']",)),
    Shot("import-setup", "/imports/", follow=("main [data-row] a[href^='/imports/']", "main a[href$='step=setup']")),
    Shot("templates", "/documents/templates/"),
    Shot("template", "/documents/templates/", follow=("main [data-row] a",)),
    Shot("template-new", "/documents/templates/new/"),
    Shot("forms", "/forms/"),
    Shot("form", "/forms/", follow=("main [data-row] a",)),
    Shot("form-new", "/forms/new/"),
    Shot("mailboxes", "/mailboxes/"),
    Shot("mailbox-new", "/mailboxes/new/"),
    Shot("people", "/people/"),
    Shot("person", "/people/", follow=("main [data-row] a[href^='/people/']",)),
    Shot("person-new", "/people/new/"),
    Shot("teams", "/people/teams/"),
    Shot("team", "/people/teams/", follow=("main table a[href^='/people/teams/']",)),
    Shot("team-new", "/people/teams/new/"),
    Shot("branch-new", "/people/branches/new/"),
    Shot("access", "/people/access/"),
    Shot("organisation", "/people/organisation/"),
    Shot("password-change", "/accounts/password/change/"),
    Shot("profile", "/people/profile/"),
    Shot("palette", "/desk/", keys="Control+KeyK"),
    Shot("keyboard", "/desk/", keys="Shift+Slash"),
    Shot("not-found", "/nowhere/"),
    Shot("components", "/ui/"),
)


class Photographer:
    """Walks through the pages with one browser window: a page is loaded once per width and taken in both themes."""

    def __init__(self, browser: Browser, address: str, email: str, password: str, folder: Path) -> None:
        self.browser, self.address, self.folder = browser, address, folder
        self.email, self.password = email, password
        self.found: dict[tuple[str, ...], str] = {}
        self.problems: list[str] = []
        self.cut: list[str] = []
        self.taken = 0

    def walk(self, shots: tuple[Shot, ...], language: str) -> None:
        context = self.browser.new_context(
            base_url=self.address,
            locale="ru-RU" if language == "ru" else "en-GB",
            reduced_motion="reduce",
        )
        page = context.new_page()
        page.on("pageerror", lambda error: self.problems.append(f"{page.url}: {error}"))
        camera = context.new_cdp_session(page)
        for inside in (False, True):
            if inside:
                self.sign_in(page, language)
            for size, (width, height) in SIZES.items():
                page.set_viewport_size({"width": width, "height": height})
                for shot in shots:
                    if shot.signed_in is inside and self.opened(page, shot, f"{shot.name}-{language}-{size}"):
                        self.take(page, camera, f"{shot.name}-{language}-{{}}-{size}")
        context.close()

    def sign_in(self, page: Page, language: str) -> None:
        page.goto("/accounts/login/?next=/people/profile/")
        page.locator("#login").fill(self.email)
        page.locator("#password").fill(self.password)
        page.locator("button.k-button--primary").click()
        page.wait_for_url("**/people/profile/")
        page.locator(f"main button[name=language][value={language}]").click()
        page.wait_for_load_state()

    def bring_import(self, language: str) -> None:
        """Leave a checked import for the pictures of the wizard, unless there is an import already."""
        page = self.browser.new_context(base_url=self.address).new_page()
        self.sign_in(page, language)
        page.goto("/imports/")
        if page.locator("main [data-row]").count() == 0:
            page.locator("select[name=kind]").select_option("clients")
            name, content = FILES[language]
            page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
            page.locator("main button.k-button--primary").click()
            page.locator("button[name=act][value=check]").click()
            page.locator(".k-import-diff").wait_for()
        page.context.close()

    def bring_changes(self, language: str) -> None:
        """Leave a draft, a move looked at before it is carried out, a form and a template, unless there are."""
        page = self.browser.new_context(base_url=self.address).new_page()
        self.sign_in(page, language)
        page.goto("/processes/")
        if page.locator(DRAFT).count() == 0:
            page.goto("/processes/inbound_sale/")
            page.locator("form[action$='/edit/'] button").first.click()
            page.wait_for_url("**/processes/drafts/*/")
        page.goto("/processes/inbound_sale/move/")
        if page.locator("main a[href^='/processes/acts/']").count() == 0 and page.locator("#source").count():
            why = "Новая версия книги" if language == "ru" else "A new version of the book"
            page.locator("[name=reason]").fill(why)
            page.locator("main form button.k-button--primary").click()
            page.wait_for_url("**/processes/acts/*/")
        page.goto("/forms/")
        if page.locator("main [data-row]").count() == 0:
            page.goto("/forms/new/")
            page.locator("[name=name]").fill("Заявка с сайта" if language == "ru" else "Request from the site")
            page.locator("[name=key]").fill("request")
            page.locator("[name=process]").select_option("inbound_sale")
            page.locator("[name=owner]").select_option(index=1)
            page.locator("main form button.k-button--primary").click()
            page.wait_for_url("**/forms/request/")
        page.goto("/documents/templates/")
        if page.locator("main [data-row]").count() == 0:
            name, text = TEMPLATE[language]
            page.goto("/documents/templates/new/")
            page.locator("[name=name]").fill(name)
            page.locator("[name=key]").fill("proposal")
            page.locator("[name=body]").fill(text)
            page.locator("main form button.k-button--primary").click()
            page.locator("a[href='/documents/templates/proposal/']").first.wait_for()
        page.context.close()

    def opened(self, page: Page, shot: Shot, name: str) -> bool:
        """Bring the page of a shot to the window, settled; a problem is noted, and False says there is no page."""
        page.emulate_media(color_scheme=THEMES[0])
        page.goto(self.found.get((shot.address, *shot.follow), shot.address))
        if (shot.address, *shot.follow) not in self.found:
            for selector in shot.follow:
                link = page.locator(selector).first
                if link.count() == 0:
                    self.problems.append(f"{name}: nothing to follow at {shot.address}")
                    return False
                page.goto(str(link.get_attribute("href")))
            self.found[(shot.address, *shot.follow)] = page.url
        if shot.keys:
            page.keyboard.press(shot.keys)
        page.evaluate(SETTLED)
        try:
            if shot.ready:
                page.locator(shot.ready).first.wait_for(state="attached", timeout=10_000)
            for selector in shot.press:
                page.locator(selector).first.click(force=True, timeout=5_000)
        except TimeoutError as late:
            self.problems.append(f"{name}: {late.message.splitlines()[-1]}")
        overflow = page.evaluate("(scrollTo(0, 0), document.documentElement.scrollWidth - innerWidth)")
        if overflow > 0:
            self.problems.append(f"{name}: {overflow} px wider than the window")
        self.cut += [f"{name}: {one}" for one in page.evaluate(CUT)]
        return True

    def take(self, page: Page, camera: CDPSession, name: str) -> None:
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            page.evaluate(REPAINTED)
            picture = camera.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
            (self.folder / f"{name.format(theme)}.webp").write_bytes(base64.b64decode(picture["data"]))
            self.taken += 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--address", required=True)
    parser.add_argument("--email", required=True)
    parser.add_argument("--password", required=True)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--only", default="", help="names of pages, separated by commas")
    parser.add_argument("--language", choices=("ru", "en"), help="only this one (a demo department speaks one)")
    asked = parser.parse_args()
    wanted = set(asked.only.split(",")) if asked.only else {shot.name for shot in PAGES}
    shots = tuple(shot for shot in PAGES if shot.name in wanted)
    program = shutil.which("chromium") or shutil.which("google-chrome")
    asked.folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        photographer = Photographer(browser, asked.address, asked.email, asked.password, asked.folder)
        if any(shot.name.startswith("import-") for shot in shots):
            photographer.bring_import(asked.language or "ru")
        if any(DRAFT in shot.follow or shot.name in ("process-act", "form", "template") for shot in shots):
            photographer.bring_changes(asked.language or "ru")
        for language in [asked.language] if asked.language else ("ru", "en"):
            photographer.walk(shots, language)
        browser.close()
    return report(photographer)


def report(photographer: Photographer) -> int:
    """Print what was found, a JSON line per claim; 0 if all claims hold."""
    size = sum(file.stat().st_size for file in photographer.folder.glob("*.webp")) / 1e6
    for problem in photographer.problems + photographer.cut:
        print(problem, file=sys.stderr)
    claims = [
        ("screenshots: pages without overflow or script error", len(photographer.problems), "problems", 0),
        ("screenshots: controls whose words are cut", len(photographer.cut), "controls", 0),
        ("screenshots: size of the folder", round(size, 2), "MB", LIMIT_MB),
    ]
    for name, value, unit, goal in claims:
        line = {"name": name, "value": value, "unit": unit, "ratio": None, "against": None, "goal": goal}
        print(json.dumps(line | {"holds": value <= goal}))
    print(json.dumps({"name": "screenshots: pictures taken", "value": photographer.taken, "unit": "pictures"}))
    return 0 if all(value <= goal for _, value, _, goal in claims) else 1


if __name__ == "__main__":
    sys.exit(main())
