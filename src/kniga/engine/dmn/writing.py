"""Decision tables as DMN 1.3 files that other tools open and that read back equal."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from lxml import etree

from kniga.engine.bpmn.names import KNIGA
from kniga.engine.definition.decisions import DecisionOutput, DecisionTable
from kniga.engine.dmn.names import DMN, TYPE_REF
from kniga.rules import And, Comparison, FieldType, Not, Or, Rule, comparisons, fields_of

_NAMESPACES = f'xmlns="{DMN}" xmlns:kniga="{KNIGA}" namespace="urn:kniga:decisions"'
_EMPTY = f'<definitions {_NAMESPACES} id="decisions" name="Decisions"/>'
_SIGNS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


class DecisionNotWritable(ValueError):
    """A table has a row that no DMN file can hold; the message names the table and the row."""


def write_decisions(tables: Iterable[DecisionTable]) -> bytes:
    """Write tables as one DMN 1.3 file, UTF-8; the same tables always give the same bytes.

    Types that FEEL does not know (money, choice) stand in ``kniga:type`` beside the typeRef. Raises
    DecisionNotWritable if the condition of a row is no conjunction of tests of single inputs.
    """
    root = etree.fromstring(_EMPTY)
    for table in tables:
        _write_table(root, table)
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _write_table(root: etree._Element, table: DecisionTable) -> None:
    decision = _add(root, "decision", id=table.id, name=table.name)
    node = _add(decision, "decisionTable", hitPolicy=table.policy)
    if table.aggregation is not None:
        node.set("aggregation", table.aggregation)
    types = {test.field: test.type for rule in table.rules for test in comparisons(rule.condition)}
    for key in table.inputs:
        _write_input(node, key, types.get(key))
    for output in table.outputs:
        _write_output(node, output, counted=table.aggregation == "COUNT")
    for rule in table.rules:
        row = _add(node, "rule", id=rule.id)
        cells = _cells(table, rule.id, rule.condition)
        for key in table.inputs:
            _add_text(_add(row, "inputEntry"), cells.get(key, "-"))
        for value in rule.outputs:
            _add_text(_add(row, "outputEntry"), feel_of(value))


def _write_input(node: etree._Element, key: str, type: FieldType | None) -> None:
    column = _add(node, "input", label=key)
    expression = _add(column, "inputExpression")
    if type is not None:
        column.set(f"{{{KNIGA}}}type", type)
        expression.set("typeRef", _type_ref(type))
    _add_text(expression, key)


def _write_output(node: etree._Element, output: DecisionOutput, *, counted: bool) -> None:
    column = _add(node, "output", name=output.key, label=output.label)
    if not counted:
        column.set("typeRef", _type_ref(output.type))
        column.set(f"{{{KNIGA}}}type", output.type)
    if output.priorities:
        _add_text(_add(column, "outputValues"), ", ".join(feel_of(value) for value in output.priorities))
    if output.default is not None:
        _add_text(_add(column, "defaultOutputEntry"), feel_of(output.default))


def _type_ref(type: FieldType) -> str:
    if type not in TYPE_REF:
        raise DecisionNotWritable(f"FEEL has no values of the type {type}")
    return TYPE_REF[type]


def _cells(table: DecisionTable, row: str, condition: Rule) -> dict[str, str]:
    found: dict[str, str] = {}
    for term in condition.terms if isinstance(condition, And) else (condition,):
        fields = fields_of(term)
        (field,) = fields if len(fields) == 1 else ("",)
        text = _cell(term)
        if text is None or field not in table.inputs or field in found:
            raise DecisionNotWritable(f"{table.id}: the row {row} is more than a test of each input")
        found[field] = text
    return found


def _cell(rule: Rule) -> str | None:
    """A condition on one field as unary tests; None if it has none. ``not(null, …)`` demands a known value, as our
    negations do; ``not(…)`` without null is met by null too."""
    if isinstance(rule, Comparison):
        if rule.op == "is_known":
            return "not(null)"
        if rule.op in ("ne", "not_in"):
            return f"not(null, {_listed(rule.value)})"
    if isinstance(rule, And) and rule.terms and all(_is(term, "ne") for term in rule.terms):
        values = [term.value for term in rule.terms if isinstance(term, Comparison)]
        return f"not(null, {', '.join(map(_listed, values))})"
    if isinstance(rule, Not):
        inner = _items(rule.term)
        known = "null, " if _only_values(rule.term) else ""
        return None if inner is None else f"not({known}{inner})"
    if isinstance(rule, Or) and len(rule.terms) == 2 and _is(rule.terms[0], "is_unknown"):
        differs = _cell(rule.terms[1])
        if differs is not None and differs.startswith("not(null, "):
            return f"not({differs.removeprefix('not(null, ')}"
    return _items(rule)


def _items(rule: Rule) -> str | None:
    terms = rule.terms if isinstance(rule, Or) else (rule,)
    items = [_item(term) for term in terms]
    known = [item for item in items if item is not None]
    return ", ".join(known) if known and len(known) == len(items) else None


def _item(rule: Rule) -> str | None:
    if isinstance(rule, Comparison):
        if rule.op == "is_unknown":
            return "null"
        if rule.op in ("eq", "in"):
            return _listed(rule.value)
        return f"{_SIGNS[rule.op]} {_listed(rule.value)}" if rule.op in _SIGNS else None
    if isinstance(rule, And) and len(rule.terms) == 2:
        low, high = rule.terms
        if isinstance(low, Comparison) and isinstance(high, Comparison):
            opened = {"ge": "[", "gt": "("}.get(low.op)
            closed = {"le": "]", "lt": ")"}.get(high.op)
            if opened and closed:
                return f"{opened}{_listed(low.value)}..{_listed(high.value)}{closed}"
    return None


def _only_values(rule: Rule) -> bool:
    """Whether a condition only asks for equality, which FEEL's null answers with no and ours not at all."""
    terms = rule.terms if isinstance(rule, Or) else (rule,)
    return all(_is(term, "eq") or _is(term, "in") for term in terms)


def _is(rule: Rule, op: str) -> bool:
    return isinstance(rule, Comparison) and rule.op == op


def _listed(value: object) -> str:
    return ", ".join(feel_of(item) for item in (value if isinstance(value, tuple) else (value,)))


def feel_of(value: object) -> str:
    """A value as a literal of FEEL. Raises DecisionNotWritable for what FEEL cannot write down."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, Decimal)):
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    if isinstance(value, datetime):
        return f'date and time("{value.isoformat()}")'
    if isinstance(value, date):
        return f'date("{value.isoformat()}")'
    if isinstance(value, str):
        return f'"{value.translate(_ESCAPES)}"'
    raise DecisionNotWritable(f"{value!r} is no value that a table can hold")


def _add(parent: etree._Element, tag: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{DMN}}}{tag}", attributes)


def _add_text(parent: etree._Element, text: str) -> None:
    etree.SubElement(parent, f"{{{DMN}}}text").text = text
