"""The sales book of the demo department as PDF, in both languages: complete, the same each time, and to be seen.

    python -m proofs.truth.sales_book [--months 1] [--pictures]

A department of its own per language, made by `kniga demo`; its book by `kniga book export`. What must stand in it is
read from the exported BPMN files, not from the code that sets the book: every step's name, every line of its script,
every question and outcome. The text of the PDF is read by a reader of our own (`proofs.foreign.pdf_text`).
With --pictures, pages go to docs/screenshots as WebP (needs Chromium).
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from lxml import etree

from proofs.foreign.pdf_text import count_pages, text_of_pdf
from proofs.harness import Report, command, environment_of, note, run, temporary_home

_BPMN: Final = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
_KNIGA: Final = "{urn:kniga:bpmn:1}"
_LANGUAGES: Final = ("ru", "en")
_MOST_SECONDS: Final = 10.0
_MOST_MB: Final = 3.0
_SHOWN: Final = (1, 2, 3, 5, 8, -2)
"""The pages that become pictures: title, contents, a chapter with its norms, a diagram, steps, the technology map."""


def main(report: Report) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--months", type=int, default=1, help="how long the department has worked")
    parser.add_argument("--pictures", action="store_true", help="write pages to docs/screenshots")
    options = parser.parse_args()
    for language in _LANGUAGES:
        with temporary_home() as home:
            _prove(report, home, language, options.months, pictures=options.pictures)


def _prove(report: Report, home: Path, language: str, months: int, *, pictures: bool) -> None:
    environment = environment_of(home, KNIGA_LANG=language)
    note(f"{language}: making the department")
    command("migrate", environment=environment)
    command("demo", "--months", str(months), "--lang", language, environment=environment)
    out = home / "book.pdf"
    began = time.monotonic()
    command("book", "export", "-o", str(out), "--language", language, environment=environment)
    took = time.monotonic() - began
    content = out.read_bytes()
    report.line(
        f"sales book, {language}: from the command to the file", took, "s", goal=f"below {_MOST_SECONDS:g} s",
        holds=took < _MOST_SECONDS,
    )  # fmt: skip
    size = len(content) / 1e6
    report.line(
        f"sales book, {language}: size of {count_pages(content)} pages", size, "MB", goal=f"below {_MOST_MB:g} MB",
        holds=size < _MOST_MB,
    )  # fmt: skip
    command("book", "export", "-o", str(home / "again.pdf"), "--language", language, environment=environment)
    same = (home / "again.pdf").read_bytes() == content
    report.line(f"sales book, {language}: the same edition again", same, "same bytes", goal="True", holds=same)
    _complete(report, home, language, content, environment)
    if pictures:
        command("book", "export", "--format", "png", "-o", str(home / "pages"), "--language", language,
                environment=environment)  # fmt: skip
        _keep_pictures(sorted((home / "pages").iterdir()), language)


def _complete(report: Report, home: Path, language: str, content: bytes, environment: dict[str, str]) -> None:
    written = _letters(text_of_pdf(content))
    listed = json.loads(command("process", "list", "--json", environment=environment).stdout)
    missing: list[str] = []
    counts = dict.fromkeys(("steps", "lines of scripts", "questions", "outcomes"), 0)
    for process in listed:
        file = home / f"{process['key']}.bpmn"
        command("process", "export", process["key"], "--to", str(file), environment=environment)
        for kind, text in _said(etree.parse(str(file)).getroot()):
            counts[kind] += 1
            if _letters(text) not in written:
                missing.append(f"{kind}: {text}")
    for line in missing[:20]:
        note(f"not in the book: {line}")
    for kind, count in counts.items():
        absent = sum(line.startswith(kind) for line in missing)
        report.line(
            f"sales book, {language}: {kind} of {count} that are not in the PDF", absent, kind, goal="0",
            holds=absent == 0 and count > 0,
        )  # fmt: skip


def _said(root: etree._Element) -> Iterator[tuple[str, str]]:
    """What the book must hold, by kind; of a script each line, cut where data of the client is filled in."""
    for task in root.iter(f"{_BPMN}userTask"):
        yield "steps", task.get("name", "")
        for script in task.iter(f"{_KNIGA}script"):
            for line in (script.text or "").splitlines():
                plain = re.sub(r"^\s*(?:\d+\.|[-*>#]+)\s+", "", line)
                yield from (("lines of scripts", part) for part in re.split(r"\{\{.*?\}\}", plain) if _letters(part))
        yield from (("questions", one.get("label", "")) for one in task.iter(f"{_KNIGA}question"))
        yield from (("outcomes", one.get("label", "")) for one in task.iter(f"{_KNIGA}outcome"))


def _letters(text: str) -> str:
    """Letters and digits only: spaces, quotes and hyphens are the typesetter's business."""
    return re.sub(r"[\W_]+", "", text)


def _keep_pictures(pages: list[Path], language: str) -> None:
    from playwright.sync_api import sync_playwright

    from proofs.screenshots import ARGUMENTS, FOLDER, TO_WEBP

    program = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        darkroom = browser.new_page()
        for place, number in enumerate(_SHOWN, 1):
            page = pages[number - 1 if number > 0 else number]
            picture = darkroom.evaluate(TO_WEBP, base64.b64encode(page.read_bytes()).decode())
            (FOLDER / f"sales-book-{language}-{place}.webp").write_bytes(base64.b64decode(picture))
        browser.close()
    note(f"{language}: {len(_SHOWN)} of {len(pages)} pages are in {FOLDER}")


if __name__ == "__main__":
    sys.exit(run(main))
