"""What people do about deviations, and what each of them sees."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from kniga.deals.models import Deal
from kniga.people.models import Notice, User
from kniga.platform.errors import Conflict, NotVisible, Refused
from kniga.platform.models import Event
from kniga.processes.acts.act_planning import plan_move
from kniga.processes.acts.acting import begin_act, begin_undo, carry_out
from kniga.processes.acts.scopes import Scope
from kniga.processes.background.pump import run_due
from kniga.processes.control.deviation_acts import (
    acknowledge,
    acknowledge_many,
    close,
    give_back,
    undo_acknowledging,
    write_to_owner,
)
from kniga.processes.control.deviation_queries import (
    DeviationFilter,
    deviating_deals,
    deviation_choices,
    deviation_counts,
    deviations_page,
    live_deviations_of,
    open_deviations,
)
from kniga.processes.desk.attention_queries import attention_of
from kniga.processes.models import Process
from kniga.processes.models.control import ControlWatch, Deviation
from kniga.processes.running.bulk import start_many
from tests.processes.books import publish
from tests.processes.conftest import NOW, Department
from tests.processes.test_control_points import CONDITION, DUE, controlled, start, told


@pytest.fixture
def deviation(department: Department) -> Deviation:
    start(department, controlled())
    run_due(now=DUE)
    return Deviation.objects.get()


def test_taking_it_up_stops_the_ladder_and_says_who_sees_to_it(department: Department, deviation: Deviation) -> None:
    acknowledge(deviation_id=deviation.pk, word=" I call them ", by=department.lead, now=DUE)
    run_due(now=DUE + timedelta(days=9))
    deviation.refresh_from_db()
    assert (deviation.state, deviation.word, deviation.rung) == ("acknowledged", "I call them", 0)
    assert told("escalation") == []
    event = Event.objects.get(kind="processes.deviation.acknowledged")
    assert (event.actor_id, event.payload["word"]) == (department.lead.pk, "I call them")
    with pytest.raises(Conflict) as taken:
        acknowledge(deviation_id=deviation.pk, by=department.head, now=DUE)
    assert (taken.value.code, "Lena" in taken.value.message) == ("deviation_taken", True)


def test_given_back_it_is_open_again_and_its_ladder_goes_on(department: Department, deviation: Deviation) -> None:
    with pytest.raises(Conflict) as free:
        give_back(deviation_id=deviation.pk, by=department.lead, now=DUE)
    assert free.value.code == "deviation_not_taken"
    acknowledge(deviation_id=deviation.pk, word="I call them", by=department.lead, now=DUE)
    give_back(deviation_id=deviation.pk, by=department.lead, now=DUE)
    run_due(now=DUE + timedelta(days=9))
    deviation.refresh_from_db()
    assert (deviation.state, deviation.word, deviation.acknowledged_by) == ("open", "", None)
    assert told("escalation") != []
    assert Event.objects.get(kind="processes.deviation.given_back").actor_id == department.lead.pk


def test_taking_many_up_is_undone_within_ten_seconds_by_who_did_it(
    department: Department, deviation: Deviation
) -> None:
    climbs = deviation.next_at
    acknowledge_many(deviation_ids=[deviation.pk], word="Mine", by=department.lead, now=DUE)
    for by, later in ((department.head, 1), (department.lead, 16)):
        with pytest.raises(Refused) as refusal:
            undo_acknowledging(at=DUE, by=by, now=DUE + timedelta(seconds=later))
        assert refusal.value.code == ("undo_moved_on" if later == 1 else "undo_too_late")
    with pytest.raises(Refused):
        undo_acknowledging(at=DUE, by=department.rep, now=DUE)
    assert undo_acknowledging(at=DUE, by=department.lead, now=DUE + timedelta(seconds=9)) == 1
    deviation.refresh_from_db()
    assert (deviation.state, deviation.word, deviation.acknowledged_by_id) == ("open", "", None)
    assert climbs is not None and deviation.next_at == climbs
    event = Event.objects.get(kind="processes.deviation.given_back")
    assert (event.actor_id, event.payload["at_once"]) == (department.lead.pk, True)


def test_undoing_leaves_what_another_has_gone_on_with(department: Department, deviation: Deviation) -> None:
    acknowledge_many(deviation_ids=[deviation.pk], by=department.lead, now=DUE)
    give_back(deviation_id=deviation.pk, by=department.head, now=DUE)
    acknowledge(deviation_id=deviation.pk, word="I do", by=department.head, now=DUE)
    with pytest.raises(Refused) as refusal:
        undo_acknowledging(at=DUE, by=department.lead, now=DUE)
    assert refusal.value.code == "undo_moved_on"
    deviation.refresh_from_db()
    assert (deviation.state, deviation.acknowledged_by) == ("acknowledged", department.head)


def test_closed_by_hand_it_stays_closed_while_the_step_is_open(department: Department) -> None:
    start(department, controlled(CONDITION))
    run_due(now=DUE)
    deviation = Deviation.objects.get()
    with pytest.raises(Refused) as refusal:
        close(deviation_id=deviation.pk, word=" ", by=department.lead, now=DUE)
    assert (refusal.value.code, refusal.value.field) == ("reason_missing", "word")
    close(deviation_id=deviation.pk, word="The client is ill", by=department.lead, now=DUE)
    Deal.objects.update(revision=99)
    run_due(now=DUE + timedelta(hours=1))
    deviation.refresh_from_db()
    assert (deviation.state, deviation.how, deviation.end_word) == ("closed", "by_hand", "The client is ill")
    assert Deviation.objects.count() == 1
    with pytest.raises(Conflict):
        close(deviation_id=deviation.pk, word="again", by=department.lead, now=DUE)


def test_a_word_reaches_the_rep_under_the_bell(department: Department, deviation: Deviation) -> None:
    with pytest.raises(Refused):
        write_to_owner(deviation_id=deviation.pk, word="", by=department.lead, now=DUE)
    with pytest.raises(Refused) as refusal:
        write_to_owner(deviation_id=deviation.pk, word="x" * 2001, by=department.lead, now=DUE)
    assert refusal.value.code == "too_long"
    write_to_owner(deviation_id=deviation.pk, word="Send it today", by=department.lead, now=DUE)
    notice = Notice.objects.get(kind="word")
    assert (notice.user, notice.body, "Lena" in notice.title) == (department.rep, "Send it today", True)
    User.objects.filter(pk=department.rep.pk).update(is_active=False)
    with pytest.raises(Refused) as nobody:
        write_to_owner(deviation_id=deviation.pk, word="Send it today", by=department.lead, now=DUE)
    assert nobody.value.code == "no_owner"


def test_only_managers_who_see_the_deal_act(department: Department, deviation: Deviation) -> None:
    with pytest.raises(NotVisible):
        acknowledge(deviation_id=deviation.pk, by=department.other, now=DUE)
    with pytest.raises(Refused) as refusal:
        acknowledge(deviation_id=deviation.pk, by=department.rep, now=DUE)
    assert refusal.value.code == "not_allowed"


def test_the_queue_is_narrowed_and_shows_only_deals_one_sees(department: Department, deviation: Deviation) -> None:
    head, deal_id = department.head, department.deal.pk
    assert [row.id for row in deviations_page(user=head).rows] == [deviation.pk]
    for wanted, number in (
        (DeviationFilter(state="open", person_id=department.rep.pk, process="offers", point="Offer not sent"), 1),
        (DeviationFilter(team_id=department.rep.team_id), 1),
        (DeviationFilter(state="acknowledged"), 0),
        (DeviationFilter(state="closed"), 0),
        (DeviationFilter(person_id=department.other.pk), 0),
        (DeviationFilter(point="x"), 0),
    ):
        assert len(deviations_page(user=head, wanted=wanted).rows) == number
    counts = deviation_counts(user=head)
    assert (counts.open, counts.acknowledged, counts.escalated, counts.at_risk) == (1, 0, 0, 1000)
    choices = deviation_choices(user=head)
    assert ([one.id for one in choices.processes], [one.name for one in choices.points]) == (
        ["offers"],
        ["Offer not sent"],
    )
    assert (open_deviations(user=head), open_deviations(user=department.other)) == (1, 0)
    assert (attention_of(user=head).deviations, attention_of(user=department.rep).deviations) == (1, None)
    assert attention_of(user=department.lead).notices == 1
    assert len(live_deviations_of(user=department.rep, deal_id=deal_id)) == 1
    assert deviating_deals(user=head, deal_ids=[deal_id]) == {deal_id: ("Offer not sent",)}
    assert deviating_deals(user=department.other, deal_ids=[deal_id]) == deviating_deals(user=head, deal_ids=[]) == {}
    assert not deviations_page(user=department.other).rows


def test_pages_go_on_after_the_last_row(department: Department, deviation: Deviation) -> None:
    row = Deviation.objects.values().get()
    del row["id"]
    Deviation.objects.create(**(row | {"token": 77, "at_risk": 5000}))
    Deviation.objects.create(**(row | {"token": 78, "at_risk": 1000}))
    first = deviations_page(user=department.head, limit=2)
    rest = deviations_page(user=department.head, limit=2, cursor=first.next_cursor)
    assert [one.at_risk for one in first.rows + rest.rows] == [5000, 1000, 1000]
    assert rest.next_cursor is None and {one.id for one in first.rows}.isdisjoint(one.id for one in rest.rows)


def test_the_money_at_risk_follows_the_deal(department: Department, deviation: Deviation) -> None:
    Deal.objects.update(amount=7000)
    run_due(now=DUE)
    deviation.refresh_from_db()
    assert deviation.at_risk == 7000


def test_deals_started_as_a_set_are_watched_too(department: Department) -> None:
    version = publish(controlled())
    pipeline_id = Process.objects.get(key="offers").pipeline_id
    Deal.objects.update(pipeline=pipeline_id)
    with transaction.atomic():
        start_many(version_id=version.pk, entries=[(department.deal.pk, None)], actor_id=None, now=NOW)
    run_due(now=NOW)
    assert list(ControlWatch.objects.values_list("point", "look_at")) == [("late", DUE)]
    run_due(now=DUE)
    assert Deviation.objects.count() == 1


def test_a_moved_deal_is_watched_as_its_new_version_says_and_undoing_brings_the_old_one_back(
    department: Department, deviation: Deviation
) -> None:
    publish(controlled(due="P9D"))
    act = plan_move(scope=Scope("offers", 1), target=2, reason="x", by=department.head, now=DUE)
    begin_act(act_id=act.pk, by=department.head, now=DUE)
    carry_out(act_id=act.pk, clock=lambda: DUE)
    for _turn in range(2):
        run_due(now=DUE)
    deviation.refresh_from_db()
    assert (deviation.state, deviation.how) == ("closed", "cured")
    later = ControlWatch.objects.get().look_at
    assert later is not None and later > DUE + timedelta(days=7)
    begin_undo(act_id=act.pk, reason="y", by=department.head, now=DUE)
    now = DUE + timedelta(minutes=5)
    carry_out(act_id=act.pk, clock=lambda: now)
    for _turn in range(2):
        run_due(now=now)
    assert list(Deviation.objects.order_by("id").values_list("state", flat=True)) == ["closed", "open"]


def test_a_version_without_the_control_point_closes_what_it_raised(
    department: Department, deviation: Deviation
) -> None:
    publish(controlled().replace(b'key="late"', b'key="other"'))
    act = plan_move(scope=Scope("offers", 1), target=2, reason="x", by=department.head, now=DUE)
    begin_act(act_id=act.pk, by=department.head, now=DUE)
    carry_out(act_id=act.pk, clock=lambda: DUE)
    for _turn in range(2):
        run_due(now=DUE)
    found = dict(Deviation.objects.values_list("point", "state"))
    assert found == {"late": "closed", "other": "open"}
