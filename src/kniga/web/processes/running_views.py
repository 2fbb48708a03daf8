"""The running deals of a process: how many stand on each element, which they are, and acts on many of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from django.http.request import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from kniga.people.permissions import Act, may
from kniga.people.queries import visible_members, visible_teams
from kniga.platform import clock
from kniga.platform.errors import Refused
from kniga.processes.acts.act_planning import plan_act, plan_start
from kniga.processes.acts.act_queries import acts_of_process
from kniga.processes.acts.scopes import Scope
from kniga.processes.diagrams.drawing import drawing_of
from kniga.processes.diagrams.instance_queries import (
    MOST_COUNTED,
    Standing,
    count_running,
    running_by_version,
    running_instances,
    standing_on,
)
from kniga.processes.versions.definitions import runnable_version
from kniga.processes.versions.version_queries import VersionRow, version_rows, version_xml
from kniga.processes.wording.words import element_in_words
from kniga.web.access import SignedInRequest, act_required, signed_in
from kniga.web.pages import field_errors, go_to, refuse, render_page
from kniga.web.params import sent_reason
from kniga.web.processes.act_words import act_names, act_statuses
from kniga.web.processes.pictures import SHADES, heat_key, live_marks

TEMPLATE = "processes/running.html"
MOST_PEOPLE = 300
"""Of more one chooses a team first."""


@require_http_methods(["GET", "HEAD"])
@signed_in
def running(request: SignedInRequest, key: str) -> HttpResponse:
    """The deals in work of a process, as far as one sees them: on the diagram and as a list."""
    return render_page(request, TEMPLATE, running_context(request, key, request.GET))


@require_POST
@act_required(Act.STEER)
def plan(request: SignedInRequest, key: str) -> HttpResponse:
    """Prepare an act on the deals that are ticked (`whom`: ticked), or on all that meet the choice (all); `start` is
    for deals that run nothing."""
    form = request.POST
    version_rows(user=request.user, process_key=key)
    ticked = _ticked(form)
    picked = None if form.get("whom") == "all" else ticked if form.get("whom") == "ticked" else ticked or None
    scope, element = scope_of(key, form), form.get("to_step", "")
    try:
        reason = sent_reason(form)
        if form.get("kind") == "start":
            act = plan_start(scope=scope, element=element, reason=reason, by=request.user, now=clock.now())
        else:
            act = plan_act(
                kind=form.get("kind", ""), scope=scope, reason=reason, element=element, instance_ids=picked,
                by=request.user, now=clock.now(),
            )  # fmt: skip
    except Refused as refused:
        context = running_context(request, key, form)
        told = {"errors": field_errors(refused), "sent": form, "ticked": ticked}
        return refuse(request, TEMPLATE, context | told)
    return go_to(request, reverse("processes:act", args=[act.pk]))


def scope_of(key: str, form: QueryDict) -> Scope:
    """The choice that a form or an address tells of."""
    status = form.get("status", "")
    return Scope(
        key, number_of(form.get("version", "")), form.get("element", "")[:100], None, number_of(form.get("team", "")),
        number_of(form.get("owner", "")), status if status in ("running", "suspended") else "",
        form.get("overdue", "") == "on", has_incident=form.get("incident", "") == "on",
    )  # fmt: skip


def _ticked(form: QueryDict) -> list[int]:
    return [int(id) for id in form.getlist("instance") if id.isdecimal() and len(id) < 19]


def number_of(text: str) -> int | None:
    """A number of a form; None for anything else."""
    return int(text) if text.isdecimal() and len(text) < 10 else None


def running_context(request: SignedInRequest, key: str, form: QueryDict) -> dict[str, Any]:
    """The context of processes/running.html. Raises NotVisible."""
    user, now = request.user, clock.now()
    versions = version_rows(user=user, process_key=key)
    scope = scope_of(key, form)
    # Turning the page counts nothing anew: the numbers are on the first one.
    is_first = not form.get("after")
    of_all = Scope(key, None, "", None, *_narrowing(scope))
    counts = running_by_version(user=user, scope=of_all, now=now) if is_first else {}
    row = _drawn(versions, scope.version, counts)
    definition = runnable_version(row.id).definition
    of_version = replace(of_all, version=row.number)
    standing = standing_on(user=user, scope=of_version, now=now) if is_first else {}
    shade = form.get("shade", "")
    shade = shade if shade in SHADES else SHADES[0]
    return {
        "key": key, "definition": definition, "versions": versions, "shown": row, "scope": scope,
        "counts": counts, "in_all": sum(counts.values()),
        "focus": scope.element or _worst(standing),
        "marks": live_marks(standing, definition, shade, now), "shade": shade, "now": now,
        "shades": shade_names(), "heat_key": heat_key(standing, shade, now),
        "drawing": drawing_of(version_xml(user=user, version_id=row.id), definition) if is_first else None,
        "elements": [(id, element_in_words(definition.elements[id]), standing[id]) for id in definition.elements
                     if id in standing],
        "at": getattr(definition.elements.get(scope.element), "name", "") or scope.element,
        "steps": [(task.id, task.name) for task in definition.user_tasks() if task.scope is None],
        "page": running_instances(user=user, scope=scope, now=now, cursor=form.get("after") or None),
        "total": count_running(user=user, scope=scope, now=now, most=MOST_COUNTED) if is_first else None,
        "most": MOST_COUNTED,
        "address": _address(form), "plain_address": _address(form, but="shade"),
        "versions_address": _address(form, but="version"),
        "teams": visible_teams(user=user), "acts": act_names(),
        "people": visible_members(user=user, team_id=scope.team_id, most=MOST_PEOPLE),
        "statuses": act_statuses(),
        "past": acts_of_process(user=user, process_key=key, limit=5) if _steers(user) else (),
        "may_steer": _steers(user), "may_move": may(user, Act.EDIT_BOOK),
        "may_see_deviations": may(user, Act.SEE_DEVIATIONS), "errors": {}, "sent": {}, "ticked": (),
        "conditions": {"running": _("Running"), "suspended": _("Paused")},
    }  # fmt: skip


def _drawn(versions: Sequence[VersionRow], chosen: int | None, counts: Mapping[int, int]) -> VersionRow:
    """The version whose diagram is drawn: the one chosen, else the one most deals are on, of equal ones the newest."""
    named = next((one for one in versions if one.number == chosen), None)
    return named or max(versions, key=lambda one: (counts.get(one.number, 0), one.number))


def shade_names() -> dict[str, str]:
    """What the shades of the live diagram may speak of."""
    return {"count": _("How many"), "age": _("How long"), "overdue": _("What is overdue")}


def _worst(standing: Mapping[str, Standing]) -> str:
    """The step to look at first: where most is overdue, else where most deals stand."""
    return max(standing, key=lambda id: (standing[id].overdue, standing[id].instances), default="")


def _narrowing(scope: Scope) -> tuple[int | None, int | None, str, bool, bool, bool]:
    return scope.team_id, scope.owner_id, scope.status, scope.is_overdue, False, scope.has_incident


def _address(form: QueryDict, *, but: str = "") -> str:
    """The choice as an address, for links that change one thing of it."""
    kept = QueryDict(mutable=True)
    for name in ("version", "team", "owner", "status", "overdue", "incident", "shade"):
        if form.get(name) and name != but:
            kept[name] = form.get(name, "")
    return kept.urlencode()


def _steers(user: Any) -> bool:
    return may(user, Act.STEER)
