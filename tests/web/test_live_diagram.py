"""The live diagram: how many deals stand where, how long, what is overdue; a picture and the same in words."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils.translation import override

from kniga.deals.models import Deal, Pipeline
from kniga.people.models import User
from kniga.processes.acts.scopes import Scope
from kniga.processes.diagrams.instance_queries import Standing, standing_on
from kniga.processes.models import ProcessVersion, Task
from kniga.processes.models.control import Deviation
from kniga.processes.running.bulk import start_many
from kniga.processes.versions.definitions import runnable_version
from kniga.web.processes.pictures import heat_key, live_marks
from tests.processes.conftest import NOW
from tests.processes.drawn import drawn
from tests.processes.moving import FIRST, KEY, SECOND, publish_second, run_deals, two_teams
from tests.web.test_moving_pages import page

Team = tuple[User, User, User]
ONE = Standing(1, 0, NOW - timedelta(days=2), NOW - timedelta(days=2), Decimal(1_000))


@pytest.fixture
def team(db: None) -> Team:
    head, first, second = two_teams()
    run_deals([first, second], 8, head, xml=drawn(FIRST))
    return head, first, second


def test_the_diagram_carries_the_numbers_and_a_card_for_each_step(team: Team) -> None:
    head, _first, second = team
    html = page(head, f"/processes/{KEY}/running/")
    assert html.count('class="k-diagram__badge"') == 8, "how many, and how many of them overdue, on four steps"
    assert "<title>Call the client\n2 deals" in html and "Overdue: 2" in html
    assert 'href="?element=call" class="k-diagram__element" data-element="call" data-level="4"' in html
    assert html.count('data-element="start" data-begins') == html.count("data-begins") == 1
    assert "<title>Call the client\n2 deals" not in page(second, f"/processes/{KEY}/running/"), "only the own ones"
    assert "Просрочено: 2" in page(head, f"/processes/{KEY}/running/", "ru")


def test_the_shades_speak_of_what_is_chosen(team: Team) -> None:
    head, _first, _second = team
    html = page(head, f"/processes/{KEY}/running/?shade=age&team={team[1].team_id}&element=call")
    assert 'data-tone="age"' in html and 'data-focus="call"' in html
    assert re.search(r'shade=overdue"', html) and 'aria-current="page">How long' in html
    assert 'data-tone="count"' in page(head, f"/processes/{KEY}/running/?shade=nonsense")


def test_shades_deepen_in_even_steps_and_the_key_says_so(team: Team) -> None:
    definition = runnable_version(ProcessVersion.objects.get().pk).definition
    many = Standing(8, 3, NOW - timedelta(days=20), NOW - timedelta(days=10), Decimal(9_000))
    standing = {"call": ONE, "offer": many, "won": Standing(1, 0, None)}
    marks = live_marks(standing, definition, "count", NOW)
    assert [marks[id].level for id in standing] == [1, 4, 1]
    assert [badge.text for badge in marks["offer"].badges] == ["8", "3"]
    assert marks["won"].card[0] == "won" and len(marks["won"].card) == 2, "since when is not known"
    assert heat_key(standing, "count", NOW) == [(1, "1"), (4, "8")]
    with override("en"):
        assert heat_key(standing, "age", NOW) == [(1, "2 days"), (4, "10 days")]
    assert heat_key({"call": ONE}, "overdue", NOW) == []
    assert live_marks({"call": ONE}, definition, "overdue", NOW)["call"].level == 0


def test_an_element_tells_its_middle_its_oldest_and_its_money(team: Team) -> None:
    head, first, _second = team
    found = standing_on(user=head, scope=Scope(KEY), now=NOW + timedelta(days=9))
    assert sum(one.amount for one in found.values()) == sum(1_000 + place for place in range(8))
    own = standing_on(user=first, scope=Scope(KEY), now=NOW)
    assert sum(one.amount for one in own.values()) == sum(1_000 + place for place in range(0, 8, 2))


def test_deviations_stand_on_their_step_until_they_are_closed(team: Team) -> None:
    head, first, second = team
    task = Task.objects.filter(status="open", element="offer").earliest("pk")
    raised = Deviation.objects.create(
        instance=task.instance, token=task.token, process=task.instance.version.process, deal=task.deal,
        element="offer", step="Prepare the offer", point="late", name="Late", raised_at=NOW, at_risk=1,
    )  # fmt: skip
    html = page(head, f"/processes/{KEY}/running/")
    assert "Deviations: 1" in html and html.count('data-tone="warn"') == 1
    assert f"/deviations/?process={KEY}" in html
    other = second if task.deal.owner == first else first
    assert "Deviations: 1" not in page(other, f"/processes/{KEY}/running/")
    raised.state = "closed"
    raised.save()
    assert "Deviations: 1" not in page(head, f"/processes/{KEY}/running/")


def test_the_book_of_a_version_has_the_same_diagram(team: Team) -> None:
    head, _first, _second = team
    html = page(head, f"/processes/{KEY}/1/")
    assert "data-diagram" in html and "islands/diagram" in html and 'href="#call"' in html


def test_each_version_has_its_number_and_the_drawn_one_is_named(team: Team) -> None:
    head, _first, second = team
    version = publish_second(drawn(SECOND))
    deals = [
        Deal.objects.create(
            number=number, name="New", owner=second, pipeline=Pipeline.objects.get(key=KEY), currency="RUB",
            opened_at=NOW, created_at=NOW, updated_at=NOW,
        )
        for number in (1, 2, 3)
    ]  # fmt: skip
    with transaction.atomic():
        start_many(version_id=version.pk, entries=[(deal.pk, None) for deal in deals], actor_id=None, now=NOW)
    html = page(head, f"/processes/{KEY}/running/")
    tabs = re.findall(r'(All versions|version \d)<span class="k-count">(\d+)<', html)
    assert tabs == [("All versions", "11"), ("version 2", "3"), ("version 1", "8")]
    assert "Drawn is version 1, on which most deals are: 8 of 11." in html
    of_two = page(head, f"/processes/{KEY}/running/?version=2&team={second.team_id}")
    assert "Drawn is version" not in of_two and 'aria-current="page">version 2' in of_two
    mine = page(second, f"/processes/{KEY}/running/")
    assert ("All versions", "7") in re.findall(r'(All versions|version \d)<span class="k-count">(\d+)<', mine)
