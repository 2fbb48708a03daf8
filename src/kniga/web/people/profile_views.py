"""One's own name, telephone, language and theme."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from kniga.people.services import update_user
from kniga.platform import clock
from kniga.platform.errors import Refused
from kniga.web.access import SignedInRequest, signed_in
from kniga.web.pages import field_errors, go_to, refuse, render_page, toast
from kniga.web.people.forms import PersonForm


@require_http_methods(["GET", "POST"])
@signed_in
def profile(request: SignedInRequest) -> HttpResponse:
    if request.method == "GET":
        return render_page(request, "people/profile.html", {"form": PersonForm.of(request.user), "errors": {}})
    form = PersonForm.sent(request.POST)
    try:
        update_user(user=request.user, by=request.user, now=clock.now(), name=form.name, phone=form.phone)
    except Refused as refusal:
        return refuse(request, "people/profile.html", {"form": form, "errors": field_errors(refusal)})
    toast(request, _("Saved"))
    return go_to(request, reverse("people:profile"))
