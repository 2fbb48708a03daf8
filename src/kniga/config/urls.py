"""All URLs: pages, REST API, health. Each web capability brings its own list."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("kniga.runtime.urls")),
    path("accounts/", include("kniga.web.accounts.urls")),
    path("api/v1/", include("kniga.api.urls")),
    path("", include("kniga.web.urls")),
]

handler400 = "kniga.web.errors.bad_request"
handler403 = "kniga.web.errors.forbidden"
handler404 = "kniga.web.errors.not_found"
handler500 = "kniga.web.errors.server_error"
