"""What conditions can do together: gaps, overlaps, conditions that can never be true. Every yes has its witness."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import combinations, product
from random import Random
from typing import Any

import pytest

from kniga.rules import (
    And,
    BadValue,
    Comparison,
    FieldType,
    FromNow,
    Not,
    Or,
    OtherField,
    Period,
    Rule,
    evaluate,
    holds,
    is_relative,
)
from kniga.rules.decide import (
    MAX_SAMPLES,
    Decision,
    Effort,
    Given,
    all_false,
    both,
    covers,
    equivalent,
    first_true,
    implies,
    overlaps,
    samples,
    satisfiable,
    truths,
)
from kniga.rules.fields import LISTS, OPERATORS_OF, ORDER, SAME, is_many
from tests.engine.random_rules import ALL_FIELDS, BERLIN, NOW, draw_rule
from tests.engine.test_rules import rule

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("conditions", "covered"),
    [
        ([rule("amount", "gt", 5), rule("amount", "le", 5)], False),
        ([rule("amount", "gt", 5), rule("amount", "le", 5), rule("amount", "is_unknown")], True),
        ([rule("amount", "gt", 5), rule("amount", "lt", 5), rule("amount", "is_unknown")], False),
        ([rule("amount", "le", 5), rule("amount", "ge", 6), rule("amount", "is_unknown")], False),
        ([rule("vip", "eq", True), rule("vip", "ne", True), rule("vip", "is_unknown")], True),
        ([rule("due", "le", "2026-01-01"), rule("due", "gt", "2026-01-01"), rule("due", "is_unknown")], True),
        ([rule("due", "lt", "2026-01-01"), rule("due", "gt", "2026-01-01"), rule("due", "is_unknown")], False),
        ([rule("at", "lt", "2026-01-01T00:00:00Z"), rule("at", "is_unknown")], False),
        ([rule("name", "eq", "x"), rule("name", "ne", "x"), rule("name", "is_unknown")], True),
        ([rule("name", "contains", "x"), rule("name", "is_unknown")], False),
        ([rule("tags", "in", ["a"]), rule("tags", "not_in", ["a"]), rule("tags", "is_unknown")], True),
        ([rule("tags", "contains", "a"), rule("tags", "contains", "b"), rule("tags", "is_unknown")], False),
        ([rule("size", "in", ["s", "l"]), rule("size", "is_unknown")], True),
        ([rule("size", "eq", "s"), rule("size", "is_unknown")], False),
    ],
)
def test_gaps_between_conditions_are_decided_with_a_witness(conditions: list[Any], covered: bool) -> None:
    reached, gap = first_true(conditions, {}, {"size": ("s", "l")})
    assert (gap is None) is covered
    assert reached == set(range(len(conditions)))
    if gap is not None:
        assert not any(holds(condition, gap) for condition in conditions)


def test_a_condition_that_is_never_the_first_true_one_is_found() -> None:
    reached, _ = first_true([rule("amount", "gt", 5), rule("amount", "gt", 6)], {}, {})
    assert reached == {0}


def test_many_choices_are_decided_all_the_same() -> None:
    keys = tuple(f"k{number}" for number in range(30))
    wide = And(tuple(Comparison(f"f{n}", "multi_choice", "any_of", keys) for n in range(6)))
    reached, gap = first_true([wide], {}, {})
    assert reached == {0} and gap is not None and not holds(wide, gap)
    sure = Or((Comparison("f0", "multi_choice", "is_unknown"), Comparison("f0", "multi_choice", "is_known")))
    assert first_true([sure, wide], {}, {}) == ({0}, None)


def test_given_values_and_closed_choices_narrow_what_can_be() -> None:
    small, large = rule("size", "eq", "s"), rule("size", "eq", "l")
    assert covers([small, large, rule("size", "is_unknown")]).answer == "no"
    assert covers([small, large, rule("size", "is_unknown")], Given(choices={"size": ("s", "l")})).answer == "yes"
    assert covers([small], Given({"size": "s"})).answer == "yes"
    assert covers([small], Given({"size": None})) == Decision("no", {"size": None})
    assert satisfiable(rule("size", "eq", "l"), Given(choices={"size": ("s",)})).answer == "no"
    tags = Given({"tags": ("a",), "name": "Ёж"})
    assert covers([rule("tags", "contains", "a")], tags).answer == "yes"
    assert satisfiable(rule("name", "starts_with", "еж"), tags).answer == "yes"
    assert satisfiable(rule("name", "ends_with", "к"), tags).answer == "no"
    closed = Given(choices={"tags": ("a", "b")})
    every = [rule("tags", "contains", "a"), rule("tags", "contains", "b"), rule("tags", "is_unknown")]
    assert covers(every, closed).answer == "yes"
    assert covers(every).witness == {"tags": ("other",)}
    assert satisfiable(rule("tags", "contains", "c"), closed).answer == "no"


def test_money_comes_in_hundredths_and_numbers_do_not() -> None:
    for type, answer in (("money", "yes"), ("number", "no")):
        low = Comparison("x", type, "le", Decimal("100.00"))
        high = Comparison("x", type, "ge", Decimal("100.01"))
        decision = covers([low, high, Comparison("x", type, "is_unknown")])
        assert decision.answer == answer
        if decision.witness is not None:
            assert Decimal("100") < decision.witness["x"] < Decimal("100.01")  # type: ignore[operator]


def test_an_amount_given_in_less_than_hundredths_is_no_amount_of_another_field() -> None:
    same = Comparison("paid", "money", "eq", OtherField("amount"))
    assert satisfiable(same, Given({"amount": Decimal("0.01")})).answer == "yes"
    assert satisfiable(same, Given({"amount": Decimal("0.005")})).answer == "no"


def test_days_and_microseconds_leave_no_room_between_neighbours() -> None:
    between = [rule("due", "le", "2026-01-01"), rule("due", "ge", "2026-01-02"), rule("due", "is_unknown")]
    assert covers(between).answer == "yes"
    moments = [
        rule("at", "le", "2026-01-01T00:00:00Z"),
        rule("at", "ge", "2026-01-01T00:00:00.000001Z"),
        rule("at", "is_unknown"),
    ]
    assert covers(moments).answer == "yes"
    moments[1] = rule("at", "ge", "2026-01-01T00:00:00.000002Z")
    assert covers(moments).answer == "no"


@pytest.mark.parametrize(
    ("one", "other", "possible"),
    [
        (("starts_with", "ab"), ("starts_with", "ac"), "no"),
        (("starts_with", "ab"), ("starts_with", "a"), "yes"),
        (("starts_with", "ab"), ("not_contains", "b"), "no"),
        (("starts_with", "a"), ("ends_with", "b"), "yes"),
        (("contains", "abc"), ("not_contains", "b"), "no"),
        (("contains", "abc"), ("not_contains", "d"), "yes"),
        (("eq", "abc"), ("contains", "b"), "yes"),
        (("eq", "abc"), ("ends_with", "b"), "no"),
        (("in", ["abc", "x"]), ("not_contains", "B"), "yes"),
        (("contains", "Ё"), ("not_contains", "е"), "no"),
        (("is_unknown", None), ("not_contains", "b"), "no"),
    ],
)
def test_texts_are_decided_by_their_parts(one: Any, other: Any, possible: str) -> None:
    decision = both(rule("name", *one), rule("name", *other))
    assert decision.answer == possible
    if decision.witness is not None:
        assert holds(rule("name", *one), decision.witness) and holds(rule("name", *other), decision.witness)


def test_fields_are_compared_with_each_other() -> None:
    less = Comparison("a", "number", "lt", OtherField("b"))
    more = Comparison("b", "number", "lt", OtherField("c"))
    back = Comparison("c", "number", "lt", OtherField("a"))
    assert satisfiable(And((less, more))).answer == "yes"
    assert satisfiable(And((less, more, back))).answer == "no"
    assert implies(And((less, more)), Comparison("a", "number", "lt", OtherField("c"))).answer == "yes"
    assert satisfiable(Comparison("a", "number", "ne", OtherField("a"))).answer == "no"
    paid = Comparison("paid", "money", "lt", OtherField("amount"))
    given = Given({"amount": Decimal("0.01")})
    assert implies(paid, Comparison("paid", "money", "le", 0), given).answer == "yes"
    assert both(paid, Comparison("paid", "money", "gt", 0), given).answer == "no"


def test_texts_compared_with_each_other_may_be_asked_for_parts() -> None:
    same = Comparison("a", "text", "eq", OtherField("b"))
    begins, has = Comparison("a", "text", "starts_with", "x"), Comparison("b", "text", "contains", "x")
    assert satisfiable(And((same, begins, Not(has)))).answer == "no"
    assert satisfiable(And((Not(same), begins, has))).answer == "yes"
    many = And((same, *(Comparison("a", "text", "contains", f"p{n}") for n in range(9))))
    assert satisfiable(many).answer == "not_decided"


def test_what_is_beyond_the_bounds_is_not_decided() -> None:
    chain = And(tuple(Comparison(f"f{n}", "number", "lt", OtherField(f"f{n + 1}")) for n in range(8)))
    decision = satisfiable(chain)
    assert (decision.answer, decision.is_decided, decision.witness) == ("not_decided", False, None)
    assert "cells" in decision.why
    assert equivalent(chain, chain).answer == "not_decided"
    assert first_true([chain, rule("amount", "gt", 5)], {}, {}) == ({0, 1}, {})
    assert [found.decision.answer for found in overlaps([chain, chain])] == ["not_decided"]
    torn = Or((Comparison("x", "text", "eq", "1"), Comparison("x", "number", "eq", 1)))
    assert "more than one type" in satisfiable(torn).why


def test_what_takes_too_many_steps_is_not_decided_and_counts_as_possible() -> None:
    bands = [rule("amount", "between", [at * 10, at * 10 + 9]) for at in range(50)]
    assert first_true(bands, {}, {}, Effort(100)) == (frozenset(range(50)), {})
    assert [one.decision.answer for one in overlaps(bands[:3], effort=Effort(1))] == ["not_decided"] * 3
    assert truths(bands, effort=Effort(100)) is None
    whole = Effort(5)
    assert truths(bands, effort=Effort(within=whole)) is None
    assert truths(bands[:1], effort=Effort(within=whole)) is None, "what is spent is spent"
    assert covers(bands, effort=Effort(100)).why == "too many steps would be needed"


def test_a_value_that_cannot_be_chosen_is_never_met() -> None:
    given = Given(choices={"tags": ("a", "b")})
    met = [Comparison("tags", "multi_choice", "any_of", items) for items in (("a", "gone"), ("gone",))]
    assert truths(met, given) == {(True, False), (False, False)}


def test_large_spaces_are_searched_and_tell_the_same_as_small_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(40):
        rules = [draw_rule(Random(seed * 7 + at), 2) for at in range(4)]
        if any(is_relative(one) for one in rules):
            continue
        small = (first_true(rules, {}, {}), truths(rules), overlaps(rules))
        with monkeypatch.context() as patched:
            patched.setattr("kniga.rules.decide.grid.MOST_BITS", 0)
            large = (first_true(rules, {}, {}), truths(rules), overlaps(rules))
        assert small[0][0] == large[0][0] and (small[0][1] is None) == (large[0][1] is None)
        assert small[1] == large[1]
        assert [(one.first, one.second) for one in small[2]] == [(one.first, one.second) for one in large[2]]
        for pair in small[2]:
            assert pair.decision.witness is not None
            assert holds(rules[pair.first], pair.decision.witness) and holds(rules[pair.second], pair.decision.witness)


def test_a_search_that_takes_too_long_ends() -> None:
    """Pigeons and holes: 9 fields, each one of 8 keys, all different; every search of this kind is long."""
    pairs = [
        Not(And((Comparison(f"f{i}", "choice", "eq", f"k{hole}"), Comparison(f"f{j}", "choice", "eq", f"k{hole}"))))
        for i, j in combinations(range(9), 2)
        for hole in range(8)
    ]
    keys = tuple(f"k{hole}" for hole in range(8))
    placed = [Comparison(f"f{n}", "choice", "in", keys) for n in range(9)]
    decision = satisfiable(And((*placed, *pairs)), Given(choices={f"f{n}": keys for n in range(9)}))
    assert decision.answer == "not_decided" and "steps" in decision.why


def test_equivalence_and_implication_have_counter_examples() -> None:
    over, at_least = rule("amount", "gt", 5), rule("amount", "ge", 5)
    assert implies(over, at_least).answer == "yes"
    assert implies(at_least, over) == Decision("no", {"amount": Decimal(5)})
    assert equivalent(over, at_least).witness == {"amount": Decimal(5)}
    assert equivalent(over, Not(rule("amount", "le", 5))).answer == "yes"
    assert all_false([over, at_least]).answer == "yes"
    assert all_false([over, rule("amount", "le", 5)]).answer == "no"
    assert covers([over, rule("amount", "le", 5)]).witness == {"amount": None}
    assert covers([]).answer == "no"
    assert covers([And(())]).answer == "yes"
    assert satisfiable(Or(())).answer == "no"


def moving(op: str, *value: Any, type: FieldType = "date") -> Comparison:
    return Comparison("due", type, op, value[0] if len(value) == 1 else value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rules", "answer"),
    [
        ([moving("lt", FromNow(0)), moving("ge", FromNow(0))], "yes"),
        ([moving("lt", FromNow(0)), moving("gt", FromNow(0))], "no"),
        ([moving("lt", FromNow(0)), moving("gt", FromNow(-1))], "yes"),
        ([moving("within", Period("this", "day")), moving("ne", FromNow(0))], "yes"),
        ([moving("within", Period("last", "week")), moving("le", FromNow(-7)), moving("gt", FromNow(0))], "yes"),
        ([moving("within", Period("this", "month")), moving("not_within", Period("this", "month"))], "yes"),
        ([moving("within", Period("this", "month")), moving("within", Period("next", "month"))], "no"),
        # Whether these leave a gap depends on the day, so a moment is found at which they do.
        ([moving("lt", FromNow(0)), moving("ge", date(2026, 1, 1))], "no"),
        ([moving("within", Period("this", "week")), moving("lt", FromNow(0)), moving("gt", FromNow(6))], "no"),
        ([moving("lt", FromNow(1)), moving("ge", FromNow(1, "month"))], "no"),
        ([moving("ge", FromNow(0)), moving("lt", FromNow(1, "month"))], "yes"),
        ([moving("not_within", Period("this", "week")), moving("ge", FromNow(-6))], "yes?"),
        ([moving("within", Period("last", "week")), moving("lt", FromNow(0)), moving("gt", FromNow(0))], "yes"),
        ([moving("within", Period("this", "week")), moving("lt", FromNow(0)), moving("gt", FromNow(0))], "yes?"),
        (
            [
                moving("within", Period("this", "day"), type="datetime"),
                moving("not_within", Period("this", "day"), type="datetime"),
            ],
            "yes",
        ),
        ([moving("lt", FromNow(-1, "hour"), type="datetime"), moving("ge", FromNow(0), type="datetime")], "no"),
        ([moving("lt", FromNow(0), type="datetime"), moving("ge", FromNow(0, "hour"), type="datetime")], "yes"),
    ],
)
def test_dates_that_move_are_decided_for_every_moment(rules: list[Rule], answer: str) -> None:
    decision = covers([*rules, Comparison(rules[0].field, rules[0].type, "is_unknown")])  # type: ignore[union-attr]
    if answer == "yes?":
        assert decision.answer == "not_decided" and "move" in decision.why
        return
    assert decision.answer == answer
    if decision.witness is not None:
        assert decision.now is not None
        assert not any(holds(one, decision.witness, now=decision.now) for one in rules)


def test_dates_that_move_are_decided_for_one_moment() -> None:
    rules = [moving("within", Period("this", "week")), moving("lt", FromNow(0)), moving("gt", FromNow(6))]
    rules.append(moving("is_unknown", None))
    sunday = datetime(2026, 10, 25, 12, tzinfo=BERLIN)
    assert covers(rules, Given(now=sunday - 6 * DAY)).answer == "yes"
    gap = covers(rules, Given(now=sunday, zone=UTC))
    assert gap.witness == {"due": date(2026, 10, 26)}
    assert covers(rules[:2], Given({"due": date(2026, 10, 24)}, now=sunday)).answer == "yes"
    assert covers(rules[:2], Given({"due": date(2026, 10, 24)})).answer == "no"
    with pytest.raises(BadValue, match="offset"):
        covers(rules, Given(now=datetime(2026, 1, 1)))  # noqa: DTZ001


def test_moving_dates_beside_other_fields_are_tried_at_some_moments() -> None:
    other = Comparison("due", "date", "lt", OtherField("done"))
    assert satisfiable(And((other, moving("ge", FromNow(0))))).answer == "yes"
    never = And((other, Comparison("done", "date", "lt", OtherField("due")), moving("ge", FromNow(0))))
    assert satisfiable(never).answer == "not_decided"
    edge = And((moving("lt", FromNow(0)), moving("gt", date(9999, 12, 30))))
    assert satisfiable(edge).answer == "not_decided"
    at = Comparison("at", "datetime", "gt", datetime(2030, 1, 1, tzinfo=UTC))
    before = Comparison("at", "datetime", "lt", FromNow(0))
    assert satisfiable(And((at, before))).now > datetime(2030, 1, 1, tzinfo=UTC)  # type: ignore[operator]


def test_values_at_the_ends_of_the_calendar_are_met() -> None:
    first, last = Comparison("d", "date", "eq", date.min), Comparison("d", "date", "eq", date.max)
    assert [found.decision.answer for found in overlaps([first, last])] == []
    rest = Comparison("d", "date", "is_unknown")
    inner = Comparison("d", "date", "between", (date(1, 1, 2), date(9999, 12, 30)))
    assert covers([first, last, rest, inner]).answer == "yes"
    moment = Comparison("e", "datetime", "ge", datetime.min.replace(tzinfo=UTC))
    assert covers([moment, Comparison("e", "datetime", "is_unknown")]).answer == "yes"


# Compared with brute force: what is found holds, and where nothing is found, nothing in these domains does either.

SMALL: dict[str, FieldType] = {
    "t": "text", "u": "text", "n": "number", "m": "number", "c": "money", "d": "date", "k": "choice",
    "g": "multi_choice", "b": "boolean", "r": "reference", "x": "date",
}  # fmt: skip
_STRINGS = ["".join(letters) for size in range(1, 5) for letters in product("ab·", repeat=size)]
DOMAINS: dict[FieldType, list[Any]] = {
    "text": [None, *_STRINGS],
    "number": [None, *(Decimal(quarter) / 4 for quarter in range(-5, 14))],
    "money": [None, *(Decimal(cents) / 100 for cents in range(-2, 7))],
    "date": [None, *(date(2026, 10, 20) + DAY * days for days in range(12))],
    "choice": [None, "x", "y", "z", "w"],
    "multi_choice": [None, *(keys for size in range(1, 5) for keys in combinations("xyzw", size))],
    "boolean": [None, True, False],
    "reference": [None, 1, 2, 3, 4],
}


def small_value(random: Random, type: FieldType) -> Any:
    if type == "text":
        return "".join(random.choices("ab", k=random.randint(1, 2)))
    if type == "number":
        return Decimal(random.randint(0, 2))
    if type == "money":
        return Decimal(random.randint(0, 4)) / 100
    if type == "date":
        return FromNow(random.randint(-2, 2)) if random.random() < 0.3 else date(2026, 10, random.randint(23, 28))
    if type == "boolean":
        return random.random() < 0.5
    return random.randint(1, 3) if type == "reference" else random.choice("xyz")


def small_comparison(random: Random, fields: Sequence[str]) -> Comparison:
    field = random.choice(fields)
    type = SMALL[field]
    op = random.choice(sorted(OPERATORS_OF[type]))
    twins = [key for key in fields if SMALL[key] == type and key != field and not is_many(type)]
    if op in ("is_known", "is_unknown"):
        return Comparison(field, type, op)
    if op in ("within", "not_within"):
        return Comparison(field, type, op, Period("last", "day", random.randint(1, 3)))
    if op in LISTS:
        return Comparison(field, type, op, tuple(small_value(random, type) for _ in range(random.randint(1, 2))))
    if op == "between":
        low = random.randint(0, 2)
        day = date(2026, 10, 24)
        ends: Any = (day, day + DAY * low) if type == "date" else (Decimal(low) / 100, Decimal(low + 1) / 100)
        return Comparison(field, type, op, ends)
    if twins and op in SAME | ORDER and random.random() < 0.5:
        return Comparison(field, type, op, OtherField(random.choice(twins)))
    return Comparison(field, type, op, small_value(random, type))


def small_rule(random: Random, fields: Sequence[str], depth: int = 2) -> Rule:
    kind = random.random()
    if depth == 0 or kind < 0.3:
        return small_comparison(random, fields)
    if kind < 0.45:
        return Not(small_rule(random, fields, depth - 1))
    terms = tuple(small_rule(random, fields, depth - 1) for _ in range(random.randint(1, 3)))
    return And(terms) if kind < 0.75 else Or(terms)


def brute_force(fields: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    for row in product(*(DOMAINS[SMALL[field]] for field in fields)):
        yield dict(zip(fields, row, strict=True))


QUESTIONS = ("satisfiable", "both", "all_false", "gap", "differs")


def shows(question: str, verdicts: Sequence[bool | None]) -> bool:
    """Whether a record on which two conditions have these verdicts shows what a question asks about."""
    one, other = verdicts
    return {
        "satisfiable": one is True,
        "both": one is True and other is True,
        "all_false": one is False and other is False,
        "gap": one is not True and other is not True,
        "differs": one is True and other is not True,
    }[question]


def asked(question: str, one: Rule, other: Rule, given: Given) -> tuple[Decision, str]:
    """The decision, and the answer with which it must have a witness."""
    if question == "satisfiable":
        return satisfiable(one, given), "yes"
    if question == "both":
        return both(one, other, given), "yes"
    if question == "all_false":
        return all_false([one, other], given), "yes"
    return (covers([one, other], given) if question == "gap" else implies(one, other, given)), "no"


def test_decisions_agree_with_brute_force() -> None:
    random, now = Random(3), datetime(2026, 10, 25, 9, tzinfo=UTC)
    groups = ("t", "t", "nm", "c", "d", "dx", "k", "g", "b", "r", "tb", "kg", "nb", "cr", "gb", "tk", "nkb")
    answers = set()
    for number in range(1_200):
        fields = random.choice(groups)
        one, other = small_rule(random, fields), small_rule(random, fields)
        question = QUESTIONS[number % len(QUESTIONS)]
        decision, with_witness = asked(question, one, other, Given(now=now))
        assert decision.is_decided
        answers.add((question, decision.answer))
        if decision.answer == with_witness:
            assert decision.witness is not None
            assert shows(question, [evaluate(it, decision.witness, now=now) for it in (one, other)]), (one, other)
        else:
            assert decision.witness is None
            for record in brute_force(fields):
                verdicts = [evaluate(it, record, now=now) for it in (one, other)]
                assert not shows(question, verdicts), (question, one, other, record)
    assert len(answers) == 2 * len(QUESTIONS)


def test_two_texts_compared_agree_with_brute_force() -> None:
    random = Random(11)
    strings: list[Any] = [None, *(text for text in _STRINGS if len(text) < 4)]
    for _ in range(60):
        one, other = small_rule(random, "tu"), small_rule(random, "tu")
        decision = both(one, other)
        if decision.answer == "yes":
            assert holds(And((one, other)), decision.witness or {})
        else:
            assert decision.answer == "no"
            assert not any(holds(And((one, other)), {"t": t, "u": u}) for t, u in product(strings, strings))


def test_every_witness_of_random_conditions_is_true() -> None:
    random, decided = Random(5), 0
    for _ in range(600):
        one, other = draw_rule(random), draw_rule(random)
        decision = both(one, other, Given(now=NOW))
        if decision.answer == "yes":
            assert holds(one, decision.witness or {}, now=NOW) and holds(other, decision.witness or {}, now=NOW)
        floating = both(one, other)
        if floating.answer == "yes":
            assert floating.witness is not None
            assert holds(And((one, other)), floating.witness, now=floating.now)
        if decision.answer == "yes":
            assert floating.answer != "no"
        decided += decision.is_decided
    assert decided == 600
    assert set(ALL_FIELDS)


def test_truths_together_agree_with_brute_force() -> None:
    random, now, unsure = Random(13), datetime(2026, 10, 25, 9, tzinfo=UTC), 0
    for _ in range(150):
        fields = random.choice(("c", "kb", "d", "nm", "gb", "r", "t"))
        rules = [small_rule(random, fields) for _ in range(random.randint(1, 4))]
        found = truths(rules, Given(now=now))
        records = brute_force(fields)
        seen = {tuple(holds(one, record, now=now) for one in rules) for record in records}
        assert found is not None and found >= seen
        floating = truths(rules)
        unsure += floating is None
        if floating is not None and not any(map(is_relative, rules)):
            told = {tuple(holds(one, record) for one in rules) for record in samples(rules, {}, {})}
            assert floating == found == told
    assert 0 < unsure < 30


def test_too_many_truths_are_not_decided() -> None:
    ten = [Comparison(f"b{number}", "boolean", "eq", True) for number in range(11)]
    assert len(truths(ten[:10]) or ()) == 1_024
    assert truths(ten) is None
    assert len(list(samples(ten, {}, {}))) == MAX_SAMPLES
    chain = And(tuple(Comparison(f"f{n}", "number", "lt", OtherField(f"f{n + 1}")) for n in range(8)))
    assert truths([chain]) is None
    assert len(list(samples([chain], {"a": 1}, {}))) == MAX_SAMPLES
    assert truths([]) == {()}


def table(random: Random, size: int) -> list[Rule]:
    """A table of conditions over five fields that is whole: a box is cut in two until there are enough."""
    boxes: list[list[tuple[int, int]]] = [[(0, 1_000)] * 5]
    while len(boxes) < size:
        box = boxes.pop(random.randrange(len(boxes)))
        axis = random.randrange(5)
        low, high = box[axis]
        if high - low < 2:
            boxes.append(box)
            continue
        cut = random.randint(low + 1, high - 1)
        boxes += [[*box[:axis], (low, cut), *box[axis + 1 :]], [*box[:axis], (cut, high), *box[axis + 1 :]]]
    return [And(tuple(term for axis, ends in enumerate(box) for term in _side(axis, *ends))) for box in boxes]


def _side(axis: int, low: int, high: int) -> Iterator[Rule]:
    yield Comparison(f"n{axis}", "number", "is_known")
    if low:
        yield Comparison(f"n{axis}", "number", "ge", low)
    if high < 1_000:
        yield Comparison(f"n{axis}", "number", "lt", high)


def test_tables_of_fifty_conditions_over_five_fields_are_decided() -> None:
    blank: Rule = Or(tuple(Comparison(f"n{axis}", "number", "is_unknown") for axis in range(5)))
    for seed in range(3):
        rules = table(Random(seed), 50)
        assert covers([*rules, blank]).answer == "yes"
        assert overlaps(rules) == []
        gap = covers([*rules[:20], *rules[21:], blank])
        assert gap.witness is not None and holds(rules[20], gap.witness)
