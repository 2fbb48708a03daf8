"""The funnel's projection follows the deals, and its sums are those a rebuild would give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from kniga.deals.models import Deal
from kniga.insights.funnel.breakdown import breakdown_for
from kniga.insights.funnel.filters import Dimension, FunnelFilter
from kniga.insights.funnel.projection import fold_funnel, rebuild_funnel
from kniga.insights.funnel.report import funnel_for
from kniga.insights.jobs import fold_changed_deals
from tests.domain.insights.department import Department, disturb, make_department, make_random_deals

pytestmark = pytest.mark.django_db
TABLES = ("insights_sum", "insights_span", "insights_stay", "insights_result", "insights_apart")


@pytest.fixture
def made() -> Department:
    return make_department()


def content() -> dict[str, list[tuple[Any, ...]]]:
    found = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT * FROM {table} ORDER BY {table}::text")
            found[table] = cursor.fetchall()
    return found


def noted() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT deal_id) FROM insights_dirty")
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_folding_change_by_change_gives_the_sums_of_a_rebuild(made: Department, seed: int) -> None:
    make_random_deals(made, seed=seed, deals=40)
    fold_funnel()
    for step in range(3):
        disturb(made, seed=seed * 10 + step)
        make_random_deals(made, seed=seed * 100 + step, deals=5)
        fold_funnel()
    step_by_step = content()
    rebuild_funnel()
    assert content() == step_by_step
    assert step_by_step["insights_sum"]


def test_every_change_of_a_fact_is_noted_and_folding_forgets_the_notes(made: Department) -> None:
    deal = made.deal("0>1>2=won", client=made.clients[2])
    assert fold_funnel() >= 1
    assert noted() == 0
    for change in (
        lambda: Deal.objects.filter(pk=deal.pk).update(amount=5),
        lambda: deal.visits.filter(stage=made.stages[0]).update(amount=6),
        lambda: deal.ownerships.update(owner=made.reps[1]),
        lambda: type(made.clients[2]).objects.filter(pk=made.clients[2].pk).update(region=made.regions[0]),
        lambda: deal.visits.all().delete(),
        lambda: deal.delete(),
    ):
        change()
        assert noted() == 1
        fold_changed_deals(0)
        assert noted() == 0


def test_a_client_that_only_changes_its_name_leaves_the_deals_alone(made: Department) -> None:
    made.deal("0", client=made.clients[0])
    fold_funnel()
    type(made.clients[0]).objects.filter(pk=made.clients[0].pk).update(name="Another")
    assert noted() == 0


def test_folding_nothing_costs_nothing(made: Department) -> None:
    made.deal("0")
    fold_funnel()
    assert fold_funnel() == 0


def test_another_time_zone_folds_everything_anew(made: Department, settings: Any) -> None:
    made.deal("0=won")
    fold_funnel()
    settings.TIME_ZONE = "Asia/Vladivostok"
    assert fold_funnel() >= 1


def test_whole_funnels_and_splits_are_read_from_sums(made: Department, sql_log: Callable[[], Any]) -> None:
    made.deal("0>1=won")
    fold_funnel()
    filters = FunnelFilter(made.pipeline.pk)
    with sql_log() as log:
        funnel_for(user=made.head, filters=filters)
        for by in Dimension:
            breakdown_for(user=made.head, filters=filters, by=by)
        for by in (Dimension.REP, Dimension.TEAM):
            breakdown_for(user=made.leads[0], filters=filters, by=by)
    counted = [text for text in log.statements if "insights_stay" in text or "insights_result" in text]
    assert counted
    assert all("insights_sum" in text or "insights_span" in text for text in counted)
