"""Search over everything (`search:find`): the palette's results, a page of its own, and JSON."""

from __future__ import annotations

from django.urls import path

from kniga.web.search import views

app_name = "search"
urlpatterns = [path("", views.find, name="find")]
