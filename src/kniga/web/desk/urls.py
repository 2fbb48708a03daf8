"""The desk (`desk:home`) and the task page (`desk:task`)."""

from __future__ import annotations

from django.urls import URLPattern, path

from kniga.web.desk import complete_views, deadline_views, desk_views, material_views, task_views

app_name = "desk"
urlpatterns: list[URLPattern] = [
    path("desk/", desk_views.home, name="home"),
    path("desk/people/", desk_views.people, name="people"),
    path("tasks/<int:task_id>/", task_views.show, name="task"),
    path("tasks/<int:task_id>/complete/", complete_views.complete, name="complete"),
    path("tasks/<int:task_id>/deadline/", deadline_views.move, name="deadline"),
    path("tasks/<int:task_id>/documents/<slug:template_key>/", material_views.make, name="make_document"),
    path("tasks/<int:task_id>/letters/<slug:letter_key>/", material_views.letter, name="letter"),
    path("tasks/<int:task_id>/undo/", complete_views.undo, name="undo"),
]
