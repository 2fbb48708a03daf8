"""Sales books: list (`processes:list`), one process with its versions, the book, its file;
incidents and messages."""

from __future__ import annotations

from django.urls import URLPattern, path

from kniga.web.processes import change_views, machine_views, read_views

app_name = "processes"
urlpatterns: list[URLPattern] = [
    path("", read_views.processes, name="list"),
    path("upload/", change_views.upload, name="upload"),
    path("incidents/", machine_views.incidents, name="incidents"),
    path("incidents/<int:work_id>/", machine_views.settle, name="settle"),
    path("messages/", machine_views.messages, name="messages"),
    path("<slug:key>/", read_views.versions, name="versions"),
    path("<slug:key>/<int:number>/", read_views.book, name="book"),
    path("<slug:key>/<int:number>/file/", read_views.file, name="file"),
    path("<slug:key>/<int:number>/publish/", change_views.publish, name="publish"),
]
