"""DMN files to decision tables, or every reason why not (DMN 1.3, 6.3 and 8)."""

from collections.abc import Mapping

from lxml import etree

from kniga.engine.bpmn.draft import Node, Problems, local
from kniga.engine.bpmn.reading import read_tree
from kniga.engine.definition.decisions import DecisionTable
from kniga.engine.definition.problems import BpmnRefused
from kniga.engine.dmn.names import (
    DECISION_DOCUMENTATION,
    FEEL_LANGUAGES,
    LANGUAGE_CURE,
    ROOT_DOCUMENTATION,
    TYPE_OF,
    VERSIONS,
)
from kniga.engine.dmn.notes import note, refuse
from kniga.engine.dmn.table import KEY, Table, read_table
from kniga.rules import FieldRegistry, FieldType

MAX_TYPE_STEPS = 10


def read_decisions(xml: bytes, fields: FieldRegistry) -> Mapping[str, DecisionTable]:
    """Read the decision tables of a DMN file (any bytes), by the ids of their decisions.

    An input names a field of ``fields`` (deal.amount, answer.need); another name is that of an answer: ``season``
    is ``answer.season``, of the type ``fields`` or else the file gives it. Raises BpmnRefused with every problem
    found, and nothing else.
    """
    problems = Problems()
    found = decisions_of(read_tree(xml), fields, problems)
    if problems.found:
        raise BpmnRefused(tuple(problems.found))
    return found


def decisions_of(root: Node, fields: FieldRegistry, problems: Problems) -> Mapping[str, DecisionTable]:
    """Like ``read_decisions``, of a definitions element read already; problems are noted, bad tables left out."""
    name = etree.QName(root)
    if name.localname != "definitions" or name.namespace not in VERSIONS:
        note(problems, "not_dmn", root, tag=str(root.tag))
        return {}
    model = str(name.namespace)
    _refuse_languages(root, problems)
    for child in own_children(root, model):
        if local(child) not in ROOT_DOCUMENTATION and local(child) != "decision":
            refuse(problems, child, local(child))
    types = _item_types(root, model)
    tables: dict[str, DecisionTable] = {}
    seen: set[str] = set()
    decisions = list(root.iterchildren(f"{{{model}}}decision"))
    for decision in decisions:
        id = decision.get("id") or ""
        if not KEY.match(id):
            note(problems, "bad_key", decision, attribute="id", value=id)
        elif id in seen:
            note(problems, "duplicate_id", decision, id=id)
        else:
            seen.add(id)
            read = _read_decision(decision, id, model, types, fields, problems)
            if read is not None:
                tables[id] = read
    if not decisions:
        note(problems, "no_decision_table", root)
    _check_requirements(decisions, tables, model, problems)
    return tables


def own_children(node: Node, model: str) -> list[Node]:
    """The children that belong to the DMN model; diagrams and extensions of other tools do not."""
    return [child for child in node if etree.QName(child).namespace == model]


def _refuse_languages(root: Node, problems: Problems) -> None:
    for node in root.iter():
        language = (node.get("expressionLanguage") or "").strip()
        # A bare name means the same in every language.
        if language.lower() not in {"", *(name.lower() for name in FEEL_LANGUAGES)} and local(node) in (
            "definitions", "inputEntry", "outputEntry", "defaultOutputEntry", "literalExpression", "unaryTests",
        ):  # fmt: skip
            refuse(problems, node, f"the expression language {language}", LANGUAGE_CURE)


def _item_types(root: Node, model: str) -> dict[str, FieldType]:
    """What the file's own simple types are at bottom (7.3.2)."""
    named = {
        item.get("name", ""): (item.findtext(f"{{{model}}}typeRef") or "").strip()
        for item in root.iterchildren(f"{{{model}}}itemDefinition")
        if (item.get("isCollection") or "false") == "false"
    }
    found: dict[str, FieldType] = {}
    for name, bottom in named.items():
        for _ in range(MAX_TYPE_STEPS):
            bottom = named.get(bottom, bottom)
        plain = TYPE_OF.get(bottom.rpartition(":")[2])
        if name and plain is not None:
            found[name] = plain
    return found


def _read_decision(
    decision: Node, id: str, model: str, types: Mapping[str, FieldType], fields: FieldRegistry, problems: Problems
) -> DecisionTable | None:
    table: Node | None = None
    found = len(problems.found)
    for child in own_children(decision, model):
        name = local(child)
        if name == "decisionTable" and table is None:
            table = child
        elif name not in DECISION_DOCUMENTATION and name != "informationRequirement":
            refuse(problems, child, name)
    if table is None:
        if len(problems.found) == found:  # another kind of logic has been refused by its name
            note(problems, "no_decision_table", decision)
        return None
    variable = decision.find(f"{{{model}}}variable")
    result = (variable.get("name") if variable is not None else None) or decision.get("name") or id
    read = read_table(Table(table, model, types, fields, problems), id, decision.get("name") or id, result.strip())
    return read if len(problems.found) == found else None


def _check_requirements(
    decisions: list[Node], tables: Mapping[str, DecisionTable], model: str, problems: Problems
) -> None:
    """A table may lean on another of the file (6.3.6) when it takes what that one answers: its input is the answer
    that the other table leaves, so the two are run one after the other, by a task each."""
    for decision in decisions:
        table = tables.get(decision.get("id", ""))
        for required in decision.iter(f"{{{model}}}requiredDecision"):
            other = tables.get((required.get("href") or "").removeprefix("#"))
            answers = set() if other is None else {f"answer.{output.key}" for output in other.outputs}
            if table is not None and not answers & set(table.inputs):
                refuse(problems, required, "requiredDecision")
