"""The decisions of a person about an import, as they are stored with the job."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from kniga.imports.tabular.table import ReadOptions
from kniga.imports.tabular.values import DateOrder, NumberStyle

DUPLICATES = ("ask", "create", "skip")


class Options(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was decided; what is None or empty is found or guessed.

    `mapping` is {column name: field}, "" for a column left out. `confirmed` is {reference: {text in the file: name
    in Kniga}}; `create_missing` names references whose unknown values are to be made, unless they are near to a
    known one: these are confirmed one by one (to themselves if they are new). `stages` is {stage in the
    file: step of the process, stage, `won` or `lost`}. `duplicates`: what to do with new clients that look like
    present ones. `keep_present`: leave what may not be changed by an import as it is, instead of a conflict.
    """

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    header_row: int | None = None
    date_order: DateOrder | None = None
    number_style: NumberStyle | None = None
    mapping: dict[str, str] = {}
    key: str | None = None
    confirmed: dict[str, dict[str, str]] = {}
    create_missing: tuple[str, ...] = ()
    duplicates: Literal["ask", "create", "skip"] = "ask"
    keep_present: bool = False
    skip_errors: bool = False
    process: str | None = None
    stages: dict[str, str] = {}
    mail_domain: str = "example.invalid"

    def reading(self) -> ReadOptions:
        """The part that concerns reading the file."""
        return ReadOptions(self.encoding, self.delimiter, self.sheet, self.header_row)

    def stored(self) -> dict[str, Any]:
        """As JSON for the job."""
        return dict(msgspec.to_builtins(self))


def options_of(stored: dict[str, Any]) -> Options:
    """The options of a job. Raises msgspec.ValidationError for what no door of ours has written."""
    return msgspec.convert(stored, Options)
