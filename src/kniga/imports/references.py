"""Names in a file that stand for what Kniga already has: products, people, clients, entries of lists.

An exact name (case, ё/е and white space apart) is taken. Anything else is never taken silently: a near name
becomes a suggestion which a person confirms, once (see `aliases`).
An unknown entry of a mere list (industry, region, source, branch)
is made and reported if a row that is applied names it; other unknown names stop their rows until the person says
what they mean or lets them be made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db import connection
from rapidfuzz import fuzz, process

from kniga.catalog.units import NAMES as UNIT_NAMES
from kniga.deals.loss_reasons import NAMES as REASON_NAMES
from kniga.imports.aliases import remembered_names
from kniga.imports.options import Options
from kniga.imports.sight import Sight
from kniga.platform.textkeys import fold, match_key

NEAR: Final = 88
_COMPARED_CLIENTS: Final = 50_000


@dataclass(frozen=True, slots=True)
class Book:
    """Where the names of a reference live: (id, name, further name or '') per entry."""

    sql: str
    table: str
    can_create: bool = False
    is_list: bool = False


BOOKS: Final[dict[str, Book]] = {
    "industry": Book("SELECT id, name, '' FROM clients_industry", "clients_industry", True, True),
    "region": Book("SELECT id, name, '' FROM clients_region", "clients_region", True, True),
    "source": Book("SELECT id, name, '' FROM clients_source", "clients_source", True, True),
    "branch": Book("SELECT id, name, '' FROM people_branch", "people_branch", True, True),
    "user": Book("SELECT id, name, email FROM people_user", "people_user"),
    "product": Book("SELECT id, name, coalesce(code, '') FROM catalog_product", "catalog_product", True),
    "unit": Book("SELECT id, name, code FROM catalog_unit", "catalog_unit"),
    "loss_reason": Book("SELECT id, name, key FROM deals_lossreason", "deals_lossreason"),
    "client": Book("SELECT id, name, inn FROM clients_client", "clients_client", True),
}
_TRANSLATED: Final = {"unit": UNIT_NAMES, "loss_reason": REASON_NAMES}


@dataclass(frozen=True, slots=True)
class Meant:
    """What a text stands for: `id` is None for an entry that is to be made."""

    id: int | None
    name: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """A text nobody has explained yet, with the nearest name Kniga has (or '')."""

    reference: str
    text: str
    suggestion: str
    can_create: bool


@dataclass(slots=True)
class References:
    """Looks names up for one run. With `makes`, entries that are to be made are made at once.

    `taken` tells which texts were taken for another name because somebody confirmed that for an earlier file."""

    options: Options
    makes: bool
    now: datetime
    sight: Sight = field(default_factory=Sight)
    unknown: Counter[Unknown] = field(default_factory=Counter)
    new: dict[str, dict[str, str]] = field(default_factory=dict)
    made: dict[str, list[int]] = field(default_factory=dict)
    aliases: dict[tuple[str, str], str] = field(default_factory=remembered_names)
    taken: dict[str, dict[str, str]] = field(default_factory=dict)
    _books: dict[str, dict[str, Meant | None]] = field(default_factory=dict)
    _verdicts: dict[tuple[str, str], Meant | Unknown] = field(default_factory=dict)
    _candidates: dict[str, dict[str, str]] = field(default_factory=dict)

    def prefetch_clients(self, texts: Collection[str]) -> None:
        """Read the clients of these names in one statement; other references are read whole, once."""
        confirmed = self.options.confirmed.get("client", {})
        book = self._books.setdefault("client", {})
        wanted = {fold(confirmed.get(text, text)) for text in texts}
        wanted |= {fold(self.aliases.get(("client", fold(text)), text)) for text in texts}
        wanted -= book.keys()
        if not wanted:
            return
        sql = """
SELECT id, name, name_key, inn FROM clients_client
WHERE (name_key = ANY(%s::text[]) OR (inn <> '' AND inn = ANY(%s::text[])))
  AND (%s::bigint[] IS NULL OR owner_id = ANY(%s::bigint[]))
