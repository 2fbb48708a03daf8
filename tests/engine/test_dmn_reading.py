"""Decision tables as DMN files: what is read, and what is refused by its name."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from kniga.engine import BpmnRefused
from kniga.engine.definition.decisions import DecisionOutput, DecisionRule, DecisionTable
from kniga.engine.dmn.feel import MAX_TEXT, BadFeel, read_literals, read_unary_tests
from kniga.engine.dmn.reading import read_decisions
from kniga.rules import And, Comparison, Not, Or, Rule, holds
from tests.engine.decision_drawing import FIELDS, codes, dmn, entry, inputs, outputs, problems, row, table

MARCH = datetime(2026, 3, 31, 10, tzinfo=UTC)


def condition(field: str, cell: str) -> Rule:
    """The condition of a table's only cell."""
    read = read_decisions(dmn(table(inputs(field), outputs("o"), row([cell], ['"x"']))), FIELDS)
    rule = read["t"].rules[0].condition
    assert isinstance(rule, And)
    assert len(rule.terms) == 1
    return rule.terms[0]


def only(xml: bytes) -> str:
    found = codes(xml)
    assert len(found) == 1, found
    return found[0]


def one(cell: str, field: str = "deal.amount") -> bytes:
    return dmn(table(inputs(field), outputs("o:string"), row([cell], ['"x"'])))


def amount(op: str, value: object) -> Comparison:
    return Comparison("deal.amount", "money", op, value)  # type: ignore[arg-type]


def test_a_table_is_read_whole() -> None:
    xml = dmn(
        table(
            inputs("deal.amount", "client.region"),
            outputs("rate:number", "who:string"),
            row(["< 100", "-"], ["5", '"lead"'], 'id="r1"'),
            row([">= 100", '"Tver", "Omsk"'], ["7.5", "null"]),
        ),
        name="Rate",
    )
    assert read_decisions(xml, FIELDS) == {
        "t": DecisionTable(
            "t", "Rate", "UNIQUE", None, ("deal.amount", "client.region"),
            (DecisionOutput("rate", "rate", "number"), DecisionOutput("who", "who", "text")),
            (
                DecisionRule("r1", And((amount("lt", 100),)), (Decimal(5), "lead")),
                DecisionRule("2", And((
                    amount("ge", 100), Comparison("client.region", "text", "in", ("Tver", "Omsk")),
                )), (Decimal("7.5"), None)),
            ),
        )
    }  # fmt: skip


@pytest.mark.parametrize(
    ("field", "cell", "expected"),
    [
        ("deal.amount", "5", amount("eq", 5)),
        ("deal.amount", "-5.50", amount("eq", Decimal("-5.50"))),
        ("deal.amount", "1, 2,3", amount("in", (1, 2, 3))),
        ("deal.amount", "< 5", amount("lt", 5)),
        ("deal.amount", "<=5", amount("le", 5)),
        ("deal.amount", "> .5", amount("gt", Decimal(".5"))),
        ("deal.amount", ">=5", amount("ge", 5)),
        ("deal.amount", "[1..5]", And((amount("ge", 1), amount("le", 5)))),
        ("deal.amount", "(1..5)", And((amount("gt", 1), amount("lt", 5)))),
        ("deal.amount", "]1..5[", And((amount("gt", 1), amount("lt", 5)))),
        ("deal.amount", "null", amount("is_unknown", None)),
        ("deal.amount", "null, 5, > 7", Or((amount("is_unknown", None), amount("eq", 5), amount("gt", 7)))),
        ("deal.amount", "not(5)", Or((amount("is_unknown", None), amount("ne", 5)))),
        ("deal.amount", "not(1, 2)", Or((amount("is_unknown", None), amount("not_in", (1, 2))))),
        ("deal.amount", "not(null)", amount("is_known", None)),
        ("deal.amount", "not(null, 5)", amount("ne", 5)),
        ("deal.amount", "not(> 5)", Not(amount("gt", 5))),
        ("deal.amount", "not(null, > 5)", Not(Or((amount("is_unknown", None), amount("gt", 5))))),
        ("client.is_customer", "true", Comparison("client.is_customer", "boolean", "eq", True)),
        ("client.is_customer", "true, false", Or((
            Comparison("client.is_customer", "boolean", "eq", True),
            Comparison("client.is_customer", "boolean", "eq", False),
        ))),
        ("client.is_customer", "not(null, true, false)", And((
            Comparison("client.is_customer", "boolean", "ne", True),
            Comparison("client.is_customer", "boolean", "ne", False),
        ))),
        ("client.kind", '"a"', Comparison("client.kind", "choice", "eq", "a")),
        ("client.region", '""', Comparison("client.region", "text", "is_unknown")),
        ("client.region", r'"\"\\\n\u0451\U01F4A3"', Comparison("client.region", "text", "eq", '"\\\nё\U0001f4a3')),
        ("deal.expected_date", 'date("2026-03-31")', Comparison(
            "deal.expected_date", "date", "eq", date(2026, 3, 31)
        )),
        ("deal.expected_date", '> @"2026-03-31"', Comparison("deal.expected_date", "date", "gt", date(2026, 3, 31))),
        ("deal.met_at", '< date and time("2026-03-31T13:00:00+03:00")', Comparison(
            "deal.met_at", "datetime", "lt", MARCH
        )),
        ("deal.met_at", '@"2026-03-31T10:00:00+00:00"', Comparison("deal.met_at", "datetime", "eq", MARCH)),
        ("note:string", '"x"', Comparison("answer.note", "text", "eq", "x")),
        ("note:feel:string", '"x"', Comparison("answer.note", "text", "eq", "x")),
        ("answer.note", '"x"', Comparison("answer.note", "text", "eq", "x")),
    ],
)  # fmt: skip
def test_a_cell_becomes_a_condition(field: str, cell: str, expected: Rule) -> None:
    assert condition(field, cell) == expected


