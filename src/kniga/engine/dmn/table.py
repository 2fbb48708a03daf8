"""One decision table: its inputs, outputs and rows (DMN 1.3, 8.2 and 8.3)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from kniga.engine.bpmn.draft import Node, Problems, local
from kniga.engine.bpmn.names import KNIGA
from kniga.engine.definition.decisions import Aggregation, DecisionOutput, DecisionRule, DecisionTable, HitPolicy
from kniga.engine.dmn.conditions import WrongValue, condition_of, is_single, type_of_literals, value_of
from kniga.engine.dmn.feel import BadFeel, UnaryTests, read_literals, read_unary_tests
from kniga.engine.dmn.names import (
    AGGREGATION_CURE,
    AGGREGATIONS,
    COLLECT_CURE,
    INPUT_CURE,
    LIST_CURE,
    OUTPUT_CURE,
    POLICIES,
    POLICY_CURE,
    TABLE_DOCUMENTATION,
    TYPE_OF,
)
from kniga.engine.dmn.notes import note, refuse
from kniga.rules import And, FieldRegistry, FieldSpec, FieldType, Rule, Value
from kniga.rules.fields import is_field_type

_NAME = re.compile(r"[^\W\d][\w-]*(?:\.[\w-]+)*\Z")
KEY = re.compile(r"[\w.-]{1,100}\Z")
_PARTS = frozenset({"input", "output", "rule"})


@dataclass(frozen=True, slots=True)
class Table:
    """A table being read: its XML and what is needed to understand it."""

    node: Node
    model: str
    types: Mapping[str, FieldType]
    fields: FieldRegistry
    problems: Problems

    def parts(self, node: Node, name: str) -> list[Node]:
        """The DMN children of this name."""
        return list(node.iterchildren(f"{{{self.model}}}{name}"))

    def text(self, node: Node) -> str:
        """What stands in an entry's text element."""
        return (node.findtext(f"{{{self.model}}}text") or "").strip()

    def refuse(self, node: Node, what: str, cure: str | None = None) -> None:
        """Refuse a part of the table by its name."""
        refuse(self.problems, node, what, cure)

    def note(self, code: str, node: Node, **params: str) -> None:
        """Note a problem at a part of the table."""
        note(self.problems, code, node, **params)


def read_table(table: Table, id: str, name: str, result: str) -> DecisionTable:
    """Read a decision table; ``result`` is what a single output without a name is called. Problems are noted."""
    for child in table.node:
        tag = etree.QName(child)
        if tag.namespace == table.model and tag.localname not in _PARTS | TABLE_DOCUMENTATION:
            table.refuse(child, tag.localname)
    policy, aggregation = _policy(table)
    rows = table.parts(table.node, "rule")
    if not rows:
        table.note("missing_part", table.node, part="a row")
    inputs = table.parts(table.node, "input")
    outputs = table.parts(table.node, "output")
    cells = [_cells(table, row, len(inputs), _name_of(row, at)) for at, row in enumerate(rows)]
    specs = [
        _input(table, node, tuple(row[column] for row in cells if column < len(row)))
        for column, node in enumerate(inputs)
    ]
    read = [_output(table, node, column, len(outputs), result, policy, aggregation, rows) for column, node in
            enumerate(outputs)]  # fmt: skip
    if not outputs:
        table.note("missing_part", table.node, part="an output")
    _check_keys(table, read)
    rules = [
        DecisionRule(
            _name_of(row, at),
            _condition(table, row, cells[at], specs),
            _answers(table, row, read, aggregation, _name_of(row, at)),
        )
        for at, row in enumerate(rows)
    ]
    _check_rows(table, rows, rules)
    keys = tuple(dict.fromkeys(spec.key for spec in specs if spec is not None))
    return DecisionTable(id, name, policy, aggregation, keys, tuple(read), tuple(rules))


