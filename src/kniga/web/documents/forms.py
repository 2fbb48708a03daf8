"""What the form of a template sends, as typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import QueryDict

if TYPE_CHECKING:
    from kniga.documents.models import DocumentTemplate


@dataclass(frozen=True, slots=True)
class TemplateForm:
    """A template as typed."""

    key: str = ""
    name: str = ""
    body: str = ""
    is_active: str = "on"

    @classmethod
    def sent(cls, data: QueryDict) -> TemplateForm:
        return cls(**{name: data.get(name, "").strip() for name in cls.__dataclass_fields__})

    @classmethod
    def of(cls, template: DocumentTemplate) -> TemplateForm:
        return cls(template.key, template.name, template.body, "on" if template.is_active else "")
