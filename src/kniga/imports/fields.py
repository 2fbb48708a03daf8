"""What can be imported: kinds and their fields, with the words by which columns are recognised."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise


class Type(StrEnum):
    """How the cells of a field are read."""

    TEXT = "text"
    NAME = "name"
    INTEGER = "integer"
    MONEY = "money"
    DATE = "date"
    EMAIL = "email"
    PHONE = "phone"
    INN = "inn"
    KPP = "kpp"
    OGRN = "ogrn"
    WEBSITE = "website"
    REFERENCE = "reference"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a kind.

    `synonyms` are folded words of headers (`kniga.platform.textkeys.match_key`). A field with a `column` is
    written straight into it (`cast` is its SQL type); `reference` names the list its texts are looked up in.
    `is_fixed`: an import sets it on new objects only. `many`: several columns or values in a cell may give it.
    `select` is the SQL of its present value (alias t) where that is not the column or the name behind it.
    """

    key: str
    label: str | Promise
    type: Type
    synonyms: tuple[str, ...] = ()
    column: str | None = None
    cast: str = "text"
    reference: str | None = None
    required: bool = False
    is_fixed: bool = False
    many: bool = False
    longest: int = 300
    choices: tuple[tuple[str, tuple[str, ...]], ...] = ()
    select: str | None = None
    is_compared: bool = True
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class KindSpec:
    """A kind: its table, its fields, the fields it is matched by (best first), and its ledger events.

    `offered_keys` are further fields a person may choose to match by.

    `derived` are columns computed in Python and stored with the values: (column, SQL type).
    `watched` is the SQL of what tells whether an object was touched (alias t).
    """

    key: str
    table: str
    fields: tuple[Field, ...]
    keys: tuple[str, ...]
    created: str
    changed: str
    removed: str
    watched: str
    derived: tuple[tuple[str, str], ...] = ()
    has_revision: bool = True
    offered_keys: tuple[str, ...] = ()

    def field(self, key: str) -> Field | None:
        """The field with this key, or None."""
        return next((field for field in self.fields if field.key == key), None)
