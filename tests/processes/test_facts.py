"""What is done cannot be dated ahead, and paying less than was agreed is said aloud."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from kniga.platform.errors import Refused
from kniga.processes.models import Task
from kniga.processes.services import Advanced, complete_task, start_process
from kniga.processes.versions.publishing import BookRefused, publish_version, upload_version
from tests.engine.drawing import bpmn, end, flow, start, task
from tests.processes.conftest import NOW, Department

PAID_ON = '<k:question key="paid_date" type="date" label="Paid on" check="not_future"/>'
PAID = '<k:question key="paid_amount" type="money" label="Paid" check="deal_amount"/>'


def book(questions: str) -> bytes:
    parts = (start(), task("a", inside=questions), end(), flow("start", "a"), flow("a", "end"))
    return bpmn(*parts, process='id="paying" name="Paying"')


@pytest.fixture
def paying(department: Department) -> Department:
    publish_version(version_id=upload_version(xml=book(PAID_ON + PAID), note="", by=None, now=NOW).pk, by=None, now=NOW)
    type(department.deal).objects.update(amount=Decimal(500_000))
    start_process(deal_id=department.deal.pk, process_key="paying", by=department.rep, now=NOW)
    return department


def pay(paying: Department, confirmed: tuple[str, ...] = (), asks: bool = False, **answers: str) -> Advanced:
    paid = Task.objects.get(deal=paying.deal, status="open")
    return complete_task(
        task_id=paid.pk, outcome="ok", answers=answers, by=paying.rep, now=NOW, confirmed=confirmed, asks=asks
    )  # fmt: skip


def test_a_fact_is_not_dated_in_the_future(paying: Department) -> None:
    tomorrow = (NOW + timedelta(days=1)).date().isoformat()
    with pytest.raises(Refused) as refused:
        pay(paying, paid_date=tomorrow, paid_amount="500000")
    assert (refused.value.code, refused.value.field) == ("future_fact", "paid_date")
    assert pay(paying, paid_date=NOW.date().isoformat(), paid_amount="500000").result


def test_less_than_the_deals_amount_has_to_be_confirmed(paying: Department) -> None:
    with pytest.raises(Refused) as refused:
        pay(paying, paid_amount="499999")
    assert (refused.value.code, refused.value.field) == ("less_than_deal", "paid_amount")
    assert pay(paying, confirmed=("paid_amount",), paid_amount="499999").result


def test_every_doubtful_answer_is_named_at_once(paying: Department) -> None:
    with pytest.raises(Refused) as refused:
        pay(paying, paid_date="2031-01-15", paid_amount="5")
    assert {one.field for one in (refused.value, *refused.value.also)} == {"paid_date", "paid_amount"}


@pytest.fixture
def calling(department: Department) -> Department:
    asked = (
        '<k:deadline duration="P3D" answer="again"/><k:question key="again" type="date" label="Call again on"/>'
        '<k:question key="budget" type="money" label="Budget" required="true"/>'
    )
    publish_version(version_id=upload_version(xml=book(asked), note="", by=None, now=NOW).pk, by=None, now=NOW)
    start_process(deal_id=department.deal.pk, process_key="paying", by=department.rep, now=NOW)
    return department


@pytest.mark.parametrize(("day", "code"), [("2020-01-01", "past_deadline"), ("9999-12-31", "far_deadline")])
def test_a_step_is_not_put_off_to_an_impossible_day(calling: Department, day: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        pay(calling, again=day, budget="5")
    assert (refused.value.code, refused.value.field) == (code, "again")
    assert pay(calling, again=NOW.date().isoformat(), budget="5").result


def test_a_call_on_a_day_off_is_asked_about_where_a_person_is_there_to_be_asked(calling: Department) -> None:
    sunday = NOW.date() + timedelta(days=6 - NOW.weekday() + 7)
    with pytest.raises(Refused) as refused:
        pay(calling, again=sunday.isoformat(), budget="5", asks=True)
    assert (refused.value.code, refused.value.field) == ("day_off", "again")
    assert "воскресенье, 15 марта" in refused.value.message and "понедельник, 16 марта" in refused.value.message
    assert pay(calling, confirmed=("again",), asks=True, again=sunday.isoformat(), budget="5").result


def test_no_amount_where_one_is_demanded_has_to_be_confirmed(calling: Department) -> None:
    with pytest.raises(Refused) as refused:
        pay(calling, budget="0")
    assert (refused.value.code, refused.value.field) == ("no_amount", "budget")
    assert pay(calling, confirmed=("budget",), budget="0").result


def test_what_is_no_amount_is_left_to_the_engine_to_refuse(paying: Department) -> None:
    with pytest.raises(Refused) as refused:
        pay(paying, paid_amount="a lot")
    assert refused.value.code == "bad_answer"


@pytest.mark.parametrize("check", ['type="text" check="not_future"', 'type="money" check="not_future"', 'check="no"'])
def test_a_check_that_does_not_fit_the_question_is_refused(db: None, check: str) -> None:
    with pytest.raises(BookRefused, match="check"):
        upload_version(xml=book(f'<k:question key="q" {check}/>'), note="", by=None, now=NOW)
