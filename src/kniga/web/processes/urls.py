"""Sales books: list (`processes:list`), one process with its versions, the book, its file; running deals and acts on
many of them; incidents and messages."""

from __future__ import annotations

from django.urls import URLPattern, path

from kniga.web.processes import (
    act_views,
    change_views,
    compare_views,
    designer_views,
    draft_end_views,
    draft_history_views,
    draft_views,
    gallery_views,
    machine_views,
    read_views,
    running_views,
)

app_name = "processes"
urlpatterns: list[URLPattern] = [
    path("", read_views.processes, name="list"),
    path("upload/", change_views.upload, name="upload"),
    path("new/", gallery_views.new, name="new"),
    path("new/<slug:gallery_key>/", gallery_views.template, name="template"),
    path("drafts/catalog/", draft_views.catalog, name="draft_catalog"),
    path("drafts/clients/", draft_views.clients, name="draft_clients"),
    path("drafts/<int:draft_id>/", designer_views.designer, name="draft"),
    path("drafts/<int:draft_id>/state/", draft_views.state, name="draft_state"),
    path("drafts/<int:draft_id>/check/", draft_views.check, name="check_draft"),
    path("drafts/<int:draft_id>/here/", draft_views.here, name="draft_here"),
    path("drafts/<int:draft_id>/preview/", draft_views.preview, name="preview_draft"),
    path("drafts/<int:draft_id>/publish/", draft_end_views.publish, name="publish_draft"),
    path("drafts/<int:draft_id>/discard/", draft_end_views.discard, name="discard_draft"),
    path("drafts/<int:draft_id>/states/", draft_history_views.states, name="draft_states"),
    path("drafts/<int:draft_id>/states/<int:number>/", draft_history_views.one_state, name="draft_at"),
    path("drafts/<int:draft_id>/start-from/", draft_history_views.start_from, name="draft_start_from"),
    path("drafts/<int:draft_id>/changes/", draft_history_views.changes, name="draft_changes"),
    path("drafts/<int:discarded_id>/bring-back/", draft_history_views.bring_back, name="bring_back_draft"),
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
    path("<slug:key>/<int:number>/edit/", gallery_views.edit, name="edit"),
    path("<slug:key>/<int:number>/check/", change_views.check, name="check"),
    path("<slug:key>/<int:number>/retire/", change_views.retire, name="retire"),
    path("<slug:key>/<int:number>/publish/", change_views.publish, name="publish"),
    path("<slug:key>/<int:number>/call-off/", change_views.call_off, name="call_off"),
]
