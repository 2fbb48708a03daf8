"""Drafts as the designer takes them: problems with their words, and the catalogue of what can be chosen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kniga.documents.placeholders import SCRIPT_PLACEHOLDERS
from kniga.engine import STANDARD_FIELDS, Problem
from kniga.engine.bpmn.merging import STRUCTURE, Merged
from kniga.engine.definition.actions import SEND_LETTER, ActionSpec
from kniga.people.roles import Role
from kniga.processes.actions.names import KNOWN_ACTIONS
from kniga.processes.drafts.draft_checking import INCOMPLETE, DraftCheck
from kniga.processes.drafts.draft_queries import DraftCatalog, Named
from kniga.processes.wording.words import assignee_in_words, kind_names
from kniga.rules import FieldSpec
from kniga.rules.fields import FIELD_TYPES, OPERATORS, OPERATORS_OF
from kniga.web.processes.plain_problems import plainly
from kniga.web.processes.read_views import verdict_names

_WHO: Final = ("owner", "lead", "head")
_STEPS: Final = ("call", "meeting", "mail", "document", "task")


def check_as_json(check: DraftCheck) -> dict[str, Any]:
    """What a check says: the verdict, in words too, how long it took, the problems."""
    return {
        "verdict": check.verdict,
        "verdict_name": _("Not complete") if check.verdict == INCOMPLETE else verdict_names()[check.verdict],
        "seconds": round(check.seconds, 4),
        "problems": problems_as_json(check.problems, check.names),
    }


def problems_as_json(problems: Iterable[Problem], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Problems in the language of the page; `path` are element ids that show one, `rows` those of a decision table."""
    found = []
    for problem in problems:
        message, cure = plainly(problem)
        name = names.get(problem.element or "", "")
        found.append({
            "code": problem.code, "severity": problem.severity, "element": problem.element,
            "place": name or problem.element or "", "message": message, "cure": cure, "path": list(problem.path),
            "rows": _rows(problem),
        })  # fmt: skip
    return found


def _rows(problem: Problem) -> list[int]:
    """The rows of a decision table that a problem speaks of, counted from one."""
    said = str(problem.params.get("rows") or problem.params.get("row") or "")
    return [int(row) for row in said.split(", ") if row.isdecimal()]


def merged_as_json(merged: Merged) -> dict[str, Any]:
    """What two people changed, with the names of fields in the language of the page."""
    return {
        "differences": [
            {
                "element": one.element, "name": one.name, "field": one.field, "label": field_label(one.field),
                "base": one.base, "theirs": one.theirs, "mine": one.mine, "both": one.both,
            }
            for one in merged.differences
        ],
        "structure": [
            {
                "element": one.element, "name": one.name, "kind": one.kind, "whose": one.whose, "both": one.both,
                "field": "parent" if one.kind == "moved" else STRUCTURE,
            }
            for one in merged.structure
        ],
    }  # fmt: skip


def field_label(field: str) -> str:
    """What a field of an element is called; one without a name of its own goes by its key."""
    what, _colon, key = field.removeprefix("kniga:").partition(":")
    label = _field_names().get(what, what)
    return f"{label} “{key}”" if key and what in ("question", "outcome", "control", "material") else label


def _field_names() -> dict[str, str]:
    return {
        "name": _("What it is called"), "script": _("Script"), "deadline": _("Deadline"), "question": _("Question"),
        "outcome": _("Outcome"), "control": _("Control point"), "material": _("Document or letter"),
        "conditionExpression": _("Condition"), "place": _("Place on the diagram"), "order": _("Order of the ways on"),
        "sequence": _("Order"), "kind": _("Kind"), "assignee": _("Who does it"), "stage": _("Stage"),
        "skill": _("Skill"), "price": _("Price"), "documentation": _("Note"), "stages": _("Stages"),
        "result": _("Result"), "reasonFrom": _("Where the reason comes from"), "default": _("Way without a condition"),
        "sourceRef": _("Where the way begins"), "targetRef": _("Where the way leads"),
        "eventDefinition": _("What triggers it"), "tag": _("Kind of element"),
        "action": _("Action"), "letter": _("Letter"),
        "flowNodeRef": _("Lane"), "calledElement": _("Process"),
    }  # fmt: skip


