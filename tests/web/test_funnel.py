"""The funnel's page: figures, filters in the address, and the deals behind each number."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client as Browser

from kniga.people.models import User
from tests.domain.insights.department import Department, make_department

pytestmark = pytest.mark.django_db


@pytest.fixture
def made() -> Department:
    made = make_department()
    made.deal("0>1>2=won", amount=3000, product=made.products[0])
    made.deal("0>1=lost", owner=made.reps[2], loss_reason=made.reasons[0])
    made.deal("0>1>0>1", owner=made.reps[1], amount=500)
    return made


def browser_of(user: User, language: str = "en") -> Browser:
    User.objects.filter(pk=user.pk).update(language=language)
    browser = Browser()
    browser.force_login(user)
    return browser


def page_of(browser: Browser, address: str = "/funnel/?process=sale") -> str:
    response = browser.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_the_page_shows_each_stage_with_what_entered_and_went_on(made: Department) -> None:
    page = page_of(browser_of(made.head))
    for stage in made.stages:
        assert stage.name in page
    assert "From stage to stage" in page
    assert "33.3%" in page
    assert "Price" in page


def test_both_languages_are_complete(made: Department) -> None:
    russian = page_of(browser_of(made.head, "ru"))
    for text in ("Воронка", "Выиграно", "Конверсия", "Почему сделки проигрываются", "Сравнение"):
        assert text in russian
    for text in ("Funnel", "From stage", "Win rate", "Compare", "Went back"):
        assert text not in russian


def test_every_number_on_the_page_opens_a_list_with_as_many_deals(made: Department) -> None:
    browser = browser_of(made.head)
    page = page_of(browser)
    links = re.findall(r'href="([^"]*/funnel/deals/[^"]*)"[^>]*>(.*?)</a>', page, re.S)
    assert len(links) > 20
    for href, inside in links:
        number = re.search(r">?(\d+)(?: on| won)?<?", re.sub(r"<span.*?</span>|<small.*?</small>|[\d.]+%", "", inside))
        if number is None:
            continue
        listed = page_of(browser, unescape(href))
        assert listed.count("data-row") == int(number[1]), href


def test_filters_live_in_the_address(made: Department) -> None:
    browser = browser_of(made.head)
    page = page_of(browser, f"/funnel/?process=sale&rep={made.reps[0].pk}&from=2025-01-01&to=2025-01-31&by=product")
    assert "Remove the filter Sales rep" in page
    assert made.products[0].name in page
    assert f'value="{made.reps[0].pk}" selected' in page
    assert "Clear all" in page


def test_a_filter_that_leaves_nothing_says_so(made: Department) -> None:
    page = page_of(browser_of(made.head), "/funnel/?process=sale&from=2030-01-01")
    assert "No deal matches these filters" in page


@pytest.mark.parametrize(
    "wrong", ["rep=x", "from=yesterday", "by=moon", "basis=moon", "month=2025", "process=moon", "rep=9" + "9" * 30]
)
def test_an_address_that_cannot_be_read_is_refused_by_name(made: Department, wrong: str) -> None:
    response = browser_of(made.head).get(f"/funnel/?process=sale&{wrong}")
    assert response.status_code == 422
    assert wrong.split("=")[0] in response.content.decode()


@pytest.mark.parametrize(
    "wrong", ["measure=moon", "", "measure=passed", "measure=won&stage=x", "measure=deals&stage=1"]
)
def test_a_number_the_funnel_does_not_have_is_not_found(made: Department, wrong: str) -> None:
    assert browser_of(made.head).get(f"/funnel/deals/?process=sale&{wrong}").status_code == 404


def test_a_rep_sees_only_their_own_deals(made: Department) -> None:
    listed = page_of(browser_of(made.reps[0]), "/funnel/deals/?process=sale&measure=deals")
    assert listed.count("data-row") == 1


def test_the_split_is_sorted_as_the_address_says(made: Department) -> None:
    browser = browser_of(made.head)
    names = [made.reps[index].name for index in range(3)]
    down = page_of(browser, "/funnel/?process=sale&by=rep&sort=-name")
    up = page_of(browser, "/funnel/?process=sale&by=rep&sort=name")
    order = [re.findall(r'k-table__main"><a [^>]*>(rep-[^<]*)<', text) for text in (up, down)]
    assert order == [names, names[::-1]]


def test_the_page_takes_as_many_statements_for_one_deal_as_for_many(
    made: Department, sql_log: Callable[[], Any]
) -> None:
    browser = browser_of(made.head)
    page_of(browser)
    with sql_log() as few:
        page_of(browser)
    for index in range(12):
        made.deal("0>1>2=won", owner=made.reps[index % 4], product=made.products[index % 3])
    with sql_log() as many:
        page_of(browser)
    assert few.shapes == many.shapes


def test_the_list_behind_a_number_continues_by_fragments(made: Department, sql_log: Callable[[], Any]) -> None:
    for _index in range(60):
        made.deal("0=won")
    browser = browser_of(made.head)
    with sql_log() as log:
        page = page_of(browser, "/funnel/deals/?process=sale&measure=won")
    assert len(log) <= 8
    further = re.search(r'hx-get="(/funnel[^"]+)"', page)
    assert further is not None
    rows = browser.get(unescape(further[1]), headers={"HX-Request": "true", "HX-Target": "deal-rows"})
    assert rows.content.decode().count("data-row") == 11
    assert "<html" not in rows.content.decode()
