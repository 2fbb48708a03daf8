"""Moving deals on two diagrams: the same number and colour on both, marks for what has no counterpart."""

from __future__ import annotations

import re

import pytest

from kniga.people.models import User
from kniga.processes.models import BulkAct
from tests.processes.drawn import drawn
from tests.processes.moving import FIRST, KEY, SECOND, publish_second, run_deals, two_teams
from tests.web.test_moving_pages import page, send, text_of, work_off

Team = tuple[User, User, User]


@pytest.fixture
def team(db: None) -> Team:
    head, first, second = two_teams()
    run_deals([first, second], 8, head, xml=drawn(FIRST))
    publish_second(drawn(SECOND))
    return head, first, second


def prepared(who: Team, **form: str) -> str:
    status, where, _html = send(who[0], f"/processes/{KEY}/move/", source="1", reason="new book", **form)
    assert status == 302
    return where


def element(html: str, side: str, id: str) -> str:
    """The start tag of an element on one of the two diagrams."""
    part = html.partition(f'data-side="{side}"')[2]
    found = re.search(rf'<a [^>]*data-element="{id}"[^>]*>', part)
    assert found is not None, (side, id)
    return found[0]


def pair(html: str, side: str, id: str) -> str:
    """The number at an element of one of the two diagrams."""
    part = html.partition(f'data-side="{side}"')[2]
    found = re.search(rf'data-of="{id}"[^>]*>.*?<text[^>]*>([^<]*)</text>', part)
    assert found is not None, (side, id)
    return found[1]


def test_pairs_have_one_number_on_both_and_what_has_none_is_marked(team: Team) -> None:
    html = page(team[0], prepared(team))
    assert pair(html, "old", "offer") == pair(html, "new", "proposal") == "3"
    assert pair(html, "old", "visit") == pair(html, "old", "contract") == "?"
    assert 'data-state="gone"' in element(html, "old", "contract")
    assert 'data-state="new"' in element(html, "new", "sign") and 'data-state="new"' in element(html, "new", "draft")
    assert 'data-state="same"' in element(html, "old", "call") and 'data-state="same"' in element(html, "new", "call")
    assert "<title>Prepare the offer\n2 deals\nbecomes: Prepare the proposal</title>" in html
    assert 'href="#to-visit"' in html and 'id="to-visit"' in html, "without script a click leads to the choice"


def test_two_steps_that_become_one_share_its_numbers_and_say_who_chose(team: Team) -> None:
    where = prepared(team)
    send(team[0], f"{where}settle/", **{"act": "change", "to:visit": "proposal", "reason": "why"})
    html = page(team[0], where)
    assert pair(html, "new", "proposal") == "2·3" and "chosen by a person" in html
    assert "<title>Prepare the proposal\nfrom: Visit the client\nfrom: Prepare the offer</title>" in html
    assert "выбрал человек" in page(team[0], where, "ru")


def test_after_one_team_the_others_follow_with_the_same_mapping(team: Team) -> None:
    head, first, _second = team
    where = prepared(team, team=str(first.team_id))
    mapping = {"to:visit": "call", "to:contract": "draft"}
    send(head, f"{where}settle/", act="change", reason="why", **mapping)
    send(head, f"{where}settle/", act="carry_out", reason="why", **mapping)
    assert 'data-side="old"' not in page(head, where), "while it works the page asks every second"
    work_off()
    html = page(head, where)
    assert "Move the other 4 deals" in text_of(html) and f"/processes/{KEY}/move/?source=1" in html
    assert 'data-side="old"' in html and "data-pick=" not in html
    again = page(head, prepared(team))
    assert pair(again, "new", "draft") == "5" and "Fits: 4" in text_of(again)
    assert BulkAct.objects.count() == 2


def test_a_split_step_is_told_apart_by_a_condition(team: Team) -> None:
    head = team[0]
    where = prepared(team)
    form = {"to:visit": "call", "to:contract": "draft", "split:contract:field": "deal.amount", "reason": "why"}
    form |= {"split:contract:op": "gt", "split:contract:value": "much", "split:contract:to": "sign", "act": "change"}
    status, _where, html = send(head, f"{where}settle/", **form)
    assert status == 422 and 'value="much"' in html and 'aria-invalid="true"' in html
    assert send(head, f"{where}settle/", **(form | {"split:contract:value": "1 004"}))[0] == 302
    html = page(head, where)
    assert pair(html, "new", "draft") == pair(html, "new", "sign") == "5"
    assert '<option value="deal.amount" selected>' in html and 'value="1004"' in html
    send(head, f"{where}settle/", **(form | {"split:contract:value": "1004", "act": "carry_out"}))
    work_off()
    assert "those where Deal amount is more than" in text_of(page(head, where))
    assert "те, у кого" in text_of(page(head, where, "ru"))


def test_without_diagrams_the_table_is_enough(db: None) -> None:
    head, first, second = two_teams()
    run_deals([first, second], 4, head)
    publish_second()
    html = page(head, prepared((head, first, second)))
    assert "data-side" not in html and 'name="to:visit"' in html
