"""Clients and contacts: list (`clients:list`), card, form (`clients:create`)."""

from __future__ import annotations

from django.urls import path

from kniga.web.clients import card_views, contact_views, create_views, list_views, owner_views

app_name = "clients"
urlpatterns = [
    path("", list_views.show, name="list"),
    path("total/", list_views.total, name="total"),
    path("new/", create_views.create, name="create"),
    path("new/duplicates/", create_views.duplicates, name="duplicates"),
    path("<int:client_id>/", card_views.show, name="card"),
    path("<int:client_id>/edit/", card_views.edit, name="edit"),
    path("<int:client_id>/timeline/", card_views.timeline, name="timeline"),
    path("<int:client_id>/owner/", owner_views.assign, name="assign"),
    path("<int:client_id>/contacts/new/", contact_views.add, name="add_contact"),
    path("contacts/<int:contact_id>/", contact_views.edit, name="edit_contact"),
    path("contacts/<int:contact_id>/remove/", contact_views.remove, name="remove_contact"),
]
