"""Why a record meets a condition or does not, in words of both languages; and conditions as sentences."""

import pickle
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from kniga.rules import (
    And,
    Comparison,
    Explanation,
    FieldChoice,
    FieldSpec,
    FromNow,
    Not,
    Or,
    OtherField,
    Period,
    evaluate,
    explain,
    items_of,
    rule_to_sentence,
)
from kniga.rules.fields import OPERATORS_OF, is_many
from kniga.rules.shown import show_value
from tests.engine.random_rules import ALL_FIELDS, NOW, ZONES, draw_comparison, draw_record, draw_rule

WEDNESDAY = datetime(2026, 3, 11, 10, 30, tzinfo=UTC)
FIELDS = {
    spec.key: spec
    for spec in (
        FieldSpec("amount", "money", "Amount", "Сумма"),
        FieldSpec("paid", "money", "Paid", "Оплачено"),
        FieldSpec("name", "text", "Name", "Имя"),
        FieldSpec("due", "date", "Due date", "Срок"),
        FieldSpec("done", "date", "Done", "Сделано"),
        FieldSpec("at", "datetime", "Time", "Время"),
        FieldSpec("vip", "boolean", "VIP", "VIP"),
        FieldSpec(
            "tags",
            "multi_choice",
            "Tags",
            "Метки",
            (FieldChoice("a", "alpha", "альфа"), FieldChoice("b", "beta", "бета")),
        ),
        FieldSpec("size", "choice", "Size", "Размер", (FieldChoice("s", "small", "малый"),)),
        FieldSpec("owner", "reference", "Owner", "Ответственный", (FieldChoice("5", "Ann Lee", "Анна Ли"),)),
    )
}


def one(field: str, op: Any, value: Any = None) -> Comparison:
    return Comparison(field, FIELDS[field].type, op, value)


OVER = one("amount", "gt", 100_000)


def told(rule: Any, values: dict[str, Any], language: Any = "en") -> str:
    return explain(rule, values, FIELDS, language, now=WEDNESDAY).sentence


@pytest.mark.parametrize(
    ("rule", "values", "english", "russian"),
    [
        (
            OVER,
            {"amount": Decimal(40_000)},
            "No, because Amount is 40,000, not more than 100,000.",
            "Нет, потому что Сумма — 40\u00a0000, не больше 100\u00a0000.",
        ),
        (
            OVER,
            {"amount": 150_000},
            "Yes, because Amount is 150,000, more than 100,000.",
            "Да, потому что Сумма — 150\u00a0000, больше 100\u00a0000.",
        ),
        (OVER, {}, "Not known, because Amount is not known.", "Неизвестно, потому что Сумма: неизвестно."),
        (
            And((OVER, one("vip", "eq", True), one("name", "contains", "x"))),
            {"amount": 1, "vip": False, "name": ""},
            "No, because Amount is 1, not more than 100,000; VIP is no, not yes.",
            "Нет, потому что Сумма — 1, не больше 100\u00a0000; VIP — нет, не да.",
        ),
        (
            Or((OVER, one("vip", "eq", True), one("name", "contains", "x"))),
            {"amount": 1, "vip": True, "name": ""},
            "Yes, because VIP is yes.",
            "Да, потому что VIP — да.",
        ),
        (
            Not(one("size", "in", ("s",))),
            {"size": "l"},
            "Yes, because Size is “l”, none of: small.",
            "Да, потому что Размер — «l», ни одно из значений малый.",
        ),
        (
            one("paid", "lt", OtherField("amount")),
            {"paid": 5, "amount": 4},
            "No, because Paid is 5, not less than Amount (4).",
            "Нет, потому что Оплачено — 5, не меньше, чем Сумма (4).",
        ),
        (
            one("paid", "lt", OtherField("amount")),
            {},
            "Not known, because Paid is not known; Amount is not known.",
            "Неизвестно, потому что Оплачено: неизвестно; Сумма: неизвестно.",
        ),
        (
            one("paid", "eq", OtherField("amount")),
            {"paid": 5, "amount": 5},
            "Yes, because Paid is 5, the same as Amount (5).",
            "Да, потому что Оплачено — 5, совпадает с полем «Сумма» (5).",
        ),
        (
            one("due", "within", Period("last", "day", 7)),
            {"due": date(2026, 1, 5)},
            "No, because Due date is 2026-01-05, not in the last 7 days.",
            "Нет, потому что Срок — 05.01.2026, не за последние 7 дней.",
        ),
        (
            one("due", "lt", FromNow(-30)),
            {"due": date(2026, 1, 5)},
            "Yes, because Due date is 2026-01-05, before 30 days ago.",
            "Да, потому что Срок — 05.01.2026, раньше, чем 30 дней назад.",
        ),
        (
            one("due", "between", (FromNow(-3), FromNow(0))),
            {"due": date(2026, 1, 5)},
            "No, because Due date is 2026-01-05, not from 3 days ago to today.",
            "Нет, потому что Срок — 05.01.2026, раньше, чем 3 дня назад, или позже, чем сегодня.",
        ),
        (
            one("tags", "all_of", ("a", "b")),
            {"tags": ("a",)},
            "No, because Tags are alpha, among them not all of: alpha, beta.",
            "Нет, потому что Метки — альфа, среди них есть не все значения альфа, бета.",
        ),
        (
            one("tags", "contains", "b"),
            {"tags": ("a",)},
            "No, because Tags are alpha, among them no beta.",
            "Нет, потому что Метки — альфа, среди них нет бета.",
        ),
        (
            one("name", "starts_with", "x"),
            {"name": "abc"},
            "No, because Name is “abc”, which does not start with “x”.",
            "Нет, потому что Имя — «abc», не начинается с «x».",
        ),
        (
            one("name", "is_unknown"),
            {"name": "abc"},
            "No, because Name is known: “abc”.",
            "Нет, потому что Имя: известно, «abc».",
        ),
        (one("name", "is_unknown"), {}, "Yes, because Name is not known.", "Да, потому что Имя: неизвестно."),
        (
            one("owner", "ne", 5),
            {"owner": 5},
            "No, because Owner is Ann Lee.",
            "Нет, потому что Ответственный — Анна Ли.",
        ),
        (one("owner", "eq", 5), {"owner": 7}, "No, because Owner is #7, not Ann Lee.", None),
        (And(()), {}, "Yes, because the condition always holds.", "Да, потому что условие выполняется всегда."),
        (Or(()), {}, "No, because the condition never holds.", "Нет, потому что условие не выполняется никогда."),
    ],
)
def test_a_verdict_comes_with_its_reasons(rule: Any, values: Any, english: str, russian: str | None) -> None:
    assert told(rule, values) == english
    if russian is not None:
        assert told(rule, values, "ru") == russian