def _policy(table: Table) -> tuple[HitPolicy, Aggregation | None]:
    word = (table.node.get("hitPolicy") or "UNIQUE").strip()
    policy = next((known for known in POLICIES if known == word), None)
    if policy is None:
        table.refuse(table.node, f"the hit policy {word}", POLICY_CURE)
        return "UNIQUE", None
    word = (table.node.get("aggregation") or "").strip()
    if not word or policy != "COLLECT":
        return policy, None
    aggregation = next((known for known in AGGREGATIONS if known == word), None)
    if aggregation is None or len(table.parts(table.node, "output")) > 1:
        table.refuse(table.node, f"the aggregation {word}", AGGREGATION_CURE)
    return policy, aggregation or "COUNT"


def _cells(table: Table, row: Node, expected: int, name: str) -> list[UnaryTests]:
    entries = table.parts(row, "inputEntry")
    if len(entries) != expected:
        _wrong_length(table, row, name, len(entries), "input entries", expected)
    found = []
    for entry in entries:
        try:
            found.append(read_unary_tests(table.text(entry)))
        except BadFeel as bad:
            _bad(table, entry, table.text(entry), str(bad))
            found.append(UnaryTests())
    return found


def _input(table: Table, node: Node, cells: tuple[UnaryTests, ...]) -> FieldSpec | None:
    expression = next(iter(table.parts(node, "inputExpression")), None)
    name = "" if expression is None else table.text(expression)
    if not _NAME.match(name):
        table.refuse(node, f"the input expression “{name}”", INPUT_CURE)
        return None
    key = name if name in table.fields or "." in name else f"answer.{name}"
    spec = table.fields.get(key)
    if spec is None:
        given = None if expression is None else _type(table, node, expression.get("typeRef"))
        type = given or type_of_literals(cells)
        if type is None and any(cell.tests for cell in cells):
            table.note("unknown_input_type", node, place=name)
            return None
        label = node.get("label") or name
        spec = FieldSpec(key, type or "text", label, label)
    if not is_single(spec.type):
        table.refuse(node, f"the input {key} ({spec.type})", LIST_CURE)
        return None
    return spec


def _type(table: Table, node: Node, reference: str | None) -> FieldType | None:
    own = node.get(f"{{{KNIGA}}}type")
    if is_field_type(own):
        return own
    name = (reference or "").strip()
    return table.types.get(name) or TYPE_OF.get(name.rpartition(":")[2])


def _output(
    table: Table, node: Node, column: int, count: int, result: str, policy: HitPolicy,
    aggregation: Aggregation | None, rows: list[Node],
) -> DecisionOutput:  # fmt: skip
    key = (node.get("name") or (result if count == 1 else "")).strip()
    if not KEY.match(key):
        table.note("bad_key", node, attribute="name", value=key)
    type = _type(table, node, node.get("typeRef")) or _type_of_answers(table, column, rows)
    if policy == "COLLECT" and aggregation is None:
        if type not in ("text", "choice", "multi_choice"):
            table.refuse(node, f"to collect values of the type {type}", COLLECT_CURE)
        else:
            type = "multi_choice"
    elif aggregation in ("SUM", "MIN", "MAX") and type not in ("number", "money"):
        table.refuse(node, f"the aggregation {aggregation} of values of the type {type}", AGGREGATION_CURE)
    elif aggregation == "COUNT":
        type = "number"
    elif not is_single(type):
        table.refuse(node, f"an output of the type {type}", COLLECT_CURE)
    defaults = [_literal(table, entry, type) for entry in table.parts(node, "defaultOutputEntry")]
    default = defaults[0] if defaults else None
    return DecisionOutput(key, node.get("label") or key, type, _priorities(table, node, type, policy), default)


def _type_of_answers(table: Table, column: int, rows: list[Node]) -> FieldType:
    found = []
    for row in rows:
        entries = table.parts(row, "outputEntry")
        try:
            found.append(UnaryTests(read_literals(table.text(entries[column])) if column < len(entries) else ()))
        except BadFeel:
            continue  # said where the row is read
    return type_of_literals(tuple(found)) or "text"