@pytest.mark.parametrize("cell", ["-", "", " – "])
def test_a_dash_and_an_empty_cell_mean_anything(cell: str) -> None:
    read = read_decisions(one(cell), FIELDS)["t"].rules[0].condition
    assert read == And(())
    assert holds(read, {})


def test_null_meets_a_negated_list_of_values_but_no_negated_comparison() -> None:
    assert holds(condition("deal.amount", "not(5)"), {})
    assert not holds(condition("deal.amount", "not(> 5)"), {})
    assert not holds(condition("deal.amount", "not(null, 5)"), {})


@pytest.mark.parametrize(
    ("cell", "detail"),
    [
        ("5 + 5", "“+” is not understood"),
        ("amount", "a value is expected, “amount” is there"),
        ("5 6", "“6” is more than a plain test"),
        ("[1..5", "“]” is expected, the end is there"),
        ("[1 5]", "“..” is expected, “5” is there"),
        ("not 5", "“(” is expected, “5” is there"),
        ("not(5", "“)” is expected, the end is there"),
        ("<", "a value is expected, the end is there"),
        ('date(5)', "a value is expected, “5” is there"),
        ('date("soon")', "“soon” is no date"),
        ('date and time("2026-03-31T10:00:00")', "has no offset"),
        (r'"\q"', "is no escape of FEEL"),
        (r'"\uD800"', "U+D800 is no character"),
        (r'"\U110000"', "U+110000 is no character"),
        (r'"\u0000"', "U+0000 is no character"),
        ("1" * (MAX_TEXT + 1), f"it is longer than {MAX_TEXT} characters"),
    ],
)  # fmt: skip
def test_what_is_no_unary_test_is_refused_with_its_place(cell: str, detail: str) -> None:
    (problem,) = problems(one(cell))
    assert problem.code == "bad_unary_test"
    assert problem.params["place"] == "row 1, input 1"
    assert detail in problem.message


