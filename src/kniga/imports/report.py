"""What a check or an apply found, in the form it is stored, shown and printed."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Final

import msgspec

from kniga.imports.run import Run
from kniga.platform.said import told_again

ACTIONS: Final = ("create", "update", "same", "skip", "conflict", "error")
# Rows (alias r) in whose way stands nothing but names nobody has explained.
WAITING: Final = """r.action = 'error' AND NOT EXISTS (
    SELECT FROM jsonb_array_elements(r.reasons) AS reason WHERE NOT starts_with(reason ->> 'code', 'unknown_'))"""
_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Report:
    """`counts` by action; `unknown` names nobody has explained, with rows they stop; `new` entries by list;
    `problems` the first rows that cannot be applied: row, action, column, text; `waiting` how many of the errors are
    only names nobody has explained; `remembered` {reference: {text: name}} what was explained for an earlier file."""

    rows: int
    counts: dict[str, int]
    unknown: list[dict[str, Any]]
    new: dict[str, list[str]]
    notes: dict[str, Any]
    problems: list[dict[str, Any]] = field(default_factory=list)
    formulas: int = 0
    waiting: int = 0
    remembered: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def stopped(self) -> int:
        """How many rows are in the way of applying."""
        return self.counts["conflict"] + self.counts["error"]

    def stored(self) -> dict[str, Any]:
        """As JSON for the job."""
        return asdict(self)


def report_of(run: Run) -> Report:
    """Gather the report of a finished plan."""
    counted = dict(run.fetch("SELECT action, count(*) FROM imports_importrow WHERE job_id = %(job)s GROUP BY 1"))
    unknown = [
        {
            "reference": one.reference,
            "text": one.text,
            "suggestion": one.suggestion,
            "can_create": one.can_create,
            "rows": count,
        }
        for one, count in run.references.unknown.most_common()
    ]
    new = {kind: sorted(names.values()) for kind, names in run.references.new.items()}
    return Report(
        rows=sum(counted.values()),
        counts={action: counted.get(action, 0) for action in ACTIONS},
        unknown=unknown,
        new=new,
        notes=dict(run.notes),
        problems=_problems(run),
        waiting=run.fetch(f"SELECT count(*) FROM imports_importrow r WHERE r.job_id = %(job)s AND {WAITING}")[0][0],
        remembered=run.references.taken,
        formulas=sum(column.profile.formulas for column in run.table.columns),
    )


def report_from(stored: dict[str, Any]) -> Report:
    """A report as it was stored."""
    problems = [
        {"row": one["row"], "action": one["action"], "column": one["column"], "text": told_again(one, one["text"])}
        for one in stored.get("problems", ())
    ]
    return Report(**stored | {"problems": problems})


def reasons_told(stored: list[dict[str, Any]]) -> list[dict[str, str]]:
    """The reasons of a row in the language of whoever reads them: code, text, column."""
    return [{"code": one["code"], "text": told_again(one, one["text"]), "column": one["column"]} for one in stored]


def _problems(run: Run) -> list[dict[str, Any]]:
    found = run.fetch(
        "SELECT number, action, reasons::text FROM imports_importrow WHERE job_id = %(job)s "
        f"AND action IN ('conflict', 'error') ORDER BY number LIMIT {_SHOWN}"
    )
    return [
        reason | {"row": number, "action": action, "text": told_again(reason, reason["text"])}
        for number, action, reasons in found
        for reason in msgspec.json.decode(reasons)
    ]
