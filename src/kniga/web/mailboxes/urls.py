"""Mailboxes for those who keep the organisation, and the letters that came by them for everybody who sees them."""

from __future__ import annotations

from django.urls import path

from kniga.web.mailboxes import letter_views, settings_views

app_name = "mailboxes"
urlpatterns = [
    path("mailboxes/", settings_views.show, name="list"),
    path("mailboxes/new/", settings_views.create, name="create"),
    path("mailboxes/<int:mailbox_id>/", settings_views.edit, name="mailbox"),
    path("mailboxes/<int:mailbox_id>/read/", settings_views.read, name="read"),
    path("letters/<int:received_id>/", letter_views.show, name="letter"),
    path("letters/<int:received_id>/attach/", letter_views.attach, name="attach"),
    path("letters/<int:received_id>/begin/", letter_views.begin, name="begin"),
    path("letters/<int:received_id>/aside/", letter_views.aside, name="aside"),
]
