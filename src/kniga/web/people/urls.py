"""Users, branches and teams (`people:list`) and one's own profile (`people:profile`)."""

from __future__ import annotations

from django.urls import URLPattern

app_name = "people"
urlpatterns: list[URLPattern] = []
