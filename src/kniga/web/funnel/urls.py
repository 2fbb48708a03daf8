"""The funnel report (`funnel:report`)."""

from __future__ import annotations

from django.urls import URLPattern

app_name = "funnel"
urlpatterns: list[URLPattern] = []
