"""The people of the made department: two branches, four teams, twelve reps of different skill."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Final

from django.contrib.auth.hashers import make_password

from kniga.demo.names import Names, Person
from kniga.demo.words import Words
from kniga.people.models import Branch, Team, User
from kniga.people.roles import Role
from kniga.people.services import create_branch, create_team, create_user, update_team
from kniga.platform.models import Organisation

PASSWORD: Final = "kniga-demo-2026"
MAIL_DOMAIN: Final = "demo.kniga.example"
REPS_OF_A_TEAM: Final = 3


@dataclass(frozen=True, slots=True)
class Worker:
    """Somebody who does tasks. `skill` turns talks into sales, `diligence` is the share of tasks done in time,
    `share` how many leads they get against the others, `place` the number of their branch."""

    user: User
    skill: float
    diligence: float
    share: float
    place: int

    @property
    def is_rep(self) -> bool:
        """Reps get leads; leads and heads only the tasks the book gives them."""
        return self.user.role == Role.REP.value


@dataclass(frozen=True, slots=True)
class SignIn:
    """How to sign in as somebody of the department."""

    name: str
    role: str
    email: str
    password: str


@dataclass(frozen=True, slots=True)
class Staff:
    """Everybody; `sign_ins` in the order in which one would try them."""

    workers: tuple[Worker, ...]
    buyer: User
    sign_ins: tuple[SignIn, ...]


def hire(words: Words, names: Names, dice: Random, now: datetime) -> Staff:
    """Set up the organisation and everybody in it. Two statements or three per person."""
    _name_organisation(words)
    people = names.staff(4 * (REPS_OF_A_TEAM + 1) + 7)
    # Numbers are thrown apart, so that nothing else of the department hangs on them.
    numbers = Names(words, Random(f"numbers/{words.language}"))
    hired: list[User] = []

    def add(role: Role, branch: Branch | None = None, team: Team | None = None) -> User:
        user = _create(people.pop(), numbers.phone(), role, words, branch, team, now)
        hired.append(user)
        return user

    owner = add(Role.OWNER)
    workers: list[Worker] = []
    for place, branch_name in enumerate(words.branches):
        branch = create_branch(name=branch_name, by=None, now=now)
        head = add(Role.HEAD, branch)
        workers.append(_manager(head, place))
        for team_name in words.teams[place * 2 : place * 2 + 2]:
            team = create_team(name=team_name, branch=branch, by=None, now=now)
            lead = add(Role.LEAD, branch, team)
            update_team(team=team, name=team_name, lead=lead, is_active=True, by=None, now=now)
            workers.append(_manager(lead, place))
            workers += [_rep(add(Role.REP, branch, team), place, dice) for _ in range(REPS_OF_A_TEAM)]
        add(Role.DELIVERY, branch)
    add(Role.SUPPORT)
    add(Role.ADMINISTRATOR)
    # Hashing a password is slow on purpose; one hash for all saves seconds.
    User.objects.update(password=make_password(PASSWORD))
    return Staff(tuple(workers), owner, _sign_ins(hired))


def _create(
    person: Person, phone: str, role: Role, words: Words, branch: Branch | None, team: Team | None, now: datetime
) -> User:
    return create_user(
        email=f"{person.latin}@{MAIL_DOMAIN}", name=person.name, role=role,
        phone=phone, language=words.language, branch=branch, team=team, by=None, now=now,
    )  # fmt: skip


def _name_organisation(words: Words) -> None:
    Organisation.objects.update_or_create(
        id=1,
        defaults={
            "name": words.organisation,
            "currency": words.currency,
            "language": words.language,
            "calendar_country": words.country,
            "time_zone": words.time_zone,
        },
    )  # fmt: skip


def _manager(user: User, place: int) -> Worker:
    return Worker(user, 1.0, 0.85, 0.0, place)


def _rep(user: User, place: int, dice: Random) -> Worker:
    return Worker(
        user, skill=dice.uniform(0.62, 1.5), diligence=dice.uniform(0.62, 0.95), share=dice.uniform(0.75, 1.3),
        place=place,
    )  # fmt: skip


def _sign_ins(hired: list[User]) -> tuple[SignIn, ...]:
    order = [Role.HEAD, Role.REP, Role.LEAD, Role.OWNER, Role.DELIVERY, Role.SUPPORT, Role.ADMINISTRATOR]
    ranked = sorted(hired, key=lambda user: (order.index(Role(user.role)), user.pk))
    return tuple(SignIn(user.name, user.role, user.email, PASSWORD) for user in ranked)
