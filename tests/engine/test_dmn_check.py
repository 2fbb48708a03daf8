"""What is wrong with tables that can be read: overlaps, gaps, rows that never answer."""

import pytest

from kniga.engine import Problem
from kniga.engine.dmn.check import check_decision
from kniga.engine.dmn.reading import read_decisions
from kniga.rules.decide import Effort
from tests.engine.decision_drawing import FIELDS, dmn, inputs, outputs, row, table


def check(*rows: tuple[str, ...], columns: tuple[str, ...] = ("deal.amount",), policy: str = "UNIQUE",
          default: str = "") -> list[Problem]:  # fmt: skip
    filled = f'<output name="o"><defaultOutputEntry><text>{default}</text></defaultOutputEntry></output>'
    output = filled if default else outputs("o")
    lines = [row(cells, ['"x"'], f'id="r{at}"') for at, cells in enumerate(rows)]
    tables = read_decisions(dmn(table(inputs(*columns), output, *lines, policy=policy)), FIELDS)
    found = check_decision(tables["t"], FIELDS)
    assert all(problem.message and problem.cure and problem.element == "t" for problem in found)
    return list(found)


def codes(problems: list[Problem]) -> list[tuple[str, str]]:
    return [(problem.code, problem.severity) for problem in problems]


def test_a_table_that_covers_everything_once_is_fine() -> None:
    assert check(("< 100",), (">= 100",), ("null",)) == []
    assert check(("-",)) == []


def test_rows_that_overlap_in_a_unique_table_are_named_with_a_witness() -> None:
    (problem,) = check(("<= 100",), (">= 100",), ("null",))
    assert (problem.code, problem.severity) == ("rows_overlap", "error")
    assert problem.params["rows"] == "1, 2"
    assert problem.params["values"] == "Amount is 100"
    (anything,) = check(("-",), ("-",))
    assert anything.params["values"] == "anything holds"
    assert codes(check(("<= 100",), (">= 100",), ("null",), policy="FIRST")) == []


def test_a_gap_is_named_with_a_witness_unless_there_is_a_default() -> None:
    (problem,) = check(("< 100",), ("> 100",), ("null",))
    assert (problem.code, problem.severity) == ("decision_gap", "warning")
    assert problem.params["values"] == "Amount is 100"
    (unknown,) = check(("< 100",), (">= 100",))
    assert unknown.params["values"] == "Amount is not known"
    assert check(("< 100",), default='"y"') == []
    assert check(("< 100",), policy="COLLECT") == []


def test_a_row_of_a_first_table_that_never_answers_is_named() -> None:
    found = check(("-",), ("> 5",), policy="FIRST")
    assert codes(found) == [("row_never_answers", "warning")]
    assert found[0].params["row"] == "2"


@pytest.mark.parametrize(
    ("policy", "more", "told"), [("FIRST", "", ["2"]), ("COLLECT", "", ["2"]), ("COLLECT", 'aggregation="COUNT"', [])]
)
def test_a_row_that_answers_nothing_is_named_unless_rows_are_counted(policy: str, more: str, told: list[str]) -> None:
    lines = [row(("> 5",), ['"x"']), row(("-",), [""])]
    xml = dmn(table(inputs("deal.amount"), outputs("o"), *lines, policy=policy, more=more))
    found = check_decision(read_decisions(xml, FIELDS)["t"], FIELDS)
    assert [(one.code, one.severity, one.params["row"]) for one in found] == [
        ("row_without_answer", "warning", number) for number in told
    ]


def test_closed_choices_are_all_there_is() -> None:
    assert check(('"a"',), ('"b"',), ("null",), columns=("client.kind",)) == []


def test_negations_overlap_where_they_are_true() -> None:
    (problem,) = check(("not(5, 6)",), ("> 5",), ("[5..6]",), policy="UNIQUE", default='"y"')[:1]
    assert problem.params["rows"] in ("1, 2", "2, 3")
    assert codes(check(("not(> 5)",), ("not(null, <= 5)",), ("null",))) == []
    assert codes(check(("not(null)",), ("null",))) == []


def test_of_many_overlaps_the_first_twenty_are_told() -> None:
    assert codes(check(*[("-",)] * 8)) == [("rows_overlap", "error")] * 20


def test_rows_that_look_for_other_values_are_told_apart() -> None:
    assert codes(check(("[1..5]",), ("[6..9]",), ("(9..12]",), ("> 12",), ("< 1",), ("null",), ("(5..6)",))) == []
    found = check(('"a"', "-"), ('"b"', "-"), ('"A"', "< 5"), columns=("client.region", "deal.amount"), default='"y"')
    assert [one.params["rows"] for one in found] == ["1, 3"]


def test_a_table_with_too_many_cases_is_said_to_be_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kniga.engine.dmn.check.Effort", lambda: Effort(5))
    for policy in ("UNIQUE", "FIRST"):
        assert codes(check(("> 1",), ("< 9",), policy=policy)) == [("decision_not_decided", "warning")]


def test_a_table_of_four_hundred_bands_is_decided() -> None:
    bands = [(f"[{at * 10}..{at * 10 + 10})",) for at in range(400)]
    assert codes(check(("< 0",), *bands, (">= 4000",), ("null",))) == []
    (gap,) = check(("< 0",), *bands[:200], *bands[201:], (">= 4000",), ("null",))
    assert (gap.code, gap.params["values"]) == ("decision_gap", "Amount is 2,000")
    (overlap,) = check(("< 0",), *bands, (">= 3990",), ("null",))
    assert (overlap.code, overlap.params["rows"]) == ("rows_overlap", "401, 402")


def test_a_table_of_many_rows_over_many_fields_ends_undecided() -> None:
    rows = [(f"< {at * 37 % 300}", f"> {at * 53 % 300}", f'"r{at % 97}"') for at in range(300)]
    found = check(*rows, columns=("deal.amount", "deal.discount", "client.region"), policy="FIRST")
    assert {problem.code for problem in found} <= {"decision_gap", "row_never_answers", "decision_not_decided"}
