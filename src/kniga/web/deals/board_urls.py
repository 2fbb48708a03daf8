"""The board by stage (`board:home`)."""

from __future__ import annotations

from django.urls import URLPattern, path

from kniga.web.deals import board_move_views, board_views

app_name = "board"
urlpatterns: list[URLPattern] = [
    path("", board_views.home, name="home"),
    path("column/<int:stage_id>/", board_views.column, name="column"),
    path("deals/<int:deal_id>/move/", board_move_views.choose, name="move"),
    path("deals/<int:deal_id>/move/<int:task_id>/", board_move_views.move, name="complete"),
]
