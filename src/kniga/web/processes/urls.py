"""Sales books: list (`processes:list`), one process with its versions, the book, its file; running deals and acts on
many of them; incidents and messages."""

from __future__ import annotations

from django.urls import URLPattern, path

from kniga.web.processes import act_views, change_views, compare_views, machine_views, read_views, running_views

app_name = "processes"
urlpatterns: list[URLPattern] = [
    path("", read_views.processes, name="list"),
    path("upload/", change_views.upload, name="upload"),
    path("incidents/", machine_views.incidents, name="incidents"),
    path("incidents/<int:work_id>/", machine_views.settle, name="settle"),
    path("messages/", machine_views.messages, name="messages"),
    path("acts/<int:act_id>/", act_views.act, name="act"),
    path("acts/<int:act_id>/settle/", act_views.settle, name="settle_act"),
    path("<slug:key>/", read_views.versions, name="versions"),
    path("<slug:key>/running/", running_views.running, name="running"),
    path("<slug:key>/running/act/", running_views.plan, name="plan_act"),
    path("<slug:key>/compare/", compare_views.compare, name="compare"),
    path("<slug:key>/move/", act_views.move, name="move"),
    path("<slug:key>/<int:number>/", read_views.book, name="book"),
    path("<slug:key>/<int:number>/file/", read_views.file, name="file"),
    path("<slug:key>/<int:number>/check/", change_views.check, name="check"),
    path("<slug:key>/<int:number>/retire/", change_views.retire, name="retire"),
    path("<slug:key>/<int:number>/publish/", change_views.publish, name="publish"),
]
