"""Notices: the page (`notices:list`), the bell (`notices:bell`) and its count (`notices:attention`)."""

from __future__ import annotations

from django.urls import URLPattern, path

from kniga.web.notices import views

app_name = "notices"
urlpatterns: list[URLPattern] = [
    path("", views.show, name="list"),
    path("attention/", views.attention, name="attention"),
    path("bell/", views.bell, name="bell"),
    path("read/", views.read_all, name="read_all"),
    path("<int:notice_id>/open/", views.open_notice, name="open"),
    path("choose/", views.choose_ways, name="choose"),
]
