"""Keys of the REST API: made once, shown once, kept as a SHA-256 digest.

A key carries 240 random bits, so a plain digest is enough: there is nothing to guess, unlike with passwords.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.utils.translation import gettext as _

from kniga.people import events
from kniga.people.models import ApiToken, User
from kniga.people.roles import Role
from kniga.people.scopes import checked_scopes
from kniga.platform import ledger
from kniga.platform.errors import NotVisible, Refused

PREFIX: Final = "kn_"
_ENDING: Final = frozenset({Role.OWNER, Role.ADMINISTRATOR})
_SHOWN: Final = 9
_USE_WRITTEN_EVERY: Final = timedelta(minutes=1)
_USER_FIELDS: Final = [field.attname for field in User._meta.concrete_fields]
# Asked with every request, hence by hand.
_HOLDER: Final = f"""
SELECT t.id, t.scopes, t.last_used_at, {", ".join(f'u."{field.column}"' for field in User._meta.concrete_fields)}
FROM people_apitoken t JOIN people_user u ON u.id = t.user_id
WHERE t.digest = %s AND t.revoked_at IS NULL AND u.is_active AND (t.expires_at IS NULL OR t.expires_at > %s)
"""


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new key; `secret` is shown this once and cannot be read again."""

    id: int
    secret: str
    prefix: str


@dataclass(frozen=True, slots=True)
class TokenHolder:
    """Who calls with a valid key, and what the key allows."""

    token_id: int
    user: User
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A key in a list; `prefix` is its readable beginning."""

    id: int
    name: str
    prefix: str
    user_id: int
    user: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


@transaction.atomic
def create_token(
    *, user: User, name: str, scopes: Iterable[str], by: User | None, now: datetime, expires_at: datetime | None = None
) -> IssuedToken:
    """A new key for `user`, made by themselves or on the command line (`by` None), never by somebody else:
    a key for another person would lend their rights.

    Raises Refused: `name_missing`, `scope_unknown`, `scopes_missing`, `expires_in_past`, `user_inactive`,
    `not_allowed`.
    """
    _check_may_handle(user, by)
    shown = " ".join(name.replace("\x00", "").split())[:200]
    if not shown:
        raise Refused("name_missing", _("Say what the key is for."), field="name")
    if not user.is_active:
        raise Refused("user_inactive", _("This person's account is closed."), field="user")
    if expires_at is not None and expires_at <= now:
        raise Refused("expires_in_past", _("The key would have expired already."), field="expires_at")
    secret = PREFIX + secrets.token_urlsafe(30)
    token = ApiToken.objects.create(
        user=user, name=shown, prefix=secret[:_SHOWN], digest=digest_of(secret), scopes=checked_scopes(scopes),
        created_at=now, expires_at=expires_at,
    )  # fmt: skip
    _tell(events.TOKEN_CREATED, token, by, now)
    return IssuedToken(token.pk, secret, token.prefix)


@transaction.atomic
def revoke_token(*, token_id: int, by: User | None, now: datetime) -> None:
    """End a key at once: one's own, or anybody's for owner and administrator. Raises NotVisible."""
    token = ApiToken.objects.select_for_update(of=("self",)).select_related("user").filter(pk=token_id).first()
    if token is None or (by is not None and by.pk != token.user_id and Role(by.role) not in _ENDING):
        raise NotVisible
    if token.revoked_at is None:
        token.revoked_at = now
        token.save(update_fields=["revoked_at"])
        _tell(events.TOKEN_REVOKED, token, by, now)


def token_holder(*, secret: str, now: datetime) -> TokenHolder | None:
    """Who holds this key: one statement, and one more at most once a minute to note its use.

    None for keys that are unknown, expired, revoked, or whose user's account is closed.
    """
    if not secret.startswith(PREFIX) or len(secret) > 100:
        return None
    with connection.cursor() as cursor:
        cursor.execute(_HOLDER, [digest_of(secret), now])
        row = cursor.fetchone()
    if row is None:
        return None
    token_id, scopes, last_used_at, *values = row
    if last_used_at is None or now - last_used_at >= _USE_WRITTEN_EVERY:
        ApiToken.objects.filter(pk=token_id).update(last_used_at=now)
    return TokenHolder(token_id, User.from_db("default", _USER_FIELDS, values), frozenset(scopes))


def token_list(*, user: User | None) -> tuple[TokenRow, ...]:
    """The keys of `user`, newest first; None (the command line) lists everybody's."""
    found = ApiToken.objects.order_by("-created_at", "-id")
    if user is not None:
        found = found.filter(user=user)
    rows = found.values_list(
        "id", "name", "prefix", "user_id", "user__name", "scopes", "created_at", "expires_at", "revoked_at",
        "last_used_at",
    )  # fmt: skip
    return tuple(TokenRow(*row[:5], tuple(row[5]), *row[6:]) for row in rows)


def digest_of(secret: str) -> str:
    """The SHA-256 of a key, as it is stored."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _check_may_handle(user: User, by: User | None) -> None:
    if by is not None and by.pk != user.pk:
        raise Refused("not_allowed", _("You can make keys for yourself only."))


def _tell(kind: str, token: ApiToken, by: User | None, now: datetime) -> None:
    payload = {"token": token.pk, "name": token.name, "prefix": token.prefix, "user": token.user_id}
    ledger.record([ledger.LedgerEvent(kind, now, actor_id=by.pk if by else None, payload=payload)])
