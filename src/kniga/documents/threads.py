"""The names letters of Kniga carry (Message-ID, References), by which their answers are known again.

Each is signed with the installation's key: whoever makes one up reaches no deal with it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.conf import settings

_OURS: Final = re.compile(r"<kniga-(\d{1,18})(?:\.([a-z0-9-]{1,80}))??(?:\.([0-9a-f]{20}))?@[^\s<>@]+>")


@dataclass(frozen=True, slots=True)
class Thread:
    """The instance a letter belongs to; `is_signed`: the name was given by this installation."""

    instance_id: int
    is_signed: bool


def name_of_thread(instance_id: int) -> str:
    """What all letters of an instance have in their References (RFC 5322, 3.6.4)."""
    return f"<kniga-{instance_id}.{_tag(instance_id, '')}@{_domain()}>"


def name_of_letter(instance_id: int, mark: str) -> str:
    """The Message-ID of one letter; `mark` (small letters, digits, "-") tells it from the others of the instance."""
    return f"<kniga-{instance_id}.{mark}.{_tag(instance_id, mark)}@{_domain()}>"


def threads_in(headers: Iterable[str]) -> tuple[Thread, ...]:
    """The instances that the texts of headers name, signed ones first, each once."""
    found: dict[Thread, None] = {}
    for number, mark, tag in (hit for text in headers for hit in _OURS.findall(text)):
        instance_id = int(number)
        is_signed = bool(tag) and hmac.compare_digest(tag, _tag(instance_id, mark))
        found[Thread(instance_id, is_signed)] = None
    return tuple(sorted(found, key=lambda one: not one.is_signed))


def _tag(instance_id: int, mark: str) -> str:
    named = f"letter {instance_id} {mark}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), named, hashlib.sha256).hexdigest()[:20]


def _domain() -> str:
    return settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">") or "localhost"
