"""Every page asks who comes: a view without a guard is a mistake, not a choice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from kniga.web.menu import QUICK_CREATE, SECTIONS

# Open on purpose: the way to the desk, language and theme before signing in, the catalogue of made-up data,
# and the door for forms of other sites.
OPEN = {"home", "preferences:language", "preferences:theme", "ui:catalogue", "forms:take"}


def pages(patterns: list[URLPattern | URLResolver], namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from pages(
                pattern.url_patterns, f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            )
        elif str(pattern.callback.__module__).startswith("kniga.web") or pattern.name == "home":
            yield f"{namespace}{pattern.name}", pattern


def test_every_page_is_guarded_or_open_on_purpose() -> None:
    found = dict(pages(get_resolver().url_patterns))
    assert len(found) > 20
    unguarded = {name for name, pattern in found.items() if not hasattr(pattern.callback, "access")}
    assert unguarded == OPEN


@pytest.mark.parametrize("section", [*SECTIONS, *QUICK_CREATE], ids=lambda section: section.key)
def test_every_entry_of_the_menu_leads_somewhere(section: object) -> None:
    assert reverse(section.route)  # type: ignore[attr-defined]