"""
        with connection.cursor() as cursor:
            cursor.execute(sql, [list(wanted), list(wanted), self._owners(), self._owners()])
            for id_, name, key, inn in cursor.fetchall():
                for name_of in (key, inn):
                    if name_of in wanted:
                        _enter(book, name_of, Meant(id_, name))
        for key in wanted - book.keys():
            book[key] = None

    def resolve(self, reference: str, text: str) -> Meant | Unknown:
        """What `text` stands for. An Unknown is counted, so that the person can be asked about it once."""
        verdict = self._verdicts.get((reference, text))
        if verdict is None:
            verdict = self._verdicts[reference, text] = self._judge(reference, text)
        if isinstance(verdict, Unknown):
            self.unknown[verdict] += 1
        return verdict

    def _judge(self, reference: str, text: str) -> Meant | Unknown:
        confirmed = self.options.confirmed.get(reference, {}).get(text)
        book = self._book(reference)
        for name in (confirmed, text):
            found = book.get(fold(name)) if name else None
            if found is not None:
                return found
        alias = "" if confirmed else self.aliases.get((reference, fold(text)), "")
        found = book.get(fold(alias)) if alias else None
        if found is not None:
            self.taken.setdefault(reference, {})[text] = found.name
            return found
        kind = BOOKS[reference]
        can_create = kind.can_create and (reference != "branch" or self.sight.branch is None)
        if can_create and confirmed == text:
            return self._make(reference, text)
        suggestion = self._nearest(reference, text)
        # Making all that is missing is no word about a name that is only misspelt.
        if not suggestion and can_create and (kind.is_list or reference in self.options.create_missing):
            return self._make(reference, text)
        return Unknown(reference, text, suggestion, can_create)

    def _book(self, reference: str) -> dict[str, Meant | None]:
        if reference == "client":
            return self._books.setdefault("client", {})
        if reference not in self._books:
            book: dict[str, Meant | None] = {}
            with connection.cursor() as cursor:
                cursor.execute(BOOKS[reference].sql)
                for id_, name, further in cursor.fetchall():
                    if reference == "user" and not self._may_own(id_):
                        continue
                    names = {name, further, str(_TRANSLATED.get(reference, {}).get(further, ""))} - {""}
                    for key in {fold(one) for one in names}:
                        _enter(book, key, Meant(id_, name))
            self._books[reference] = book
        return self._books[reference]

    def _nearest(self, reference: str, text: str) -> str:
        """The name Kniga has that `text` most likely means; '' if none is near."""
        key = match_key(text)
        if not key:
            return ""
        candidates = self._names_by_key(reference)
        if key in candidates:
            return candidates[key]
        best = process.extractOne(key, list(candidates), scorer=fuzz.ratio, score_cutoff=NEAR)
        return candidates[best[0]] if best else ""

    def _names_by_key(self, reference: str) -> dict[str, str]:
        if reference not in self._candidates:
            if reference == "client":
                names: Iterable[str] = self._client_names()
            else:
                names = (meant.name for meant in self._book(reference).values() if meant and meant.id)
            self._candidates[reference] = {match_key(name): name for name in names}
        return self._candidates[reference]

    def _client_names(self) -> list[str]:
        with connection.cursor() as cursor:
            sql = "SELECT name FROM clients_client {where} ORDER BY id LIMIT %s"
            where, owners = ("", []) if self.sight.owners is None else ("WHERE owner_id = ANY(%s)", [self._owners()])
            cursor.execute(sql.format(where=where), [*owners, _COMPARED_CLIENTS])
            return [row[0] for row in cursor.fetchall()]

    def _make(self, reference: str, text: str) -> Meant:
        name = " ".join(text.split())[:200]
        self.new.setdefault(reference, {})[fold(name)] = name
        meant = Meant(self._insert(reference, name) if self.makes else None, name)
        self._book(reference)[fold(name)] = meant
        return meant

    def _insert(self, reference: str, name: str) -> int:
        table = BOOKS[reference].table
        statement, parameters = _insert_statement(reference, table, name, self.now)
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            made = int(cursor.fetchone()[0])
            if reference == "client" and self.sight.owners is not None:
                cursor.execute(_GIVE_OWNER, {"client": made, "owner": self.sight.actor_id, "now": self.now})
        self.made.setdefault(table, []).append(made)
        return made

    def keep_used(self, reference: str, used: Collection[str]) -> None:
        """Take back the entries of a list that this run has made (or would make) for rows which are not applied;
        `used` are the names that applied rows hold."""
        names, table, book = self.new.get(reference, {}), BOOKS[reference].table, self._book(reference)
        unused = set(names) - {fold(name) for name in used}
        ids = [meant.id for key in unused if (meant := book.pop(key, None)) is not None and meant.id is not None]
        for key in unused:
            del names[key]
        if reference in self.new and not names:
            del self.new[reference]
        if ids:
            with connection.cursor() as cursor:
                if reference == "client":
                    cursor.execute("DELETE FROM clients_ownership WHERE client_id = ANY(%s)", [ids])
                cursor.execute(f"DELETE FROM {table} WHERE id = ANY(%s)", [ids])
            self.made[table] = [id_ for id_ in self.made[table] if id_ not in set(ids)]

    def _owners(self) -> list[int] | None:
        return None if self.sight.owners is None else list(self.sight.owners)

    def _may_own(self, user_id: int) -> bool:
        return self.sight.owners is None or user_id in self.sight.owners


_GIVE_OWNER: Final = """
WITH given AS (UPDATE clients_client SET owner_id = %(owner)s WHERE id = %(client)s)
INSERT INTO clients_ownership (client_id, owner_id, started_at) VALUES (%(client)s, %(owner)s, %(now)s)
"""


def _enter(book: dict[str, Meant | None], key: str, meant: Meant) -> None:
    """Two entries of one name leave the name unexplained: taking either would be a guess."""
    present = book.get(key)
    if key in book and present is not None and present.id != meant.id:
        book[key] = None
    elif key not in book:
        book[key] = meant


def _insert_statement(reference: str, table: str, name: str, now: datetime) -> tuple[str, list[str | datetime]]:
    if reference == "branch":
        return f"INSERT INTO {table} (name, time_zone, is_active) VALUES (%s, '', true) RETURNING id", [name]
    if reference == "product":
        columns = (
            'name, name_key, match_key, "group", unit_id, price, note, is_active, revision, created_at, updated_at'
        )
        unit = "(SELECT id FROM catalog_unit WHERE code = 'piece')"
        values = f"%s, %s, %s, '', {unit}, 0, '', true, 1, %s, %s"
        return f"INSERT INTO {table} ({columns}) VALUES ({values}) RETURNING id", [
            name,
            fold(name),
            match_key(name),
            now,
            now,
        ]
    if reference == "client":
        columns = (
            "kind, name, name_key, match_key, inn, kpp, ogrn, website, address, note, search_text, revision, "
            "created_at, updated_at"
        )
        values = "'company', %s, %s, %s, '', '', '', '', '', '', %s, 1, %s, %s"
        parameters: list[str | datetime] = [name, fold(name), match_key(name), fold(name), now, now]
        return f"INSERT INTO {table} ({columns}) VALUES ({values}) RETURNING id", parameters
    return f"INSERT INTO {table} (name, key, is_active) VALUES (%s, %s, true) RETURNING id", [name, fold(name)]
