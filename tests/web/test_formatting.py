"""Money, dates and spans of time as people of each language write them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone, translation

from kniga.platform import clock
from kniga.web import formatting
from kniga.web.breaking import breakable
from kniga.web.markdown import render_markdown

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("language", "amount", "shown"),
    [
        ("ru", 1250000, "1 250 000 ₽"),
        ("ru", Decimal("1250000.50"), "1 250 000,50 ₽"),
        ("en", 1250000, "₽1,250,000"),
        ("en", Decimal("-99.90"), "-₽99.90"),
        ("en", None, "—"),
    ],
)
def test_money_shows_kopecks_only_where_there_are_some(language: str, amount: Decimal, shown: str) -> None:
    with translation.override(language):
        assert formatting.money(amount).replace("\xa0", " ") == shown


@pytest.mark.parametrize(
    ("amount", "russian", "english"),
    [
        (13_744_000, "13,7 млн ₽", "₽13.7M"),
        (1_244_567_890, "1,24 млрд ₽", "₽1.24B"),
        (279_000_000, "279 млн ₽", "₽279M"),
        (999_960, "1 млн ₽", "₽1M"),
        (9_999, "9 999 ₽", "₽9,999"),
    ],
)
def test_a_sum_over_a_column_has_three_figures(amount: int, russian: str, english: str) -> None:
    for language, shown in (("ru", russian), ("en", english)):
        with translation.override(language):
            assert formatting.money_short(amount).replace("\xa0", " ") == shown


def test_a_rounded_sum_has_the_exact_one_in_its_title() -> None:
    with translation.override("en"):
        assert formatting.rounded_money(13_744_000) == '<span title="₽13,744,000">₽13.7M</span>'
        assert formatting.rounded_money(9_999) == "₽9,999"


@pytest.mark.parametrize(
    ("days", "english", "russian"),
    [
        (-21, "21 days overdue", "просрочено на 21 день"),
        (-1, "1 day overdue", "просрочено на 1 день"),
        (0, "today", "сегодня"),
        (1, "tomorrow", "завтра"),
        (2, "in 2 days", "через 2 дня"),
        (5, "in 5 days", "через 5 дней"),
        (40, "2 Jan 2027", "2 янв. 2027"),
    ],
)
def test_a_deadline_is_told_as_people_tell_it(days: int, english: str, russian: str) -> None:
    deadline = TODAY + timedelta(days=days)
    with translation.override("en"):
        assert formatting.due(deadline, TODAY) == english
    with translation.override("ru"):
        assert formatting.due(deadline, TODAY) == russian


@pytest.mark.parametrize(
    ("span", "shown"),
    [(20, "20 s"), (900, "15 min"), (timedelta(hours=5, minutes=7), "5 h 7 min"), (273600, "3 d 4 h")],
)
def test_a_span_is_told_in_its_two_largest_units(span: float, shown: str) -> None:
    with translation.override("en"):
        assert formatting.duration(span) == shown


def test_markdown_of_people_cannot_do_harm() -> None:
    text = (
        "**bold** <script>alert(1)</script> [x](javascript:alert(1)) ![i](http://x/y.png) [ok](https://kniga.example)"
    )
    html = render_markdown(text)
    assert "<strong>bold</strong>" in html
    assert 'href="https://kniga.example"' in html
    assert not any(word in html for word in ("<script", 'href="javascript', "<img"))


def test_an_age_is_told_by_its_largest_unit() -> None:
    with translation.override("en"):
        spans = [timedelta(seconds=8), timedelta(minutes=9), timedelta(hours=5, minutes=3), timedelta(days=17, hours=5)]
        assert [formatting.age(span) for span in spans] == ["just now", "9 min", "5 h", "17 d"]
        assert formatting.age(timedelta(days=3257)) == "8 years"


def test_a_date_in_a_list_has_its_year_when_it_is_not_this_one() -> None:
    today = date(2026, 11, 23)
    with translation.override("en"):
        assert formatting.short_day(date(2027, 1, 10), today) == "10 Jan 2027"
        assert formatting.short_day(date(2026, 1, 4), today) == "4 Jan"
        assert formatting.short_day(None, today) == "—"
    with translation.override("ru"):
        assert formatting.short_day(date(2026, 11, 20), today) == "20 нояб."


def test_an_hour_of_today_that_has_passed_is_overdue_in_words_and_colour() -> None:
    now = timezone.localtime(clock.now())
    gone, to_come = now - timedelta(minutes=1), now + timedelta(minutes=1)
    with translation.override("en"):
        assert formatting.due(gone, gone.date()) == f"overdue since {gone:%H:%M}"
        assert formatting.due(to_come, to_come.date()) == f"today by {to_come:%H:%M}"
    assert (formatting.due_state(gone, gone.date()), formatting.due_state(to_come, to_come.date())) == (
        "overdue",
        "today",
    )


def test_a_deal_of_no_known_amount_has_a_dash() -> None:
    assert formatting.deal_money(Decimal(0)) == formatting.deal_money(None) == "—"


def test_a_deadline_in_a_narrow_column_is_a_word_or_two() -> None:
    now = timezone.localtime(clock.now())
    gone, to_come = now - timedelta(minutes=1), now + timedelta(minutes=1)
    with translation.override("en"):
        assert formatting.short_due(date(2026, 11, 19), TODAY) == "4 d late"
        assert formatting.short_due(date(2026, 11, 23), TODAY) == "today"
        assert formatting.short_due(date(2026, 11, 24), TODAY) == "tomorrow"
        assert formatting.short_due(date(2026, 11, 27), TODAY) == "27 Nov"
        assert formatting.short_due(date(2027, 1, 10), TODAY) == "10 Jan 2027"
        assert formatting.short_due(None, TODAY) == "—"
        assert formatting.short_due(gone, gone.date()) == f"since {gone:%H:%M}"
        assert formatting.short_due(to_come, to_come.date()) == f"by {to_come:%H:%M}"
    with translation.override("ru"):
        assert formatting.short_due(date(2026, 11, 20), TODAY) == "3 дн. назад"


@pytest.mark.parametrize(
    ("name", "client", "shown"),
    [
        ("Daisy — shelves", "Daisy", "shelves"),
        ("Daisy", "Daisy", ""),
        ("Daisychain", "Daisy", "Daisychain"),
        ("Shelves for Daisy", "Daisy", "Shelves for Daisy"),
        ("Shelves", "", "Shelves"),
    ],
)
def test_a_deal_beside_its_client_does_not_repeat_the_clients_name(name: str, client: str, shown: str) -> None:
    assert formatting.beside(name, client) == shown


def test_addresses_break_after_their_marks_and_in_no_word() -> None:
    assert breakable("anna@north-park.ru") == "anna@<wbr>north-park<wbr>.ru"
    assert breakable("<b>.ru/a?b") == "&lt;b&gt;<wbr>.ru/<wbr>a?<wbr>b"
