"""What a client can be found by, kept in one folded column under a trigram index.

The parts stand on lines of their own: name, INN, names of contacts, digits of phones, e-mail addresses.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from django.db import connection

from kniga.clients.models import Client
from kniga.platform.textkeys import digits

# Also run by imports over whole jobs, hence set-based.
_REFRESH = """
UPDATE clients_client c SET search_text = concat_ws(E'\\n', c.name_key, nullif(c.inn, ''), found.text)
FROM unnest(%s::bigint[]) AS wanted(id)
LEFT JOIN LATERAL (
    SELECT string_agg(concat_ws(E'\\n', t.name_key, ch.text), E'\\n' ORDER BY t.id) AS text
    FROM clients_contact t
    LEFT JOIN LATERAL (
        SELECT string_agg(
            CASE kind WHEN 'phone' THEN regexp_replace(value, '\\D', '', 'g') ELSE value END, E'\\n' ORDER BY id
        ) AS text
        FROM clients_channel WHERE contact_id = t.id
    ) ch ON true
    WHERE t.client_id = wanted.id
) found ON true
WHERE c.id = wanted.id
"""


def refresh_search_text(client_ids: Collection[int]) -> None:
    """Write the search text of these clients anew, in one statement."""
    if client_ids:
        with connection.cursor() as cursor:
            cursor.execute(_REFRESH, [list(client_ids)])


def search_text_of(client: Client, contacts: Iterable[tuple[str, Sequence[tuple[str, str]]]]) -> str:
    """What `refresh_search_text` would write for a client that is not saved yet: `contacts` are folded names with
    their channels as (kind, value)."""
    lines = [client.name_key, client.inn]
    for name_key, channels in contacts:
        lines += [name_key, *(digits(value) if kind == "phone" else value for kind, value in channels)]
    return "\n".join(line for line in lines if line)
