"""E-mail addresses: one stored form, a clear refusal."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from kniga.platform.errors import Refused
from kniga.platform.said import said as _


def checked_email(text: str, *, field: str | None = None) -> str:
    """The address in lower case without blanks at its ends. Raises Refused `email_invalid`."""
    address = text.strip().lower()
    try:
        if len(address) > 254:
            raise ValidationError("too long")
        validate_email(address)
    except ValidationError:
        message = _("“%(text)s” is not an e-mail address. It looks like name@example.com.")
        raise Refused("email_invalid", message % {"text": address[:60]}, field=field) from None
    return address
