"""Search over everything (`search:results`), for the page and the command palette."""

from __future__ import annotations

from django.urls import URLPattern

app_name = "search"
urlpatterns: list[URLPattern] = []
