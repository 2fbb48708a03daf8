"""Who works here, as lists and pages need it."""

from __future__ import annotations

from dataclasses import dataclass

from kniga.people.access import visible_owner_ids
from kniga.people.models import Branch, Team, User
from kniga.people.permissions import Act, managed_branch_id, may
from kniga.people.roles import Entity, Role
from kniga.platform.errors import NotVisible
from kniga.platform.keyset import Page, Sort, decode_cursor, page_of
from kniga.platform.sqlparts import Conditions, like, rows_of
from kniga.platform.textkeys import fold

SELLING_ROLES = (Role.REP, Role.LEAD, Role.HEAD)


@dataclass(frozen=True, slots=True)
class Option:
    """A choice of a select field."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One line of the list of people; `role` is the key, see `role_choices`."""

    id: int
    name: str
    email: str
    role: str
    phone: str
    branch: str
    team: str
    is_active: bool
    skills: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TeamRow:
    """A team with its branch, lead and number of active members."""

    id: int
    name: str
    branch_id: int
    branch: str
    lead: str
    lead_id: int | None
    members: int
    is_active: bool


_BY_NAME = Sort("(CASE WHEN u.is_active THEN '0' ELSE '1' END || u.name_key)", "text")
_PEOPLE = """
SELECT {sort}, u.id, u.name, u.email, u.role, u.phone, coalesce(b.name, ''), coalesce(t.name, ''), u.is_active,
       u.skills
FROM people_user u
LEFT JOIN people_branch b ON b.id = u.branch_id
LEFT JOIN people_team t ON t.id = u.team_id
{where}
ORDER BY {order} LIMIT {limit}
"""
_TEAMS = """
SELECT t.id, t.name, t.branch_id, b.name, coalesce(l.name, ''), t.lead_id,
       (SELECT count(*) FROM people_user u WHERE u.team_id = t.id AND u.is_active), t.is_active
FROM people_team t
JOIN people_branch b ON b.id = t.branch_id
LEFT JOIN people_user l ON l.id = t.lead_id
{where}
ORDER BY t.is_active DESC, b.name, t.name, t.id
"""


def people_page(
    *, user: User, text: str = "", role: str = "", branch_id: int | None = None, team_id: int | None = None,
    cursor: str | None = None, limit: int = 50,
) -> Page[PersonRow]:  # fmt: skip
    """A page of the people `user` manages (a head of a branch: of that branch), the active first.

    Raises Refused `cursor_invalid`."""
    conditions = _managed(user)
    if text:
        conditions.add("(u.name_key LIKE %s OR u.email LIKE %s)", like(fold(text)), like(text.lower()))
    if role:
        conditions.add("u.role = %s", role)
    conditions.among("u.branch_id", [branch_id] if branch_id else None)
    conditions.among("u.team_id", [team_id] if team_id else None)
    if cursor:
        conditions.add(_BY_NAME.after("u.id"), *decode_cursor(cursor, _BY_NAME))
    order = _BY_NAME.order("u.id")
    sql = _PEOPLE.format(sort=_BY_NAME.expression, where=conditions.where, order=order, limit=limit + 1)
    return page_of(rows_of(sql, conditions.parameters), limit, lambda row: PersonRow(*(*row[:-1], tuple(row[-1]))))


def get_managed_user(*, user: User, id: int) -> User:
    """The person with this id, for the one who manages them or for themselves. Raises NotVisible."""
    if user.pk == id:
        return user
    found = User.objects.select_related("branch", "team").filter(pk=id).first()
    if found is None or not _manages(user, found.branch_id):
        raise NotVisible
    return found


def get_team(*, user: User, id: int) -> Team:
    """The team with this id, for those who manage the people of its branch. Raises NotVisible."""
    found = Team.objects.select_related("branch", "lead").filter(pk=id).first()
    if found is None or not _manages(user, found.branch_id):
        raise NotVisible
    return found


def get_branch(*, user: User, id: int) -> Branch:
    """The branch with this id, for those who manage its people. Raises NotVisible."""
    found = Branch.objects.filter(pk=id).first()
    if found is None or not _manages(user, found.pk):
        raise NotVisible
    return found


def team_list(*, user: User) -> tuple[TeamRow, ...]:
    """The teams of the branches `user` manages."""
    conditions = Conditions()
    only = managed_branch_id(user)
    conditions.among("t.branch_id", None if only is None else [only])
    return tuple(TeamRow(*row) for row in rows_of(_TEAMS.format(where=conditions.where), conditions.parameters))


