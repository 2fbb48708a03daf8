"""The pages of running processes take the same statements for one deal and for many."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kniga.people.models import User
from kniga.processes.acts.act_planning import plan_move
from kniga.processes.acts.scopes import Scope
from kniga.processes.models import Task
from kniga.processes.services import complete_task
from tests.processes.conftest import NOW
from tests.processes.drawn import drawn
from tests.processes.moving import FIRST, KEY, SECOND, publish_second, run_deals, two_teams
from tests.web.test_moving_pages import browser

FEW, MANY = 4, 24


def statements(user: User, path: str) -> int:
    """How many statements a page takes that has been shown before."""
    client = browser(user)
    assert client.get(path).status_code == 200
    with CaptureQueriesContext(connection) as captured:
        client.get(path)
    return len(captured)


def live(head: User, rep: User) -> str:
    return f"/processes/{KEY}/running/"


def act(head: User, rep: User) -> str:
    publish_second(xml=drawn(SECOND))
    return f"/processes/acts/{plan_move(scope=Scope(KEY, 1), target=2, reason='x', by=head, now=NOW).pk}/"


@pytest.mark.django_db
@pytest.mark.parametrize(("address", "most"), [(live, 25), (act, 35)])
def test_many_deals_take_no_statement_more(address: Callable[[User, User], str], most: int) -> None:
    found = [_of(address, FEW), _of(address, MANY)]
    assert found[0] == found[1] <= most


def _of(address: Callable[[User, User], str], number: int) -> int:
    from django.db import transaction

    with transaction.atomic():
        head, first, second = two_teams()
        run_deals([first, second], number, head, xml=drawn(FIRST))
        count = statements(head, address(head, first))
        transaction.set_rollback(True)
    return count


def test_a_long_path_takes_no_statement_more_than_a_short_one(db: None) -> None:
    head, first, _second = two_teams()
    deals = run_deals([first], 4, head, xml=drawn(FIRST))
    short = statements(first, f"/deals/{deals[0].pk}/path/")
    task = Task.objects.get(deal=deals[0], status="open")
    for _step in range(3):
        made = complete_task(task_id=task.pk, outcome="ok", answers={}, by=first, now=NOW)
        if not made.created:
            break
        task = Task.objects.get(pk=made.created[0])
    assert statements(first, f"/deals/{deals[0].pk}/path/") <= short <= 25
