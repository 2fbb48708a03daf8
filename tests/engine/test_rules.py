"""The condition language: evaluation, three-valued logic, JSON, SQL text, sentences."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings

from kniga.rules import (
    And,
    BadValue,
    Comparison,
    FieldChoice,
    FieldSpec,
    Not,
    Or,
    OtherField,
    RuleRefused,
    evaluate,
    fields_of,
    fold,
    holds,
    parse_rule,
    read_value,
    rule_from_json,
    rule_to_json,
    rule_to_sentence,
    rule_to_sql,
    write_value,
)
from tests.engine.random_rules import ALL_FIELDS, draw_rule, rules

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FIELDS = {
    "amount": FieldSpec("amount", "money", "Amount", "Сумма"),
    "name": FieldSpec("name", "text", "Name", "Имя"),
    "due": FieldSpec("due", "date", "Due date", "Срок"),
    "at": FieldSpec("at", "datetime", "Time", "Время"),
    "vip": FieldSpec("vip", "boolean", "VIP", "VIP"),
    "paid": FieldSpec("paid", "money", "Paid", "Оплачено"),
    "owner": FieldSpec("owner", "reference", "Owner", "Ответственный"),
    "team": FieldSpec("team", "multi_reference", "Team", "Команда"),
    "tags": FieldSpec("tags", "multi_choice", "Tags", "Метки"),
    "size": FieldSpec(
        "size", "choice", "Size", "Размер", (FieldChoice("s", "small", "малый"), FieldChoice("l", "large", "большой"))
    ),
}


def rule(field: str, op: str, value: object = None) -> Any:
    data: dict[str, object] = {"field": field, "op": op}
    if value is not None:
        data["value"] = value
    return rule_from_json(data, FIELDS)


@pytest.mark.parametrize(
    ("field", "op", "value", "actual", "verdict"),
    [
        ("amount", "gt", "100", Decimal("100.01"), True),
        ("amount", "gt", 100, 100, False),
        ("amount", "ge", 100, 100, True),
        ("amount", "lt", 100, 99, True),
        ("amount", "le", 100, 101, False),
        ("amount", "eq", "5.0", Decimal(5), True),
        ("amount", "ne", 5, 6, True),
        ("amount", "in", [1, 2], 2, True),
        ("amount", "not_in", [1, 2], 2, False),
        ("name", "eq", "Ёлка", "ЕЛКА", True),
        ("name", "ne", "Ёлка", "Елки", True),
        ("name", "contains", "склад", "Наш СКЛАД №2", True),
        ("name", "contains", "%", "нет", False),
        ("name", "in", ["Ab", "Вг"], "вГ", True),
        ("due", "lt", "2026-03-02", date(2026, 3, 1), True),
        ("due", "ge", "2026-03-02", date(2026, 3, 1), False),
        ("at", "eq", "2026-03-01T15:00:00+03:00", NOON, True),
        ("vip", "eq", True, True, True),
        ("vip", "ne", True, True, False),
        ("tags", "contains", "a", ("b", "a"), True),
        ("tags", "in", ["a", "c"], ("b",), False),
        ("tags", "not_in", ["a", "c"], ("b",), True),
        ("size", "eq", "s", "l", False),
        ("amount", "between", [1, 3], 3, True),
        ("amount", "between", [1, 3], Decimal("3.01"), False),
        ("amount", "lt", {"field": "paid"}, Decimal(2), True),
        ("amount", "eq", {"field": "paid"}, Decimal("3.0"), True),
        ("name", "not_contains", "склад", "Наш СКЛАД №2", False),
        ("name", "starts_with", "Ёл", "елка", True),
        ("name", "ends_with", "Ка", "ёлки", False),
        ("tags", "any_of", ["a", "c"], ("b", "c"), True),
        ("tags", "all_of", ["a", "c"], ("c", "b", "a"), True),
        ("tags", "all_of", ["a", "c"], ("c", "b"), False),
        ("tags", "none_of", ["a", "c"], ("b",), True),
        ("tags", "not_contains", "a", ("b",), True),
        ("owner", "eq", "7", 7, True),
        ("owner", "not_in", [7, 8], 9, True),
        ("team", "any_of", [7, 8], (8,), True),
        ("team", "contains", 7, (8,), False),
        ("due", "within", {"period": "this", "unit": "month"}, date(2026, 3, 31), True),
        ("due", "gt", {"from_now": "-1", "unit": "day"}, date(2026, 3, 1), True),
    ],
)
def test_a_comparison_decides(field: str, op: str, value: object, actual: Any, verdict: bool) -> None:
    assert evaluate(rule(field, op, value), {field: actual, "paid": 3}, now=NOON) is verdict


@pytest.mark.parametrize("blank", [None, "", (), []])
def test_a_blank_is_unknown_and_every_comparison_with_it_is(blank: Any) -> None:
    assert evaluate(rule("name", "eq", "x"), {"name": blank}) is None
    assert evaluate(rule("tags", "not_in", ["x"]), {"tags": blank}) is None
    assert evaluate(rule("name", "is_known"), {"name": blank}) is False
    assert evaluate(rule("name", "is_unknown"), {"name": blank}) is True


def test_a_missing_field_is_unknown() -> None:
    assert evaluate(rule("amount", "gt", 1), {}) is None
    assert holds(rule("amount", "gt", 1), {}) is False
    assert holds(Not(rule("amount", "gt", 1)), {}) is False


def test_logic_is_three_valued_as_kleene_stated_it() -> None:
    yes, no = rule("amount", "gt", 0), rule("amount", "lt", 0)
    unknown = rule("name", "eq", "x")
    values = {"amount": 1}
    table = {
        (yes, yes): (True, True),
        (yes, no): (False, True),
        (yes, unknown): (None, True),
        (no, no): (False, False),
        (no, unknown): (False, None),
        (unknown, unknown): (None, None),
    }
    for (left, right), (both, either) in table.items():
        for pair in ((left, right), (right, left)):
            assert evaluate(And(pair), values) is both
            assert evaluate(Or(pair), values) is either
    assert evaluate(Not(yes), values) is False
    assert evaluate(Not(unknown), values) is None
    assert evaluate(And(()), values) is True
    assert evaluate(Or(()), values) is False


@pytest.mark.parametrize(
    ("field", "op", "value", "actual"),
    [
        ("amount", "gt", 1, "much"),
        ("amount", "gt", 1, True),
        ("name", "eq", "x", 5),
        ("size", "eq", "s", 5),
        ("vip", "eq", True, 1),
        ("due", "lt", "2026-01-01", NOON),
        ("at", "lt", "2026-01-01T00:00:00Z", datetime(2026, 1, 1)),  # noqa: DTZ001
        ("at", "lt", "2026-01-01T00:00:00Z", datetime.max.replace(tzinfo=timezone(-timedelta(hours=1)))),
        ("tags", "contains", "a", "abc"),
        ("tags", "contains", "a", (1,)),
        ("amount", "gt", 1, Decimal("NaN")),
        ("owner", "eq", 1, "1"),
        ("owner", "eq", 1, True),
        ("team", "contains", 1, ("1",)),
    ],
)
def test_a_value_of_the_wrong_type_is_an_error_not_a_verdict(field: str, op: str, value: object, actual: Any) -> None:
    with pytest.raises(BadValue, match=f"{field}|years"):
        evaluate(rule(field, op, value), {field: actual})


def test_folding_is_one_letter_to_one_letter() -> None:
    assert fold("ÀBC") == "àbc"
    assert fold("ЁЖИК ёж") == "ежик еж"
    assert fold("İΣ") == "iσ"
    assert fold("ASCII") == "ascii"


@pytest.mark.parametrize(
    ("type", "raw", "value"),
    [
        ("number", "1 200,5".replace(",", "."), Decimal("1200.5")),
        ("number", 1.1, Decimal("1.1")),
        ("money", Decimal(3), Decimal(3)),
        ("text", "x", "x"),
        ("text", "", None),
        ("date", "2026-01-31", date(2026, 1, 31)),
        ("date", date(2026, 1, 31), date(2026, 1, 31)),
        ("datetime", "2026-03-01T12:00:00+00:00", NOON),
        ("datetime", NOON, NOON),
        ("multi_choice", ["b", "a", "b"], ("b", "a")),
        ("multi_choice", "b", ("b",)),
        ("boolean", "on", True),
        ("boolean", "NO", False),
        ("boolean", True, True),
        ("number", Decimal("0E-30"), Decimal(0)),
        ("money", "12.50", Decimal("12.5")),
        ("money", "12.5000", Decimal("12.5")),
        ("reference", "42", 42),
        ("reference", 2**63 - 1, 2**63 - 1),
        ("multi_reference", ["3", 4, 3], (3, 4)),
        ("multi_reference", 5, (5,)),
        ("datetime", datetime(2026, 3, 1, 13, tzinfo=ZoneInfo("Europe/Berlin")), NOON),
    ],
)
def test_values_are_read_from_forms_and_json(type: Any, raw: object, value: object) -> None:
    assert read_value(type, raw) == value


@pytest.mark.parametrize(
    ("type", "raw"),
    [
        ("number", True),
        ("number", "12x"),
        ("number", "NaN"),
        ("number", float("inf")),
        ("number", "1e99"),
        ("number", [1]),
        ("text", 5),
        ("text", "a\x00b"),
        ("date", "31.01.2026"),
        ("date", NOON),
        ("date", 5),
        ("datetime", "2026-01-01T00:00:00"),
        ("datetime", "soon"),
        ("datetime", 5),
        ("multi_choice", {"a": 1}),
        ("multi_choice", [1]),
        ("boolean", "maybe"),
        ("boolean", 3),
        ("number", "1e-31"),
        ("money", "0.005"),
        ("text", "half \ud800"),
        ("datetime", "0001-01-01T00:00:00+03:00"),
        ("reference", 0),
        ("reference", True),
        ("reference", 1.0),
        ("reference", 2**63),
        ("reference", "x"),
        ("reference", "²"),
        ("multi_reference", [1, None]),
    ],
)
def test_values_that_do_not_fit_are_refused(type: Any, raw: object) -> None:
    with pytest.raises(BadValue, match=r"expected|NUL"):
        read_value(type, raw)


def test_a_number_with_no_end_is_refused() -> None:
    with pytest.raises(BadValue, match="expected"):
        read_value("number", 10**5_000)


def test_values_are_written_as_json() -> None:
    assert write_value(Decimal("1E+2")) == "100"
    assert write_value(NOON) == "2026-03-01T12:00:00+00:00"
    assert write_value(date(2026, 1, 2)) == "2026-01-02"
    assert write_value(("a", "b")) == ["a", "b"]
    assert write_value(True) is True


@settings(max_examples=300, deadline=None, derandomize=True)
@given(rules())
def test_every_rule_survives_json(drawn: Any) -> None:
    assert rule_from_json(rule_to_json(drawn), {}) == drawn
    assert fields_of(drawn) <= set(ALL_FIELDS)


@pytest.mark.parametrize(
    ("text", "place", "part"),
    [
        ("{", "", "not JSON"),
        ("[" * 100_000, "", "not JSON"),
        ("[]", "", "object"),
        ("{}", "", "one of the keys"),
        ('{"all": [], "any": []}', "", "one of the keys"),
        ('{"all": []}', "all", "1 to"),
        ('{"any": 5}', "any", "list"),
        ('{"all": [{"not": {"xor": 1}}]}', "all[0].not", "one of the keys"),
        ('{"field": "amount", "op": "gt", "value": 1, "extra": 1}', "extra", "not known"),
        ('{"field": null, "op": "gt"}', "field", "key of a field"),
        ('{"field": "what", "op": "gt"}', "field", "not known here"),
        ('{"field": "amount", "op": "near"}', "op", "one of"),
        ('{"field": "amount", "type": "date", "op": "gt"}', "type", "is of type money"),
        ('{"field": "amount", "type": "colour", "op": "gt"}', "type", "one of"),
        ('{"field": "amount", "op": "gt", "value": "x"}', "value", "number"),
        ('{"field": "amount", "op": "gt"}', "value", "is_unknown"),
        ('{"field": "amount", "op": "in", "value": []}', "value", "at least one"),
        ('{"field": "amount", "op": "in", "value": 5}', "value", "at least one"),
        ('{"field": "amount", "op": "contains", "value": 5}', "value", "not defined"),
        ('{"field": "amount", "op": "is_known", "value": 5}', "value", "no value"),
        ('{"field": "amount", "op": "gt", "value": [1, 2]}', "value", "number"),
        ('{"field": "vip", "op": "eq", "value": {"a": 1}}', "value", "an object with"),
        ('{"field": "size", "op": "eq", "value": "xl"}', "value", "not one of l, s"),
        ('{"field": "amount", "op": "lt", "value": NaN}', "", "not JSON"),
        ('{"field": "amount", "op": "lt", "value": {"field": "due"}}', "value", "is of type date"),
        ('{"field": "amount", "op": "lt", "value": {"field": null}}', "value", "key of a field"),
        ('{"field": "name", "op": "contains", "value": {"field": "size"}}', "value", "does not compare"),
        ('{"field": "tags", "op": "contains", "value": {"field": "tags"}}', "value", "does not compare"),
        ('{"field": "due", "op": "lt", "value": {"from_now": "soon", "unit": "day"}}', "value", "whole number"),
        ('{"field": "due", "op": "lt", "value": {"from_now": 1.5, "unit": "day"}}', "value", "whole number"),
        ('{"field": "due", "op": "within", "value": {"period": [], "unit": "day"}}', "value", "one of"),
        (
            '{"field": "due", "op": "within", "value": {"period": "last", "unit": "day", "x": 1}}',
            "value",
            "an object with",
        ),
        ('{"field": "due", "op": "in", "value": [["2026-01-01"]]}', "value", "date such as"),
        ('{"field": "due", "op": "eq", "value": "31.12.2026"}', "value", "date such as"),
        ('{"field": "due", "op": "eq", "value": "soon"}', "value", "date such as"),
        ('{"field": "due", "op": "eq", "value": "2027-02-31"}', "value", "no such day"),
        ('{"field": "due", "op": "eq", "value": "31022027"}', "value", "no such day"),
        ('{"field": "size", "op": "eq", "value": {"from_now": 1, "unit": "day"}}', "value", "plain value"),
        ('{"field": "owner", "op": "eq", "value": -1}', "value", "id of a record"),
        ('{"any": [{"field": "size", "op": "in", "value": ["s", "xl"]}]}', "any[0].value", "xl"),
    ],
)
def test_a_condition_that_cannot_be_read_names_the_place(text: str, place: str, part: str) -> None:
    with pytest.raises(RuleRefused) as caught:
        parse_rule(text, FIELDS)
    assert caught.value.place == place
    assert part in caught.value.message


STRANGE: tuple[Any, ...] = (
    None, True, 1, -1, 1.5, 10**400, "x", "", "NaN", "eq", "in", "is_known", [], {}, [1, "a"], {"field": "a"},
    {"from_now": 1, "unit": "day"}, {"period": "this", "unit": "week"}, {"period": {}, "unit": []},
)  # fmt: skip


def spoilt(data: Any, random: Random) -> Any:
    """JSON with a part here and there replaced by something else."""
    if random.random() < 0.08:
        return random.choice(STRANGE)
    if isinstance(data, dict):
        return {key if random.random() > 0.05 else "value": spoilt(value, random) for key, value in data.items()}
    return [spoilt(value, random) for value in data] if isinstance(data, list) else data


def test_spoilt_json_is_refused_or_read_and_never_breaks() -> None:
    random, read = Random(1), 0
    for _ in range(3_000):
        data = spoilt(rule_to_json(draw_rule(random)), random)
        try:
            found = parse_rule(json.dumps(data), {}) if random.random() < 0.5 else rule_from_json(data, {})
        except RuleRefused:
            continue
        assert rule_from_json(rule_to_json(found), {}) == found
        read += 1
    assert 500 < read < 2_500


def test_a_condition_nested_too_deeply_is_refused() -> None:
    data: dict[str, Any] = {"field": "amount", "op": "gt", "value": 1}
    for _ in range(30):
        data = {"not": data}
    with pytest.raises(RuleRefused, match="nested"):
        rule_from_json(data, FIELDS)


def test_a_condition_that_is_too_large_is_refused() -> None:
    leaf: dict[str, Any] = {"field": "amount", "op": "gt", "value": 1}
    with pytest.raises(RuleRefused, match="more than 2000 parts") as caught:
        rule_from_json({"all": [{"any": [leaf] * 499} for _ in range(5)]}, FIELDS)
    assert caught.value.place == "all[3].any[498]"
    with pytest.raises(RuleRefused, match="longer than"):
        parse_rule(" " * 1_000_001, FIELDS)
    with pytest.raises(BadValue, match="at most 1000 values"):
        Comparison("x", "number", "in", tuple(range(1_001)))
    with pytest.raises(BadValue, match="at most 10000 characters"):
        Comparison("x", "text", "eq", "a" * 10_001)
    with pytest.raises(BadValue, match="key of a field"):
        OtherField("")


def test_a_field_of_many_reads_the_operators_of_a_field_of_one() -> None:
    assert rule("tags", "in", ["a"]) == rule("tags", "any_of", ["a"])
    assert rule("tags", "not_in", ["a"]) == rule("tags", "none_of", ["a"])
    assert rule_to_json(rule("tags", "in", ["a"]))["op"] == "any_of"


def test_both_fields_of_a_comparison_are_looked_at() -> None:
    drawn = Not(rule("amount", "lt", {"field": "paid"}))
    assert fields_of(drawn) == {"amount", "paid"}
    assert rule_to_json(drawn)["not"]["value"] == {"field": "paid"}
    values = {"amount": 1, "paid": None}
    assert evaluate(drawn, values) is None
    assert evaluate(drawn, {"amount": 1, "paid": 1}) is True


def test_sql_carries_every_constant_as_a_parameter() -> None:
    drawn = And((rule("name", "contains", "50%_Ё"), Not(rule("tags", "not_in", ["x"])), Or(())))
    sql = rule_to_sql(drawn, {"name": "d.name", "tags": "d.tags"})
    assert sql.text == (
        "((translate(lower(NULLIF(d.name, '')), 'ё', 'е') LIKE %s)"
        " AND (NOT (NOT NULLIF(d.tags, '{}') && %s::text[])) AND FALSE)"
    )
    assert sql.params == ("%50\\%\\_е%", ["x"])
    assert rule_to_sql(And(()), {}).text == "TRUE"
    with pytest.raises(KeyError):
        rule_to_sql(drawn, {})


@pytest.mark.parametrize(
    ("drawn", "text", "params"),
    [
        (rule("name", "is_known"), "(NULLIF(x, '') IS NOT NULL)", ()),
        (rule("amount", "is_unknown"), "(x IS NULL)", ()),
        (rule("tags", "contains", "a"), "(%s::text = ANY(NULLIF(x, '{}')))", ("a",)),
        (rule("tags", "in", ["a"]), "(NULLIF(x, '{}') && %s::text[])", (["a"],)),
        (rule("size", "in", ["s"]), "(NULLIF(x, '') = ANY(%s::text[]))", (["s"],)),
        (rule("amount", "not_in", [1]), "(x <> ALL(%s::numeric[]))", ([Decimal(1)],)),
        (rule("name", "in", ["Ё"]), "(translate(lower(NULLIF(x, '')), 'ё', 'е') = ANY(%s::text[]))", (["е"],)),
        (rule("vip", "ne", True), "(x <> %s::boolean)", (True,)),
        (rule("amount", "between", [1, 2]), "(x BETWEEN %s::numeric AND %s::numeric)", (Decimal(1), Decimal(2))),
        (rule("name", "starts_with", "_"), "(translate(lower(NULLIF(x, '')), 'ё', 'е') LIKE %s)", ("\\_%",)),
        (rule("size", "eq", {"field": "size"}), "(NULLIF(x, '') = NULLIF(x, ''))", ()),
        (rule("tags", "all_of", ["a"]), "(NULLIF(x, '{}') @> %s::text[])", (["a"],)),
        (rule("tags", "not_contains", "a"), "(%s::text <> ALL(NULLIF(x, '{}')))", ("a",)),
        (rule("team", "none_of", [1]), "(NOT NULLIF(x, '{}') && %s::bigint[])", ([1],)),
        (rule("owner", "eq", 1), "(x = %s::bigint)", (1,)),
        (rule("at", "ge", NOON), "(x >= %s::timestamptz)", (NOON,)),
    ],
)
def test_each_operator_has_its_sql(drawn: Any, text: str, params: tuple[Any, ...]) -> None:
    sql = rule_to_sql(drawn, {drawn.field: "x"})
    assert (sql.text, sql.params) == (text, params)


@pytest.mark.parametrize(
    ("drawn", "english", "russian"),
    [
        (rule("amount", "gt", "1500000.5"), "Amount is more than 1,500,000.5", "Сумма больше 1\u00a0500\u00a0000,5"),
        (rule("size", "in", ["s", "l"]), "Size is one of: “small”, “large”", None),
        (rule("due", "ge", "2026-03-02"), "Due date is not before 2026-03-02", "Срок не раньше 02.03.2026"),
        (rule("at", "lt", "2026-03-01T12:00:00Z"), "Time is before 2026-03-01 12:00 +0000", None),
        (rule("vip", "eq", True), "VIP is yes", "VIP: да"),
        (rule("name", "is_unknown"), "Name is not known", "Имя: неизвестно"),
        (Not(rule("name", "contains", "x")), "not (Name contains “x”)", "неверно, что (Имя содержит «x»)"),
        (And(()), "always", "всегда"),
        (Or(()), "never", "никогда"),
        (
            And((rule("vip", "eq", False), Or((rule("name", "is_known"), rule("amount", "le", 5))))),
            "VIP is no and (Name is known or Amount is at most 5)",
            "VIP: нет и (Имя: известно или Сумма не больше 5)",
        ),
        (Comparison("custom", "text", "ne", "x"), "custom is not “x”", "custom: не «x»"),
    ],
)
def test_a_condition_reads_as_a_sentence(drawn: Any, english: str, russian: str | None) -> None:
    words = {"“small”": "small", "“large”": "large"}
    said = rule_to_sentence(drawn, FIELDS, "en")
    for quoted, plain in words.items():
        english = english.replace(quoted, plain)
    assert said == english
    if russian is not None:
        assert rule_to_sentence(drawn, FIELDS, "ru") == russian
    else:
        assert rule_to_sentence(drawn, FIELDS, "ru")
