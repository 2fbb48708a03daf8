"""Sales books: list (`processes:list`), one process with its versions, the book, its file."""

from __future__ import annotations

from django.urls import URLPattern, path

from kniga.web.processes import change_views, read_views

app_name = "processes"
urlpatterns: list[URLPattern] = [
    path("", read_views.processes, name="list"),
    path("upload/", change_views.upload, name="upload"),
    path("<slug:key>/", read_views.versions, name="versions"),
    path("<slug:key>/<int:number>/", read_views.book, name="book"),
    path("<slug:key>/<int:number>/file/", read_views.file, name="file"),
    path("<slug:key>/<int:number>/publish/", change_views.publish, name="publish"),
]
