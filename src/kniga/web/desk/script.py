"""A step's script as HTML: Markdown with the client's data filled in, and a soft gap where some is missing.

Values go into the text of the Markdown after it is parsed, so nothing in them can become markup; what is filled
in and what is missing is marked by private characters until the HTML has been cleaned.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from markupsafe import Markup, escape

from kniga.web.markdown import render_filled

_PLACEHOLDER = re.compile(r"\{\{\s*([\w.-]+)\s*\}\}")
_OPEN, _CLOSE, _GAP, _END = "\ue000", "\ue001", "\ue002", "\ue003"
_PRIVATE = str.maketrans("", "", _OPEN + _CLOSE + _GAP + _END)
_MISSING = re.compile(f"{_GAP}([^{_END}]*){_END}")


@dataclass(frozen=True, slots=True)
class Gap:
    """Data a script asks for and nobody has: what it is called, and where to fill it in ("" nowhere)."""

    label: str
    href: str


def render_script(script: str, values: Mapping[str, str], gaps: Mapping[str, Gap]) -> Markup:
    """Safe HTML. `values` are the texts to fill in by placeholder; what is empty or absent becomes a gap, labelled
    by `gaps` (its whole name or its first part, such as "client")."""

    def fill(text: str) -> str:
        return _PLACEHOLDER.sub(lambda match: _filled(match[1], values), text)

    html: str = render_filled(script.translate(_PRIVATE), fill)
    html = str(html).replace(_OPEN, '<mark class="k-fill">').replace(_CLOSE, "</mark>")
    return Markup(_MISSING.sub(lambda match: _gap(match[1], gaps), html))


def _filled(name: str, values: Mapping[str, str]) -> str:
    value = values.get(name, "").translate(_PRIVATE).strip()
    return f"{_OPEN}{value}{_CLOSE}" if value else f"{_GAP}{name}{_END}"


def _gap(name: str, gaps: Mapping[str, Gap]) -> Markup:
    gap = gaps.get(name) or gaps.get(name.partition(".")[0]) or Gap(name, "")
    if not gap.href:
        return Markup('<span class="k-gap" title="{}">{}</span>').format(_("Not known yet"), gap.label)
    return Markup('<a class="k-gap" href="{}" title="{}">{}</a>').format(
        gap.href, _("Not known yet: fill it in"), escape(gap.label)
    )
