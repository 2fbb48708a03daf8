from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from kniga.clients.reference import get_or_create_region
from kniga.deals import list_queries, queries, services
from kniga.deals.list_queries import DealFilter
from kniga.deals.loss_reasons import loss_reason_options
from kniga.deals.models import Deal, DealOwnership, StageVisit
from kniga.people.models import User
from kniga.platform.errors import Conflict, NotVisible, Refused
from kniga.platform.models import Event
from kniga.processes.desk import timeline
from tests.domain.department import NOW, Department, line, make_product
from tests.sql_snapshots import record_sql


def test_a_new_deal_takes_its_sum_from_its_lines_and_its_region_from_its_client(house: Department) -> None:
    rack, steel = make_product(), make_product("Лист", "61500", "ton")
    region = get_or_create_region("Урал")
    client = house.client(region_id=region.pk)
    deal = house.deal(client, name="", lines=[line(rack, "3", "10"), line(steel, "0.5")])
    assert (deal.name, deal.amount, deal.region, deal.product) == ("Ромашка", Decimal("33450.00"), region, rack)
    rows = queries.lines_of(user=house.boris, deal=deal)
    assert [(row.position, row.quantity, row.amount) for row in rows] == [
        (1, Decimal(3), Decimal("2700.00")),
        (2, Decimal("0.5"), Decimal("30750.00")),
    ]
    owned = DealOwnership.objects.get(deal=deal)
    assert (owned.owner, owned.started_at) == (house.boris, NOW)
    event = Event.objects.get(kind="deals.deal.created")
    assert (event.deal_id, event.client_id, event.payload["amount"]) == (deal.pk, client.pk, "33450.00")


def test_numbers_of_deals_go_up(house: Department) -> None:
    first, second = house.deal(), house.deal()
    assert second.number == first.number + 1


@pytest.mark.parametrize(
    ("quantity", "discount", "field"),
    [("0", "0", "lines/0/quantity"), ("1.5", "0", "lines/0/quantity"), ("1", "101", "lines/0/discount")],
)
def test_a_wrong_line_is_refused_at_its_field(house: Department, quantity: str, discount: str, field: str) -> None:
    product = make_product()
    with pytest.raises(Refused) as refusal:
        house.deal(lines=[line(product, quantity, discount)])
    assert refusal.value.field == field
    assert not Deal.objects.exists()


def test_the_amount_of_a_deal_with_lines_is_changed_by_its_lines_only(house: Department) -> None:
    product = make_product()
    deal = house.deal(lines=[line(product)])
    with pytest.raises(Refused) as refusal:
        services.update_deal(deal=deal, revision=1, amount=Decimal(5), by=house.boris, now=NOW)
    assert refusal.value.code == "amount_from_lines"
    deal = services.set_lines(deal=deal, lines=[line(product, "4")], revision=1, by=house.boris, now=NOW)
    assert (deal.amount, deal.revision) == (Decimal(4000), 2)
    deal = services.set_lines(deal=deal, lines=[], revision=2, by=house.boris, now=NOW)
    deal = services.update_deal(deal=deal, revision=3, amount=Decimal(5), by=house.boris, now=NOW)
    assert deal.amount == 5


def test_a_closed_deal_keeps_its_lines_and_amount(house: Department) -> None:
    deal = house.deal(amount=Decimal(100))
    Deal.objects.filter(pk=deal.pk).update(status="won", closed_at=NOW)
    with pytest.raises(Refused):
        services.set_lines(deal=deal, lines=[], revision=1, by=house.boris, now=NOW)
    with pytest.raises(Refused):
        services.update_deal(deal=deal, revision=1, amount=Decimal(5), by=house.boris, now=NOW)
    services.update_deal(deal=deal, revision=1, note="Спасибо", by=house.boris, now=NOW)


def test_a_late_change_is_refused(house: Department) -> None:
    deal = house.deal()
    services.update_deal(deal=deal, revision=1, expected_date=date(2026, 12, 1), by=house.boris, now=NOW)
    with pytest.raises(Conflict):
        services.update_deal(deal=deal, revision=1, name="Other", by=house.boris, now=NOW)
    assert Event.objects.get(kind="deals.deal.changed").payload["changes"] == {"expected_date": [None, "2026-12-01"]}


