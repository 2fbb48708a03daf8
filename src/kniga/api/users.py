"""The people who work here, and the caller themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import HttpResponse
from ninja import Router

from kniga.api.answers import Listed, answer, opened, page_answer
from kniga.api.door import ApiRequest, Bearer
from kniga.api.inputs import Cursor, Limit
from kniga.api.problems import not_found
from kniga.people.queries import PersonRow, get_managed_user, people_page
from kniga.people.tokens import revoke_token
from kniga.platform import clock

if TYPE_CHECKING:
    from kniga.people.models import User

router = Router(tags=["users"])
READ = Bearer("users:read")


@dataclass(frozen=True, slots=True)
class UserDetail:
    """A person who works here."""

    id: int
    name: str
    email: str
    role: str
    phone: str
    branch_id: int | None
    team_id: int | None
    is_active: bool
    skills: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Self:
    """Who the key acts for, and what it allows; `token_id` is null for a session."""

    user: UserDetail
    scopes: tuple[str, ...]
    token_id: int | None


@router.get("/users", auth=READ, response={200: Listed[PersonRow]}, summary="List people")
def list_users(
    request: ApiRequest, text: str = "", role: str = "", limit: Limit = 50, cursor: Cursor = None
) -> HttpResponse:
    """The people the caller manages, the active first; those who manage nobody see themselves."""
    page = people_page(user=request.auth.user, text=text, role=role, cursor=opened(cursor), limit=limit)
    return page_answer(request, page)


@router.get("/users/{int:user_id}", auth=READ, response={200: UserDetail}, summary="Read a person")
def get_user(request: ApiRequest, user_id: int) -> HttpResponse:
    """One person."""
    return answer(_detail(get_managed_user(user=request.auth.user, id=user_id)))


@router.get("/token", auth=Bearer(), response={200: Self}, summary="Who am I", tags=["token"])
def get_self(request: ApiRequest) -> HttpResponse:
    """Whom the key acts for, and its scopes."""
    caller = request.auth
    return answer(Self(_detail(caller.user), tuple(sorted(caller.scopes)), caller.token_id))


@router.delete("/token", auth=Bearer(), response={204: None}, summary="Revoke this key", tags=["token"])
def revoke_self(request: ApiRequest) -> HttpResponse:
    """End the key that is used for this very request."""
    caller = request.auth
    if caller.token_id is None:
        raise not_found()
    revoke_token(token_id=caller.token_id, by=caller.user, now=clock.now())
    return HttpResponse(status=204)


def _detail(user: User) -> UserDetail:
    return UserDetail(
        user.pk, user.name, user.email, user.role, user.phone, user.branch_id, user.team_id, user.is_active,
        tuple(user.skills),
    )  # fmt: skip
