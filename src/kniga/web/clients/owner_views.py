"""Hand a client to another person, with undo."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from kniga.clients.queries import get_visible_client, owners_of
from kniga.clients.services import assign_client
from kniga.people.permissions import Act
from kniga.people.queries import assignable_users, get_assignable_user
from kniga.people.roles import Entity
from kniga.platform import clock
from kniga.web.access import SignedInRequest, act_required
from kniga.web.pages import go_to, render_page, toast, trigger
from kniga.web.params import id_or_none


@require_http_methods(["GET", "HEAD", "POST"])
@act_required(Act.REASSIGN)
def assign(request: SignedInRequest, client_id: int) -> HttpResponse:
    client = get_visible_client(user=request.user, id=client_id)
    if request.method != "POST":
        context = {
            "client": client,
            "owners": owners_of(user=request.user, client=client),
            "people": [
                (person.id, person.name) for person in assignable_users(user=request.user, entity=Entity.CLIENT)
            ],
        }
        return render_page(request, "clients/assign.html", context, fragments={"modal": "modal"})
    chosen = id_or_none(request.POST.get("owner") or request.GET.get("owner")) or 0
    owner = get_assignable_user(user=request.user, id=chosen, entity=Entity.CLIENT)
    before = client.owner_id
    assign_client(client=client, owner=owner, by=request.user, now=clock.now())
    undo = f"{reverse('clients:assign', args=[client.pk])}?owner={before}" if before else ""
    toast(request, _("%(name)s has the client now") % {"name": owner.name}, undo_url=undo)
    response = go_to(request, reverse("clients:card", args=[client.pk]))
    trigger(response, "kniga:close-modal")
    return response
