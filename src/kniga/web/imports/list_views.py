"""The list of imports, and the first step: bringing a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import TemporaryUploadedFile
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from kniga.imports import queries, setup
from kniga.people.permissions import Act
from kniga.platform import clock
from kniga.platform.errors import Refused
from kniga.web.access import SignedInRequest, act_required
from kniga.web.imports.presenters import job_view
from kniga.web.pages import field_errors, go_to, refuse, render_page
from kniga.web.params import id_or_none

TEMPLATE = "imports/list.html"
FRAGMENTS = {"import-rows": "rows"}


@require_safe
@act_required(Act.IMPORT)
def show(request: SignedInRequest) -> HttpResponse:
    return render_page(request, TEMPLATE, _context(request), fragments=FRAGMENTS)


@require_http_methods(["POST"])
@act_required(Act.IMPORT)
def bring(request: SignedInRequest) -> HttpResponse:
    upload = request.FILES.get("file")
    kind = request.POST.get("kind", "")
    try:
        if not isinstance(upload, TemporaryUploadedFile):
            raise Refused("no_file", _("Choose a file."), field="file")
        job = setup.bring_file(
            kind=kind,
            file_name=upload.name or "",
            path=Path(upload.temporary_file_path()),
            by=request.user,
            now=clock.now(),
        )
    except Refused as refusal:
        context = _context(request) | {"kind": kind, "errors": field_errors(refusal)}
        return refuse(request, TEMPLATE, context)
    return go_to(request, reverse("imports:job", kwargs={"job_id": job.pk}))


def _context(request: SignedInRequest) -> dict[str, Any]:
    before = id_or_none(request.GET.get("before"))
    lines = queries.jobs_page(user=request.user, before=before)
    return {
        "jobs": [job_view(line) for line in lines],
        "more": lines[-1].id if len(lines) == queries.PAGE else None,
        "kinds": [(choice.value, choice.label) for choice in queries.kinds()],
        "kind": request.GET.get("kind", "clients"),
        "errors": {},
    }
