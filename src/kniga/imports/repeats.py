"""Rows of one file that mean the same thing."""

from __future__ import annotations

from typing import Final

from kniga.imports.run import Run
from kniga.platform.said import said as _

# The first row of a key counts. A further one with the same values is nothing new; with other values, a conflict.
_BY_KEY: Final = """
UPDATE imports_importrow r
SET action = CASE WHEN r.values - %(made)s::text[] = f.values - %(made)s::text[] THEN 'same' ELSE 'conflict' END,
    target_id = f.target_id, changes = '{}',
    reasons = r.reasons || jsonb_build_array(jsonb_build_object(
        'code', 'repeats', 'column', '', 'text', %(text)s::text, 'say', %(say)s::text,
        'with', jsonb_build_object('row', f.number)))
FROM (
    SELECT key, min(number) AS number FROM imports_importrow
    WHERE job_id = %(job)s AND key <> '' AND action IN ('create', 'update', 'same') GROUP BY key HAVING count(*) > 1
) d
JOIN imports_importrow f ON f.job_id = %(job)s AND f.number = d.number
WHERE r.job_id = %(job)s AND r.key = d.key AND r.number <> d.number AND r.action IN ('create', 'update', 'same')
"""
_BY_MARK: Final = """
WITH marked AS (
    SELECT DISTINCT ON (number) number, first FROM (
        SELECT r.number, min(r.number) OVER (PARTITION BY m.mark) AS first
        FROM imports_importrow r CROSS JOIN LATERAL jsonb_array_elements_text(r.marks) AS m (mark)
        WHERE r.job_id = %(job)s AND r.action = 'create'
    ) pairs WHERE number <> first ORDER BY number, first
)
UPDATE imports_importrow r
SET action = %(action)s::text, target_id = NULL, reasons = r.reasons || jsonb_build_array(jsonb_build_object(
        'code', 'duplicate', 'column', '', 'text', %(text)s::text, 'say', %(say)s::text,
        'with', jsonb_build_object('row', marked.first)))
FROM marked WHERE r.job_id = %(job)s AND r.number = marked.number
"""


def mark_repeats(run: Run) -> None:
    """Find rows that repeat an earlier one, by key and (new clients) by phone, e-mail, INN or name."""
    run.execute("ANALYZE imports_importrow")
    # Addresses made up for users without one differ by a number; they are no difference.
    made = ["email"] if run.spec.key == "users" and "email" not in run.options.mapping.values() else []
    text = _("repeats row %(row)s")
    run.execute(_BY_KEY, {"made": made, "text": text, "say": text.source})
    if run.spec.key == "clients" and run.options.duplicates != "create":
        action = "skip" if run.options.duplicates == "skip" else "conflict"
        text = _("looks like the client of row %(row)s")
        run.execute(_BY_MARK, {"action": action, "text": text, "say": text.source})
