"""Setting a document with typst, in a process of its own: a text that hangs or exhausts the press harms nobody else.

Called as a program it reads JSON `{"template": …, "data": …, "seconds": …, "format": …}` and writes what was set: a
PDF, or pages as PNG one after the other (each behind its length in eight digits). Nothing of Django is loaded for it.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Literal

MOST_SECONDS: Final = 60
MOST_BYTES: Final = 20 * 1024 * 1024
"""A text of so many bytes has some ten thousand pages: more is a mistake."""
ROOT: Final = Path(__file__).resolve().parents[2]
"""Templates stand below it, and may import one another from it."""
_TREE: Final = Path(__file__).with_name("tree.typ")
_LENGTH: Final = 8
_PPI: Final = 110


class PressFailed(Exception):
    """It could not be set; the message says why, for the log: a reader cannot cure it."""


class TooLarge(PressFailed):
    """It is larger than the press takes."""


class TooSlow(PressFailed):
    """The press was not ready within `MOST_SECONDS`."""


def fingerprint_of(template: Path, data: Mapping[str, Any], *, made_at: datetime) -> str:
    """64 hexadecimal digits that stand for everything that decides how the PDF comes out."""
    said = json.dumps([data, made_at.timestamp(), version("typst")], sort_keys=True)
    return hashlib.sha256(template.read_bytes() + _TREE.read_bytes() + said.encode()).hexdigest()


def pressed(template: Path, data: Mapping[str, Any], *, made_at: datetime) -> bytes:
    """The data set by a template, as PDF; the same data and moment give the same bytes.

    Raises PressFailed, TooLarge, TooSlow."""
    return _run(template, data, made_at, "pdf")


def pressed_pages(template: Path, data: Mapping[str, Any], *, made_at: datetime) -> list[bytes]:
    """The pages as PNG. Raises PressFailed, TooLarge, TooSlow."""
    whole = _run(template, data, made_at, "png")
    pages, at = [], 0
    while at < len(whole):
        length = int(whole[at : at + _LENGTH])
        pages.append(whole[at + _LENGTH : at + _LENGTH + length])
        at += _LENGTH + length
    return pages


def _run(template: Path, data: Mapping[str, Any], made_at: datetime, form: Literal["pdf", "png"]) -> bytes:
    sent = json.dumps(
        {"template": str(template), "data": data, "seconds": int(made_at.timestamp()), "format": form}
    ).encode()
    if len(sent) > MOST_BYTES:
        raise TooLarge(f"{len(sent)} bytes, and {MOST_BYTES} are the most")
    try:
        done = subprocess.run([sys.executable, __file__], input=sent, capture_output=True, timeout=MOST_SECONDS)
    except subprocess.TimeoutExpired as late:
        raise TooSlow(f"not set within {MOST_SECONDS} seconds") from late
    if done.returncode != 0:
        raise PressFailed(done.stderr.decode(errors="replace")[-2000:])
    return done.stdout


def _press() -> bytes:
    import typst

    sent = json.load(sys.stdin.buffer)
    # The text comes as data and is never read as markup; the system's fonts would make it another on every machine.
    made: Any = typst.compile(
        sent["template"],
        root=str(ROOT),
        ignore_system_fonts=True,
        format=sent["format"],
        ppi=_PPI,
        sys_inputs={"data": json.dumps(sent["data"])},
        timestamp=sent["seconds"],
    )
    if sent["format"] == "pdf":
        return bytes(made)
    pages = made if isinstance(made, list) else [made]
    return b"".join(f"{len(page):0{_LENGTH}d}".encode() + page for page in pages)


if __name__ == "__main__":
    sys.stdout.buffer.write(_press())
