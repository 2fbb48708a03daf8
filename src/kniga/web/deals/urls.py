"""Deals: list (`deals:list`), board (`deals:board`), card and form (`deals:create`)."""

from __future__ import annotations

from django.urls import URLPattern

app_name = "deals"
urlpatterns: list[URLPattern] = []
