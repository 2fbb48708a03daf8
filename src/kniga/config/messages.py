"""Compile the message catalogues: `python -m kniga.config.messages compile`.

Babel does it in Python, so that a fresh machine needs no gettext. The result (.mo) is not committed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE = Path(__file__).resolve().parent.parent / "locale"


def compile_catalogues(root: Path = LOCALE) -> int:
    """Write a .mo beside every .po that is newer than it; returns how many were written."""
    written = 0
    for source in sorted(root.glob("*/*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open("rb") as file:
            catalogue = read_po(file, abort_invalid=True)
        with target.open("wb") as file:
            write_mo(file, catalogue)
        written += 1
    return written


if __name__ == "__main__":
    if sys.argv[1:] != ["compile"]:
        sys.exit("usage: python -m kniga.config.messages compile")
    sys.stdout.write(f"{compile_catalogues()} catalogues compiled\n")
