"""What the form of a template sends, as typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import QueryDict

from kniga.documents.services import TemplateText

if TYPE_CHECKING:
    from kniga.documents.models import DocumentTemplate


@dataclass(frozen=True, slots=True)
class TemplateForm:
    """A template as typed."""

    key: str = ""
    kind: str = "document"
    language: str = ""
    name: str = ""
    subject: str = ""
    body: str = ""
    is_active: str = "on"

    @classmethod
    def sent(cls, data: QueryDict) -> TemplateForm:
        typed = {name: data.get(name, "").strip() for name in cls.__dataclass_fields__}
        return cls(**typed | {"kind": typed["kind"] or "document"})

    def text(self) -> TemplateText:
        """What the template says."""
        return TemplateText(self.name, self.body, self.subject, self.language)

    @classmethod
    def of(cls, template: DocumentTemplate) -> TemplateForm:
        return cls(
            template.key, template.kind, template.language, template.name, template.subject, template.body,
            "on" if template.is_active else "",
        )  # fmt: skip
