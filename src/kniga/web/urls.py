"""Pages of Kniga. Each capability brings its own list; the empty path leads to the desk."""

from __future__ import annotations

from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(url="/desk/"), name="home"),
    path("", include("kniga.web.desk.urls")),
    path("deals/", include("kniga.web.deals.urls")),
    path("documents/", include("kniga.web.documents.urls")),
    path("board/", include("kniga.web.deals.board_urls")),
    path("clients/", include("kniga.web.clients.urls")),
    path("products/", include("kniga.web.catalog.urls")),
    path("funnel/", include("kniga.web.funnel.urls")),
    path("deviations/", include("kniga.web.deviations.urls")),
    path("notices/", include("kniga.web.notices.urls")),
    path("imports/", include("kniga.web.imports.urls")),
    path("processes/", include("kniga.web.processes.urls")),
    path("", include("kniga.web.web_forms.urls")),
    path("", include("kniga.web.mailboxes.urls")),
    path("book/", include("kniga.web.salesbook.urls")),
    path("people/", include("kniga.web.people.urls")),
    path("search/", include("kniga.web.search.urls")),
    path("preferences/", include("kniga.web.preferences.urls")),
    path("ui/", include("kniga.web.ui.urls")),
]
