from __future__ import annotations

import pytest

from kniga.people.access import level_of, present_levels, visible_owner_ids
from kniga.people.access_services import set_access_levels
from kniga.people.models import AccessRule, User
from kniga.people.roles import Entity, Level, Role
from kniga.platform.errors import Refused
from kniga.platform.models import Event
from tests.domain.department import NOW, Department
from tests.sql_snapshots import record_sql


def seen(house: Department, name: str, entity: Entity = Entity.DEAL) -> set[str] | None:
    ids = visible_owner_ids(User.objects.get(name=name), entity)
    return None if ids is None else set(User.objects.filter(pk__in=ids).values_list("name", flat=True))


def test_each_role_sees_as_far_as_it_should(house: Department) -> None:
    assert seen(house, "Boris") == {"Boris"}
    assert seen(house, "Anna") == {"Anna", "Boris"}
    assert seen(house, "Hanna") == {"Anna", "Boris", "Hanna", "Support"}
    assert seen(house, "Olga") is None
    assert seen(house, "Support") == {"Support"}
    assert seen(house, "Support", Entity.CLIENT) is None


def test_a_head_without_a_branch_sees_everything(house: Department) -> None:
    User.objects.filter(pk=house.hanna.pk).update(branch=None)
    assert seen(house, "Hanna") is None


def test_a_lead_sees_the_teams_they_lead_and_the_one_they_are_in(house: Department) -> None:
    house.team.lead = house.vera
    house.team.save()
    assert seen(house, "Anna") == {"Anna", "Boris"}
    User.objects.filter(pk=house.vera.pk).update(role="lead")
    assert seen(house, "Vera") == {"Vera", "Anna", "Boris"}


@pytest.mark.parametrize(
    ("role", "level", "name", "expected"),
    [
        ("rep", Level.TEAM, "Boris", {"Anna", "Boris"}),
        ("rep", Level.BRANCH, "Boris", {"Anna", "Boris", "Hanna", "Support"}),
        ("rep", Level.ALL, "Boris", None),
        ("lead", Level.OWN, "Anna", {"Anna"}),
        ("lead", Level.BRANCH, "Anna", {"Anna", "Boris", "Hanna", "Support"}),
        ("head", Level.NONE, "Hanna", set()),
        ("support", Level.BRANCH, "Support", {"Anna", "Boris", "Hanna", "Support"}),
        ("owner", Level.BRANCH, "Olga", None),
    ],
)
def test_the_organisations_rule_comes_before_the_roles_default(
    house: Department, role: str, level: Level, name: str, expected: set[str] | None
) -> None:
    AccessRule.objects.create(role=role, entity=Entity.DEAL, level=level)
    assert seen(house, name) == expected
    assert seen(house, name, Entity.CLIENT) != set()


@pytest.mark.parametrize("role", ["rep", "lead", "delivery", "support"])
def test_the_branch_of_somebody_without_one_is_no_more_than_their_team(house: Department, role: str) -> None:
    AccessRule.objects.create(role=role, entity=Entity.DEAL, level=Level.BRANCH)
    User.objects.filter(pk=house.vera.pk).update(role=role, branch=None)
    assert seen(house, "Vera") == {"Vera"}


def test_the_owner_sets_how_far_a_role_sees_and_takes_it_back(house: Department) -> None:
    wanted = {(Role.REP, Entity.DEAL): Level.TEAM, (Role.SUPPORT, Entity.CLIENT): Level.ALL}
    assert set_access_levels(levels=wanted, by=house.olga, now=NOW) == {"rep deal": [1, 2]}
    assert seen(house, "Boris") == {"Anna", "Boris"} and present_levels()[Role.REP, Entity.DEAL] is Level.TEAM
    assert set_access_levels(levels=wanted, by=house.olga, now=NOW) == {}
    back = {(Role.REP, Entity.DEAL): Level.OWN}
    assert set_access_levels(levels=back, by=house.olga, now=NOW) == {"rep deal": [2, 1]}
    assert not AccessRule.objects.exists() and seen(house, "Boris") == {"Boris"}
    assert list(Event.objects.values_list("kind", flat=True)) == ["people.access.changed"] * 2


def test_nobody_else_sets_levels_and_nobody_limits_the_highest_roles(house: Department) -> None:
    for by, role in ((house.hanna, Role.REP), (house.olga, Role.OWNER)):
        with pytest.raises(Refused):
            set_access_levels(levels={(role, Entity.DEAL): Level.NONE}, by=by, now=NOW)
    assert not AccessRule.objects.exists()


def test_a_closed_account_sees_nothing(house: Department) -> None:
    User.objects.filter(pk=house.olga.pk).update(is_active=False)
    assert level_of(User.objects.get(pk=house.olga.pk), Entity.DEAL) is Level.NONE
    assert seen(house, "Olga") == set()


@pytest.mark.parametrize("name", ["Boris", "Anna", "Hanna", "Olga"])
def test_one_statement_answers_for_all_entities(house: Department, name: str) -> None:
    user = User.objects.get(name=name)
    with record_sql() as log:
        for entity in Entity:
            visible_owner_ids(user, entity)
    assert len(log) == 1
