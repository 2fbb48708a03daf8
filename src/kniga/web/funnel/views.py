"""The funnel and the lists behind its numbers."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.utils import timezone

from kniga.insights.funnel.deals import deals_behind, sum_behind
from kniga.insights.funnel.names import choices_for, pipelines
from kniga.insights.funnel.page import funnel_page_for
from kniga.people.permissions import Act
from kniga.platform import clock
from kniga.web.access import SignedInRequest, act_required
from kniga.web.funnel import addresses, presenters
from kniga.web.pages import render_page


@act_required(Act.SEE_FUNNEL)
def report(request: SignedInRequest) -> HttpResponseBase:
    known = pipelines()
    if not known:
        return render_page(request, "funnel/empty.html")
    asked = addresses.read(request.GET, known)
    page = funnel_page_for(user=request.user, filters=asked.filters, by=asked.by)
    choices = choices_for(user=request.user)
    today = timezone.localdate(clock.now())
    return render_page(request, "funnel/report.html", presenters.report(asked, page, choices, known, today))


@act_required(Act.SEE_FUNNEL)
def deals(request: SignedInRequest) -> HttpResponseBase:
    asked = addresses.read(request.GET, pipelines())
    number = presenters.number_asked(request.GET)
    found = deals_behind(
        user=request.user,
        filters=asked.filters,
        measure=number.measure,
        stage_id=number.stage_id,
        cursor=request.GET.get("cursor"),
    )
    choices = choices_for(user=request.user)
    context = presenters.deals(asked, number, found, choices)
    if not request.GET.get("cursor"):
        context["count"], context["amount"] = sum_behind(
            user=request.user, filters=asked.filters, measure=number.measure, stage_id=number.stage_id
        )
    return render_page(request, "funnel/deals.html", context, fragments={"deal-rows": "rows"})
