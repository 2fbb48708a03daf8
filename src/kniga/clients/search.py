"""Find clients by any part of a name, a phone in any format, an e-mail address, an INN.

First the words as typed; then the same keys on the other keyboard layout («hjvfirf» is «ромашка»); then
forgiving typing errors by trigrams (pg_trgm word similarity), for both layouts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from django.db import connection, transaction

from kniga.people.access import visible_owner_ids
from kniga.people.models import User
from kniga.people.roles import Entity
from kniga.platform.phones import looks_like_number, search_digits
from kniga.platform.sqlparts import Conditions, like, rows_of
from kniga.platform.textkeys import fold

LONGEST_QUERY: Final = 100
CANDIDATES: Final = 2000
# Strict first: a loose threshold makes PostgreSQL compare many more rows.
SIMILARITIES: Final = (0.5, 0.3)
_LATIN: Final = "`qwertyuiop[]asdfghjkl;'zxcvbnm,."
_CYRILLIC: Final = "ёйцукенгшщзхъфывапролджэячсмитьбю"
_TO_OTHER_LAYOUT: Final = str.maketrans(_LATIN + _CYRILLIC, _CYRILLIC + _LATIN)


@dataclass(frozen=True, slots=True)
class ClientHit:
    """A client that was found; `contact` is the contact by whom it was found, if it was. `is_sure`: it holds what was
    typed, be it on the other layout; one that only sounds like it does not."""

    id: int
    name: str
    kind: str
    inn: str
    owner: str
    contact: str
    contact_id: int | None
    is_sure: bool = True


# Names that begin with the text come by the index of names, so that a crowd of other hits cannot push them out;
# of the others so many are ranked as can be while somebody types.
_EXACT = """
SELECT f.id, f.name, f.kind, f.inn, coalesce(u.name, ''), coalesce(t.name, ''), t.id
FROM (
    SELECT * FROM (
        (SELECT c.id, c.name, c.name_key, c.kind, c.inn, c.owner_id FROM clients_client c {beginning}
         ORDER BY c.name_key, c.id LIMIT {limit})
        UNION
        (SELECT c.id, c.name, c.name_key, c.kind, c.inn, c.owner_id FROM clients_client c {where} LIMIT {candidates})
    ) a
    ORDER BY a.name_key LIKE %s DESC, a.name_key LIKE %s DESC, a.name_key, a.id
    LIMIT {limit}
) f
LEFT JOIN people_user u ON u.id = f.owner_id
LEFT JOIN LATERAL (
    SELECT id, name FROM clients_contact WHERE client_id = f.id AND name_key LIKE %s AND f.name_key NOT LIKE %s
    ORDER BY id LIMIT 1
) t ON true
ORDER BY f.name_key LIKE %s DESC, f.name_key LIKE %s DESC, f.name_key, f.id
"""
_SIMILAR = """
SELECT c.id, c.name, c.kind, c.inn, coalesce(u.name, ''), '', NULL::bigint
FROM clients_client c LEFT JOIN people_user u ON u.id = c.owner_id
{where}
ORDER BY word_similarity(%s, c.search_text) DESC, c.name_key, c.id
LIMIT {limit}
"""


def search_clients(*, user: User, text: str, limit: int = 10) -> tuple[ClientHit, ...]:
    """The clients `user` sees that fit `text`, best first; () for fewer than two characters."""
    query = fold(text[:LONGEST_QUERY])
    if len(query) < 2:
        return ()
    owners = visible_owner_ids(user, Entity.CLIENT)
    found = _exact(owners, query, limit)
    if found or looks_like_number(query):
        return found
    other = other_layout(query)
    found = _exact(owners, other, limit)
    for similarity in SIMILARITIES:
        for words in (query, other):
            found = found or _similar(owners, words, similarity, limit)
    return found


def other_layout(text: str) -> str:
    """What the same keys write on the other layout (Russian ЙЦУКЕН and English QWERTY)."""
    return fold(text.translate(_TO_OTHER_LAYOUT))


@contextmanager
def similarity_of(least: float) -> Iterator[None]:
    """A transaction in which `<%` holds from this word similarity on."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('pg_trgm.word_similarity_threshold', %s, true)", [str(least)])
        yield


def add_text_condition(conditions: Conditions, text: str, column: str = "c.search_text") -> None:
    """Keep the rows that hold every word of `text`, or its digits if it is a number."""
    query = fold(text[:LONGEST_QUERY])
    if looks_like_number(query):
        patterns = [like(number) for number in search_digits(query)]
        conditions.add(f"({' OR '.join(f'{column} LIKE %s' for _ in patterns)})", *patterns)
        return
    for word in query.split()[:8]:
        conditions.add(f"{column} LIKE %s", like(word))


def _exact(owners: Sequence[int] | None, query: str, limit: int) -> tuple[ClientHit, ...]:
    anywhere, begins = like(query), like(query)[1:]
    conditions, beginning = Conditions(), Conditions()
    for found in (conditions, beginning):
        found.among("c.owner_id", None if owners is None else list(owners))
    add_text_condition(conditions, query)
    beginning.add("c.name_key LIKE %s", begins)
    sql = _EXACT.format(where=conditions.where, beginning=beginning.where, candidates=CANDIDATES, limit=limit)
    order = [begins, anywhere]
    parameters = [*beginning.parameters, *conditions.parameters, *order, anywhere, anywhere, *order]
    return tuple(ClientHit(*row) for row in rows_of(sql, parameters))


def _similar(owners: Sequence[int] | None, query: str, similarity: float, limit: int) -> tuple[ClientHit, ...]:
    if len(query) < 4:
        return ()
    conditions = Conditions()
    conditions.add("%s <%% c.search_text", query)
    conditions.among("c.owner_id", None if owners is None else list(owners))
    sql = _SIMILAR.format(where=conditions.where, limit=limit)
    with similarity_of(similarity):
        hits = (ClientHit(*row) for row in rows_of(sql, [*conditions.parameters, query]))
        return tuple(replace(hit, is_sure=False) for hit in hits)