def test_the_tree_holds_only_what_decides() -> None:
    small, other = one("amount", "lt", 5), one("vip", "eq", True)
    explained = explain(And((Or((OVER, small)), Not(other))), {"amount": 1, "vip": True}, FIELDS, "en")
    assert explained.verdict is False
    (negation,) = explained.because
    assert (negation.rule, negation.verdict, negation.reason) == (Not(other), False, "")
    (leaf,) = explained.leaves()
    assert (leaf.rule, leaf.verdict, leaf.reason) == (other, True, "VIP is yes")
    assert explained.says == "(Amount is more than 100,000 or Amount is less than 5) and not (VIP is yes)"
    both = explain(Or((OVER, small)), {"amount": 50}, FIELDS, "en")
    assert [leaf.rule for leaf in both.leaves()] == [OVER, small]


def fields_told(explained: Explanation) -> set[str]:
    found = set()
    for leaf in explained.leaves():
        if isinstance(leaf.rule, Comparison):
            found.add(leaf.rule.field)
            if isinstance(leaf.rule.value, OtherField):
                found.add(leaf.rule.value.key)
    return found


def test_explanations_agree_with_verdicts_and_their_reasons_suffice() -> None:
    """With the fields that are told as they are and all others changed at will, the verdict stays."""
    random = Random(2)
    for number in range(2_000):
        rule, record, zone = draw_rule(random), draw_record(random), random.choice(ZONES)
        explained = explain(rule, record, {}, ("en", "ru")[number % 2], now=NOW, zone=zone)
        assert explained.verdict is evaluate(rule, record, now=NOW, zone=zone)
        assert explained.sentence and "{" not in explained.sentence
        if explained.verdict is not None:
            kept = {key: record[key] for key in fields_told(explained)}
            for _ in range(5):
                changed = {**draw_record(random), **kept}
                assert evaluate(rule, changed, now=NOW, zone=zone) is explained.verdict


def test_every_condition_has_a_sentence_and_every_operator_a_reason() -> None:
    random = Random(4)
    told: dict[tuple[str, str], set[bool | None]] = {}
    for number in range(6_000):
        rule: Any = draw_comparison(random)
        record = draw_record(random)
        if number % 3 == 0:  # let it be met more often than by chance
            items = [item for item in items_of(rule) if not isinstance(item, FromNow)]
            record[rule.field] = tuple(items) if is_many(rule.type) else items[0] if items else record[rule.field]
        for language in ("en", "ru"):
            assert rule_to_sentence(rule, {}, language, zone=ZONES[number % len(ZONES)])  # type: ignore[arg-type]
            explained = explain(rule, record, {}, language, now=NOW)  # type: ignore[arg-type]
            told.setdefault((rule.type, rule.op), set()).add(explained.verdict)
    for type, operators in OPERATORS_OF.items():
        for op in operators:
            assert told[type, op] == ({True, False} if op.startswith("is_") else {True, False, None}), (type, op)
    assert set(ALL_FIELDS)


