"""Clients that may be the one somebody is about to create, those of other people too.

A rep learns only that the client exists and whose it is; the card opens for those who may see it.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any, Final

from kniga.clients.requisites import whole_tax_number
from kniga.clients.search import other_layout, similarity_of
from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.roles import Entity
from kniga.platform.emails import checked_email
from kniga.platform.errors import Refused
from kniga.platform.phones import to_e164
from kniga.platform.sqlparts import like, rows_of
from kniga.platform.textkeys import digits, match_key


class SameBy(StrEnum):
    """What the new client shares with the present one."""

    INN = "inn"
    PHONE = "phone"
    EMAIL = "email"
    NAME = "name"
    SIMILAR_NAME = "similar_name"


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A present client: by what it is the same, and whose it is ("" if common). `is_visible`: may be opened."""

    id: int
    name: str
    same_by: SameBy
    owner: str
    is_visible: bool


_SQL = """
WITH hits AS (
    SELECT id, 1 AS rank, 'inn' AS same_by FROM clients_client WHERE %(inn)s <> '' AND inn <> '' AND inn = %(inn)s
    UNION ALL
    SELECT t.client_id, 2, 'phone' FROM clients_channel ch JOIN clients_contact t ON t.id = ch.contact_id
    WHERE %(phone)s <> '' AND ch.kind = 'phone' AND ch.value = %(phone)s
    UNION ALL
    SELECT t.client_id, 3, 'email' FROM clients_channel ch JOIN clients_contact t ON t.id = ch.contact_id
    WHERE %(email)s <> '' AND ch.kind = 'email' AND ch.value = %(email)s
    UNION ALL
    (SELECT id, 4, 'name' FROM clients_client WHERE %(key)s <> '' AND match_key = %(key)s LIMIT 20)
    UNION ALL
    (SELECT id, 5, 'similar_name' FROM clients_client
     WHERE {words} LIMIT 20)
)
SELECT * FROM (
    SELECT DISTINCT ON (c.id) c.id, c.name, h.same_by, coalesce(u.name, ''), c.owner_id, h.rank, c.name_key
    FROM hits h JOIN clients_client c ON c.id = h.id LEFT JOIN people_user u ON u.id = c.owner_id
    WHERE c.id IS DISTINCT FROM %(except)s::bigint
    ORDER BY c.id, h.rank
) found ORDER BY rank, name_key, id LIMIT %(limit)s
"""
# Names with a typing error, or typed on the other keyboard layout; asked for only if nothing else was found.
_ALIKE = """
SELECT c.id, c.name, 'similar_name', coalesce(u.name, ''), c.owner_id
FROM clients_client c LEFT JOIN people_user u ON u.id = c.owner_id
WHERE (%(typed)s <%% c.search_text OR %(other)s <%% c.search_text) AND c.id IS DISTINCT FROM %(except)s::bigint
AND greatest(word_similarity(%(typed)s, c.name_key), word_similarity(%(other)s, c.name_key)) >= %(least)s
ORDER BY greatest(word_similarity(%(typed)s, c.name_key), word_similarity(%(other)s, c.name_key)) DESC, c.name_key, c.id
LIMIT %(candidates)s
"""
ALIKE: Final = 0.5
"""From which word similarity (pg_trgm) on a name may be meant; which of them are is told by their words."""
CANDIDATES: Final = 20
SAME_WORD: Final = 0.8
"""From which share of equal letters on two words are one with a typing error: two changed about in a word of six."""
# Words that nearly every name of a company holds tell nothing.
_LEGAL_FORMS = frozenset(
    ("ооо", "оао", "пао", "зао", "ао", "ип", "нко", "чоп", "гк", "тоо", "llc", "ltd", "inc", "gmbh", "corp", "co")
)


def possible_duplicates(
    *,
    user: User,
    name: str = "",
    inn: str = "",
    phone: str = "",
    email: str = "",
    except_id: int | None = None,
    limit: int = 5,
) -> tuple[Duplicate, ...]:
    """Present clients with the same INN, phone, e-mail address or (nearly) the same name, surest first; if there are
    none, those whose name looks like it.

    One statement, one more for the latter. Half-typed values are no error: they just find nothing.
    """
    words = _telling_words(name)
    told = sum(len(word) for word in words) >= 4
    values = {
        "inn": whole_tax_number(inn),
        "phone": _phone(phone),
        "email": _email(email),
        "key": match_key(name) if told else "",
        "except": except_id,
        "limit": limit,
    }
    if not any(values[key] for key in ("inn", "phone", "email", "key")):
        return ()
    patterns = {f"word{index}": like(word) for index, word in enumerate(words)} if told else {}
    holds = " AND ".join(f"search_text LIKE %({name})s" for name in patterns) or "false"
    owners = visible_owner_ids(user, Entity.CLIENT)
    # Planning this statement takes longer than carrying it out, and its patterns are always few and rare.
    found = rows_of(_SQL.format(words=holds), {**values, **patterns}, one_plan=True)
    alike = _alike(name, words, values) if told and not found else ()
    return tuple(
        Duplicate(id_, shown, _same_by(same_by, shown, words), owner, owners is None or owner_id in owners)
        for id_, shown, same_by, owner, owner_id, *_order in (*found, *alike)
    )


def _alike(name: str, words: list[str], values: dict[str, Any]) -> list[tuple[Any, ...]]:
    written = [words, _telling_words(other_layout(name))]
    typed, other = (" ".join(found) for found in written)
    asked = {**values, "typed": typed, "other": other, "least": ALIKE, "candidates": CANDIDATES}
    with similarity_of(ALIKE):
        rows = rows_of(_ALIKE, asked)
    meant = [row for row in rows if any(_is_meant(found, _telling_words(row[1])) for found in written)]
    return meant[: values["limit"]]


def _is_meant(typed: list[str], kept: list[str]) -> bool:
    """Whether each word that was typed is one of the name, typing errors apart."""
    return all(any(SequenceMatcher(None, word, one).ratio() >= SAME_WORD for one in kept) for word in typed)


def _same_by(found: str, name: str, words: list[str]) -> SameBy:
    """Names that differ in the legal form or the order of words alone are the same."""
    is_same = found == SameBy.SIMILAR_NAME and sorted(_telling_words(name)) == sorted(words)
    return SameBy.NAME if is_same else SameBy(found)


def _telling_words(name: str) -> list[str]:
    return [word for word in _words(name) if word not in _LEGAL_FORMS]


def _words(name: str) -> list[str]:
    return [key for word in name.split() if (key := match_key(word))][:8]


def _phone(text: str) -> str:
    try:
        return to_e164(text) if len(digits(text)) >= 10 else ""
    except Refused:
        return ""


def _email(text: str) -> str:
    try:
        return checked_email(text) if "@" in text else ""
    except Refused:
        return ""
