"""Make a document from a template, with the deal's data filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from django.conf import settings
from django.utils import translation

from kniga.documents.line_tables import lines_as_table, shown_lines
from kniga.documents.queries import active_template
from kniga.documents.services import create_document
from kniga.platform.said import said as _
from kniga.processes.actions.doing import ActionFailed, Job, Results
from kniga.processes.actions.placeholders import contact_of, filled_in, letter_values, missing_in, named_gaps
from kniga.processes.models import Instance
from kniga.processes.versions.definitions import runnable_version

RESULT: Final = "document"
"""The process field that takes the number of the document, where the process has one of this name."""
_RESULT_TYPES: Final = {"text": str, "number": int}
_MARKUP: Final = re.compile(r"[\\`*_\[\]<>|~#&]")
# What stands at the beginning of a line and would begin a list, a heading or a rule there; and spaces, which would
# begin code.
_BEGINNING: Final = re.compile(r"^[ \t]*([-+=](?=[-=\s]|$)|\d{1,9}(?=[.)](?:\s|$)))?", re.MULTILINE)


def create_document_for(job: Job) -> Results:
    """Fill in the template and keep the document. Must run inside a transaction. Raises ActionFailed:
    `unknown_template`, `gaps`."""
    key = job.text("template")
    template = active_template(key=key)
    if template is None:
        message = _("There is no document template “%s” in use. Make it among the templates of the sales book.")
        raise ActionFailed(message % key, code="unknown_template", is_final=True)
    with translation.override(template.language or settings.LANGUAGE_CODE):
        values = letter_values(instance_id=job.instance_id, contact=contact_of(job), now=job.now)
        table = lines_as_table(shown_lines(deal_id=job.deal_id), as_plain_text)
    title = job.text("name") or template.name
    missing = gaps_of_document(title, template.body, values)
    if missing:
        said = _("The document speaks of “%(names)s”, which nobody has filled in.")
        raise ActionFailed(said % {"names": named_gaps(job.instance_id, missing)}, code="gaps", is_final=True)
    name, body = filled_document(title, template.body, values, table)
    document = create_document(
        deal_id=job.deal_id, template=template, name=name, body=body, by=None, now=job.now,
        instance_id=job.instance_id, work_id=job.work_id,
    )  # fmt: skip
    return _results(job, document.pk)


def filled_document(title: str, text: str, values: Mapping[str, str], table: str) -> tuple[str, str]:
    """Name and text of a document without gaps; `table` takes the place of the deal's lines."""
    name = filled_in(title, values)
    plain = {place: as_plain_text(value) for place, value in values.items()}
    return name, filled_in(text, plain | {"deal.lines": f"\n\n{table}\n\n"})


def gaps_of_document(title: str, text: str, values: Mapping[str, str]) -> tuple[str, ...]:
    """The placeholders of a document that nobody has filled in."""
    return missing_in(f"{title}\n{text}", values)


def as_plain_text(value: str) -> str:
    """A value as Markdown that shows it as it is: what people typed about a client never becomes markup."""
    return _BEGINNING.sub(_escaped_beginning, _MARKUP.sub(r"\\\g<0>", value))


def _escaped_beginning(match: re.Match[str]) -> str:
    sign = match[1] or ""
    return f"{sign}\\" if sign.isdecimal() else f"\\{sign}" if sign else ""


def _results(job: Job, document_id: int) -> Results:
    version_id = Instance.objects.values_list("version_id", flat=True).get(pk=job.instance_id)
    type = runnable_version(version_id).definition.question_types.get(RESULT)
    return {RESULT: _RESULT_TYPES[type](document_id)} if type in _RESULT_TYPES else {}
