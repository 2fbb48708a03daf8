"""The sales book of the demo department as PDF, in both languages: complete, in order, the same each time, confirmed.

    python -m proofs.truth.sales_book [--months 1] [--pictures]

A department of its own per language, made by `kniga demo`; its book by `kniga book export`. What must stand in it is
read from the exported BPMN files by `proofs.truth.book`, not from the code that sets the book; the text of the PDF by a
reader of our own (`proofs.foreign.pdf_text`). Every chapter, stage and step stands in its order, on the page that the
contents name; a step's script stands word for word within its step; each process has its diagram, each control point
and deadline its line among the norms. Then the book is changed by the command line, and what people see is read from
the pages of a running Kniga: the difference since last read, who has confirmed and who has not.
With --pictures, pages go to docs/screenshots as WebP (needs Chromium).
"""

from __future__ import annotations

import argparse
import base64
import json
import shutil
import sys
import time
from pathlib import Path
from typing import Final

from lxml import etree

from proofs.foreign.pdf_text import pages_of_pdf
from proofs.harness import Report, command, environment_of, note, run, temporary_home
from proofs.truth.book.expected import Chapter, chapter_of
from proofs.truth.book.on_pages import prove_pages
from proofs.truth.book.readers import prove_readers

_TO_WEBP: Final = """async (png) => {
  const image = new Image();
  image.src = "data:image/png;base64," + png;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height);
  canvas.getContext("2d").drawImage(image, 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/webp", quality: 0.7 });
  return btoa(Array.from(new Uint8Array(await blob.arrayBuffer()), (byte) => String.fromCharCode(byte)).join(""));
}"""
_LANGUAGES: Final = ("ru", "en")
_MOST_SECONDS: Final = 10.0
_MOST_MB: Final = 3.0
_SHOWN: Final = {"ru": (1, 2, 4, 5, 12, -2), "en": (1, 2, 3, 4, 11, -2)}
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
    content = _made(report, home, language, environment)
    prove_pages(report, language, pages_of_pdf(content), _chapters(home, environment))
    prove_readers(report, home, language, environment)
    if pictures:
        command("book", "export", "--format", "png", "-o", str(home / "pages"), "--language", language,
                environment=environment)  # fmt: skip
        _keep_pictures(sorted((home / "pages").iterdir()), language)


def _made(report: Report, home: Path, language: str, environment: dict[str, str]) -> bytes:
    """Make the PDF: first, kept, and anew."""
    file = home / "book.pdf"
    export = ("book", "export", "-o", str(file), "--language", language)
    began = time.monotonic()
    command(*export, environment=environment)
    took = time.monotonic() - began
    content = file.read_bytes()
    report.line(
        f"sales book, {language}: from the command to the file", took, "s", goal=f"below {_MOST_SECONDS:g} s",
        holds=took < _MOST_SECONDS,
    )  # fmt: skip
    size, count = len(content) / 1e6, len(pages_of_pdf(content))
    report.line(
        f"sales book, {language}: size of {count} pages", size, "MB", goal=f"below {_MOST_MB:g} MB",
        holds=size < _MOST_MB,
    )  # fmt: skip
    command(*export, "--anew", environment=environment)
    same = file.read_bytes() == content
    report.line(f"sales book, {language}: the same edition set anew", same, "same bytes", goal="True", holds=same)
    return content


def _chapters(home: Path, environment: dict[str, str]) -> list[Chapter]:
    listed = json.loads(command("process", "list", "--json", environment=environment).stdout)
    chapters = []
    for process in listed:
        file = home / f"{process['key']}.bpmn"
        command("process", "export", process["key"], "--to", str(file), environment=environment)
        chapters.append(chapter_of(etree.parse(str(file)).getroot()))
    return chapters


def _keep_pictures(pages: list[Path], language: str) -> None:
    from playwright.sync_api import sync_playwright

    from proofs.screenshots import ARGUMENTS, FOLDER

    program = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        darkroom = browser.new_page()
        for place, number in enumerate(_SHOWN[language], 1):
            page = pages[number - 1 if number > 0 else number]
            picture = darkroom.evaluate(_TO_WEBP, base64.b64encode(page.read_bytes()).decode())
            (FOLDER / f"sales-book-{language}-{place}.webp").write_bytes(base64.b64decode(picture))
        browser.close()
    note(f"{language}: {len(_SHOWN[language])} of {len(pages)} pages are in {FOLDER}")


if __name__ == "__main__":
    sys.exit(run(main))
