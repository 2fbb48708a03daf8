"""The department's templates of documents and letters, and the steps of its book that use them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from kniga.documents.services import TemplateText, create_template
from kniga.people.models import User
from kniga.processes.versions.published import as_one_change
from kniga.processes.versions.publishing import BOOKS, publish_version, upload_version

DOCUMENTS: Final = ("offer", "contract", "invoice")
LETTERS: Final = ("after_call", "offer_letter", "payment_reminder")
_TEXTS: Final = Path(__file__).with_name("templates")
_MATERIALS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "b2b_sale": {
        "task_cold_call": ("after_call",),
        "task_needs": ("after_call",),
        "task_proposal": ("offer", "offer_letter"),
        "task_present": ("offer",),
        "task_contract": ("contract",),
        "task_payment": ("invoice", "payment_reminder"),
    },
    "inbound_sale": {
        "task_answer": ("after_call",),
        "task_offer": ("offer", "offer_letter"),
        "task_payment": ("invoice", "payment_reminder"),
    },
}
"""The templates of each step, by process."""


def keep_templates(*, language: str, by: User, now: datetime) -> None:
    """Make the templates: the first line of a text is its name, the second, of a letter, its subject."""
    for key in (*DOCUMENTS, *LETTERS):
        name, subject, body = (_TEXTS / f"{key}.{language}.md").read_text(encoding="utf-8").split("\n", 2)
        kind = "letter" if key in LETTERS else "document"
        create_template(key=key, kind=kind, text=TemplateText(name, body, subject), by=by, now=now)


def book_text(process: str, language: str) -> str:
    """The shipped file of a process, with the templates of the department named on its steps."""
    text = (BOOKS / f"{process}.{language}.bpmn").read_text(encoding="utf-8")
    for step, keys in _MATERIALS[process].items():
        named = "".join(
            f'\n        <kniga:material kind="{"letter" if key in LETTERS else "document"}" template="{key}"/>'
            for key in keys
        )
        opening = re.compile(rf'<bpmn:userTask id="{step}"[^>]*>\s*<bpmn:extensionElements>')
        text, found = opening.subn(rf"\g<0>{named}", text)
        if found != 1:
            raise ValueError(f"the shipped book has no step {step}")
    return text


def install_department_books(*, language: str, by: User | None, now: datetime) -> None:
    """Publish the books of the department as one edition."""
    with as_one_change(by=by, now=now):
        for process in _MATERIALS:
            version = upload_version(xml=book_text(process, language).encode(), note="", by=by, now=now)
            publish_version(version_id=version.pk, by=by, now=now)
