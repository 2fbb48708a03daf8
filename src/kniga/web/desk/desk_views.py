"""The desk: what to do now, as a list and as a calendar of a day, a week or a month."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from kniga.people.permissions import Act, may
from kniga.people.queries import visible_users
from kniga.people.roles import Entity
from kniga.platform import clock
from kniga.processes.control.deviation_queries import deviation_counts
from kniga.processes.desk.desk_queries import (
    desk_counts_for,
    desk_tasks_for,
    desks_of_people,
    has_own_tasks,
    process_options,
)
from kniga.salesbook.readers import owed_edition
from kniga.web.access import SignedInRequest, signed_in
from kniga.web.desk.calendar import calendar_of
from kniga.web.desk.desk_address import EVERYBODY, DeskAddress, day_around
from kniga.web.pages import render_page

TEMPLATE = "desk/home.html"
PAGE = 50


@signed_in
def home(request: SignedInRequest) -> HttpResponse:
    """The desk; its tab, view, filters and place are all in the address. A manager who has no task of their own
    starts with the tasks of their people."""
    address, is_manager = DeskAddress.read(request.GET), may(request.user, Act.COMPLETE_FOR_OTHERS)
    if is_manager and not address.person and not has_own_tasks(user=request.user):
        address = replace(address, person=EVERYBODY)
    context: dict[str, Any] = {
        "address": address,
        "now": clock.now(),
        "is_manager": is_manager,
        "processes": process_options(),
        "owed_edition": None if address.after else owed_edition(user=request.user),
    }
    if is_manager:
        context["people"] = visible_users(user=request.user, entity=Entity.TASK)
    show = _list if address.view == "list" else _calendar
    show(request, address, context)
    return render_page(request, TEMPLATE, context, fragments={"desk-rows": "rows", "desk": "desk"})


@require_safe
@signed_in
def people(request: SignedInRequest) -> HttpResponse:
    """How the desks of one's people stand, the most overdue first: the head's first look."""
    found = desks_of_people(user=request.user, day=day_around(clock.now()))
    deviations = deviation_counts(user=request.user) if may(request.user, Act.SEE_DEVIATIONS) else None
    return render_page(request, "desk/people.html", {"desks": found, "deviations": deviations}, block="people")


def _list(request: SignedInRequest, address: DeskAddress, context: dict[str, Any]) -> None:
    day = day_around(context["now"])
    wanted = address.wanted()
    context["day"] = day
    context["page"] = desk_tasks_for(
        user=request.user, day=day, tab=address.tab, wanted=wanted, cursor=address.after or None, limit=PAGE
    )
    # A page fetched while scrolling shows rows only.
    context["counts"] = None if address.after else desk_counts_for(user=request.user, day=day, wanted=wanted)


def _calendar(request: SignedInRequest, address: DeskAddress, context: dict[str, Any]) -> None:
    context["calendar"] = calendar_of(
        user=request.user, now=context["now"], view=address.view, at=address.on, wanted=address.wanted()
    )
