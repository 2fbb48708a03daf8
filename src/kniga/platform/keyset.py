"""Keyset pages: a list continues after the last row it showed, whatever its length.

A cursor is the sort value and the id of that row; it is opaque outside, and a broken one is refused.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Generic, TypeVar

from django.utils.translation import gettext as _

from kniga.platform.errors import Refused

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows in order; `next_cursor` continues the list, None at its end."""

    rows: tuple[Row, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Sort:
    """One way to order a list: the SQL expression, its type, whether the first page shows the largest."""

    expression: str
    sql_type: str
    is_descending: bool = False

    def turned(self) -> Sort:
        """The same order, the other way round."""
        return Sort(self.expression, self.sql_type, not self.is_descending)

    @property
    def way(self) -> str:
        """The direction as SQL writes it."""
        return "DESC" if self.is_descending else "ASC"

    def order(self, id_column: str) -> str:
        """The ORDER BY terms; the id makes the order total."""
        return f"{self.expression} {self.way}, {id_column} {self.way}"

    def after(self, id_column: str) -> str:
        """The condition of rows behind the cursor; takes the cursor's two values as parameters."""
        sign = "<" if self.is_descending else ">"
        return f"({self.expression}, {id_column}) {sign} (%s::{self.sql_type}, %s::bigint)"


def encode_cursor(value: str | int | Decimal | date | datetime, row_id: int) -> str:
    """The cursor behind the row with this sort value and id."""
    shown = value.isoformat() if isinstance(value, date) else str(value)
    text = json.dumps([shown, row_id], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


_LARGEST: Final = 2**63 - 1


def _text(value: str) -> str:
    value.encode()
    if "\x00" in value:
        raise ValueError("NUL")
    return value


def _whole(value: str) -> str:
    if not -_LARGEST <= int(value) <= _LARGEST:
        raise ValueError("out of range")
    return str(int(value))


def _decimal(value: str) -> str:
    number = Decimal(value)
    if not number.is_finite() or abs(number.adjusted()) > 40:
        raise ValueError("out of range")
    return str(number)


# Each gives the value in the one form PostgreSQL reads too: Python accepts more (weeks, digits of any script, NaN).
_READERS: Final[dict[str, Callable[[str], str]]] = {
    "text": _text,
    "bigint": _whole,
    "numeric": _decimal,
    "date": lambda value: date.fromisoformat(value).isoformat(),
    "timestamptz": lambda value: datetime.fromisoformat(value).isoformat(),
}


def decode_cursor(cursor: str, sort: Sort) -> tuple[str, int]:
    """The sort value (as text that fits the type of `sort`) and the id. Raises Refused `cursor_invalid`."""
    try:
        value, row_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(value, str) or type(row_id) is not int or not 0 <= row_id <= _LARGEST:
            raise ValueError("not a cursor")
        value = _READERS[sort.sql_type](value)
    except (ValueError, TypeError, ArithmeticError, RecursionError, binascii.Error):
        message = _("This list's place is not known any more: open the list again.")
        raise Refused("cursor_invalid", message, field="cursor") from None
    return value, row_id


def page_of(found: Sequence[tuple[Any, ...]], limit: int, make: Callable[[tuple[Any, ...]], Row]) -> Page[Row]:
    """A page from `limit + 1` fetched rows whose first two columns are the sort value and the id."""
    shown = found[:limit]
    cursor = encode_cursor(shown[-1][0], shown[-1][1]) if len(found) > limit else None
    return Page(tuple(make(row[1:]) for row in shown), cursor)