def test_handing_over_a_deal_keeps_who_had_it_before(house: Department) -> None:
    deal = house.deal()
    later = NOW + timedelta(days=1)
    services.assign_deal(deal=deal, owner=house.vera, by=house.olga, now=later)
    spans = DealOwnership.objects.filter(deal=deal).order_by("id").values_list("owner__name", "ended_at")
    assert list(spans) == [("Boris", later), ("Vera", None)]
    with pytest.raises(Refused):
        services.assign_deal(deal=deal, owner=house.boris, by=house.boris, now=later)


def test_a_foreign_deal_is_not_there(house: Department) -> None:
    deal = house.deal(owner=house.vera)
    assert queries.get_visible_deal(user=house.olga, id=deal.pk) == deal
    for user in (house.boris, house.anna, house.hanna, house.support):
        with pytest.raises(NotVisible):
            queries.get_visible_deal(user=user, id=deal.pk)
    assert list_queries.deals_page(user=house.boris).rows == ()
    assert list_queries.search_deals(user=house.boris, text=str(deal.number)) == ()
    assert list_queries.deal_totals(user=house.boris).count == 0


@pytest.fixture
def ledger_of_deals(house: Department) -> Department:
    for number in range(7):
        house.deal(
            name=f"Сделка {number}", amount=Decimal(100 * (number % 3)), now=NOW + timedelta(days=number),
            expected_date=date(2026, 12, number + 1) if number % 2 else None,
        )  # fmt: skip
    Deal.objects.filter(name="Сделка 1").update(status="won", closed_at=NOW + timedelta(days=9))
    Deal.objects.filter(name="Сделка 2").update(status="lost", closed_at=NOW + timedelta(days=8))
    return house


@pytest.mark.parametrize("sort", [f"{sign}{key}" for key in list_queries.SORTS for sign in ("", "-")])
def test_every_sort_goes_through_all_rows_once(ledger_of_deals: Department, sort: str) -> None:
    house = ledger_of_deals
    whole = [row.id for row in list_queries.deals_page(user=house.boris, sort=sort).rows]
    pieces: list[int] = []
    cursor = None
    while True:
        page = list_queries.deals_page(user=house.boris, sort=sort, cursor=cursor, limit=2)
        pieces += [row.id for row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert pieces == whole
    assert len(set(whole)) == (2 if "closed" in sort else 7)


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (DealFilter(status="won"), {"1"}),
        (DealFilter(text="сделка 3"), {"3"}),
        (DealFilter(since=date(2026, 11, 28)), {"5", "6"}),
        (DealFilter(until=date(2026, 11, 23)), {"0"}),
        (DealFilter(period="closed", since=date(2026, 12, 2)), {"1"}),
        (DealFilter(period="expected", since=date(2026, 12, 4), until=date(2026, 12, 4)), {"3"}),
    ],
)
def test_filters_narrow_the_list_and_its_sums_alike(
    ledger_of_deals: Department, wanted: DealFilter, names: set[str]
) -> None:
    house = ledger_of_deals
    rows = list_queries.deals_page(user=house.boris, wanted=wanted).rows
    assert {row.name.removeprefix("Сделка ") for row in rows} == names
    totals = list_queries.deal_totals(user=house.boris, wanted=wanted)
    assert (totals.count, totals.amount) == (len(rows), sum(row.amount for row in rows))


def test_deals_are_filtered_by_client_product_and_people(house: Department) -> None:
    product = make_product()
    client = house.client("Искомый")
    deal = house.deal(client, name="С товаром", lines=[line(product)])
    house.deal(owner=house.vera)
    for wanted in (
        DealFilter(client_id=client.pk), DealFilter(product_id=product.pk), DealFilter(owner_id=house.boris.pk),
        DealFilter(team_id=house.team.pk), DealFilter(branch_id=house.moscow.pk), DealFilter(text="искомый"),
        DealFilter(text=str(deal.number)), DealFilter(pipeline_id=house.pipeline.pk, text="товар"),
    ):  # fmt: skip
        assert [row.id for row in list_queries.deals_page(user=house.olga, wanted=wanted).rows] == [deal.pk]


