"""What the tests of clients', deals' and products' pages share: a department whose people sign in, a published book."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.test import Client
from lxml import html

from kniga.people.models import User
from kniga.platform import clock
from kniga.processes.versions.definitions import forget_definitions
from kniga.processes.versions.publishing import install_books
from tests.domain.department import Department, make_department

HTMX = {"HX-Request": "true"}


@dataclass
class Office:
    """A department, and a browser for each of its people."""

    house: Department

    def browser(self, user: User) -> Client:
        client = Client(headers={"Accept-Language": "en"})
        client.force_login(user)
        return client


def open_office() -> Office:
    forget_definitions()
    install_books(language="en", by=None, now=clock.now())
    return Office(make_department())


def page_of(response: HttpResponse | Any) -> html.HtmlElement:
    assert response.status_code in (200, 422), response.status_code
    return html.fromstring(response.content.decode())


def text_of(response: HttpResponse | Any) -> str:
    return " ".join(page_of(response).text_content().split())


def fragment(browser: Client, path: str, target: str) -> HttpResponse | Any:
    """What htmx gets when it asks for the part of the page with this id."""
    return browser.get(path, headers={**HTMX, "HX-Target": target})


def same_as_in_page(browser: Client, path: str, target: str) -> bool:
    """Whether the fragment for `target` is what stands in the element of that id on the whole page."""
    whole = html.fromstring(browser.get(path).content.decode()).get_element_by_id(target)
    part = html.fromstring(f"<div>{fragment(browser, path, target).content.decode()}</div>")
    return _inside(whole) == _inside(part)


def _inside(element: html.HtmlElement) -> list[str]:
    texts = [element.text or "", *(html.tostring(child, encoding="unicode") for child in element)]
    # Every rendering has its own CSRF token.
    for token in element.xpath(".//input[@name='csrfmiddlewaretoken']/@value"):
        texts = [text.replace(token, "") for text in texts]
    return [" ".join(text.split()) for text in texts]
