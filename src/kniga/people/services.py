"""Changes to people: users, branches, teams. Every change is one transaction with its ledger event.

`by` is None only for set-up (the first user, the demo, the command line).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypedDict, Unpack

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from kniga.people import events
from kniga.people.models import Branch, Team, User
from kniga.people.permissions import HIGH_ROLES, Act, managed_branch_id
from kniga.people.require import require
from kniga.people.roles import Role
from kniga.people.skills import cleaned_skills
from kniga.platform import ledger
from kniga.platform.emails import checked_email
from kniga.platform.errors import Refused, check_all
from kniga.platform.phones import to_e164

_LANGUAGES = frozenset({"", "ru", "en"})
_THEMES = frozenset({"", "auto", "light", "dark"})


class UserChanges(TypedDict, total=False):
    """What may be changed of a user; what is absent stays."""

    name: str
    email: str
    role: str
    phone: str
    language: str
    theme: str
    skills: Sequence[str]
    branch: Branch | None
    team: Team | None


class Place(TypedDict, total=False):
    """Where a user works; the team decides the branch."""

    branch: Branch | None
    team: Team | None


@transaction.atomic
def create_user(
    *,
    email: str,
    name: str,
    role: str = Role.REP,
    password: str | None = None,
    phone: str = "",
    language: str = "",
    external_key: str | None = None,
    skills: Sequence[str] = (),
    by: User | None,
    now: datetime,
    **place: Unpack[Place],
) -> User:
    """A new user; without a password they set one by the reset letter.

    Raises Refused, with all that is wrong: `name_missing`, `email_invalid`, `email_taken`, `role_unknown`,
    `password_weak`, `phone_invalid`, `skill_long`, `skills_many`, `not_allowed`.
    """
    user = User(external_key=external_key)
    given = UserChanges(email=email, name=name, role=role, phone=phone, language=language, skills=skills)
    if "branch" in place:
        given["branch"] = place["branch"]
    if "team" in place:
        given["team"] = place["team"]
    _apply(user, given, by, lambda: _set_password(user, password))
    user.save()
    payload: dict[str, Any] = {"name": user.name, "role": user.role, "branch": user.branch_id, "team": user.team_id}
    if user.skills:
        payload["skills"] = user.skills
    _record(events.USER_CREATED, {"user": user.pk, **payload}, by, now)
    return user


@transaction.atomic
def update_user(*, user: User, by: User | None, now: datetime, **changes: Unpack[UserChanges]) -> User:
    """Change a user; the ledger keeps old and new. People may change their own name, phone and preferences.

    Raises Refused as `create_user`.
    """
    user = User.objects.select_for_update(of=("self",)).get(pk=user.pk)
    before = _shown(user)
    _apply(user, changes, by)
    user.save()
    after = _shown(user)
    if before["email"] != after["email"]:
        # The sign-in keeps addresses of its own; the old one must not open this account any more.
        EmailAddress.objects.filter(user=user).delete()
    changed = {key: [before[key], after[key]] for key in after if before[key] != after[key]}
    if changed:
        kind = events.USER_MOVED if changed.keys() <= {"branch", "team"} else events.USER_CHANGED
        _record(kind, {"user": user.pk, "name": user.name, "changes": changed}, by, now)
    return user


def move_user(*, user: User, team: Team | None, branch: Branch | None, by: User | None, now: datetime) -> User:
    """Put a user into a team (which decides the branch) or straight into a branch; clients and deals stay theirs."""
    return update_user(user=user, team=team, branch=branch, by=by, now=now)


@transaction.atomic
def set_password(*, user: User, password: str, by: User | None, now: datetime) -> None:
    """Set a new password. Raises Refused `password_weak`, `not_allowed`."""
    if by is None or by.pk != user.pk:
        _check_may_manage(user, by)
    _set_password(user, password)
    user.save(update_fields=["password"])
    _record(events.USER_CHANGED, {"user": user.pk, "name": user.name, "changes": {"password": []}}, by, now)


@transaction.atomic
def deactivate_user(*, user: User, by: User | None, now: datetime) -> User:
    """Close the account; history and ownership stay. Raises Refused `own_account`, `not_allowed`."""
    if by is not None and by.pk == user.pk:
        raise Refused("own_account", _("You cannot close your own account."))
    return _set_active(user, False, events.USER_DEACTIVATED, by, now)


@transaction.atomic
def reactivate_user(*, user: User, by: User | None, now: datetime) -> User:
    """Open a closed account again. Raises Refused `not_allowed`."""
    return _set_active(user, True, events.USER_REACTIVATED, by, now)


@transaction.atomic
def create_branch(*, name: str, by: User | None, now: datetime, time_zone: str = "") -> Branch:
    """A new branch. Raises Refused `name_missing`, `name_taken`, `not_allowed`."""
    _check_may_manage_branches(by)
    branch = Branch(name=_name(name), time_zone=time_zone)
    _refuse_taken(Branch.objects.filter(name__iexact=branch.name).exists())
    branch.save()
    _record(events.BRANCH_CREATED, {"branch": branch.pk, "name": branch.name}, by, now)
    return branch


@transaction.atomic
def update_branch(*, branch: Branch, name: str, is_active: bool, by: User | None, now: datetime) -> Branch:
    """Rename or close a branch. Raises Refused as `create_branch`."""
    _check_may_manage_branches(by)
    before = branch.name
    branch.name = _name(name)
    _refuse_taken(Branch.objects.filter(name__iexact=branch.name).exclude(pk=branch.pk).exists())
    branch.is_active = is_active
    branch.save()
    payload = {"branch": branch.pk, "name": branch.name, "before": before, "is_active": is_active}
    _record(events.BRANCH_CHANGED, payload, by, now)
    return branch


@transaction.atomic
def create_team(*, name: str, branch: Branch, by: User | None, now: datetime, lead: User | None = None) -> Team:
    """A new team of a branch. Raises Refused `name_missing`, `name_taken`, `not_allowed`."""
    _check_may_manage_team(branch.pk, lead, by)
    team = Team(name=_name(name), branch=branch, lead=lead)
    _refuse_taken(Team.objects.filter(name__iexact=team.name, branch=branch).exists())
    team.save()
    _record(events.TEAM_CREATED, {"team": team.pk, "name": team.name, "branch": branch.pk}, by, now)
    return team


@transaction.atomic
def update_team(*, team: Team, name: str, lead: User | None, is_active: bool, by: User | None, now: datetime) -> Team:
    """Rename a team, give it a lead, close it. Raises Refused as `create_team`."""
    _check_may_manage_team(team.branch_id, lead, by)
    team.name = _name(name)
    _refuse_taken(Team.objects.filter(name__iexact=team.name, branch=team.branch_id).exclude(pk=team.pk).exists())
    team.lead, team.is_active = lead, is_active
    team.save()
    payload = {"team": team.pk, "name": team.name, "lead": team.lead_id, "is_active": is_active}
    _record(events.TEAM_CHANGED, payload, by, now)
    return team


def _apply(user: User, changes: UserChanges, by: User | None, *further: Callable[[], None]) -> None:
    """Make the changes, with `further` checks of the same form. Raises Refused with everything that is wrong."""
    own_only = changes.keys() <= {"name", "phone", "language", "theme"}
    if not (own_only and by is not None and by.pk == user.pk):
        _check_may_manage(user, by)
    check_all(
        lambda: _apply_name(user, changes),
        lambda: _apply_email(user, changes),
        lambda: _apply_phone(user, changes),
        lambda: _apply_skills(user, changes),
        lambda: _apply_preferences(user, changes),
        lambda: _apply_role(user, changes.get("role", user.role), by),
        lambda: _apply_place(user, changes, by),
        *further,
    )


def _apply_name(user: User, changes: UserChanges) -> None:
    if "name" in changes:
        user.name = _name(changes["name"])


def _apply_email(user: User, changes: UserChanges) -> None:
    if "email" not in changes:
        return
    user.email = checked_email(changes["email"], field="email")
    if User.objects.filter(email=user.email).exclude(pk=user.pk).exists():
        raise Refused("email_taken", _("Somebody already signs in with this address."), field="email")


def _apply_phone(user: User, changes: UserChanges) -> None:
    if "phone" in changes:
        user.phone = to_e164(changes["phone"], field="phone")[:20] if changes["phone"].strip() else ""


def _apply_skills(user: User, changes: UserChanges) -> None:
    if "skills" in changes:
        user.skills = cleaned_skills(changes["skills"])


def _apply_place(user: User, changes: UserChanges, by: User | None) -> None:
    if "branch" in changes:
        user.branch = changes["branch"]
    if "team" in changes:
        user.team = changes["team"]
    if user.team is not None:
        user.branch = user.team.branch
    if by is not None and managed_branch_id(by) not in (None, user.branch_id):
        raise Refused("not_allowed", _("You can manage people of your own branch only."), field="branch")


def _apply_preferences(user: User, changes: UserChanges) -> None:
    language, theme = changes.get("language", user.language), changes.get("theme", user.theme)
    if language not in _LANGUAGES:
        raise Refused("language_unknown", _("Choose one of the languages."), field="language")
    if theme not in _THEMES:
        raise Refused("theme_unknown", _("Choose one of the themes."), field="theme")
    user.language, user.theme = language, theme


def _apply_role(user: User, role: str, by: User | None) -> None:
    if role not in Role.values:
        raise Refused("role_unknown", _("Choose one of the roles."), field="role")
    if by is not None and by.pk == user.pk and role != user.role:
        raise Refused("own_role", _("You cannot change your own role: somebody else has to do it."), field="role")
    if by is not None and role != user.role and role in HIGH_ROLES and Role(by.role) not in HIGH_ROLES:
        raise Refused("not_allowed", _("Only the owner or an administrator gives this role."), field="role")
    user.role = role


def _check_may_manage(user: User | None, by: User | None) -> None:
    if by is None:
        return
    require(by, Act.MANAGE_PEOPLE)
    if user is not None and user.pk and Role(user.role) in HIGH_ROLES and Role(by.role) not in HIGH_ROLES:
        raise Refused("not_allowed", _("Only the owner or an administrator changes this account."))
    if user is not None and user.pk and managed_branch_id(by) not in (None, user.branch_id):
        raise Refused("not_allowed", _("You can manage people of your own branch only."))


def _check_may_manage_branches(by: User | None) -> None:
    if by is not None:
        require(by, Act.MANAGE_BRANCHES)


def _check_may_manage_team(branch_id: int, lead: User | None, by: User | None) -> None:
    """A head of a branch manages its teams only, and nobody from elsewhere leads them: who leads a team sees it."""
    _check_may_manage(None, by)
    only = None if by is None else managed_branch_id(by)
    if only is not None and only != branch_id:
        raise Refused("not_allowed", _("You can manage teams of your own branch only."), field="branch")
    if only is not None and lead is not None and lead.branch_id != only:
        raise Refused("not_allowed", _("The lead of a team comes from your own branch."), field="lead")


def _set_password(user: User, password: str | None) -> None:
    if password:
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise Refused("password_weak", " ".join(error.messages), field="password") from error
    user.set_password(password or None)


def _set_active(user: User, is_active: bool, kind: str, by: User | None, now: datetime) -> User:
    _check_may_manage(user, by)
    if user.is_active != is_active:
        user.is_active = is_active
        user.save(update_fields=["is_active", "name_key"])
        _record(kind, {"user": user.pk, "name": user.name}, by, now)
    return user


def _shown(user: User) -> dict[str, Any]:
    return {
        "name": user.name, "email": user.email, "role": user.role, "phone": user.phone,
        "language": user.language, "theme": user.theme, "skills": user.skills,
        "branch": user.branch_id, "team": user.team_id,
    }  # fmt: skip


def _name(text: str) -> str:
    name = " ".join(text.replace("\x00", "").split())
    if not name:
        raise Refused("name_missing", _("Enter a name."), field="name")
    if len(name) > 200:
        raise Refused("name_long", _("A name has at most 200 characters."), field="name")
    return name


def _refuse_taken(taken: bool) -> None:
    if taken:
        raise Refused("name_taken", _("This name is taken already."), field="name")


def _record(kind: str, payload: dict[str, Any], by: User | None, now: datetime) -> None:
    ledger.record([ledger.LedgerEvent(kind, now, actor_id=by.pk if by else None, payload=payload)])
