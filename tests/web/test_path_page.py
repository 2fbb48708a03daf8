"""The path of a deal on its page and its card."""

from __future__ import annotations

import pytest

from kniga.deals.models import Deal
from kniga.people.models import User
from kniga.processes.acts.act_planning import plan_move
from kniga.processes.acts.acting import begin_act, carry_out
from kniga.processes.acts.scopes import Scope
from tests.processes.conftest import NOW
from tests.processes.drawn import drawn
from tests.processes.moving import FIRST, KEY, SECOND, publish_second, run_deals, two_teams
from tests.web.test_moving_pages import browser, page

Set = tuple[User, User, User, Deal]


@pytest.fixture
def team(db: None) -> Set:
    head, first, second = two_teams()
    return head, first, second, run_deals([first], 3, head, xml=drawn(FIRST))[2]


def test_the_path_is_numbered_on_the_diagram_and_listed_in_words(team: Set) -> None:
    head, first, _second, deal = team
    html = page(first, f"/deals/{deal.pk}/path/")
    assert 'data-element="offer" data-state="here"' in html and 'data-focus="offer"' in html
    assert 'data-element="visit" data-state="passed"' in html
    assert 'data-element="contract">' in html, "where it has not been nothing is told"
    assert "<title>Call the client\n2. " in html and f" · {head.name} · ok" in html
    assert "stands here now" in html and "сейчас здесь" in page(first, f"/deals/{deal.pk}/path/", "ru")


def test_who_does_not_see_the_deal_does_not_see_its_path(team: Set) -> None:
    _head, _first, second, deal = team
    assert browser(second).get(f"/deals/{deal.pk}/path/").status_code == 404


def test_the_card_takes_the_diagram_of_the_newest_process(team: Set) -> None:
    _head, first, _second, deal = team
    card = page(first, f"/deals/{deal.pk}/")
    assert f'hx-get="/deals/{deal.pk}/path/"' in card and "#newest .k-diagram-box" in card
    part = browser(first).get(f"/deals/{deal.pk}/path/", headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith("<div") and 'id="newest"' in part and "<html" not in part


def test_after_a_move_the_card_shows_the_version_it_is_on(team: Set) -> None:
    head, _first, _second, deal = team
    publish_second(drawn(SECOND))
    mapping: dict[str, str | None] = {"visit": "call", "contract": "draft"}
    act = plan_move(scope=Scope(KEY, 1), target=2, reason="x", mapping=mapping, by=head, now=NOW)
    begin_act(act_id=act.pk, by=head, now=NOW)
    carry_out(act_id=act.pk, clock=lambda: NOW)
    html = page(head, f"/deals/{deal.pk}/path/")
    old, _id, new = html.partition('id="newest"')
    assert "Moved to another version" in old and 'data-element="offer" data-state="passed"' in old
    assert 'data-element="proposal" data-state="here"' in new and "version 2" in new


def test_a_path_without_diagrams_or_processes_says_so(db: None) -> None:
    head, first, _second = two_teams()
    deal = run_deals([first], 1, head)[0]
    assert "k-diagram-box" not in page(head, f"/deals/{deal.pk}/path/")
    deal.instances.all().delete()
    assert "No process has run for this deal" in page(head, f"/deals/{deal.pk}/path/")