@pytest.mark.parametrize(
    ("rule", "english", "russian"),
    [
        (one("due", "eq", FromNow(0)), "Due date is today", "Срок: сегодня"),
        (one("at", "le", FromNow(0)), "Time is not after now", "Время не позже, чем сейчас"),
        (one("due", "eq", FromNow(3)), "Due date is 3 days from now", "Срок: через 3 дня"),
        (one("due", "lt", FromNow(-1, "week")), "Due date is before 1 week ago", "Срок раньше, чем 1 неделю назад"),
        (one("due", "ge", FromNow(-21)), "Due date is not before 21 days ago", "Срок не раньше, чем 21 день назад"),
        (one("due", "gt", FromNow(5, "year")), "Due date is after 5 years from now", "Срок позже, чем через 5 лет"),
        (one("due", "gt", FromNow(11)), "Due date is after 11 days from now", "Срок позже, чем через 11 дней"),
        (one("due", "within", Period("previous", "day")), "Due date is yesterday", "Срок: вчера"),
        (one("due", "within", Period("next", "week")), "Due date is next week", "Срок: на следующей неделе"),
        (one("due", "not_within", Period("this", "month")), "Due date is not this month", "Срок: не в этом месяце"),
        (one("due", "within", Period("last", "week")), "Due date is in the last week", "Срок: за последнюю неделю"),
        (one("due", "within", Period("last", "week", 21)), "Due date is in the last 21 weeks", None),
        (one("due", "within", Period("coming", "day")), "Due date is in the next day", "Срок: в ближайший день"),
        (one("at", "within", Period("coming", "hour", 4)), "Time is in the next 4 hours", "Время: в ближайшие 4 часа"),
        (
            one("due", "between", (date(2026, 1, 1), date(2026, 1, 31))),
            "Due date is from 2026-01-01 to 2026-01-31",
            "Срок: с 01.01.2026 по 31.01.2026",
        ),
        (
            one("due", "between", (FromNow(-3), FromNow(3))),
            "Due date is from 3 days ago to 3 days from now",
            "Срок: не раньше, чем 3 дня назад, и не позже, чем через 3 дня",
        ),
        (one("amount", "between", (1, 5)), "Amount is from 1 to 5", "Сумма: от 1 до 5"),
        (one("paid", "lt", OtherField("amount")), "Paid is less than Amount", "Оплачено меньше, чем Сумма"),
        (one("paid", "eq", OtherField("amount")), "Paid is the same as Amount", "Оплачено совпадает с полем «Сумма»"),
        (one("done", "gt", OtherField("due")), "Done is after Due date", "Сделано позже, чем Срок"),
        (one("tags", "any_of", ("a", "b")), "Tags include one of: alpha, beta", None),
        (one("tags", "none_of", ("a",)), "Tags include none of: alpha", "Метки: нет ни одного из значений альфа"),
        (one("tags", "not_contains", "a"), "Tags do not include alpha", "Метки: нет альфа"),
        (one("name", "ends_with", "x"), "Name ends with “x”", "Имя заканчивается на «x»"),
        (one("owner", "in", (5, 7)), "Owner is one of: Ann Lee, #7", "Ответственный: одно из значений Анна Ли, № 7"),
    ],
)
def test_a_condition_reads_as_a_sentence(rule: Any, english: str, russian: str | None) -> None:
    assert rule_to_sentence(rule, FIELDS, "en") == english
    if russian is not None:
        assert rule_to_sentence(rule, FIELDS, "ru") == russian


def test_numbers_are_told_as_people_write_them() -> None:
    assert show_value(Decimal("-1234567.50"), "number", None, "en") == "-1,234,567.50"
    assert show_value(Decimal("1e3"), "money", None, "ru") == "1\u00a0000"
    assert show_value(Decimal("-0.0"), "number", None, "en") == "0.0"
    assert show_value(1234, "number", None, "en") == "1,234"


def test_moments_are_told_in_the_zone_given_or_with_their_own_offset() -> None:
    moment = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)
    zone = timezone(timedelta(hours=3))
    assert show_value(moment, "datetime", None, "en") == "2026-03-01 12:00:05 +0000"
    assert show_value(moment, "datetime", None, "ru", zone) == "01.03.2026 15:00:05"
    first = datetime.min.replace(tzinfo=UTC)
    assert show_value(first, "datetime", None, "en", timezone(-timedelta(hours=3))) == "0001-01-01 00:00"


def test_a_compiled_condition_is_pickled_and_compared_as_if_it_were_not() -> None:
    rule = And((OVER, Not(one("vip", "eq", True))))
    fresh = pickle.loads(pickle.dumps(rule))
    assert evaluate(rule, {"amount": 1}) is False
    assert pickle.loads(pickle.dumps(rule)) == rule == fresh
    assert hash(rule) == hash(fresh)
