"""The funnel tells what happened, to the last deal, and handovers do not rewrite it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from kniga.insights.funnel.breakdown import breakdown_for
from kniga.insights.funnel.deals import STAGE_MEASURES, TOTAL_MEASURES, Measure, deals_behind
from kniga.insights.funnel.filters import Basis, Dimension, FunnelFilter
from kniga.insights.funnel.losses import loss_reasons_for
from kniga.insights.funnel.measures import Totals
from kniga.insights.funnel.names import choices_for, pipelines
from kniga.insights.funnel.projection import fold_funnel
from kniga.insights.funnel.report import Funnel, funnel_for
from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.roles import Entity
from kniga.platform.errors import Refused
from tests.domain.insights import oracle
from tests.domain.insights.department import START, Department, disturb, make_department, make_random_deals

pytestmark = pytest.mark.django_db


@pytest.fixture
def made() -> Department:
    return make_department()


def asked(made: Department, **narrowing: object) -> FunnelFilter:
    return FunnelFilter(pipeline_id=made.pipeline.pk, **narrowing)  # type: ignore[arg-type]


def figures(funnel: Funnel) -> list[tuple[int, ...]]:
    return [
        (row.counts.entered, row.counts.passed, row.counts.won, row.counts.lost, row.counts.still)
        for row in funnel.stages
    ]


def test_a_funnel_counts_what_became_of_the_deals_of_each_stage(made: Department) -> None:
    made.deal("0>1>2=won", amount=300)
    made.deal("0>1=lost", amount=50)
    made.deal("0>1", amount=70)
    funnel = funnel_for(user=made.head, filters=asked(made))
    assert figures(funnel) == [(3, 3, 0, 0, 0), (3, 1, 0, 1, 1), (1, 0, 1, 0, 0), (0, 0, 0, 0, 0)]
    assert [row.conversion for row in funnel.stages[:3]] == [1.0, pytest.approx(1 / 3), 1.0]
    assert [row.from_first for row in funnel.stages] == [1.0, 1.0, pytest.approx(1 / 3), 0.0]
    assert funnel.stages[1].counts.amount == Decimal(420)
    assert (funnel.stages[1].open_now, funnel.stages[1].open_amount) == (1, Decimal(70))
    assert funnel.totals.win_rate == 0.5
    assert (funnel.totals.deals, funnel.totals.won, funnel.totals.lost, funnel.totals.open) == (3, 1, 1, 1)
    assert (funnel.totals.won_amount, funnel.totals.average_won) == (Decimal(300), Decimal(300))
    assert (funnel.totals.cycle_won, funnel.totals.cycle_lost) == (6.0, 4.0)


def test_a_deal_that_comes_back_counts_once_in_a_stage(made: Department) -> None:
    made.deal("0>1>0>1=won")
    stages = funnel_for(user=made.head, filters=asked(made)).stages
    assert [(row.counts.entered, row.counts.passed, row.counts.back, row.counts.won) for row in stages[:2]] == [
        (1, 1, 0, 0),
        (1, 0, 0, 1),
    ]


def test_a_visit_an_import_assumed_counts_but_has_no_length(made: Department) -> None:
    deal = made.deal("0>1=won")
    deal.visits.filter(stage=made.stages[0]).update(is_inferred=True)
    stages = funnel_for(user=made.head, filters=asked(made)).stages
    assert (stages[0].counts.entered, stages[0].counts.median_days) == (1, None)
    assert stages[1].counts.median_days == 2.0


def test_a_handover_leaves_the_past_with_whom_it_belongs(made: Department) -> None:
    first, second = made.reps[0], made.reps[3]
    won = made.deal("0>1=won", owner=first)
    under_way = made.deal("0>1>2", owners=[first, first, second])
    won.owner = second
    won.save()
    rows = {row.value: row for row in breakdown_for(user=made.head, filters=asked(made), by=Dimension.REP)}
    assert (rows[first.pk].totals.won, rows[second.pk].totals.won) == (1, 0)
    assert (rows[first.pk].totals.open, rows[second.pk].totals.open) == (0, 1)
    entered = {
        name: row.stages[made.stages[0].pk].entered for name, row in rows.items() if made.stages[0].pk in row.stages
    }
    assert entered == {first.pk: 2}
    assert rows[second.pk].stages[made.stages[2].pk].still == 1
    assert under_way.owner == second


def test_the_period_cuts_out_a_cohort_or_the_events(made: Department) -> None:
    made.deal("0>1=won", opened=START, step=timedelta(days=30))
    span = {"start": date(2025, 3, 1), "end": date(2025, 3, 31)}
    cohort = funnel_for(user=made.head, filters=asked(made, **span))
    events = funnel_for(user=made.head, filters=asked(made, basis=Basis.EVENTS, **span))
    assert (cohort.totals.deals, cohort.totals.won) == (0, 0)
    assert (events.totals.deals, events.totals.won) == (0, 1)
    assert figures(events)[1] == (0, 0, 1, 0, 0)


def test_the_last_day_of_a_period_belongs_to_it(made: Department) -> None:
    made.deal("0", opened=START)
    day = START.date()
    assert funnel_for(user=made.head, filters=asked(made, start=day, end=day)).totals.deals == 1
    before = day - timedelta(days=1)
    assert funnel_for(user=made.head, filters=asked(made, end=before)).totals.deals == 0


def test_a_rep_sees_only_what_is_theirs(made: Department) -> None:
    made.deal("0=won", owner=made.reps[0])
    made.deal("0=won", owner=made.reps[1])
    made.deal("0=won", owner=made.reps[2])
    assert funnel_for(user=made.reps[0], filters=asked(made)).totals.won == 1
    assert funnel_for(user=made.leads[0], filters=asked(made)).totals.won == 2
    assert funnel_for(user=made.head, filters=asked(made)).totals.won == 3


def test_losses_are_told_by_reason_and_stage(made: Department) -> None:
    made.deal("0=lost", loss_reason=made.reasons[0])
    made.deal("0>1=lost", loss_reason=made.reasons[0], amount=40)
    made.deal("0>1=lost")
    rows = loss_reasons_for(user=made.head, filters=asked(made))
    assert [(row.reason_id, row.deals) for row in rows] == [(made.reasons[0].pk, 2), (0, 1)]
    assert rows[0].by_stage == {made.stages[0].pk: 1, made.stages[1].pk: 1}
    assert rows[0].amount == Decimal(140)


def test_the_list_behind_a_number_continues_where_it_stopped(made: Department) -> None:
    for index in range(7):
        made.deal("0=won", opened=START + timedelta(hours=index % 3))
    seen: list[int] = []
    cursor = None
    for _page in range(4):
        page = deals_behind(user=made.head, filters=asked(made), measure=Measure.WON, cursor=cursor, limit=2)
        seen += [row.deal_id for row in page.rows]
        cursor = page.next_cursor
    assert cursor is None
    assert len(seen) == len(set(seen)) == 7
    with pytest.raises(Refused):
        deals_behind(user=made.head, filters=asked(made), measure=Measure.WON, cursor="@@", limit=2)


def test_a_number_the_funnel_does_not_have_is_refused(made: Department) -> None:
    with pytest.raises(ValueError, match="needs a stage"):
        deals_behind(user=made.head, filters=asked(made), measure=Measure.PASSED)
    with pytest.raises(ValueError, match="no number of a stage"):
        deals_behind(user=made.head, filters=asked(made), measure=Measure.DEALS, stage_id=made.stages[0].pk)


def test_choices_name_what_a_user_may_narrow_to(made: Department) -> None:
    assert "sale" in [choice.key for choice in pipelines()]
    assert [name for _id, name in choices_for(user=made.reps[0])["rep"]] == [made.reps[0].name]
    assert len(choices_for(user=made.head)["product"]) == 3


NARROWINGS = [
    "everything",
    "rep",
    "two reps",
    "manager",
    "team",
    "branch",
    "product",
    "no product",
    "region",
    "source",
    "reason",
    "month",
    "not closed",
    "cohort",
    "events",
    "rep in a period",
    "team and product in a period",
]


def narrowed(made: Department, name: str) -> FunnelFilter:
    span = {"start": date(2025, 2, 1), "end": date(2025, 4, 30)}
    team = made.reps[0].team_id
    return asked(
        made,
        **{
            "everything": {},
            "rep": {"reps": (made.reps[1].pk,)},
            "two reps": {"reps": (made.reps[0].pk, made.reps[2].pk)},
            "manager": {"managers": (made.leads[1].pk,)},
            "team": {"teams": (team,)},
            "branch": {"branches": (made.reps[0].branch_id,)},
            "product": {"products": (made.products[0].pk, made.products[2].pk)},
            "no product": {"products": (0,)},
            "region": {"regions": (made.regions[1].pk,)},
            "source": {"sources": (made.sources[0].pk, 0)},
            "reason": {"reasons": (made.reasons[0].pk,)},
            "month": {"months": (date(2025, 3, 1),)},
            "not closed": {"months": (None, date(2025, 4, 1))},
            "cohort": span,
            "events": {**span, "basis": Basis.EVENTS},
            "rep in a period": {**span, "basis": Basis.EVENTS, "reps": (made.reps[1].pk,)},
            "team and product in a period": {**span, "teams": (team,), "products": (made.products[1].pk,)},
        }[name],
    )


@pytest.fixture(scope="module", params=["never folded", "folded", "changed since it was folded"])
def crowd(request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any) -> Iterator[Department]:
    """Departments of random deals are dear, so one serves every narrowing; it is removed at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        made = make_department()
        make_random_deals(made, seed=7, deals=80)
        if request.param != "never folded":
            fold_funnel()
        if request.param == "changed since it was folded":
            make_random_deals(made, seed=8, deals=20)
            disturb(made, seed=9)
        oracle.forget()
        yield made
        transaction.set_rollback(True)


