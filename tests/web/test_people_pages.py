"""People, branches and teams through their pages."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from kniga.people.models import AccessRule, Branch, Team, User


def test_a_head_adds_a_branch_a_team_and_a_person(
    as_user: Callable[[User], Client], make_user: Callable[..., User]
) -> None:
    client = as_user(make_user("head"))
    assert client.post("/people/branches/new/", {"name": "North"}).status_code == 302
    branch = Branch.objects.get()
    assert client.post("/people/teams/new/", {"name": "Key accounts", "branch": branch.pk}).status_code == 302
    team = Team.objects.get()
    sent = {"name": "Boris Lee", "email": "boris@kniga.test", "role": "rep", "team": team.pk}
    assert client.post("/people/new/", sent).status_code == 302
    created = User.objects.get(email="boris@kniga.test")
    assert (created.team, created.branch) == (team, branch)
    assert "Key accounts" in client.get("/people/").content.decode()


def test_a_team_without_a_branch_is_refused_at_its_field(
    as_user: Callable[[User], Client], make_user: Callable[..., User]
) -> None:
    response = as_user(make_user("head")).post("/people/teams/new/", {"name": "Key accounts"})
    assert response.status_code == 422
    assert "Choose the branch of the team." in response.content.decode()


def test_a_new_person_is_told_everything_that_is_wrong_at_once(
    as_user: Callable[[User], Client], make_user: Callable[..., User]
) -> None:
    sent = {"name": "", "email": "nowhere", "phone": "12", "role": "rep", "password": "123"}
    response = as_user(make_user("head")).post("/people/new/", sent)
    page = response.content.decode()
    assert response.status_code == 422
    for field in ("name", "email", "phone", "password"):
        assert re.search(f'name="{field}"[^>]*aria-invalid="true"', page), field


@pytest.mark.parametrize("role", ["rep", "lead", "delivery", "support"])
@pytest.mark.parametrize("address", ["/people/", "/people/new/", "/people/teams/", "/people/branches/new/"])
def test_people_pages_are_not_for_other_roles(
    as_user: Callable[[User], Client], make_user: Callable[..., User], role: str, address: str
) -> None:
    assert as_user(make_user(role)).get(address).status_code == 403


def test_a_person_of_another_branch_is_a_404_for_its_head(
    as_user: Callable[[User], Client], make_user: Callable[..., User]
) -> None:
    head, stranger = make_user("head"), make_user("rep")
    User.objects.filter(pk=head.pk).update(branch=Branch.objects.create(name="North"))
    User.objects.filter(pk=stranger.pk).update(branch=Branch.objects.create(name="South"))
    assert as_user(head).get(f"/people/{stranger.pk}/").status_code == 404


def test_everybody_changes_their_own_name_but_not_their_role(
    as_user: Callable[[User], Client], make_user: Callable[..., User]
) -> None:
    user = make_user("rep")
    as_user(user).post("/people/profile/", {"name": "Anna Smith", "role": "owner", "email": "x@kniga.test"})
    user.refresh_from_db()
    assert (user.name, user.role, user.email) == ("Anna Smith", "rep", "rep@kniga.test")


def test_the_phones_of_people_are_written_as_people_read_them(
    as_user: Callable[[User], Client], make_user: Callable[..., User]
) -> None:
    owner, rep = make_user("owner"), make_user("rep", phone="+79161234567")
    assert "+7 916 123-45-67</a>" in as_user(owner).get("/people/").content.decode()
    assert 'value="+7 916 123-45-67"' in as_user(owner).get(f"/people/{rep.pk}/").content.decode()


def test_ones_own_profile_is_of_no_section(as_user: Callable[[User], Client], make_user: Callable[..., User]) -> None:
    client = as_user(make_user("owner"))
    assert 'aria-current="page"' in client.get("/people/").content.decode()
    assert 'aria-current="page"' not in client.get("/people/profile/").content.decode()


def test_lists_cost_the_same_statements_for_one_and_for_many(
    as_user: Callable[[User], Client],
    make_user: Callable[..., User],
    django_assert_max_num_queries: Callable[[int], object],
) -> None:
    client = as_user(make_user("owner"))
    for number in range(20):
        make_user("rep", email=f"rep{number}@kniga.test")
    with django_assert_max_num_queries(5):  # type: ignore[attr-defined]
        client.get("/people/")


def test_the_owner_sets_on_a_page_how_far_a_role_sees(
    as_user: Callable[[User], Client], make_user: Callable[..., User]
) -> None:
    client = as_user(make_user("owner"))
    page = client.get("/people/access/").content.decode()
    assert 'name="rep-deal"' in page and 'name="owner-deal"' not in page
    assert client.post("/people/access/", {"rep-deal": "2"}).status_code == 302
    assert AccessRule.objects.get().level == 2
    assert client.post("/people/access/", {"rep-deal": "9"}).status_code == 422
    assert "/people/access/" in client.get("/people/").content.decode()
    assert "/people/access/" not in as_user(make_user("head")).get("/people/").content.decode()


def test_skills_are_written_on_the_page_of_a_person(
    as_user: Callable[[User], Client], make_user: Callable[..., User]
) -> None:
    owner, person = as_user(make_user("owner")), make_user("rep")
    form = {"name": "Rep", "email": person.email, "role": "rep"}
    assert owner.post(f"/people/{person.pk}/", form | {"skills": "English, negotiation; English,"}).status_code == 302
    person.refresh_from_db()
    assert person.skills == ["English", "negotiation"]
    assert 'value="English, negotiation"' in owner.get(f"/people/{person.pk}/").content.decode()
    refused = owner.post(f"/people/{person.pk}/", form | {"skills": "x" * 101})
    assert refused.status_code == 422 and "at most 100" in refused.content.decode()
    page = as_user(person).post("/people/profile/", {"name": "Rep", "phone": "", "skills": "everything"})
    person.refresh_from_db()
    assert page.status_code == 302 and person.skills == ["English", "negotiation"], "nobody gives themselves one"


def test_the_old_address_does_not_open_the_account_once_it_is_changed(
    as_user: Callable[[User], Client], make_user: Callable[..., User]
) -> None:
    person = make_user("rep")
    EmailAddress.objects.create(user=person, email=person.email, primary=True, verified=True)
    sent = {"login": "rep@kniga.test", "password": "correct horse 7"}
    assert Client().post("/accounts/login/", sent).status_code == 302
    owner = as_user(make_user("owner"))
    form = {"name": "Rep", "email": "new@kniga.test", "role": "rep"}
    assert owner.post(f"/people/{person.pk}/", form).status_code == 302
    assert Client().post("/accounts/login/", sent).status_code != 302
    assert Client().post("/accounts/login/", {**sent, "login": "new@kniga.test"}).status_code == 302
