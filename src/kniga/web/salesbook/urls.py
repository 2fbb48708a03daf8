"""The sales book to read: editions (`salesbook:book`, `edition`), PDF, confirming, readers, technology map."""

from __future__ import annotations

from django.urls import URLPattern, path

from kniga.web.salesbook import book_views, map_views, reader_views

app_name = "salesbook"
urlpatterns: list[URLPattern] = [
    path("", book_views.book, name="book"),
    path("editions/<int:number>/", book_views.edition, name="edition"),
    path("editions/<int:number>/pdf/", book_views.pdf, name="pdf"),
    path("editions/<int:number>/read/", reader_views.confirm, name="confirm"),
    path("map/", map_views.technology, name="map"),
    path("map/file/", map_views.file, name="map_file"),
    path("readers/", reader_views.readers, name="readers"),
    path("readers/remind/", reader_views.remind, name="remind"),
]
