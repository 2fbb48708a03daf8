"""Language and theme, for everybody, signed in or not."""

from __future__ import annotations

from django.urls import path

from kniga.web.preferences import views

app_name = "preferences"
urlpatterns = [
    path("language/", views.set_language, name="language"),
    path("theme/", views.set_theme, name="theme"),
]
