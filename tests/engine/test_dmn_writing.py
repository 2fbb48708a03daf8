"""Decision tables written as DMN read back equal."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from kniga.engine import BpmnRefused
from kniga.engine.definition.decisions import DecisionOutput, DecisionRule, DecisionTable
from kniga.engine.dmn.reading import read_decisions
from kniga.engine.dmn.writing import DecisionNotWritable, feel_of, write_decisions
from kniga.rules import And, Comparison, FieldType, Not, Or, Rule, Value, evaluate
from tests.engine.decision_drawing import FIELDS, dmn, inputs, outputs, row, table

UNKNOWN = Comparison("deal.amount", "money", "is_unknown")


def one(condition: Rule) -> DecisionTable:
    return DecisionTable(
        "t", "T", "FIRST", None, ("deal.amount", "client.is_customer"), (DecisionOutput("o", "o", "text"),),
        (DecisionRule("r", condition, ("x",)),),
    )  # fmt: skip


def amount(op: str, value: object = None) -> Comparison:
    return Comparison("deal.amount", "money", op, value)  # type: ignore[arg-type]


def customer(op: str, value: bool) -> Comparison:
    return Comparison("client.is_customer", "boolean", op, value)  # type: ignore[arg-type]


def back(of: DecisionTable) -> DecisionTable:
    return read_decisions(write_decisions([of]), FIELDS)["t"]


def test_a_file_holds_all_tables_and_is_always_the_same() -> None:
    xml = dmn(table(inputs("deal.amount"), outputs("o:number"), row(["< 5"], ["1"]), policy="FIRST"))
    tables = read_decisions(xml, FIELDS)
    written = write_decisions([*tables.values(), one(And(()))])
    assert written == write_decisions([*tables.values(), one(And(()))])
    root = etree.fromstring(written)
    assert [node.get("id") for node in root] == ["t", "t"]
    assert read_decisions(write_decisions(tables.values()), FIELDS) == tables


@pytest.mark.parametrize(
    "condition",
    [
        And(()),
        And((amount("eq", 5),)),
        And((amount("in", (5, 6)), customer("eq", True))),
        And((UNKNOWN,)),
        And((amount("is_known"),)),
        And((amount("ne", 5),)),
        And((amount("not_in", (5, 6)),)),
        And((Or((UNKNOWN, amount("ne", 5))),)),
        And((Or((UNKNOWN, amount("not_in", (5, 6)))),)),
        And((And((amount("ge", 1), amount("lt", 5))),)),
        And((And((amount("gt", 1), amount("le", 5))),)),
        And((Or((UNKNOWN, amount("eq", 5), amount("lt", 1), And((amount("ge", 7), amount("le", 9))))),)),
        And((Not(amount("ge", 5)),)),
        And((Not(Or((UNKNOWN, amount("ge", 5)))),)),
        And((Or((customer("eq", True), customer("eq", False))),)),
        And((And((customer("ne", True), customer("ne", False))),)),
        And((Or((Comparison("client.is_customer", "boolean", "is_unknown"),
                 And((customer("ne", True), customer("ne", False))))),)),
    ],
)  # fmt: skip
def test_a_row_reads_back_equal(condition: Rule) -> None:
    assert back(one(condition)) == one(condition)


def test_a_row_of_another_shape_reads_back_with_the_same_meaning() -> None:
    assert back(one(amount("lt", 5))).rules[0].condition == And((amount("lt", 5),))
    assert back(one(And((Not(amount("eq", 5)),)))).rules[0].condition == And((amount("ne", 5),))
    read = back(one(And((Not(amount("in", (5, 6))),)))).rules[0].condition
    for value in (Decimal(5), Decimal(7), None):
        values = {"deal.amount": value}
        assert (evaluate(read, values) is True) == (value == Decimal(7))


@pytest.mark.parametrize(
    "condition",
    [
        And((amount("lt", 5), amount("gt", 1))),
        And((Or((amount("lt", 5), customer("eq", True))),)),
        And((Comparison("client.region", "text", "eq", "x"),)),
        And((Comparison("deal.amount", "money", "is_known"), And(()))),
        And((Or((amount("lt", 5), amount("is_known"))),)),
        And((Not(amount("ne", 5)),)),
        And((And((amount("lt", 5), amount("gt", 1))),)),
        And((And((amount("gt", 5), Not(amount("lt", 1)))),)),
        And((Or((UNKNOWN, amount("is_known"))),)),
        And((Or((UNKNOWN, Not(amount("is_known")))),)),
    ],
)  # fmt: skip
def test_a_row_that_no_table_can_hold_is_refused(condition: Rule) -> None:
    with pytest.raises(DecisionNotWritable, match="t: the row r is more than a test of each input"):
        write_decisions([one(condition)])


def test_texts_contain_in_a_cell_have_no_feel() -> None:
    text = Comparison("client.region", "text", "contains", "x")
    whole = DecisionTable("t", "T", "FIRST", None, ("client.region",), (), (DecisionRule("r", And((text,)), ()),))
    with pytest.raises(DecisionNotWritable):
        write_decisions([whole])


def test_everything_of_a_table_reads_back() -> None:
    outputs = (
        DecisionOutput("a", "Answer", "text", ("high", "low"), "low"),
        DecisionOutput("b", "b", "money", (Decimal("1.50"), Decimal(-2)), None),
        DecisionOutput("c", "c", "date", (date(2026, 3, 31),), None),
        DecisionOutput("d", "d", "boolean", (True, False, None), False),
    )
    rules = (
        DecisionRule("r", And(()), ("high", Decimal(-2), date(2026, 3, 31), True)),
        DecisionRule("s", And((UNKNOWN,)), ("low", Decimal("1.50"), date(2026, 3, 31), None)),
    )
    whole = DecisionTable("t", "T", "PRIORITY", None, ("deal.amount",), outputs, rules)
    assert back(whole) == whole
    counted = DecisionTable(
        "t", "T", "COLLECT", "COUNT", (), (DecisionOutput("n", "n", "number"),), (DecisionRule("r", And(()), ("x",)),)
    )
    assert back(counted) == counted


def test_only_single_values_can_be_written() -> None:
    assert feel_of(5) == "5"
    with pytest.raises(DecisionNotWritable):
        feel_of(("a", "b"))
    reference = DecisionOutput("o", "o", cast("FieldType", "reference"))
    with pytest.raises(DecisionNotWritable, match="no values of the type reference"):
        write_decisions([DecisionTable("t", "T", "FIRST", None, (), (reference,), ())])


NUMBERS = st.decimals(min_value=-(10**6), max_value=10**6, places=2)
_SIGNS = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))
TEXTS = st.text(_SIGNS, min_size=1, max_size=20).filter(str.strip)
MOMENTS = st.integers(0, 10**9).map(lambda seconds: datetime(1990, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))
DATES = st.integers(0, 40_000).map(lambda days: date(1990, 1, 1) + timedelta(days=days))
VALUES: dict[FieldType, st.SearchStrategy[Value]] = {
    "money": NUMBERS, "number": NUMBERS, "text": TEXTS, "boolean": st.booleans(), "date": DATES, "datetime": MOMENTS,
}  # fmt: skip
COLUMNS: tuple[tuple[str, FieldType], ...] = (
    ("deal.amount", "money"), ("deal.discount", "number"), ("client.region", "text"),
    ("client.is_customer", "boolean"), ("deal.expected_date", "date"), ("deal.met_at", "datetime"),
)  # fmt: skip


@st.composite
def cells(draw: st.DrawFn, type: FieldType) -> str:
    """The text of a cell."""
    literal = VALUES[type].map(feel_of)
    kinds = ["any", "literals"] if type in ("text", "boolean") else ["any", "literals", "signs", "range"]
    kind = draw(st.sampled_from(kinds))
    if kind == "any":
        return "-"
    if kind == "signs":
        inside = f"{draw(st.sampled_from(['<', '<=', '>', '>=']))} {draw(literal)}"
    elif kind == "range":
        inside = f"{draw(st.sampled_from('[(]'))}{draw(literal)}..{draw(literal)}{draw(st.sampled_from('])['))}"
    else:
        inside = ", ".join(draw(st.lists(st.one_of(literal, st.just("null")), min_size=1, max_size=4)))
    return f"not({inside})" if draw(st.booleans()) else inside


# How fast the machine draws examples says nothing of the tables.
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_table_that_is_read_is_written_and_reads_back_equal(data: st.DataObject) -> None:
    rows = [
        row([data.draw(cells(type)) for _, type in COLUMNS], [data.draw(VALUES["text"].map(feel_of))])
        for _ in range(data.draw(st.integers(1, 4)))
    ]
    xml = dmn(table(inputs(*(key for key, _ in COLUMNS)), outputs("o:string"), *rows, policy="FIRST"))
    read = read_decisions(xml, FIELDS)
    assert read_decisions(write_decisions(read.values()), FIELDS) == read


@pytest.mark.shared_data("spiffworkflow_bpmn")
def test_tables_nobody_here_drew_read_back_equal(shared_data: Path) -> None:
    count = 0
    for path in sorted((shared_data / "spiffworkflow_bpmn").rglob("*.dmn")):
        try:
            tables = read_decisions(path.read_bytes(), FIELDS)
        except BpmnRefused:
            continue
        assert read_decisions(write_decisions(tables.values()), FIELDS) == tables
        count += len(tables)
    assert count == 6
