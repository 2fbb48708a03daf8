"""The rows of a file that cannot be applied, as they stood in it, each with what is in its way: to be mended and
brought in again."""

from __future__ import annotations

from collections.abc import Iterator

from kniga.imports.files import stored_file
from kniga.imports.models import Action, ImportJob, ImportRow
from kniga.imports.options import options_of
from kniga.imports.report import Report, reasons_told
from kniga.imports.tabular.table import open_table


def failed_count(*, job: ImportJob, report: Report | None) -> int:
    """How many rows `failed_rows` gives."""
    return report.stopped if report is not None and report.stopped and job.parts.exists() else 0


def failed_rows(*, job: ImportJob, reason: str) -> Iterator[list[str]]:
    """The header and the rows in error or conflict, in the order of the file, with a last column called `reason`; a
    column of that name, from an earlier round, gives way. Nothing for a job whose file is gone. Raises TabularError
    where the file breaks off."""
    failed = ImportRow.objects.filter(job=job, action__in=(Action.ERROR, Action.CONFLICT))
    told = {number: reasons_told(reasons) for number, reasons in failed.values_list("number", "reasons")}
    if not told or not job.parts.exists():
        return
    with stored_file(job) as path:
        table = open_table(path, options_of(job.options).reading())
        kept = [column.index for column in table.columns if column.name != reason]
        names = {column.index: column.name for column in table.columns}
        yield [*(names[index] for index in kept), reason]
        for row in table.rows():
            if row.number in told:
                yield [*(row.cells[index] for index in kept), _in_one_cell(told[row.number])]


def _in_one_cell(reasons: list[dict[str, str]]) -> str:
    return "; ".join(f"{one['column']}: {one['text']}" if one["column"] else one["text"] for one in reasons)
