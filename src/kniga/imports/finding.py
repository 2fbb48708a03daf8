"""What was found in a file, in the form people and machines are shown it."""

from __future__ import annotations

from dataclasses import dataclass

from kniga.imports.fields import KindSpec
from kniga.imports.options import Options
from kniga.imports.tabular.table import Table


@dataclass(frozen=True, slots=True)
class FoundColumn:
    """A column: what it holds, some of its cells, the field it is mapped to ('' for none).

    `date_order` and `number_style` are '' where there is nothing to decide, `?` where a person must."""

    name: str
    content: str
    filled: int
    samples: tuple[str, ...]
    field: str
    date_order: str
    number_style: str
    formulas: int


@dataclass(frozen=True, slots=True)
class Found:
    """A file: how it is written, and its columns. `preview` are (row number, cells) of the first rows."""

    container: str
    encoding: str
    encoding_confidence: float
    sample: str
    delimiter: str
    sheets: tuple[str, ...]
    sheet: str
    header_row: int
    rows: int
    columns: tuple[FoundColumn, ...]
    preview: tuple[tuple[int, tuple[str, ...]], ...]


def found_in(table: Table, spec: KindSpec, options: Options) -> Found:
    """Describe a table together with its mapping."""
    columns = []
    for column in table.columns:
        profile = column.profile
        order = options.date_order or ("?" if profile.is_ambiguous or profile.is_mixed else profile.date_order or "")
        style = options.number_style or ("?" if profile.is_ambiguous else profile.number_style or "")
        field = options.mapping.get(column.name, "")
        columns.append(
            FoundColumn(
                name=column.name,
                content=profile.content,
                filled=profile.filled,
                samples=profile.samples,
                field=field if spec.field(field) else "",
                date_order=order if profile.content == "date" else "",
                number_style=style if profile.content == "number" else "",
                formulas=profile.formulas,
            )
        )
    encoding = table.encoding
    return Found(
        container=table.container,
        encoding=encoding.name if encoding else "",
        encoding_confidence=encoding.confidence if encoding else 1.0,
        sample=encoding.sample if encoding else "",
        delimiter=table.dialect.delimiter if table.dialect else "",
        sheets=table.sheets,
        sheet=table.sheet,
        header_row=table.header_row,
        rows=table.row_count,
        columns=tuple(columns),
        preview=tuple((row.number, tuple(row.cells)) for row in table.preview),
    )
