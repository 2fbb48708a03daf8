"""Products: list (`catalog:list`), form."""

from __future__ import annotations

from django.urls import path

from kniga.web.catalog import edit_views, list_views

app_name = "catalog"
urlpatterns = [
    path("", list_views.show, name="list"),
    path("new/", edit_views.create, name="create"),
    path("<int:product_id>/", edit_views.edit, name="product"),
]
