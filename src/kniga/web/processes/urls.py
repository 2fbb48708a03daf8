"""Sales books: list (`processes:list`), versions, diagram."""

from __future__ import annotations

from django.urls import URLPattern

app_name = "processes"
urlpatterns: list[URLPattern] = []