@pytest.mark.parametrize("name", NARROWINGS)
def test_every_figure_equals_a_count_of_the_deals_one_by_one(crowd: Department, name: str) -> None:
    filters = narrowed(crowd, name)
    for user in (crowd.head, crowd.leads[0], crowd.reps[1]):
        compare_with_oracle(user, filters)


@pytest.mark.parametrize("name", ["everything", "rep", "product", "month", "events"])
@pytest.mark.parametrize("by", list(Dimension))
def test_every_split_equals_a_count_of_the_deals_one_by_one(crowd: Department, name: str, by: Dimension) -> None:
    filters = narrowed(crowd, name)
    visible = visible_owner_ids(crowd.leads[1], Entity.DEAL)
    for user, owners in ((crowd.head, None), (crowd.leads[1], visible)):
        rows = {row.value: row for row in breakdown_for(user=user, filters=filters, by=by)}
        expected = oracle.totals(filters, by, owners)
        assert {value: row.totals for value, row in rows.items() if row.totals != Totals()} == {
            value: totals for value, totals in expected.items() if totals != Totals()
        }
        counts = oracle.stage_counts(filters, by, owners)
        found = {(value, stage): c for value, row in rows.items() for stage, c in row.stages.items()}
        assert found == counts


@pytest.mark.parametrize("name", ["everything", "rep", "product", "month", "events", "cohort"])
def test_every_number_opens_just_its_deals(crowd: Department, name: str) -> None:
    filters = narrowed(crowd, name)
    funnel = funnel_for(user=crowd.head, filters=filters)
    for row in funnel.stages:
        for measure in STAGE_MEASURES:
            page = deals_behind(user=crowd.head, filters=filters, measure=measure, stage_id=row.stage_id, limit=500)
            number = row.open_now if measure is Measure.OPEN else getattr(row.counts, measure.value)
            assert len(page.rows) == number, (row.name, measure)
    for measure in TOTAL_MEASURES:
        page = deals_behind(user=crowd.head, filters=filters, measure=measure, limit=500)
        assert len(page.rows) == getattr(funnel.totals, measure.value), measure


def compare_with_oracle(user: User, filters: FunnelFilter) -> None:
    visible = visible_owner_ids(user, Entity.DEAL)
    funnel = funnel_for(user=user, filters=filters)
    assert funnel.totals == oracle.totals(filters, None, visible).get(0, Totals())
    expected = {stage: counts for (_value, stage), counts in oracle.stage_counts(filters, None, visible).items()}
    assert {
        row.stage_id: row.counts for row in funnel.stages if row.counts.entered or row.stage_id in expected
    } == expected
