"""The catalogue page is the components' test: every macro in every state, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client
from lxml import html

from kniga import web

COMPONENTS = sorted((Path(web.__file__).parent / "templates" / "components").glob("*.html"))


@pytest.mark.parametrize(("language", "words"), [("en", "3 days overdue"), ("ru", "просрочено на 3 дня")])
def test_the_catalogue_renders_in_both_languages(client: Client, language: str, words: str) -> None:
    response = client.get("/ui/", headers={"Accept-Language": language})
    assert response.status_code == 200
    assert words in response.content.decode()


def test_the_russian_catalogue_has_no_english_headings(client: Client) -> None:
    page = html.fromstring(client.get("/ui/", headers={"Accept-Language": "ru"}).content)
    headings = [heading.text_content().strip() for heading in page.iter("h1", "h2")]
    assert headings
    assert [heading for heading in headings if not re.search("[а-яё]", heading, re.IGNORECASE)] == []


@pytest.mark.parametrize("file", COMPONENTS, ids=lambda file: file.stem)
def test_every_component_begins_with_its_usage_and_stands_in_the_catalogue(file: Path) -> None:
    source = file.read_text(encoding="utf-8")
    assert source.startswith("{#")
    catalogue = (file.parents[1] / "ui" / "catalogue.html").read_text(encoding="utf-8")
    base = (file.parents[1] / "base.html").read_text(encoding="utf-8")
    assert f"components/{file.name}" in catalogue + base


def test_every_control_has_a_name_for_screen_readers(client: Client) -> None:
    page = html.fromstring(client.get("/ui/").content)
    labels = {label.get("for") for label in page.iter("label")}
    unnamed = [
        html.tostring(control)
        for control in page.xpath("//input[@type!='hidden']|//select|//textarea")
        if control.get("id") not in labels and not control.get("aria-label") and not control.xpath("ancestor::label")
    ]
    assert unnamed == []
    silent = [
        button for button in page.iter("button") if not (button.text_content().strip() or button.get("aria-label"))
    ]
    assert silent == []


def test_no_page_carries_an_inline_script_or_style_element(client: Client) -> None:
    page = html.fromstring(client.get("/ui/").content)
    assert page.xpath("//style") == []
    assert page.xpath("//script[not(@src)]") == []
    assert page.xpath("//@*[starts-with(name(), 'on')]") == []
