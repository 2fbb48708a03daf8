"""What changed between two versions, for the reps who work by them."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from kniga.platform.errors import NotVisible
from kniga.processes.versions.definitions import runnable_version
from kniga.processes.versions.version_queries import VersionRow, version_rows
from kniga.processes.wording.changes import changes_between
from kniga.web.access import SignedInRequest, signed_in
from kniga.web.pages import render_page
from kniga.web.processes.read_views import status_names


@require_safe
@signed_in
def compare(request: SignedInRequest, key: str) -> HttpResponse:
    """Two versions side by side; without a choice the one in force beside the one before it."""
    rows = version_rows(user=request.user, process_key=key)
    after = _chosen(rows, request.GET.get("to", "")) or _in_force(rows)
    before = _chosen(rows, request.GET.get("from", "")) or _one_before(rows, after)
    new, old = runnable_version(after.id).definition, runnable_version(before.id).definition
    context = {
        "key": key, "versions": rows, "before": before, "after": after, "definition": new,
        "changes": changes_between(old, new), "statuses": status_names(),
    }  # fmt: skip
    return render_page(request, "processes/compare.html", context)


def _chosen(rows: Sequence[VersionRow], text: str) -> VersionRow | None:
    if not text:
        return None
    found = next((row for row in rows if str(row.number) == text), None)
    if found is None:
        raise NotVisible
    return found


def _in_force(rows: Sequence[VersionRow]) -> VersionRow:
    return next((row for row in rows if row.status == "published"), rows[0])


def _one_before(rows: Sequence[VersionRow], version: VersionRow) -> VersionRow:
    """The version before; of the first one itself."""
    return next((row for row in rows if row.number < version.number), version)