def catalog_as_json(catalog: DraftCatalog) -> dict[str, Any]:
    """What the designer offers, with names in the language of the page."""
    people = [*_WHO, *(f"role:{role.value}" for role in Role)]
    return {
        "roles": [{"key": role.value, "name": str(role.label)} for role in Role],
        "people": [{"key": rule, "name": assignee_in_words(rule)} for rule in people],
        "skills": list(catalog.skills),
        "stages": _named(catalog.stages),
        "templates": {"document": _named(catalog.documents), "letter": _named(catalog.letters)},
        "fields": [_field(spec) for spec in STANDARD_FIELDS.values()],
        "operators": {type: [op for op in OPERATORS if op in OPERATORS_OF[type]] for type in FIELD_TYPES},
        "actions": [_action(spec, catalog) for spec in KNOWN_ACTIONS.values()],
        "processes": _named(catalog.processes),
        "placeholders": [{"name": name, "label": placeholder_names()[name]} for name in SCRIPT_PLACEHOLDERS],
        "step_kinds": [{"key": key, "name": kind_names()[key]} for key in _STEPS],
        "process_kinds": [
            {"key": key, "name": kind_names()[key]} for key in ("sale", "service", "repeat", "handoff")
        ],
    }  # fmt: skip


def placeholder_names() -> dict[str, str]:
    """What a script may speak of, in words."""
    return {
        "deal.name": _("Deal: name"), "deal.number": _("Deal: number"), "deal.amount": _("Deal: amount"),
        "deal.currency": _("Deal: currency"), "deal.expected_date": _("Deal: expected closing date"),
        "deal.stage": _("Deal: stage"), "deal.product": _("Deal: product"), "user.name": _("Rep: name"),
        "user.email": _("Rep: e-mail"), "user.phone": _("Rep: phone"), "client.name": _("Client: name"),
        "client.region": _("Client: region"), "client.industry": _("Client: industry"),
        "client.address": _("Client: address"), "client.website": _("Client: website"),
        "client.inn": _("Client: tax number"),
        "contact.name": _("Contact: name"), "contact.position": _("Contact: position"),
        "contact.phone": _("Contact: phone"), "contact.email": _("Contact: e-mail"),
    }  # fmt: skip


def _named(found: Iterable[Named]) -> list[dict[str, str]]:
    return [{"key": one.key, "name": one.name} for one in found]


def _field(spec: FieldSpec) -> dict[str, Any]:
    is_russian = get_language() == "ru"
    choices = [{"key": one.key, "name": one.label_ru if is_russian else one.label_en} for one in spec.choices]
    if spec.key == "client.kind":
        choices = [{"key": "company", "name": _("Company")}, {"key": "person", "name": _("Person")}]
    return {
        "name": spec.key, "label": spec.label_ru if is_russian else spec.label_en, "type": spec.type, "choices": choices
    }  # fmt: skip


def _action(spec: ActionSpec, catalog: DraftCatalog) -> dict[str, Any]:
    labels = _action_names()
    choices = {
        "template": _named(catalog.letters if spec.name == SEND_LETTER else catalog.documents),
        "process": _named(catalog.processes),
        "field": [
            {"key": key, "name": _field(STANDARD_FIELDS[key])["label"]} for key in ("deal.amount", "deal.expected_date")
        ],
        "to": [{"key": key, "name": _addressee_names()[key]} for key in ("contact", "owner", "head")],
    }
    params = [
        {
            "name": one.name, "label": _param_names()[one.name], "type": one.type, "required": one.required,
            "literal": one.literal, "choices": choices.get(one.name),
        }
        for one in spec.params
    ]  # fmt: skip
    return {"name": spec.name, "label": labels[spec.name], "params": params}


def _action_names() -> dict[str, str]:
    return {
        "set_field": _("Set a field of the deal"),
        "rescore": _("Add up points"),
        "start_process": _("Start another process"),
        "call_webhook": _("Tell another program"),
        "create_document": _("Make a document"),
        "send_letter": _("Send a letter"),
    }


def _param_names() -> dict[str, str]:
    return {
        "answer": _("What the sum is kept as"),
        "field": _("Field"), "value": _("Value"), "process": _("Process"), "url": _("Address of the program"),
        "event": _("Name of the event"), "template": _("Template"), "name": _("Name of the document"),
        "subject": _("Subject"), "body": _("Text"), "to": _("To whom"),
    }  # fmt: skip


def _addressee_names() -> dict[str, str]:
    return {
        "contact": _("To the client's contact"),
        "owner": _("To the deal's owner"),
        "head": _("To the head of sales"),
    }
