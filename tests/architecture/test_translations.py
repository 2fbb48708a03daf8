"""The interface is complete in both languages: every source string has a Russian twin with the same placeholders."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "kniga"
METHODS = [("**/migrations/**", "ignore"), ("**.py", "python"), ("**/templates/**.html", "jinja2")]
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
}
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[sdf]|\{\w*\}")


def source_strings() -> dict[str, list[str]]:
    """Every msgid in code and templates, with the places it stands at."""
    found: dict[str, list[str]] = defaultdict(list)
    for filename, line, message, _comments, _context in extract_from_dir(
        PACKAGE, METHODS, {"**/templates/**.html": {"newstyle_gettext": "true", "trimmed": "true"}}, KEYWORDS
    ):
        singular = message[0] if isinstance(message, tuple) else message
        if singular:
            found[singular].append(f"{filename}:{line}")
    return found


def catalogues() -> Iterator[tuple[Path, Catalog]]:
    for path in sorted(PACKAGE.glob("locale/*/ru/LC_MESSAGES/*.po")):
        with path.open("rb") as file:
            yield path, read_po(file, locale="ru", abort_invalid=True)


def translated() -> dict[str, Message]:
    return {
        message.id if isinstance(message.id, str) else message.id[0]: message
        for _path, catalogue in catalogues()
        for message in catalogue
        if message.id and not message.fuzzy and all(texts_of(message))
    }


def texts_of(message: Message) -> list[str]:
    return list(message.string) if isinstance(message.string, (tuple, list)) else [message.string or ""]


def test_every_source_string_has_a_russian_translation() -> None:
    known = translated()
    missing = {text: places[0] for text, places in source_strings().items() if text not in known}
    assert not missing, "\n".join(f"{place}: {text!r}" for text, place in sorted(missing.items(), key=lambda x: x[1]))


def test_translations_keep_the_placeholders() -> None:
    wrong = []
    for identifier, message in translated().items():
        sources = [message.id] if isinstance(message.id, str) else list(message.id)
        wanted = set().union(*(PLACEHOLDER.findall(source) for source in sources))
        wrong += [
            f"{identifier!r} → {text!r}" for text in texts_of(message) if not set(PLACEHOLDER.findall(text)) <= wanted
        ]
    assert not wrong, "\n".join(wrong)


def test_one_source_string_has_one_translation() -> None:
    seen: dict[tuple[str | None, str], tuple[Path, list[str]]] = {}
    clashes = []
    for path, catalogue in catalogues():
        for message in catalogue:
            if not message.id:
                continue
            identifier = message.id if isinstance(message.id, str) else message.id[0]
            texts = texts_of(message)
            first = seen.setdefault((message.context, identifier), (path, texts))
            if first[1] != texts:
                clashes.append(f"{identifier!r}: {first[0].parts[-4]} {first[1]} ≠ {path.parts[-4]} {texts}")
    assert not clashes, "\n".join(clashes)


@pytest.mark.parametrize("path", [path for path, _catalogue in catalogues()], ids=lambda path: path.parts[-4])
def test_plurals_have_their_russian_forms(path: Path) -> None:
    with path.open("rb") as file:
        catalogue = read_po(file, locale="ru")
    lacking = [message.id for message in catalogue if message.pluralizable and len(texts_of(message)) != 3]
    assert not lacking
