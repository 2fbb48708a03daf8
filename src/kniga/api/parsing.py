"""What a request says, read once for all operations: text that cannot be kept is refused at the door."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from ninja.parser import Parser

from kniga.api.problems import Problem


class StrictParser(Parser):
    """JSON as RFC 8259 has it (no NaN), and text the database can hold: no NUL, no half of a surrogate pair."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """The body. Raises Problem 400."""
        try:
            found: dict[str, Any] = json.loads(request.body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            raise Problem(400, "bad_request", _("The request is not readable: the body must be JSON.")) from None
        # Only an escape can bring such a character into well-formed JSON.
        if b"\\u" in request.body and not _is_clean(found):
            raise _unkept()
        return found

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        """The query or a form. Raises Problem 400."""
        # Files come this way too: to look into one would read it.
        texts = (value for _name, values in data.lists() for value in values if isinstance(value, str))
        if any("\x00" in text for text in texts):
            raise _unkept()
        return super().parse_querydict(data, list_fields, request)


def _refuse_constant(name: str) -> float:
    raise ValueError(name)


def _is_clean(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)
    if isinstance(value, dict):
        return all(_is_clean(key) and _is_clean(one) for key, one in value.items())
    return all(_is_clean(one) for one in value) if isinstance(value, list) else True


def _unkept() -> Problem:
    detail = _("The text has a character that cannot be kept (NUL, or half of a pair). Leave it out.")
    return Problem(400, "text_unreadable", detail)
