"""Forms of web sites: their list and settings (`forms:list`), and the door strangers send to (`forms:take`)."""

from __future__ import annotations

from django.urls import path

from kniga.web.web_forms import settings_views, take_views

app_name = "forms"
urlpatterns = [
    path("forms/", settings_views.show, name="list"),
    path("forms/new/", settings_views.create, name="create"),
    path("forms/<slug:form_key>/", settings_views.edit, name="form"),
    path("in/<slug:form_key>/", take_views.take, name="take"),
]