@pytest.mark.parametrize(
    ("field", "cell"),
    [
        ("deal.amount", '"x"'), ("deal.amount", "true"), ("deal.amount", "< null"), ("deal.amount", "1" * 40),
        ("client.region", '< "x"'), ("client.region", "5"), ("client.kind", '"z"'), ("client.is_customer", "> true"),
        ("deal.expected_date", 'date and time("2026-03-31T13:00:00+03:00")'),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused(field: str, cell: str) -> None:
    assert only(one(cell, field)) == "bad_cell_value"


def test_lists_of_literals_are_read_for_outputs() -> None:
    assert [value.value for value in read_literals('"a", "b"')] == ["a", "b"]
    assert read_literals("  ") == ()
    with pytest.raises(BadFeel):
        read_literals("1 2")
    assert read_unary_tests("-").tests == ()


def test_the_type_of_a_foreign_input_comes_from_the_file_or_its_cells() -> None:
    assert condition("season", '"Winter"') == Comparison("answer.season", "text", "eq", "Winter")
    assert condition("guests", "<= 8") == Comparison("answer.guests", "number", "le", 8)
    assert condition("guests", "[1..8]") == And(
        (Comparison("answer.guests", "number", "ge", 1), Comparison("answer.guests", "number", "le", 8))
    )
    beside = (
        '<itemDefinition name="tRisk"><typeRef>string</typeRef></itemDefinition>'
        '<itemDefinition name="tOwn"><typeRef>tRisk</typeRef></itemDefinition>'
        '<itemDefinition name="tList" isCollection="true"><typeRef>string</typeRef></itemDefinition>'
        '<itemDefinition name="tNone"/>'
    )
    xml = dmn(table(inputs("risk:tOwn"), outputs("o:tRisk"), row(["null"], ['"x"'])), beside=beside)
    read = read_decisions(xml, {})["t"]
    assert read.rules[0].condition == And((Comparison("answer.risk", "text", "is_unknown"),))
    assert read.outputs[0].type == "text"
    assert only(dmn(table(inputs("risk"), outputs("o"), row(["null"], ["1"])))) == "unknown_input_type"
    assert only(dmn(table(inputs("risk"), outputs("o"), row(['1, "x"'], ["1"])))) == "unknown_input_type"


def test_a_type_of_ours_is_kept_beside_the_typeref() -> None:
    xml = dmn(
        table(
            '<input k:type="money"><inputExpression typeRef="number"><text>budget</text></inputExpression></input>',
            '<output name="o" typeRef="string" k:type="choice" label="O"/>', row(["5"], ['"x"']),
        )
    )  # fmt: skip
    read = read_decisions(xml, FIELDS)["t"]
    assert read.rules[0].condition == And((Comparison("answer.budget", "money", "eq", 5),))
    assert read.outputs == (DecisionOutput("o", "O", "choice"),)


def test_a_type_that_no_literal_has_is_refused() -> None:
    listed = '<output name="o" k:type="multi_choice" typeRef="string"/>'
    found = codes(dmn(table(inputs("deal.amount"), listed, row(["-"], ["5"]))))
    assert found == ["dmn_not_supported", "bad_cell_value"]


@pytest.mark.parametrize("name", ["a + b", "Risk Category", "", "5", "client.tags"])
def test_an_input_that_is_no_single_field_is_refused(name: str) -> None:
    xml = dmn(table(inputs(name), outputs("o"), row(["-"], ["1"])))
    assert only(xml) == "dmn_not_supported"
    assert only(dmn(table("<input/>", outputs("o"), row(["-"], ["1"])))) == "dmn_not_supported"


def test_a_single_output_without_a_name_is_called_as_the_decision_s_variable() -> None:
    inside = table(inputs("deal.amount"), "<output/>", row(["-"], ["1"]))
    assert read_decisions(dmn(inside, name="rate"), FIELDS)["t"].outputs[0].key == "rate"
    variable = read_decisions(dmn('<variable name="tax"/>', inside), FIELDS)["t"]
    assert (variable.outputs[0].key, variable.outputs[0].type) == ("tax", "number")
    assert only(dmn(inside, name="Two words")) == "bad_key"
    two = table(inputs("deal.amount"), "<output/><output/>", row(["-"], ["1", "2"]))
    assert codes(dmn(two)) == ["bad_key", "bad_key", "duplicate_key"]


def test_hit_policies() -> None:
    def of(policy: str, more: str = "", output: str = outputs("o"), answer: str = "1") -> bytes:
        return dmn(table(inputs("deal.amount"), output, row(["-"], [answer]), policy=policy, more=more))

    assert read_decisions(of("FIRST"), FIELDS)["t"].policy == "FIRST"
    assert read_decisions(of("FIRST", 'aggregation="SUM"'), FIELDS)["t"].aggregation is None
    for name in ("SUM", "MIN", "MAX"):
        assert read_decisions(of("COLLECT", f'aggregation="{name}"'), FIELDS)["t"].aggregation == name
    counted = read_decisions(of("COLLECT", 'aggregation="COUNT"', answer='"x"'), FIELDS)["t"]
    assert (counted.outputs[0].type, counted.rules[0].outputs) == ("number", ("x",))
    collected = read_decisions(of("COLLECT", answer='"x"'), FIELDS)["t"]
    assert (collected.outputs[0].type, collected.rules[0].outputs) == ("multi_choice", ("x",))
    for policy in ("ANY", "RULE ORDER", "OUTPUT ORDER"):
        assert only(of(policy)) == "dmn_not_supported"
    assert only(of("COLLECT")) == "dmn_not_supported"
    assert only(of("COLLECT", 'aggregation="AVG"')) == "dmn_not_supported"
    assert only(of("COLLECT", 'aggregation="SUM"', answer='"x"')) == "dmn_not_supported"
    two = dmn(table(inputs("deal.amount"), outputs("o", "p"), row(["-"], ["1", "2"]), policy="COLLECT",
                    more='aggregation="SUM"'))  # fmt: skip
    assert only(two) == "dmn_not_supported"
    listed = '<output name="o" k:type="multi_choice"/>'
    assert only(of("UNIQUE", output=listed, answer='"x"')) == "dmn_not_supported"


def test_priorities_and_defaults() -> None:
    def of(values: str, answer: str = '"high"') -> bytes:
        default = entry("defaultOutputEntry", '"low"')
        output = f'<output name="o" typeRef="string">{values}{default}</output>'
        return dmn(table(inputs("deal.amount"), output, row(["-"], [answer]), policy="PRIORITY"))

    read = read_decisions(of(entry("outputValues", '"high", "low"')), FIELDS)["t"]
    assert read.outputs[0] == DecisionOutput("o", "o", "text", ("high", "low"), "low")
    assert only(of("")) == "missing_part"
    assert only(of(entry("outputValues", "high"))) == "bad_unary_test"
    assert only(of(entry("outputValues", "5"))) == "bad_cell_value"
    assert only(of(entry("outputValues", '"high", "low"'), '"none"')) == "bad_cell_value"


def test_an_output_is_a_plain_value() -> None:
    def of(answer: str, type: str = "number") -> bytes:
        return dmn(table(inputs("deal.amount"), outputs(f"o:{type}"), row(["-"], [answer])))

    assert read_decisions(of(""), FIELDS)["t"].rules[0].outputs == (None,)
    for answer in ("1 + 1", "1, 2", "rate"):
        assert only(of(answer)) == "dmn_not_supported"
        assert only(of(answer, "")) == "dmn_not_supported"
    assert only(of('"x"')) == "bad_cell_value"


def test_every_row_has_an_entry_for_each_column() -> None:
    rows = row(["-"], ["1"]), row(["-", "-"], ["1"]), row([], ["1"]), row(["-"], []), row(["-"], ["1", "2"])
    xml = dmn(table(inputs("deal.amount"), outputs("o:number"), *rows))
    assert codes(xml) == ["wrong_row_length"] * 4
    short = dmn(table(inputs("deal.amount"), outputs("o"), row(["-"], []), row(["-"], ["1"])))
    assert codes(short) == ["wrong_row_length"]


def test_a_table_needs_rows_and_outputs_and_ids_that_occur_once() -> None:
    assert codes(dmn(table(inputs("deal.amount"), outputs("o")))) == ["missing_part"]
    assert codes(dmn(table(inputs("deal.amount"), row(["-"], [])))) == ["missing_part"]
    twice = table(inputs("deal.amount"), outputs("o"), *[row(["-"], ["1"], 'id="r"')] * 2)
    assert only(dmn(twice)) == "duplicate_id"
    fine = table(inputs("deal.amount"), outputs("o"), row(["-"], ["1"]))
    assert only(dmn(fine, id="")) == "bad_key"
    again = dmn(fine).replace(b"</definitions>", b'<decision id="t" name="T"/></definitions>')
    assert only(again) == "duplicate_id"


def test_what_is_no_table_is_refused_by_its_name() -> None:
    fine = table(inputs("deal.amount"), outputs("o"), row(["-"], ["1"]))
    for tag in ("literalExpression", "context", "invocation", "relation", "knowledgeRequirement"):
        (problem,) = problems(dmn(f"<{tag}/>"))
        assert (problem.code, problem.params["what"], problem.element) == ("dmn_not_supported", tag, "t")
    (problem,) = problems(dmn(fine, beside='<businessKnowledgeModel id="b" name="B"/>'))
    assert (problem.params["what"], problem.params["decision"], problem.element) == ("businessKnowledgeModel", "B", "b")
    assert only(dmn(fine, fine)) == "dmn_not_supported"
    assert only(dmn(fine.replace("<rule", "<unknown/><rule", 1))) == "dmn_not_supported"
    assert only(dmn()) == "no_decision_table"
    assert (
        only(f'<definitions xmlns="{"https://www.omg.org/spec/DMN/20191111/MODEL/"}"/>'.encode()) == "no_decision_table"
    )
    assert only(b'<definitions xmlns="urn:other"/>') == "not_dmn"
    assert only(b"<x") == "not_xml"
    documented = dmn("<description>d</description>", '<z:y xmlns:z="urn:z"/>', fine, beside="<inputData/>")
    assert codes(documented) == []


def test_long_texts_are_cut_in_messages() -> None:
    (problem,) = problems(dmn(table(inputs("deal.amount"), outputs("o"), row(["-"], ["x" * 400]))))
    assert len(problem.params["what"]) == 301


def test_only_feel_is_read_but_a_bare_name_is_one_in_every_language() -> None:
    fine = table(inputs("deal.amount"), outputs("o"), row(["-"], ["1"]))
    assert codes(dmn(fine, more='expressionLanguage="https://www.omg.org/spec/DMN/20191111/FEEL/"')) == []
    assert codes(dmn(fine, more='expressionLanguage="python"')) == ["dmn_not_supported"]
    assert codes(dmn(fine.replace("<inputExpression", '<inputExpression expressionLanguage="python"'))) == []
    assert codes(dmn(fine.replace("<inputEntry", '<inputEntry expressionLanguage="juel"'))) == ["dmn_not_supported"]


def test_a_table_may_lean_on_one_whose_answer_it_takes() -> None:
    def of(name: str) -> bytes:
        needs = '<informationRequirement><requiredDecision href="#season"/></informationRequirement>'
        dish = table(inputs(f"{name}:string"), outputs("dish"), row(['"Winter"'], ['"Stew"']))
        season = table(inputs("deal.amount"), outputs("season"), row(["-"], ['"Winter"']))
        file = dmn(needs, dish, id="dish")
        return file.replace(b"</definitions>", f'<decision id="season">{season}</decision></definitions>'.encode())

    assert set(read_decisions(of("season"), FIELDS)) == {"dish", "season"}
    assert only(of("weather")) == "dmn_not_supported"
    assert only(of("season").replace(b"#season", b"#gone")) == "dmn_not_supported"


@pytest.mark.shared_data("spiffworkflow_bpmn")
def test_tables_nobody_here_drew_are_read_or_refused_by_name(shared_data: Path) -> None:
    read, refused = {}, {}
    for path in sorted((shared_data / "spiffworkflow_bpmn").rglob("*.dmn")):
        try:
            read[path.name] = read_decisions(path.read_bytes(), FIELDS)
        except BpmnRefused as error:
            refused[path.name] = {problem.code for problem in error.problems}
    assert set(read) == {
        "business_rules.dmn", "diagram-interchange-dish-example.dmn", "input_dash.dmn", "unique_hit.dmn",
    }  # fmt: skip
    assert refused.pop("diagram-interchange-decision-service.dmn") == {"dmn_not_supported", "no_decision_table"}
    assert refused.pop("financial.dmn") == {"dmn_not_supported", "no_decision_table"}
    assert all("dmn_not_supported" in codes for codes in refused.values())
    dish = read["diagram-interchange-dish-example.dmn"]["dish"]
    guests = {"answer.season": "Winter", "answer.guestCount": Decimal(8)}
    assert [rule.outputs for rule in dish.rules if holds(rule.condition, guests)] == [("Spareribs",)]
