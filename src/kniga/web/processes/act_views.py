"""Acts on many running deals: prepared, looked at, carried out with progress, undone as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from django.http import HttpResponse
from django.http.request import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kniga.people.permissions import Act, may
from kniga.people.queries import branch_options, visible_members, visible_name, visible_teams
from kniga.platform import clock
from kniga.platform.errors import Refused
from kniga.processes.acts.act_planning import RIGHTS, change_move, plan_move
from kniga.processes.acts.act_queries import (
    MappedElement,
    act_counts,
    act_rows,
    acts_of_process,
    foretold_of,
    get_visible_act,
    mapping_of,
)
from kniga.processes.acts.acting import drop_act
from kniga.processes.acts.scopes import Scope, load_scope
from kniga.processes.diagrams.instance_queries import element_names, running_by_version
from kniga.processes.jobs import queue_act, queue_undo
from kniga.processes.versions.definitions import runnable_version
from kniga.processes.versions.version_queries import VersionRow, version_rows
from kniga.web.access import SignedInRequest, act_required
from kniga.web.formatting import number
from kniga.web.pages import field_errors, go_to, refuse, render_page, toast
from kniga.web.params import sent_reason
from kniga.web.processes.act_words import act_names, act_on, act_statuses, how_proposed, row_statuses, why_in_words
from kniga.web.processes.pairs import COLOURS, TwoVersions, doubtful, likely, pair_numbers, two_versions
from kniga.web.processes.running_views import MOST_PEOPLE, number_of
from kniga.web.processes.split_forms import split_form, splits_asked

if TYPE_CHECKING:
    from kniga.processes.models import BulkAct

TEMPLATE: Final = "processes/act.html"
FRAGMENTS: Final = {"act": "act"}


@require_http_methods(["GET", "HEAD", "POST"])
@act_required(Act.EDIT_BOOK)
def move(request: SignedInRequest, key: str) -> HttpResponse:
    """Choose the versions and whose deals are to be moved; the machine proposes the mapping."""
    versions = version_rows(user=request.user, process_key=key)
    form = request.POST if request.method == "POST" else request.GET
    context: dict[str, Any] = {
        "key": key, "process_name": runnable_version(versions[0].id).definition.name, "versions": versions,
        "published": next((v for v in versions if v.status == "published"), None),
        "sources": _sources(request, key, versions), "sent": form, "errors": {},
        "branches": branch_options(), "teams": visible_teams(user=request.user),
        "people": visible_members(user=request.user, most=MOST_PEOPLE), "acts": act_names(), "statuses": act_statuses(),
        "past": acts_of_process(user=request.user, process_key=key, limit=10),
    }  # fmt: skip
    if request.method != "POST":
        return render_page(request, "processes/move.html", context)
    scope = Scope(
        key, number_of(form.get("source", "")), "", number_of(form.get("branch", "")), number_of(form.get("team", "")),
        number_of(form.get("owner", "")),
    )  # fmt: skip
    target = context["published"].number if context["published"] else 0
    try:
        act = plan_move(scope=scope, target=target, reason=sent_reason(form), by=request.user, now=clock.now())
    except Refused as refused:
        return refuse(request, "processes/move.html", context | {"errors": field_errors(refused)})
    return go_to(request, reverse("processes:act", args=[act.pk]))


@require_safe
@act_required(Act.STEER)
def act(request: SignedInRequest, act_id: int) -> HttpResponse:
    """An act: what it does to which deals, how far it is, what became of each."""
    found = get_visible_act(user=request.user, act_id=act_id)
    return render_page(request, TEMPLATE, act_context(request, found), fragments=FRAGMENTS)


@require_POST
@act_required(Act.STEER)
def settle(request: SignedInRequest, act_id: int) -> HttpResponse:
    """Do what the pressed button says (`act`): change (the mapping of a move), carry_out, drop or undo."""
    found = get_visible_act(user=request.user, act_id=act_id)
    try:
        where = _settle(request, found)
    except Refused as refused:
        context = act_context(request, get_visible_act(user=request.user, act_id=act_id))
        return refuse(request, TEMPLATE, context | {"errors": field_errors(refused)})
    return go_to(request, where)


def act_context(request: SignedInRequest, found: BulkAct) -> dict[str, Any]:
    """The context of processes/act.html for an act that came through `get_visible_act`."""
    status = request.GET.get("show", "")
    names = _names(request, found)
    counts = act_counts(found)
    over = {"preparing": "untried", "running": "fits", "undoing": "done"}.get(found.status)
    total = sum(counts.values())
    mapping = mapping_of(found) if found.target_id else ()
    numbers = pair_numbers(runnable_version(found.version_id).definition) if found.version_id and mapping else {}
    return {
        "pictures": _pictures(request, found, mapping, numbers) if over is None else None,
        "numbers": numbers, "colours": COLOURS, "likely": likely, "split": split_form(found, request.POST),
        "doubtful": doubtful(mapping),
        "others": _others(request, found), "foretold": foretold_of(found),
        "act": found, "counts": counts, "total": total, "names": act_names(), "statuses": act_statuses(),
        "row_statuses": row_statuses(), "shown": status if status in counts else "",
        "page": act_rows(
            user=request.user, act=found, status=status if status in counts else "", cursor=request.GET.get("after")
        ),
        "why": lambda row: why_in_words(row.why, {**names, **row.steps}),
        "mapping": mapping, "how": how_proposed, "errors": {},
        "at_work": over is not None, "over": total - counts[over] if over else total,
        "scope": _scope_in_words(request, load_scope(found.scope), names, total), "element_names": names,
        "may_do": may(request.user, RIGHTS[found.kind]), "do_it": act_on(found.kind, counts["fits"]),
    }  # fmt: skip


def _names(request: SignedInRequest, found: BulkAct) -> Mapping[str, str]:
    """The names of the elements an act speaks of: of the version it began with, else of any that has them."""
    if found.version_id:
        return element_names(found.version_id)
    names: dict[str, str] = {}
    spoken_of = {found.element, load_scope(found.scope).element} - {""}
    for row in version_rows(user=request.user, process_key=found.process.key) if spoken_of else ():
        if spoken_of <= names.keys():
            break
        names = {**element_names(row.id), **names}
    return names


def _pictures(
    request: SignedInRequest, found: BulkAct, mapping: Sequence[MappedElement], numbers: Mapping[str, int]
) -> TwoVersions | None:
    if found.version_id is None or found.target_id is None:
        return None
    return two_versions(
        user=request.user, old_id=found.version_id, new_id=found.target_id, mapping=mapping, splits=found.splits,
        numbers=numbers,
    )  # fmt: skip


def _others(request: SignedInRequest, found: BulkAct) -> int:
    """How many of the deals one sees are still on the version a move that is done came from."""
    if found.target is None or found.version is None or found.status != "done":
        return 0
    running = running_by_version(user=request.user, scope=Scope(found.process.key), now=clock.now())
    return running.get(found.version.number, 0)


def _sources(request: SignedInRequest, key: str, versions: Sequence[VersionRow]) -> list[tuple[int, int]]:
    """The versions that deals may be moved from, with how many of the deals one sees are on them."""
    found = running_by_version(user=request.user, scope=Scope(key), now=clock.now())
    return [(v.number, found[v.number]) for v in versions if v.number in found and v.status != "published"]


def _settle(request: SignedInRequest, found: BulkAct) -> str:
    form, by, now = request.POST, request.user, clock.now()
    pressed = form.get("act", "")
    page = reverse("processes:act", args=[found.pk])
    if pressed == "drop":
        drop_act(act_id=found.pk, by=by)
        toast(request, _("Nothing was done"))
        return reverse("processes:running", args=[found.process.key])
    if pressed == "undo":
        queue_undo(act_id=found.pk, reason=sent_reason(form), by=by, now=now)
        return page
    if found.target_id:
        mapping, choices = _chosen(form)
        reason = sent_reason(form)
        changed = change_move(
            act_id=found.pk, mapping=mapping, choices=choices, splits=splits_asked(form), reason=reason, by=by, now=now
        )
        is_untried = changed.is_being_prepared or (changed.mapping, changed.splits) != (found.mapping, found.splits)
        if is_untried and pressed == "carry_out":  # nobody has seen yet what this mapping does to which deals
            toast(request, _("The mapping has changed: look at what fits now, then carry it out"))
            return page
    if pressed == "carry_out":
        queue_act(act_id=found.pk, by=by, now=now)
    return page


def _chosen(form: QueryDict) -> tuple[dict[str, str | None], dict[int, dict[str, str]]]:
    """The mapping of a form (`to:<element>`) and the choices for single deals (`row:<id>:<element>`)."""
    mapping: dict[str, str | None] = {}
    choices: dict[int, dict[str, str]] = {}
    for name in form:
        if name.startswith("to:"):
            mapping[name.removeprefix("to:")] = form.get(name) or None
        elif name.startswith("row:"):
            id, _colon, element = name.removeprefix("row:").partition(":")
            if id.isdecimal() and len(id) < 19:
                choices.setdefault(int(id), {})[element] = form.get(name, "")
    return mapping, choices


def _scope_in_words(request: SignedInRequest, scope: Scope, names: Any, total: int) -> list[str]:
    user = request.user
    if scope.is_picked:
        return [ngettext("%(num)s chosen deal", "%(num)s chosen deals", total) % {"num": number(total)}]
    told = [_("version %(number)s") % {"number": scope.version}] if scope.version else []
    for options, id in (
        (branch_options(), scope.branch_id), (visible_teams(user=user), scope.team_id),
    ):  # fmt: skip
        told += [one.name for one in options if one.id == id] if id else []
    owner = visible_name(user=user, id=scope.owner_id) if scope.owner_id else None
    told += [owner] if owner else []
    if scope.element:
        told.append(_("on “%(step)s”") % {"step": names.get(scope.element, scope.element)})
    if scope.is_overdue:
        told.append(_("overdue"))
    if scope.has_incident:
        told.append(_("with an incident"))
    if scope.status:
        told.append(_("Paused") if scope.status == "suspended" else _("Running"))
    return told or [_("all deals in work")]
