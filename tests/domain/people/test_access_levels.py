"""Every level of every role really shows the deals it names, in the list and through the door of one deal."""

from __future__ import annotations

import pytest

from kniga.deals.list_queries import deals_page
from kniga.deals.queries import get_visible_deal
from kniga.people.access_services import set_access
from kniga.people.models import AccessRule, User
from kniga.people.permissions import HIGH_ROLES
from kniga.people.roles import Level, Role
from kniga.platform.errors import NotVisible, Refused
from kniga.platform.models import Event
from tests.domain.department import NOW, Department

# Boris is of the first team in Moscow, which Anna leads; Hanna works in Moscow without a team, Vera in Kazan.
SHOWN = {
    Level.NONE: set(),
    Level.OWN: {"Boris"},
    Level.TEAM: {"Boris", "Anna"},
    Level.BRANCH: {"Boris", "Anna", "Hanna"},
    Level.ALL: {"Boris", "Anna", "Hanna", "Vera"},
}
LIMITED = [role for role in Role if role not in HIGH_ROLES]


@pytest.mark.parametrize("level", list(Level), ids=lambda level: level.name.lower())
@pytest.mark.parametrize("role", LIMITED, ids=str)
def test_every_level_of_every_role_shows_the_deals_it_names(house: Department, role: Role, level: Level) -> None:
    deals = {user.name: house.deal(owner=user) for user in (house.boris, house.anna, house.hanna, house.vera)}
    User.objects.filter(pk=house.boris.pk).update(role=role)
    set_access(role=role, entity="deal", level=level.name.lower(), by=house.olga, now=NOW)
    boris = User.objects.get(pk=house.boris.pk)
    assert {row.name for row in deals_page(user=boris).rows} <= {"Deal"}
    assert {row.id for row in deals_page(user=boris).rows} == {deals[name].pk for name in SHOWN[level]}
    for name, deal in deals.items():
        if name in SHOWN[level]:
            assert get_visible_deal(user=boris, id=deal.pk) == deal
        else:
            with pytest.raises(NotVisible):
                get_visible_deal(user=boris, id=deal.pk)


@pytest.mark.parametrize(
    ("role", "entity", "level", "code"),
    [
        ("king", "deal", "own", "role_unknown"),
        ("rep", "product", "own", "entity_unknown"),
        ("rep", "deal", "most", "level_unknown"),
        ("owner", "deal", "own", "role_sees_all"),
        ("administrator", "client", "none", "role_sees_all"),
    ],
)
def test_what_cannot_be_set_is_refused_without_a_trace(
    house: Department, role: str, entity: str, level: str, code: str
) -> None:
    with pytest.raises(Refused) as refusal:
        set_access(role=role, entity=entity, level=level, by=house.olga, now=NOW)
    assert refusal.value.code == code
    assert not AccessRule.objects.exists() and not Event.objects.exists()


def test_setting_a_level_twice_changes_it_once(house: Department) -> None:
    said = [set_access(role="rep", entity="deal", level="team", by=None, now=NOW) for _time in range(2)]
    assert said == [True, False]
    assert Event.objects.get().payload == {"changes": {"rep deal": [1, 2]}}
