"""The desk and the task page. The menu expects `desk:home` at desk/."""

from __future__ import annotations

from django.urls import URLPattern

app_name = "desk"
urlpatterns: list[URLPattern] = []
