"""The catalogue of components."""

from __future__ import annotations

from django.urls import path

from kniga.web.ui import views

app_name = "ui"
urlpatterns = [
    path("", views.catalogue, name="catalogue"),
]
