"""The demo department: lived through the real engine, the same for the same seed, alive at its end."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from django.db import transaction

from kniga.catalog.models import Product
from kniga.clients.models import Channel, Client
from kniga.demo.making import Demo, make_demo
from kniga.people.models import Notice, User
from kniga.people.roles import Role
from kniga.platform.errors import Refused
from kniga.platform.requisites import is_inn
from kniga.platform.sqlparts import rows_of
from kniga.platform.working_time import forget_calendar
from kniga.processes.versions.definitions import forget_definitions

NOW = datetime(2026, 6, 17, 9, 30, tzinfo=UTC)
"""A Wednesday."""


class _Undo(Exception):
    pass


@contextmanager
def department(*, seed: int = 5, language: str = "ru", now: datetime = NOW) -> Iterator[Demo]:
    """A department that is there for the block only."""
    try:
        with transaction.atomic():
            yield make_demo(seed=seed, months=1, language=language, now=now)
            raise _Undo
    except _Undo:
        pass
    finally:
        forget_definitions()
        forget_calendar()


def digest() -> str:
    """Everything that was made, without ids."""
    found = [
        rows_of("SELECT email, name, role FROM people_user ORDER BY email", []),
        rows_of("SELECT name, inn, search_text, created_at FROM clients_client ORDER BY name, created_at", []),
        rows_of("SELECT name, amount, status, opened_at, closed_at FROM deals_deal ORDER BY opened_at, name", []),
        rows_of(
            "SELECT d.opened_at, t.element, t.status, t.created_at, t.due_at, t.completed_at, t.outcome,"
            " t.answers::text FROM processes_task t JOIN deals_deal d ON d.id = t.deal_id ORDER BY 1, 4, 2",
            [],
        ),
        rows_of("SELECT kind, at FROM platform_event ORDER BY at, kind", []),
    ]
    return hashlib.sha256(repr(found).encode()).hexdigest()


@pytest.mark.django_db
def test_the_same_seed_and_day_give_the_same_department_and_another_seed_another() -> None:
    with department():
        first = digest()
    with department(now=NOW.replace(hour=15)):
        assert digest() == first
    with department(seed=6):
        assert digest() != first


@pytest.mark.django_db
def test_every_rep_has_work_that_is_overdue_for_today_and_for_later() -> None:
    with department() as made:
        assert made.deals > 100 and made.completed > 300
        by_rep = """
        SELECT u.id, count(*) FILTER (WHERE t.due_at < %s), count(*) FILTER (WHERE t.due_at >= %s) FROM people_user u
        JOIN processes_task t ON t.assignee_id = u.id AND t.status = 'open' WHERE u.role = 'rep' GROUP BY u.id
        """
        rows = rows_of(by_rep, [NOW, NOW])
        assert len(rows) == 12 and all(overdue and ahead for _rep, overdue, ahead in rows)
        results = dict(rows_of("SELECT status, count(*) FROM deals_deal GROUP BY status", []))
        assert results.keys() == {"open", "won", "lost"}
        without_reason = "SELECT count(*) FROM deals_deal WHERE (status = 'lost') <> (loss_reason_id IS NOT NULL)"
        assert rows_of(without_reason, [])[0][0] == 0
        # Who came by the form of the site has not said it.
        numbers = Client.objects.exclude(inn="").values_list("inn", flat=True)
        assert Client.objects.filter(inn="").count() == 5
        assert all(is_inn(inn) and inn.startswith("00") for inn in numbers)
        # Nothing happens outside working hours, or after the last midnight.
        rows = rows_of("SELECT completed_at FROM processes_task WHERE status = 'done'", [])
        moments = [moment for (moment,) in rows]
        assert all(6 <= moment.hour <= 15 and moment.weekday() < 5 for moment in moments)
        assert max(moments) < NOW.replace(hour=0)


@pytest.mark.django_db
def test_no_column_of_people_and_products_is_empty_and_bells_tell_of_something() -> None:
    with department():
        assert not User.objects.filter(phone="").exists() and not Product.objects.filter(code=None).exists()
        assert User.objects.values("phone").distinct().count() == User.objects.count()
        told = set(Notice.objects.filter(read_at=None).values_list("user__role", flat=True))
        assert {"head", "lead", "rep"} <= told
        assert set(Notice.objects.filter(kind="word").values_list("user__role", flat=True)) == {"rep"}


@pytest.mark.django_db
def test_nobody_of_the_department_exists() -> None:
    with department(language="en"):
        assert set(User.objects.values_list("role", flat=True)) == set(Role.values)
        assert all(email.endswith(".example") for email in User.objects.values_list("email", flat=True))
        assert all(
            number.startswith("+44") for number in Channel.objects.filter(kind="phone").values_list("value", flat=True)
        )
        assert set(Client.objects.values_list("inn", flat=True)) == {""}


@pytest.mark.django_db
def test_a_database_with_people_in_it_is_left_alone() -> None:
    User.objects.create_user("somebody@example.com", name="Somebody")
    with pytest.raises(Refused):
        make_demo(now=NOW)
    assert User.objects.count() == 1
