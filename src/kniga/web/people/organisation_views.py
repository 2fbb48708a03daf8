"""The organisation's settings, and the days that differ from its country's calendar."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kniga.people.organisation_queries import calendar_days, days_off, organisation_settings
from kniga.people.organisation_services import (
    OrganisationChanges,
    remove_calendar_day,
    set_calendar_day,
    update_organisation,
)
from kniga.people.permissions import Act
from kniga.platform import clock
from kniga.platform.errors import Refused
from kniga.web.access import SignedInRequest, act_required, signed_in
from kniga.web.pages import field_errors, go_to, refuse, render_page, toast
from kniga.web.params import date_or_none
from kniga.web.people.organisation_choices import Choice, country_choices, currency_choices, time_zone_choices
from kniga.web.people.sections import people_tabs

TEMPLATE = "people/organisation.html"
_DAY_FIELDS = ("date", "kind", "note")


@require_http_methods(["GET", "POST"])
@act_required(Act.MANAGE_ORGANISATION)
def organisation(request: SignedInRequest) -> HttpResponse:
    if request.method == "GET":
        return render_page(request, TEMPLATE, _context(request))
    form = {key: request.POST[key] for key in OrganisationChanges.__annotations__ if key in request.POST}
    try:
        update_organisation(by=request.user, now=clock.now(), **OrganisationChanges(**form))  # type: ignore[typeddict-item]
    except Refused as refusal:
        return refuse(request, TEMPLATE, _context(request, form) | {"errors": field_errors(refusal)})
    toast(request, _("Saved"))
    return go_to(request, reverse("people:organisation"))


@require_POST
@act_required(Act.MANAGE_ORGANISATION)
def set_day(request: SignedInRequest) -> HttpResponse:
    sent = {name: request.POST.get(name, "").strip() for name in _DAY_FIELDS}
    try:
        set_calendar_day(
            day=_day(sent["date"]),
            is_working=sent["kind"] == "working",
            note=sent["note"],
            by=request.user,
            now=clock.now(),
        )
    except Refused as refusal:
        return refuse(request, TEMPLATE, _context(request) | {"day": sent, "day_errors": field_errors(refusal)})
    toast(request, _("Saved"))
    return go_to(request, reverse("people:organisation"))


@require_POST
@act_required(Act.MANAGE_ORGANISATION)
def remove_day(request: SignedInRequest) -> HttpResponse:
    try:
        remove_calendar_day(day=_day(request.POST.get("date", "")), by=request.user, now=clock.now())
    except Refused as refusal:
        return refuse(request, TEMPLATE, _context(request) | {"day_errors": field_errors(refusal)})
    toast(request, _("The country's calendar decides about this day again"))
    return go_to(request, reverse("people:organisation"))


@require_safe
@signed_in
def off(request: SignedInRequest) -> HttpResponse:
    """The days off of the month of the day `month`, for the calendar of a field."""
    month = date_or_none(request.GET.get("month")) or clock.now().date()
    return JsonResponse({"off": [day.isoformat() for day in days_off(month=month)]})


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Refused("date_invalid", _("Choose a day."), field="date") from error


def _context(request: SignedInRequest, form: Mapping[str, str] | None = None) -> dict[str, Any]:
    language = get_language() or "en"
    present = organisation_settings()
    shown = present | dict(form or {})
    zones = time_zone_choices(language, timezone.localdate(clock.now()))
    return {
        "tabs_shown": people_tabs(request.user),
        "form": shown,
        "errors": {},
        "currencies": _with_present(currency_choices(language), present["currency"]),
        "countries": country_choices(language),
        "time_zones": _with_present(zones, shown["time_zone"]),
        "days": calendar_days(),
        "day": dict.fromkeys(_DAY_FIELDS, ""),
        "day_errors": {},
    }


def _with_present(choices: tuple[Choice, ...], present: str) -> tuple[Choice, ...]:
    """The choices with what stands there now, though it is offered no more: money of the past, a zone's other name."""
    return choices if present in dict(choices) else ((present, present), *choices)
