from __future__ import annotations

from typing import Any

import pytest

from kniga.people import queries, services
from kniga.people.models import Team, User
from kniga.platform.errors import NotVisible, Refused
from kniga.platform.models import Event
from tests.domain.department import NOW, Department


def kinds() -> list[str]:
    return list(Event.objects.order_by("id").values_list("kind", flat=True))


def test_a_new_user_signs_in_with_a_lower_case_address_and_joins_the_branch_of_the_team(house: Department) -> None:
    user = services.create_user(
        email=" New@Kniga.Test", name=" Новый  человек ", password="long-enough-77", team=house.team,
        by=house.olga, now=NOW,
    )  # fmt: skip
    assert (user.email, user.name, user.branch) == ("new@kniga.test", "Новый человек", house.moscow)
    assert user.check_password("long-enough-77")
    assert kinds() == ["people.user.created"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"email": "nothing"}, "email_invalid"),
        ({"email": "Boris@kniga.test"}, "email_taken"),
        ({"name": "  "}, "name_missing"),
        ({"role": "king"}, "role_unknown"),
        ({"password": "1234"}, "password_weak"),
        ({"phone": "12"}, "phone_invalid"),
        ({"skills": ["x" * 101]}, "skill_long"),
        ({"skills": [f"skill {number}" for number in range(51)]}, "skills_many"),
    ],
)
def test_a_wrong_user_is_refused_and_leaves_no_trace(house: Department, fields: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refusal:
        services.create_user(**({"email": "x@kniga.test", "name": "X"} | fields), by=house.olga, now=NOW)
    assert refusal.value.code == code
    assert not User.objects.filter(email="x@kniga.test").exists()
    assert kinds() == []


def test_a_rep_manages_nobody_but_their_own_preferences(house: Department) -> None:
    with pytest.raises(Refused):
        services.create_user(email="x@kniga.test", name="X", by=house.boris, now=NOW)
    with pytest.raises(Refused):
        services.update_user(user=house.boris, role="owner", by=house.boris, now=NOW)
    changed = services.update_user(user=house.boris, theme="dark", language="en", by=house.boris, now=NOW)
    assert (changed.theme, changed.language) == ("dark", "en")


def test_a_head_makes_no_owner_and_manages_only_their_branch(house: Department) -> None:
    with pytest.raises(Refused):
        services.create_user(email="x@kniga.test", name="X", role="owner", branch=house.moscow, by=house.hanna, now=NOW)
    with pytest.raises(Refused):
        services.create_user(email="x@kniga.test", name="X", branch=house.kazan, by=house.hanna, now=NOW)
    with pytest.raises(Refused):
        services.update_user(user=house.olga, name="Nobody", by=house.hanna, now=NOW)
    with pytest.raises(Refused):
        services.deactivate_user(user=house.vera, by=house.hanna, now=NOW)
    with pytest.raises(Refused):
        services.set_password(user=house.olga, password="taken-over-99", by=house.hanna, now=NOW)


def test_a_closed_account_stays_in_history_and_nobody_closes_their_own(house: Department) -> None:
    services.deactivate_user(user=house.boris, by=house.olga, now=NOW)
    services.deactivate_user(user=house.boris, by=house.olga, now=NOW)
    assert kinds() == ["people.user.deactivated"]
    with pytest.raises(Refused):
        services.deactivate_user(user=house.olga, by=house.olga, now=NOW)


def test_nobody_takes_their_own_rights_away(house: Department) -> None:
    with pytest.raises(Refused) as refused:
        services.update_user(user=house.olga, role="rep", by=house.olga, now=NOW)
    assert (refused.value.code, refused.value.field) == ("own_role", "role")
    services.update_user(user=house.olga, role="owner", name="Olga O.", by=house.olga, now=NOW)
    house.olga.refresh_from_db()
    assert (house.olga.role, house.olga.name) == ("owner", "Olga O.")


def test_moving_a_user_is_told_with_before_and_after(house: Department) -> None:
    services.move_user(user=house.boris, team=None, branch=house.kazan, by=house.olga, now=NOW)
    event = Event.objects.get()
    assert event.kind == "people.user.moved"
    assert event.payload["changes"] == {
        "branch": [house.moscow.pk, house.kazan.pk],
        "team": [house.team.pk, None],
    }


def test_names_of_branches_and_teams_are_taken_once(house: Department) -> None:
    with pytest.raises(Refused):
        services.create_branch(name="москва", by=house.olga, now=NOW)
    with pytest.raises(Refused):
        services.create_team(name="Первая", branch=house.moscow, by=house.olga, now=NOW)
    team = services.create_team(name="Первая", branch=house.kazan, lead=house.vera, by=house.olga, now=NOW)
    services.update_team(team=team, name="Вторая", lead=None, is_active=True, by=house.olga, now=NOW)
    assert kinds() == ["people.team.created", "people.team.changed"]


def test_lists_show_the_people_one_may_see(house: Department) -> None:
    assert [row.name for row in queries.visible_users(user=house.anna)] == ["Anna", "Boris"]
    assert [row.name for row in queries.assignable_users(user=house.boris)] == ["Boris"]
    assert "Vera" in [row.name for row in queries.visible_users(user=house.olga)]
    assert {row.branch for row in queries.people_page(user=house.hanna).rows} == {"Москва"}
    assert [row.name for row in queries.people_page(user=house.olga, text="вер").rows] == []
    assert [row.name for row in queries.people_page(user=house.olga, text="ver").rows] == ["Vera"]
    assert [(row.name, row.lead, row.members) for row in queries.team_list(user=house.olga)] == [("Первая", "Anna", 2)]


def test_a_foreign_user_is_not_there(house: Department) -> None:
    assert queries.get_managed_user(user=house.boris, id=house.boris.pk) == house.boris
    for user, key in ((house.boris, house.anna.pk), (house.hanna, house.vera.pk), (house.olga, 0)):
        with pytest.raises(NotVisible):
            queries.get_managed_user(user=user, id=key)
    with pytest.raises(NotVisible):
        queries.get_assignable_user(user=house.anna, id=house.vera.pk)


def test_a_head_of_a_branch_neither_finds_nor_changes_teams_and_branches_of_others(house: Department) -> None:
    there = Team.objects.create(name="Вторая", branch=house.kazan)
    with pytest.raises(NotVisible):
        queries.get_team(user=house.hanna, id=there.pk)
    with pytest.raises(NotVisible):
        queries.get_branch(user=house.hanna, id=house.kazan.pk)
    given = {"name": "Моя", "by": house.hanna, "now": NOW}
    for attempt in (
        lambda: services.update_team(team=there, lead=house.hanna, is_active=True, **given),
        lambda: services.create_team(branch=house.kazan, **given),
        lambda: services.create_branch(**given),
        lambda: services.update_branch(branch=house.moscow, is_active=False, **given),
        lambda: services.update_team(team=house.team, lead=house.vera, is_active=True, **given),
    ):
        with pytest.raises(Refused) as refusal:
            attempt()
        assert refusal.value.code == "not_allowed"
    assert kinds() == []
    assert [option.id for option in queries.managed_branches(user=house.hanna)] == [house.moscow.pk]
    assert services.create_team(branch=house.moscow, lead=house.anna, **given).lead == house.anna


def test_skills_are_kept_once_each_and_the_ledger_keeps_old_and_new(house: Department) -> None:
    skills = [" Счёт  НДС", "English", "", "счет ндс"]
    boris = services.update_user(user=house.boris, skills=skills, by=house.olga, now=NOW)
    boris.refresh_from_db()
    assert (boris.skills, boris.skill_keys) == (["Счёт НДС", "English"], ["счет ндс", "english"])
    assert Event.objects.get().payload["changes"] == {"skills": [[], ["Счёт НДС", "English"]]}
    [row] = [row for row in queries.people_page(user=house.olga).rows if row.id == boris.pk]
    assert row.skills == ("Счёт НДС", "English")


def test_nobody_gives_themselves_a_skill(house: Department) -> None:
    with pytest.raises(Refused) as refusal:
        services.update_user(user=house.boris, skills=["English"], by=house.boris, now=NOW)
    assert refusal.value.code == "not_allowed"


def test_the_list_of_people_goes_on_where_its_page_ended(house: Department) -> None:
    whole = queries.people_page(user=house.olga).rows
    seen: list[int] = []
    cursor: str | None = None
    while True:
        page = queries.people_page(user=house.olga, cursor=cursor, limit=2)
        seen += [row.id for row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(whole) > 2 and seen == [row.id for row in whole]
