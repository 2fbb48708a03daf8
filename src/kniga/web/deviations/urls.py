"""Deviations: the queue (`deviations:list`) and what one does about one of them (`deviations:act`)."""

from __future__ import annotations

from django.urls import URLPattern, path

from kniga.web.deviations import views

app_name = "deviations"
urlpatterns: list[URLPattern] = [
    path("", views.show, name="list"),
    path("counts/", views.counts, name="counts"),
    path("take/", views.take_many, name="take_many"),
    path("take/undo/", views.undo_taking, name="undo_taking"),
    path("of/<int:deal_id>/", views.of_deal, name="of_deal"),
    path("<int:deviation_id>/", views.act, name="act"),
    path("<int:deviation_id>/row/", views.row, name="row"),
]
