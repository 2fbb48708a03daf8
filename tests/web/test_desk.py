"""The desk: who sees which tasks, in which order, under which tab; empty desks say why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from kniga.people.models import User
from kniga.platform import clock
from kniga.processes.models import Instance, Process, ProcessVersion, Task
from tests.processes.conftest import Department, department

__all__ = ["department"]

NOON = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
"""A Wednesday, 12:00 in Moscow."""
NAMES = {"today": "Today", "overdue": "of them overdue", "future": "Later", "all": "All"}


def get(user: User, path: str, **headers: str) -> str:
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    client.force_login(user)
    with clock.running_on(clock.VirtualClock(NOON)):
        answer = client.get(path, **headers)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def add_task(department: Department) -> Callable[..., Task]:
    """`add_task("Call Ivan", hours=-2)`: an open task due so many hours from noon; without hours no deadline."""
    version = ProcessVersion.objects.get()

    def add(name: str, hours: float | None = None, assignee: User | None = None, **fields: Any) -> Task:
        instance, _made = Instance.objects.get_or_create(
            version=version, deal=department.deal, defaults={"started_at": NOON}
        )
        return Task.objects.create(
            instance=instance,
            token=1 + instance.tasks.count(),
            element="call",
            name=name,
            kind=fields.pop("kind", "call"),
            deal=department.deal,
            client=department.deal.client,
            assignee=assignee or department.rep,
            created_at=NOON,
            due_at=None if hours is None else NOON + timedelta(hours=hours),
            **fields,
        )

    return add


def test_today_holds_overdue_first_then_today_then_what_has_no_deadline(
    department: Department, add_task: Callable[..., Task]
) -> None:
    for name, hours in [("Someday", None), ("At three", 3), ("Tomorrow", 24), ("Yesterday", -24), ("At ten", -2)]:
        add_task(name, hours)
    html = get(department.rep, "/desk/")
    places = [html.index(f"<small>{name}</small>") for name in ("Yesterday", "At ten", "At three", "Someday")]
    assert places == sorted(places)
    assert "<small>Tomorrow</small>" not in html
    assert "overdue since 10:00" in html and "today by 15:00" in html and "1 day overdue" in html


def test_tabs_count_the_same_tasks_they_show(department: Department, add_task: Callable[..., Task]) -> None:
    for hours in (-30, -1, 2, 24, 100, None):
        add_task("Call", hours)
    for tab, count in {"today": 4, "overdue": 2, "future": 2, "all": 6}.items():
        html = get(department.rep, f"/desk/?tab={tab}")
        assert html.count("<tr data-row") == count
        assert f'aria-current="page">{NAMES[tab]}' in html
        assert f'<span class="k-count">{count}</span>' in html


def test_a_rep_sees_only_their_own_and_a_lead_their_people(
    department: Department, add_task: Callable[..., Task]
) -> None:
    add_task("Call the client", 1)
    assert "No tasks yet" in get(department.other, "/desk/")
    assert "No tasks yet" in get(department.other, f"/desk/?person={department.rep.pk}")
    assert "No tasks yet" in get(department.other, "/desk/?person=all")
    assert "Call the client" in get(department.lead, "/desk/"), "a lead without tasks starts with their people's"
    assert "No task is yours" in get(department.lead, "/desk/?person=me")
    assert "Call the client" in get(department.lead, "/desk/?person=all")
    assert "Call the client" in get(department.head, f"/desk/?person={department.rep.pk}")


def test_filters_narrow_and_an_empty_result_says_so(department: Department, add_task: Callable[..., Task]) -> None:
    add_task("Call", 1)
    add_task("Write", 2, kind="mail")
    process = Process.objects.get()
    assert get(department.rep, "/desk/?kind=mail").count("<tr data-row") == 1
    assert get(department.rep, "/desk/?q=WAREHOUSE").count("<tr data-row") == 2
    assert (
        get(department.rep, f"/desk/?process={process.pk}&client={department.deal.client_id}").count("<tr data-row")
        == 2
    )
    assert "Nothing matches the filter" in get(department.rep, "/desk/?q=nobody%25")
    assert get(department.rep, "/desk/?tab=nonsense&view=never&date=x&person=y&client=z").count("<tr data-row") == 2


def test_the_list_goes_on_where_it_ended(department: Department, add_task: Callable[..., Task]) -> None:
    tasks = [add_task(f"Task {place}", place / 100 if place < 40 else None) for place in range(55)]
    first = get(department.rep, "/desk/")
    more = "/desk/" + first.split('hx-get="/desk/')[1].split('"')[0].replace("&amp;", "&")
    rest = get(department.rep, more, HTTP_HX_REQUEST="true", HTTP_HX_TARGET="desk-rows")
    assert first.count("<tr data-row") == 50 and rest.count("<tr data-row") == 5 and "<html" not in rest
    shown = [int(part.split("/")[0]) for html in (first, rest) for part in html.split('data-href="/tasks/')[1:]]
    assert shown == [task.pk for task in tasks]


def test_the_desk_says_why_a_task_is_here(department: Department, add_task: Callable[..., Task]) -> None:
    done = add_task("Call the client", status="done", completed_at=NOON, outcome="interested")
    Task.objects.create(
        instance=done.instance, token=2, element="offer", name="Offer", kind="document", deal=department.deal,
        assignee=department.rep, created_at=NOON, due_at=NOON,
    )  # fmt: skip
    assert "after “Call the client”: Interested" in get(department.rep, "/desk/")


@pytest.mark.parametrize(("view", "shown"), [("day", 2), ("week", 3), ("month", 4)])
def test_calendars_show_the_same_tasks(
    department: Department, add_task: Callable[..., Task], view: str, shown: int
) -> None:
    for hours in (-2, 3, 24, 24 * 12, 24 * 60):
        add_task("Call", hours)
    html = get(department.rep, f"/desk/?view={view}")
    assert html.count("data-row") == shown


def test_a_full_day_of_the_month_leads_to_the_day(department: Department, add_task: Callable[..., Task]) -> None:
    for _place in range(7):
        add_task("Call", 2)
    html = get(department.rep, "/desk/?view=month")
    assert "3 more" in html and "view=day&amp;date=2026-03-04" in html


def test_statements_do_not_grow_with_tasks(department: Department, add_task: Callable[..., Task], sql_log: Any) -> None:
    client = Client()
    client.force_login(department.lead)
    add_task("Call", 1, assignee=department.lead)
    client.get("/desk/?person=all")
    with sql_log() as one:
        client.get("/desk/?person=all")
    for place in range(30):
        add_task("Call", place, assignee=department.lead)
    with sql_log() as many:
        client.get("/desk/?person=all")
    assert one.shapes == many.shapes and len(many) <= 9


def test_a_name_is_found_whether_e_or_yo_is_typed(department: Department, add_task: Callable[..., Task]) -> None:
    add_task("Отчёт о встрече", 1)
    for typed in ("отчёт", "ОТЧЕТ"):
        assert "<small>Отчёт о встрече</small>" in get(department.rep, f"/desk/?q={typed}")


def test_a_head_sees_how_each_desk_stands_and_every_number_opens_its_list(
    department: Department, add_task: Callable[..., Task]
) -> None:
    add_task("Call", hours=-2)
    add_task("Write", hours=-1)
    add_task("Meet", hours=30)
    add_task("Check", hours=1, assignee=department.other)
    assert 'hx-get="/desk/people/"' in get(department.head, "/desk/")
    shown = get(department.head, "/desk/people/")
    rep, other = department.rep.pk, department.other.pk
    assert shown.index(f"person={rep}&amp;tab=overdue") < shown.index(f"person={other}&amp;tab=all")
    assert 'aria-label="Overdue: 2"' in shown and 'aria-label="Later: 1"' in shown
    for address, rows in ((f"?person={rep}&tab=overdue", 2), (f"?person={rep}&tab=future", 1), (f"?person={other}", 1)):
        assert get(department.head, f"/desk/{address}").count("<tr data-row") == rows


def test_a_rep_is_shown_no_desks_of_others(department: Department, add_task: Callable[..., Task]) -> None:
    add_task("Call", hours=-2)
    add_task("Check", hours=1, assignee=department.other)
    assert "k-team" not in get(department.rep, "/desk/?person=all")
    assert department.other.name not in get(department.rep, "/desk/people/")
