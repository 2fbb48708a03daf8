"""Passwords of mailboxes as the database keeps them: sealed with a key made from the installation's own.

A copy of the database alone opens none; who changes KNIGA_SECRET_KEY has to enter the passwords again.
"""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings


class Unreadable(Exception):
    """Sealed with another key than the present one."""


def seal(text: str) -> str:
    """The text as it may be stored."""
    return _box().encrypt(text.encode()).decode("ascii")


def unseal(sealed: str) -> str:
    """What was sealed. Raises Unreadable."""
    try:
        return _box().decrypt(sealed.encode("ascii", "replace")).decode()
    except InvalidToken as error:
        raise Unreadable from error


def _box() -> Fernet:
    key = hashlib.sha256(b"mailbox passwords\0" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
