"""Who is signed in: the session and its user, read anew at every request, each by one plain statement.

Nothing is kept between requests: signing out, a new password, a new role, a deactivation hold at once in every process.
(settings: SESSION_ENGINE and AUTHENTICATION_BACKENDS)
"""

from __future__ import annotations

from typing import Any, Final

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.sessions.backends import db
from django.utils import timezone

from kniga.people.models import User
from kniga.platform.prepared import Prepared

_SESSION: Final = Prepared(
    "SELECT session_data FROM django_session WHERE session_key = %s::text AND expire_date > %s::timestamptz"
)
_FIELDS: Final = [field.attname for field in User._meta.concrete_fields]
_USER: Final = Prepared(f"SELECT {', '.join(_FIELDS)} FROM people_user WHERE id = %s::bigint")


class SessionStore(db.SessionStore):
    """Django's sessions in the database; reading one costs no query set."""

    def load(self) -> dict[str, Any]:
        row = _SESSION.row(self.session_key, timezone.now())
        if row is None:
            self._session_key = None
            return {}
        return dict(self.decode(row[0]))


class SignInBackend(AuthenticationBackend):
    """Signs in by e-mail and password; of a signed-in person it reads the row."""

    def get_user(self, user_id: int) -> User | None:
        row = _USER.row(user_id)
        user = None if row is None else User.from_db("default", _FIELDS, row)
        return user if self.user_can_authenticate(user) else None
