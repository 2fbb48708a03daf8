"""Names of the ledger's events about imports (docs/reference/events.md)."""

from __future__ import annotations

from typing import Final

JOB_APPLIED: Final = "imports.job.applied"
JOB_UNDONE: Final = "imports.job.undone"
