"""Lists of people and teams."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from kniga.people.permissions import Act, may
from kniga.people.queries import managed_branches, people_page, role_choices, team_list
from kniga.web.access import SignedInRequest, act_required
from kniga.web.pages import render_page
from kniga.web.people.forms import number_or_none
from kniga.web.people.sections import people_tabs


@require_safe
@act_required(Act.MANAGE_PEOPLE)
def people(request: SignedInRequest) -> HttpResponse:
    asked = {name: request.GET.get(name, "").strip() for name in ("q", "role", "branch", "team")}
    page = people_page(
        user=request.user,
        text=asked["q"],
        role=asked["role"],
        branch_id=number_or_none(asked["branch"]),
        team_id=number_or_none(asked["team"]),
        cursor=request.GET.get("cursor") or None,
    )
    context = {
        "rows": page.rows,
        "more": {**asked, "cursor": page.next_cursor} if page.next_cursor else None,
        "asked": asked,
        "roles": role_choices(),
        "role_names": dict(role_choices()),
        "branches": [(branch.id, branch.name) for branch in managed_branches(user=request.user)],
        "tabs_shown": people_tabs(request.user),
    }
    return render_page(request, "people/list.html", context, fragments={"people-rows": "table", "people-more": "rows"})


@require_safe
@act_required(Act.MANAGE_PEOPLE)
def teams(request: SignedInRequest) -> HttpResponse:
    return render_page(request, "people/teams.html", _teams_context(request))


def _teams_context(request: SignedInRequest) -> dict[str, Any]:
    return {
        "rows": team_list(user=request.user),
        "may_add_branch": may(request.user, Act.MANAGE_BRANCHES),
        "tabs_shown": people_tabs(request.user),
    }
