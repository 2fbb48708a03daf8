"""Both languages are complete: every string of pages and Python has a Russian translation, and only one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

import kniga

ROOT = Path(kniga.__file__).parent
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}
Key = tuple[str | None, str]


def source_strings() -> Iterator[tuple[Key, Path]]:
    templates = ROOT / "web" / "templates"
    for file in sorted([*ROOT.rglob("*.py"), *templates.rglob("*.html"), *templates.rglob("*.txt")]):
        method = "python" if file.suffix == ".py" else "jinja2"
        options = {} if method == "python" else {"extensions": "jinja2.ext.do", "silent": "false"}
        for _, message, _, context in extract_from_file(method, file, keywords=KEYWORDS, options=options):
            parts = [part for part in ([message] if isinstance(message, str) else message) if part]
            if context is None and method == "jinja2" and len(parts) == 2 and _is_context(file, parts):
                context, parts = parts[0], parts[1:]
            yield (context, parts[0]), file.relative_to(ROOT)


def _is_context(file: Path, parts: list[str]) -> bool:
    """Babel's Jinja2 extractor hands over pgettext's context as if it were a text."""
    return f'pgettext("{parts[0]}", "{parts[1]}"' in file.read_text(encoding="utf-8")


def catalogues() -> dict[str, Catalog]:
    found = {}
    for file in sorted((ROOT / "locale").glob("*/ru/LC_MESSAGES/django.po")):
        with file.open("rb") as source:
            found[file.parts[-4]] = read_po(source, locale="ru", abort_invalid=True)
    return found


def test_every_string_has_a_russian_translation() -> None:
    translated = {
        (message.context, message.id if isinstance(message.id, str) else message.id[0])
        for catalogue in catalogues().values()
        for message in catalogue
        if message.id and message.string and not message.fuzzy and all(message.string)
    }
    missing = {f"{file}: {key[1]}" for key, file in source_strings() if key not in translated}
    assert sorted(missing) == []


def test_no_two_areas_translate_the_same_words_differently() -> None:
    seen: dict[Key, dict[str, list[str]]] = {}
    for area, catalogue in catalogues().items():
        for message in catalogue:
            if not message.id:
                continue
            key = (message.context, str(message.id))
            seen.setdefault(key, {}).setdefault(str(message.string), []).append(area)
    assert {key: ways for key, ways in seen.items() if len(ways) > 1} == {}


@pytest.mark.parametrize("area", sorted(catalogues()))
def test_translations_keep_the_placeholders(area: str) -> None:
    wrong = [str(message.id) for message in catalogues()[area] if message.id and list(message.check())]
    assert wrong == []
