"""Hand a deal to another person, with undo; its open tasks follow."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from kniga.deals.queries import get_visible_deal
from kniga.people.permissions import Act
from kniga.people.queries import assignable_users, get_assignable_user
from kniga.platform import clock
from kniga.processes.opening import hand_over_deal
from kniga.web.access import SignedInRequest, act_required
from kniga.web.jinja import query
from kniga.web.pages import done, go_to, render_page, toast, trigger
from kniga.web.params import id_or_none


@require_http_methods(["GET", "HEAD", "POST"])
@act_required(Act.REASSIGN)
def assign(request: SignedInRequest, deal_id: int) -> HttpResponse:
    deal = get_visible_deal(user=request.user, id=deal_id)
    if request.method != "POST":
        people = [(person.id, person.name) for person in assignable_users(user=request.user)]
        context = {"deal": deal, "people": people, "deviation": id_or_none(request.GET.get("deviation"))}
        return render_page(request, "deals/assign.html", context, fragments={"modal": "modal"})
    chosen = id_or_none(request.POST.get("owner") or request.GET.get("owner")) or 0
    owner = get_assignable_user(user=request.user, id=chosen)
    before = deal.owner_id
    hand_over_deal(deal=deal, owner=owner, by=request.user, now=clock.now())
    deviation = id_or_none(request.GET.get("deviation"))
    undo = reverse("deals:assign", args=[deal.pk]) + query(owner=before, deviation=deviation) if before else ""
    toast(request, _("%(name)s has the deal now") % {"name": owner.name}, undo_url=undo)
    if deviation is not None:  # asked for in the queue of deviations: one stays there
        response = done(request, reverse("deviations:list"), f"deviation-{deviation}-changed")
    else:
        response = go_to(request, reverse("deals:card", args=[deal.pk]))
    trigger(response, "kniga:close-modal")
    return response