def _priorities(table: Table, node: Node, type: FieldType, policy: HitPolicy) -> tuple[Value, ...]:
    if policy != "PRIORITY":
        return ()
    allowed = next(iter(table.parts(node, "outputValues")), None)
    if allowed is None:
        table.note("missing_part", node, part="outputValues, the most important first")
        return ()
    text = table.text(allowed)
    try:
        return tuple(value_of(literal, type) for literal in read_literals(text))
    except BadFeel as bad:
        _bad(table, allowed, text, str(bad))
    except WrongValue as wrong:
        _wrong(table, allowed, str(wrong), type)
    return ()


def _condition(table: Table, row: Node, cells: list[UnaryTests], specs: list[FieldSpec | None]) -> Rule:
    terms = []
    for entry, cell, spec in zip(table.parts(row, "inputEntry"), cells, specs, strict=False):
        if spec is not None:
            try:
                terms.append(condition_of(cell, spec))
            except WrongValue as wrong:
                _wrong(table, entry, str(wrong), spec.type)
    return And(tuple(term for term in terms if term is not None))


def _answers(
    table: Table, row: Node, outputs: list[DecisionOutput], aggregation: Aggregation | None, name: str
) -> tuple[Value, ...]:
    entries = table.parts(row, "outputEntry")
    if len(entries) != len(outputs):
        _wrong_length(table, row, name, len(entries), "output entries", len(outputs))
    found = []
    for entry, output in zip(entries, outputs, strict=False):
        value = _literal(table, entry, None if aggregation == "COUNT" else output.type)
        if output.priorities and value not in output.priorities:
            _wrong(table, entry, table.text(entry), f"{output.type} among the outputValues")
        found.append(value)
    return tuple(found)


def _literal(table: Table, entry: Node, type: FieldType | None) -> Value:
    """An answer; ``type`` None takes it as it is, for it is only counted."""
    text = table.text(entry)
    try:
        literals = read_literals(text)
        if len(literals) > 1:
            raise BadFeel("one value is expected")
        if not literals:
            return None
        return literals[0].value if type is None else value_of(literals[0], type)
    except BadFeel:
        table.refuse(entry, f"the output “{text}”", OUTPUT_CURE)
    except WrongValue as wrong:
        _wrong(table, entry, str(wrong), str(type))
    return None


def _check_keys(table: Table, outputs: list[DecisionOutput]) -> None:
    keys = [output.key for output in outputs]
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        table.note("duplicate_key", table.node, what="output", key=key)


def _check_rows(table: Table, rows: list[Node], rules: list[DecisionRule]) -> None:
    seen: set[str] = set()
    for row, rule in zip(rows, rules, strict=True):
        if rule.id in seen:
            table.note("duplicate_id", row, id=rule.id)
        seen.add(rule.id)


def _name_of(row: Node, at: int) -> str:
    return row.get("id") or str(at + 1)


def _place(table: Table, entry: Node) -> dict[str, str]:
    """The row and the column, counted from one as a person does; the number of the row by itself, too."""
    above = entry.getparent()
    if above is None or local(above) != "rule":
        return {"place": f"the {local(entry)}", "place_ru": f"{local(entry)}"}
    column = table.parts(above, local(entry)).index(entry) + 1
    row = table.parts(table.node, "rule").index(above) + 1
    kind, kind_ru = ("input", "условие") if local(entry) == "inputEntry" else ("output", "ответ")
    place, place_ru = f"row {row}, {kind} {column}", f"строка {row}, {kind_ru} {column}"
    return {"place": place, "place_ru": place_ru, "row": str(row)}


def _bad(table: Table, entry: Node, text: str, detail: str) -> None:
    table.note("bad_unary_test", entry, text=text, detail=detail, **_place(table, entry))


def _wrong(table: Table, entry: Node, text: str, type: str) -> None:
    table.note("bad_cell_value", entry, text=text, type=type, **_place(table, entry))


def _wrong_length(table: Table, row: Node, name: str, found: int, what: str, expected: int) -> None:
    table.note("wrong_row_length", row, row=name, found=str(found), what=what, expected=str(expected))
