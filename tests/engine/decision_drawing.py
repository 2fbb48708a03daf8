"""Small DMN files written in a few words, for the tests of decision tables."""

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from kniga.engine import BpmnRefused, Problem
from kniga.engine.dmn.reading import read_decisions
from kniga.rules import FieldChoice, FieldSpec

FIELDS = {
    spec.key: spec
    for spec in (
        FieldSpec("deal.amount", "money", "Amount", "Сумма"),
        FieldSpec("deal.discount", "number", "Discount", "Скидка"),
        FieldSpec("deal.expected_date", "date", "Date", "Дата"),
        FieldSpec("deal.met_at", "datetime", "Met", "Встреча"),
        FieldSpec("client.region", "text", "Region", "Регион"),
        FieldSpec("client.is_customer", "boolean", "Customer", "Клиент"),
        FieldSpec("client.kind", "choice", "Kind", "Вид", (FieldChoice("a", "A", "А"), FieldChoice("b", "B", "Б"))),
        FieldSpec("client.tags", "multi_choice", "Tags", "Метки"),
    )
}
HEAD = '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" xmlns:k="urn:kniga:bpmn:1" id="d" {more}>'


def entry(tag: str, text: str, more: str = "") -> str:
    return f"<{tag} {more}><text>{escape(text)}</text></{tag}>"


def inputs(*names: str) -> str:
    """Inputs; ``name:type`` gives a typeRef."""
    found = []
    for name in names:
        key, _, type = name.partition(":")
        typed = f"typeRef={quoteattr(type)}" if type else ""
        found.append(f"<input>{entry('inputExpression', key, typed)}</input>")
    return "".join(found)


def outputs(*names: str) -> str:
    """Outputs; ``name:type`` gives a typeRef."""
    found = []
    for name in names:
        key, _, type = name.partition(":")
        typed = f"typeRef={quoteattr(type)}" if type else ""
        found.append(f"<output name={quoteattr(key)} {typed}/>")
    return "".join(found)


def row(cells: Sequence[str], answers: Sequence[str], more: str = "") -> str:
    inside = "".join(entry("inputEntry", cell) for cell in cells)
    return f"<rule {more}>{inside}{''.join(entry('outputEntry', answer) for answer in answers)}</rule>"


def table(*parts: str, policy: str = "UNIQUE", more: str = "") -> str:
    return f'<decisionTable hitPolicy="{policy}" {more}>{"".join(parts)}</decisionTable>'


def dmn(*inside: str, id: str = "t", name: str = "T", beside: str = "", more: str = "") -> bytes:
    """A file with one decision."""
    decision = f'<decision id="{id}" name="{name}">{"".join(inside)}</decision>'
    return f"{HEAD.format(more=more)}{beside}{decision}</definitions>".encode()


def problems(xml: bytes) -> tuple[Problem, ...]:
    """Everything a file is refused for; none if it is read."""
    try:
        read_decisions(xml, FIELDS)
    except BpmnRefused as refused:
        assert all(str(problem) and problem.message and problem.cure for problem in refused.problems)
        return refused.problems
    return ()


def codes(xml: bytes) -> list[str]:
    return [problem.code for problem in problems(xml)]
