"""The addresses of the REST API, below /api/v1/."""

from __future__ import annotations

from kniga.api.app import build_api, url_patterns

app_name = "api"
api = build_api()
urlpatterns = url_patterns(api)
