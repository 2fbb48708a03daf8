"""Every component in every state on one page; made-up data, so it needs neither a database nor a sign-in."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from kniga.platform import clock
from kniga.web.pages import refuse, render_page, toast
from kniga.web.ui.classes import CLASSES


def catalogue(request: HttpRequest) -> HttpResponse:
    """The whole page; `?show=toast` adds toasts, a POST shows the form refused."""
    today = timezone.localdate(clock.now())
    context: dict[str, Any] = {
        "days": [today + timedelta(days=distance) for distance in (-3, -1, 0, 1, 2, 9, 40)],
        "now": clock.now(),
        "errors": {},
        "icon_names": icon_names(),
        "questions": questions(),
        "classes": CLASSES,
    }
    if request.method == "POST":
        context["errors"] = {"amount": [_("Enter the amount as a number, for example 125000.")]}
        return refuse(request, "ui/catalogue.html", context, fragments={"ui-form": "form"})
    if request.GET.get("show") == "toast":
        toast(request, _("Deal moved to “Proposal”"), undo_url="/ui/")
        toast(request, _("The file has 3 errors"), kind="error")
    return render_page(request, "ui/catalogue.html", context, fragments={"ui-form": "form"})


def questions() -> list[dict[str, Any]]:
    """One question of each kind, as a step of the sales book asks them."""
    kinds = ("text", "number", "date", "select", "radio", "checkboxes")
    options = [("yes", _("Agreed")), ("no", _("Refused"))]
    return [
        {
            "name": f"question-{kind}",
            "control": kind,
            "label": _("What did the client say?"),
            "is_required": kind in ("text", "radio"),
            "options": options,
            "value": "",
            "chosen": ["yes"] if kind == "checkboxes" else [],
            "errors": [_("Choose an answer.")] if kind == "radio" else [],
            "help": _("The client's own words are best.") if kind == "text" else "",
            "needed_for": [_("Agreed")] if kind == "text" else [],
            "needed_keys": ["yes"] if kind == "text" else [],
            "confirm": "",
            "latest": "",
        }
        for kind in kinds
    ]


def icon_names() -> list[str]:
    """The names of the sprite's icons, as `icon(name)` takes them."""
    sprite = finders.find("icons.svg")
    return re.findall(r'<symbol id="([\w-]+)"', Path(str(sprite)).read_text(encoding="utf-8"))
