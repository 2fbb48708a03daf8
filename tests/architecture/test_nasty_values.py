"""Whatever stands in an address, the answer is no 500: every parameter that pages and operations read is tried."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import pytest
from django.http import QueryDict
from django.test import Client as Browser
from django.urls import get_resolver, reverse

from kniga.people.tokens import create_token
from kniga.platform import clock
from kniga.platform.keyset import encode_cursor
from tests.architecture.access_table import PAGES
from tests.architecture.test_every_url_and_role import World, forgotten, pages
from tests.architecture.test_every_url_and_role import world as world  # the fixture

NASTY: Final = ("\x00", str(10**30), "0001-01-01", "9999-12-31")
PLACES: Final = (encode_cursor("9999-12-31", 10**30), encode_cursor("sNaN", 1), encode_cursor("2020-W01-1", 1))
"""What the parameters that continue a list are tried with."""
HALF: Final = "%ED%A0%80"
"""Half of a surrogate pair, as it stands in an address; no text can hold it."""
FURTHER: Final = (
    HALF,
    "-1",
    "\u0663",
    "' OR 1=1 --",
    "%",
    "\\",
    "{{7*7}}",
    "<script>",
    "{0}",
    "%s",
    "🙂",
    "ﷺ" * 50,
    "a" * 3000,
)


@pytest.fixture
def read_names(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of all parameters that are read while the test runs."""
    names: set[str] = set()
    for method in ("get", "getlist", "__getitem__", "__contains__"):
        plain = getattr(QueryDict, method)

        def noting(self: QueryDict, key: Any, *further: Any, plain: Any = plain) -> Any:
            names.add(str(key))
            return plain(self, key, *further)

        monkeypatch.setattr(QueryDict, method, noting)
    return names


def places(world: World, browser: Browser, read_names: set[str]) -> Iterator[tuple[str, str]]:
    """Every page that answers GET with every parameter it reads."""
    for name, route in pages(get_resolver().url_patterns):
        line = PAGES.get(name)
        if line is None or "GET" not in line.methods:
            continue
        path = reverse(name, kwargs=world.arguments(set(route.pattern.converters)))
        read_names.clear()
        browser.get(path + line.query)
        yield from ((path, parameter) for parameter in sorted(read_names - {"csrfmiddlewaretoken"}))


def operations(world: World) -> Iterator[tuple[str, str]]:
    """Every GET operation of the API with every parameter of its document."""
    from kniga.api.urls import api

    for path, methods in api.get_openapi_schema()["paths"].items():
        for parameter in methods.get("get", {}).get("parameters", ()):
            if parameter["in"] == "query":
                yield path.format(**world.ids), parameter["name"]


def tried(found: list[tuple[str, str]]) -> Iterator[tuple[tuple[str, str], str]]:
    """Every parameter with every value, the further ones in turn."""
    further = cycle(FURTHER)
    for place in found:
        values = (*NASTY, next(further), *(PLACES if place[1] in {"cursor", "after", "before"} else ()))
        yield from ((place, value) for value in values)


def broken(browser: Browser, path: str, parameter: str, value: str) -> str | None:
    with forgotten():
        if value == HALF:
            response = browser.get(f"{path}?{parameter}={value}")
        else:
            response = browser.get(path, {parameter: value})
    return f"{path} {parameter}={value[:40]!r}: {response.status_code}" if response.status_code >= 500 else None


def test_no_parameter_of_a_page_breaks_it(world: World, read_names: set[str]) -> None:
    browser = world.browser("administrator")
    found = list(places(world, browser, read_names))
    assert len(found) > 60
    wrong = [broken(browser, *place, value) for place, value in tried(found)]
    assert not any(wrong), "\n".join(filter(None, wrong))


def test_no_parameter_of_an_operation_breaks_it(world: World) -> None:
    user = world.people["administrator"]
    key = create_token(user=user, name="test", scopes=["all"], by=None, now=clock.now()).secret
    browser = Browser(raise_request_exception=False, headers={"Authorization": f"Bearer {key}"})
    found = list(operations(world))
    assert len(found) > 40
    wrong = [broken(browser, *place, value) for place, value in tried(found)]
    assert not any(wrong), "\n".join(filter(None, wrong))


def test_no_number_in_an_address_breaks_a_page(world: World) -> None:
    browser = world.browser("administrator")
    wrong = []
    for name, route in pages(get_resolver().url_patterns):
        given = {key: 10**30 if isinstance(world.ids[key], int) else "x" for key in route.pattern.converters}
        if name in PAGES and given:
            path = reverse(name, kwargs=given)
            with forgotten():
                found = {method: getattr(browser, method)(path).status_code for method in ("get", "post")}
            wrong += [f"{method} {path}: {status}" for method, status in found.items() if status not in {404, 405}]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("body", [b'{"name": "a\\u0000b"}', b'{"name": "\\ud800"}', b'{"note": NaN}', b"[" * 50_000])
def test_text_no_table_can_hold_is_refused_at_the_door(world: World, body: bytes) -> None:
    user = world.people["administrator"]
    key = create_token(user=user, name="test", scopes=["all"], by=None, now=clock.now()).secret
    browser = Browser(raise_request_exception=False, headers={"Authorization": f"Bearer {key}"})
    for path in ("/clients", "/deals", "/products", f"/tasks/{world.ids['task_id']}/complete"):
        response = browser.post(f"/api/v1{path}", body, content_type="application/json")
        assert response.status_code == 400, (path, response.content)


def test_a_form_with_a_nul_is_refused_as_a_page(world: World) -> None:
    browser = world.browser("administrator")
    for path in ("/clients/new/", "/people/new/", "/deals/new/"):
        assert browser.post(path, {"name": "a\x00b"}).status_code == 400


@pytest.mark.shared_data("naughty_strings")
def test_naughty_strings_find_and_name_whatever_they_say(world: World, shared_data: Path) -> None:
    strings: list[str] = json.loads((shared_data / "naughty_strings" / "blns.json").read_text())
    browser = world.browser("administrator")
    for path, parameter in (("/search/", "q"), ("/clients/", "q"), ("/deals/", "q")):
        wrong = [broken(browser, path, parameter, text) for text in strings[::12]]
        assert not any(wrong), "\n".join(filter(None, wrong))
