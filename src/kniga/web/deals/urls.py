"""Deals: list (`deals:list`), card and form (`deals:create`)."""

from __future__ import annotations

from django.urls import URLPattern, path

from kniga.web.deals import card_views, create_views, list_views, owner_views, path_views, steer_views

app_name = "deals"
urlpatterns: list[URLPattern] = [
    path("", list_views.show, name="list"),
    path("totals/", list_views.totals, name="totals"),
    path("new/", create_views.create, name="create"),
    path("new/clients/", create_views.clients, name="choose_client"),
    path("new/products/", create_views.products, name="choose_product"),
    path("new/line/", create_views.blank_line, name="blank_line"),
    path("<int:deal_id>/", card_views.show, name="card"),
    path("<int:deal_id>/edit/", card_views.edit, name="edit"),
    path("<int:deal_id>/start/", card_views.start, name="start"),
    path("<int:deal_id>/lines/", card_views.lines, name="lines"),
    path("<int:deal_id>/timeline/", card_views.timeline, name="timeline"),
    path("<int:deal_id>/path/", path_views.path, name="path"),
    path("<int:deal_id>/processes/", card_views.processes, name="processes"),
    path("<int:deal_id>/messages/", steer_views.note, name="note"),
    path("<int:deal_id>/processes/<int:instance_id>/", steer_views.steer, name="steer"),
    path("<int:deal_id>/owner/", owner_views.assign, name="assign"),
]
