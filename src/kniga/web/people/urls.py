"""Users, branches and teams, and one's own profile."""

from __future__ import annotations

from django.urls import path

from kniga.web.people import access_views, list_views, organisation_views, person_views, profile_views, team_views

app_name = "people"
urlpatterns = [
    path("", list_views.people, name="list"),
    path("new/", person_views.create, name="create"),
    path("profile/", profile_views.profile, name="profile"),
    path("organisation/", organisation_views.organisation, name="organisation"),
    path("organisation/days/", organisation_views.set_day, name="set_day"),
    path("organisation/days/remove/", organisation_views.remove_day, name="remove_day"),
    path("organisation/days/off/", organisation_views.off, name="days_off"),
    path("teams/", list_views.teams, name="teams"),
    path("teams/new/", team_views.create_team_page, name="create_team"),
    path("teams/<int:team_id>/", team_views.edit_team, name="team"),
    path("access/", access_views.access, name="access"),
    path("branches/new/", team_views.create_branch_page, name="create_branch"),
    path("<int:user_id>/", person_views.edit, name="person"),
    path("<int:user_id>/close/", person_views.close, name="close"),
    path("<int:user_id>/reopen/", person_views.reopen, name="reopen"),
]
