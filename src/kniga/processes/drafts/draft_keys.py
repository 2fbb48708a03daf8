"""Keys of new processes, made from their names."""

from __future__ import annotations

import re
from typing import Final

from django.utils.text import slugify

from kniga.processes.models import Draft, Process

MOST: Final = 60
_LATIN: Final = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch _ y _ e yu ya".replace("_", "").split(" "),
        strict=True,
    )
)
_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,59}\Z")


def is_key(text: str) -> bool:
    """Whether a text can be the key of a process: it stands in addresses, and is an id in a BPMN file."""
    return _KEY.match(text) is not None


def key_of(name: str) -> str:
    """A key like the name: Latin letters, digits, underscores."""
    latin = "".join(_LATIN.get(letter, letter) for letter in name.lower())
    key = slugify(latin).replace("-", "_")[: MOST - 8].strip("_")
    return key if is_key(key) else f"process_{key}".rstrip("_")


def free_key(wanted: str) -> str:
    """The key, or the key with a number behind it, that neither a process nor an open draft has."""
    number, key = 1, wanted
    while _is_taken(key):
        number += 1
        key = f"{wanted[: MOST - 8]}_{number}"
    return key


def _is_taken(key: str) -> bool:
    drafts = Draft.objects.filter(process_key=key, closed_at__isnull=True)
    return Process.objects.filter(key=key).exists() or drafts.exists()