def visible_users(*, user: User, entity: Entity = Entity.DEAL) -> tuple[Option, ...]:
    """The people whose clients or deals `user` sees: choices of the owner filter, closed accounts too."""
    ids = visible_owner_ids(user, entity)
    found = User.objects.filter(role__in=SELLING_ROLES) if ids is None else User.objects.filter(pk__in=ids)
    return tuple(Option(*row) for row in found.order_by("name_key", "id").values_list("id", "name"))


def visible_members(*, user: User, team_id: int | None = None, most: int) -> tuple[Option, ...]:
    """As `visible_users`, of one team if one is named; none if they are more than `most`, too many to choose from."""
    ids = visible_owner_ids(user, Entity.DEAL)
    found = User.objects.filter(role__in=SELLING_ROLES) if ids is None else User.objects.filter(pk__in=ids)
    if team_id is not None:
        found = found.filter(team_id=team_id)
    people = tuple(Option(*row) for row in found.order_by("name_key", "id").values_list("id", "name")[: most + 1])
    return people if len(people) <= most else ()


def visible_name(*, user: User, id: int) -> str | None:
    """The name of a person whose deals `user` sees; None for anybody else."""
    ids = visible_owner_ids(user, Entity.DEAL)
    found = User.objects.filter(pk=id) if ids is None or id in ids else User.objects.none()
    return found.values_list("name", flat=True).first()


def assignable_users(*, user: User, entity: Entity = Entity.DEAL) -> tuple[Option, ...]:
    """The active people to whom `user` may hand clients and deals."""
    ids = visible_owner_ids(user, entity)
    found = User.objects.filter(is_active=True)
    found = found.filter(role__in=SELLING_ROLES) if ids is None else found.filter(pk__in=ids)
    return tuple(Option(*row) for row in found.order_by("name_key", "id").values_list("id", "name"))


def get_assignable_user(*, user: User, id: int, entity: Entity = Entity.DEAL) -> User:
    """The active person with this id to whom `user` may hand things. Raises NotVisible."""
    ids = visible_owner_ids(user, entity)
    found = User.objects.filter(pk=id, is_active=True).first()
    if found is None or (ids is not None and found.pk not in ids):
        raise NotVisible
    return found


def administrators(*, user: User) -> tuple[str, ...]:
    """The names of a few active people who set this up, for whoever works here: they are whom one asks."""
    if not user.is_active:
        return ()
    found = User.objects.filter(is_active=True, role=Role.ADMINISTRATOR).order_by("name_key", "id")
    return tuple(found.values_list("name", flat=True)[:3])


def visible_teams(*, user: User, entity: Entity = Entity.DEAL) -> tuple[Option, ...]:
    """The teams of the people whose deals `user` sees."""
    ids = visible_owner_ids(user, entity)
    found = Team.objects.all() if ids is None else Team.objects.filter(members__in=ids).distinct()
    return tuple(Option(*row) for row in found.order_by("name", "id").values_list("id", "name"))


def branch_options() -> tuple[Option, ...]:
    """The active branches."""
    found = Branch.objects.filter(is_active=True).order_by("name", "id")
    return tuple(Option(*row) for row in found.values_list("id", "name"))


def get_book_branch(*, user: User, id: int) -> Branch:
    """The active branch with this id, for those who keep the sales book: it is one book, so any of them may make a
    process for any branch (`branch_options`). Raises NotVisible."""
    found = Branch.objects.filter(pk=id, is_active=True).first()
    if found is None or not may(user, Act.EDIT_BOOK):
        raise NotVisible
    return found


def managed_branches(*, user: User) -> tuple[Option, ...]:
    """The active branches whose people `user` manages."""
    only = managed_branch_id(user)
    return tuple(option for option in branch_options() if only is None or option.id == only)


def role_choices() -> tuple[tuple[str, str], ...]:
    """Keys and names of the roles, in the language of the page."""
    return tuple((role.value, str(role.label)) for role in Role)


def _managed(user: User) -> Conditions:
    conditions, only = Conditions(), managed_branch_id(user)
    if not may(user, Act.MANAGE_PEOPLE):
        conditions.among("u.id", [user.pk])
    else:
        conditions.among("u.branch_id", None if only is None else [only])
    return conditions


def _manages(user: User, branch_id: int | None) -> bool:
    return may(user, Act.MANAGE_PEOPLE) and managed_branch_id(user) in (None, branch_id)
