"""What the forms of people send, read without judging it: the domain checks and names the wrong field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import QueryDict

from kniga.people.queries import get_branch, get_team
from kniga.platform.phones import format_phone

if TYPE_CHECKING:
    from kniga.people.models import Branch, Team, User


@dataclass(frozen=True, slots=True)
class PersonForm:
    """A person as typed; ids are empty where nothing is chosen."""

    name: str = ""
    email: str = ""
    phone: str = ""
    role: str = "rep"
    language: str = ""
    team: str = ""
    branch: str = ""
    skills: str = ""
    password: str = ""

    @classmethod
    def sent(cls, data: QueryDict) -> PersonForm:
        return cls(**{name: data.get(name, "").strip() for name in cls.__dataclass_fields__})

    @classmethod
    def of(cls, user: User) -> PersonForm:
        return cls(
            name=user.name,
            email=user.email,
            phone=user.phone if ";" in user.phone else format_phone(user.phone),
            role=user.role,
            language=user.language,
            team=str(user.team_id or ""),
            branch=str(user.branch_id or ""),
            skills=", ".join(user.skills),
        )

    def chosen_team(self, user: User) -> Team | None:
        """The team chosen; raises NotVisible for one this user does not manage."""
        return get_team(user=user, id=team_id) if (team_id := number_or_none(self.team)) else None

    def named_skills(self) -> list[str]:
        """The skills typed, parted by commas."""
        return self.skills.replace("\n", ",").replace(";", ",").split(",")

    def chosen_branch(self, user: User) -> Branch | None:
        """The branch chosen; raises NotVisible for one this user does not manage."""
        return get_branch(user=user, id=branch_id) if (branch_id := number_or_none(self.branch)) else None


@dataclass(frozen=True, slots=True)
class TeamForm:
    """A team as typed."""

    name: str = ""
    branch: str = ""
    lead: str = ""
    is_active: str = "on"

    @classmethod
    def sent(cls, data: QueryDict) -> TeamForm:
        return cls(**{name: data.get(name, "").strip() for name in cls.__dataclass_fields__})

    @classmethod
    def of(cls, team: Team) -> TeamForm:
        return cls(team.name, str(team.branch_id), str(team.lead_id or ""), "on" if team.is_active else "")


def number_or_none(text: str) -> int | None:
    """An id from the address, or None for anything else."""
    return int(text) if text.isdecimal() and len(text) < 18 else None
