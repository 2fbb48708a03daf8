"""What the wizard's forms send, as the domain's options."""

from __future__ import annotations

from typing import Any

import msgspec
from django.http import QueryDict
from django.utils.translation import gettext as _

from kniga.imports.finding import Found
from kniga.imports.options import Options, options_of
from kniga.imports.setup import Explanation
from kniga.platform.errors import Refused

_TEXTS = ("encoding", "delimiter", "sheet", "date_order", "number_style", "key", "process")


def sent_options(data: QueryDict, found: Found, before: Options) -> Options:
    """The options of the set-up form. Raises Refused for what the form does not offer."""
    given: dict[str, Any] = before.stored()
    for name in _TEXTS:
        if name in data:
            sent = str(data[name])
            text = sent if name == "delimiter" else sent.strip()
            given[name] = "\t" if text == "tab" else text or None
    header = data.get("header_row", "").strip()
    if header:
        given["header_row"] = int(header) if header.isdecimal() and len(header) < 7 else 1
    given["mapping"] = {
        column.name: data.get(f"map-{index}", column.field) for index, column in enumerate(found.columns)
    }
    given["duplicates"] = data.get("duplicates", before.duplicates)
    given["keep_present"] = data.get("keep_present") == "on"
    return _checked(given)


def with_skipping(data: QueryDict, before: Options) -> Options:
    """The options with the decision about rows that cannot be applied."""
    return _checked(before.stored() | {"skip_errors": data.get("skip_errors") == "on"})


def sent_explanations(data: QueryDict) -> list[Explanation]:
    """What was said about unknown names; those nothing was said about are left out."""
    said = []
    for index in range(min(len(data), 500)):
        text, reference = data.get(f"text-{index}"), data.get(f"reference-{index}")
        if text is None or reference is None:
            continue
        choice, name = data.get(f"choice-{index}", ""), data.get(f"name-{index}", "").strip()
        if choice == "make":
            said.append(Explanation(reference, text, makes=True))
        elif name and choice == "other":
            said.append(Explanation(reference, text, name))
        elif choice.startswith("is:"):
            said.append(Explanation(reference, text, choice.removeprefix("is:")))
    return said


def _checked(given: dict[str, Any]) -> Options:
    try:
        return options_of({name: value for name, value in given.items() if value is not None})
    except msgspec.ValidationError as error:
        raise Refused("bad_choice", _("Choose one of the values offered.")) from error
