"""The import wizard and the list of imports (`imports:list`)."""

from __future__ import annotations

from django.urls import URLPattern, path

from kniga.web.imports import apply_views, list_views, setup_views

app_name = "imports"
urlpatterns: list[URLPattern] = [
    path("", list_views.show, name="list"),
    path("new/", list_views.bring, name="bring"),
    path("<int:job_id>/", setup_views.show, name="job"),
    path("<int:job_id>/setup/", setup_views.settle, name="setup"),
    path("<int:job_id>/explain/", setup_views.explain, name="explain"),
    path("<int:job_id>/rows/", apply_views.rows, name="rows"),
    path("<int:job_id>/failed/", apply_views.failed, name="failed"),
    path("<int:job_id>/apply/", apply_views.carry_out, name="apply"),
    path("<int:job_id>/progress/", apply_views.progress, name="progress"),
    path("<int:job_id>/undo/", apply_views.undo, name="undo"),
    path("<int:job_id>/discard/", apply_views.discard, name="discard"),
]
