"""Who has read the sales book, and what changed since they last did, as the pages of a running Kniga tell it."""

from __future__ import annotations

import http.cookiejar
import json
import re
import urllib.parse
import urllib.request
from html import unescape
from pathlib import Path
from typing import Final

from proofs.harness import PASSWORD, Kniga, Report, command

_KEY: Final = "b2b_sale"
_WORDS: Final = {"ru": "Перезвоните в пятницу до обеда", "en": "Ring on Friday before lunch"}
_EMAILS: Final = ("reads@proof.example", "waits@proof.example")


class Reader:
    """Somebody signed in, without a browser."""

    def __init__(self, kniga: Kniga, email: str, language: str) -> None:
        self.kniga = kniga
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        self.opener.addheaders = [("Accept-Language", language)]
        self.post("/accounts/login/", self.page("/accounts/login/"), login=email, password=PASSWORD)

    def page(self, address: str) -> str:
        with self.opener.open(f"{self.kniga.url}{address}", timeout=60) as answer:
            return unescape(answer.read().decode())

    def post(self, address: str, page: str, **fields: str) -> str:
        """Send a form of a page."""
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        sent = urllib.parse.urlencode({"csrfmiddlewaretoken": found[1] if found else "", **fields})
        with self.opener.open(f"{self.kniga.url}{address}", sent.encode(), timeout=60) as answer:
            return unescape(answer.read().decode())


def prove_readers(report: Report, home: Path, language: str, environment: dict[str, str]) -> None:
    """Two new reps: both read the edition in force; the book changes; one reads the difference and confirms it."""
    for email in _EMAILS:
        command("user", "create", email, "--name", email, "--role", "rep", "--password", PASSWORD,
                environment=environment)  # fmt: skip
    command("user", "create", "owner@proof.example", "--name", "Owner", "--role", "owner", "--password", PASSWORD,
            environment=environment)  # fmt: skip
    with Kniga.started(home=home, env={"KNIGA_LANG": language}) as kniga:
        readers = [Reader(kniga, email, language) for email in _EMAILS]
        for reader in readers:
            _confirm(reader)
        asked = [_is_asked(reader.page("/book/")) for reader in readers]
        _claim(report, language, "readers who are asked again for what they have confirmed", sum(asked), 0)
        _change(home, environment, language)
        pages = [reader.page("/book/") for reader in readers]
        _claim(report, language, "readers of 2 who are told the changed line of a script on top", sum(
            _tells(page, _WORDS[language]) for page in pages), 2)  # fmt: skip
        _confirm(readers[0])
        after = [reader.page("/book/") for reader in readers]
        _claim(report, language, "readers of 2 asked still, after one has confirmed", sum(map(_is_asked, after)), 1)
        _claim(report, language, "readers of 2 told the difference still", sum(
            _tells(page, _WORDS[language]) for page in after), 1)  # fmt: skip
        table = Reader(kniga, "owner@proof.example", language).page("/book/readers/")
        rows = {email: _row(table, email) for email in _EMAILS}
        told = ["k-badge--good" in rows[email] for email in _EMAILS]
        _claim(report, language, "table of the owner: confirmed by", told, [True, False])


def _change(home: Path, environment: dict[str, str], language: str) -> None:
    """Publish a version with one line more in the first script."""
    file = home / "changed.bpmn"
    command("process", "export", _KEY, "--to", str(file), environment=environment)
    text = file.read_text(encoding="utf-8")
    changed = re.sub(
        r"(<kniga:script>\s*(?:<!\[CDATA\[)?)", lambda match: f"{match[1]}{_WORDS[language]}.\n\n", text, count=1
    )
    assert changed != text, "the first step has a script"
    file.write_text(changed, encoding="utf-8")
    done = command("process", "upload", str(file), "--publish", "--json", environment=environment)
    assert json.loads(done.stdout)


def _confirm(reader: Reader) -> None:
    page = reader.page("/book/")
    found = re.search(r'action="(/book/editions/\d+/read/)"', page)
    if found is None:
        raise RuntimeError("nobody asks to confirm the book")
    reader.post(found[1], page)


def _is_asked(page: str) -> bool:
    return bool(re.search(r'action="/book/editions/\d+/read/"', page))


def _tells(page: str, words: str) -> bool:
    """Whether the words stand in the difference on top of the page."""
    difference = page.partition("k-handbook__news")[2].partition("</section>")[0]
    return words in re.sub(r"<[^>]+>", "", difference)


def _row(table: str, email: str) -> str:
    return next((row for row in re.findall(r"<tr.*?</tr>", table, re.DOTALL) if email in row), "")


def _claim(report: Report, language: str, name: str, value: object, goal: object) -> None:
    report.line(f"sales book, {language}: {name}", value, "", goal=str(goal), holds=value == goal)