def test_a_deal_is_found_by_its_number_and_by_its_name(house: Department) -> None:
    deal = house.deal(name="Поставка стеллажей")
    for text in (str(deal.number), f"#{deal.number}", f"№ {deal.number}", "стеллаж"):
        assert [hit.id for hit in list_queries.search_deals(user=house.boris, text=text)] == [deal.pk]
    assert list_queries.search_deals(user=house.boris, text="99999999999999999999") == ()
    assert list_queries.search_deals(user=house.boris, text="²") == ()


def test_the_stage_bar_sums_the_stays(house: Department) -> None:
    deal = house.deal()
    contact, needs, _proposal = house.stages
    days = [NOW + timedelta(days=number) for number in range(8)]
    for stage, entered, left, leaving in (
        (contact, days[0], days[2], "passed"), (needs, days[2], days[3], "back"),
        (contact, days[3], days[4], "passed"), (needs, days[4], None, None),
    ):  # fmt: skip
        StageVisit.objects.create(deal=deal, stage=stage, entered_at=entered, left_at=left, exit=leaving)
    Deal.objects.filter(pk=deal.pk).update(stage=needs, stage_since=days[4])
    steps = queries.stage_steps(user=house.boris, deal=deal, now=days[7])
    assert [(step.key, step.state, step.visits, step.stay) for step in steps] == [
        ("contact", "past", 2, timedelta(days=3)),
        ("needs", "present", 2, timedelta(days=4)),
        ("proposal", "ahead", 0, None),
    ]


def test_a_clients_timeline_hides_the_deals_of_others(house: Department) -> None:
    client = house.client()
    mine, foreign = house.deal(client), house.deal(client, owner=house.vera)
    seen = timeline.timeline_of_client(user=house.boris, client=client).rows
    assert [(row.kind, row.deal_id) for row in seen] == [
        ("deals.deal.created", mine.pk),
        ("clients.client.created", None),
    ]
    everything = timeline.timeline_of_client(user=house.olga, client=client, limit=2)
    assert [row.deal_id for row in everything.rows] == [foreign.pk, mine.pk]
    rest = timeline.timeline_of_client(user=house.olga, client=client, before=everything.next_cursor)
    assert [row.kind for row in rest.rows] == ["clients.client.created"]
    changes = timeline.timeline_of_client(user=house.olga, client=client, groups=["changes"]).rows
    assert [(row.kind, row.actor) for row in changes] == [("clients.client.created", "Olga")]
    assert len(timeline.timeline_of_deal(user=house.boris, deal=mine).rows) == 1


def test_a_client_knows_the_deals_its_reader_may_see(house: Department) -> None:
    client = house.client()
    deal = house.deal(client, amount=Decimal(70))
    house.deal(client, owner=house.vera, amount=Decimal(30))
    assert [row.id for row in queries.deals_of_client(user=house.boris, client=client)] == [deal.pk]
    totals = queries.deal_totals_by_client(user=house.boris, client_ids=[client.pk])
    assert totals[client.pk].open_amount == Decimal(70)
    assert queries.deal_totals_by_client(user=house.olga, client_ids=[client.pk])[client.pk].open_count == 2


def test_the_list_sends_as_many_statements_for_one_deal_as_for_many(house: Department) -> None:
    house.deal(house.client())
    with record_sql() as one:
        list_queries.deals_page(user=house.hanna)
    for number in range(20):
        house.deal(house.client(f"Клиент {number}"))
    fresh = User.objects.get(pk=house.hanna.pk)
    with record_sql() as many:
        list_queries.deals_page(user=fresh)
    assert len(one) == len(many) <= 4


def test_reasons_of_loss_are_there_from_the_start(house: Department) -> None:
    assert [reason.key for reason in loss_reason_options()] == [
        "price", "competitor", "no_need", "no_budget", "no_answer", "bad_timing", "terms", "other"
    ]  # fmt: skip
