"""The funnel report (`funnel:report`) and the deals behind its numbers (`funnel:deals`)."""

from __future__ import annotations

from django.urls import URLPattern, path

from kniga.web.funnel import views

app_name = "funnel"
urlpatterns: list[URLPattern] = [
    path("", views.report, name="report"),
    path("deals/", views.deals, name="deals"),
]
