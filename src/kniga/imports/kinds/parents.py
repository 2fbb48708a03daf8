"""Which company belongs to which: a file may not make a company a part of itself, over however many others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kniga.imports.run import Run
from kniga.platform.said import said as _

_IN_FILE: Final = """
SELECT r.values ->> 'name_key', r.values ->> 'parent_key' FROM imports_importrow r
WHERE r.job_id = %(job)s AND r.values ? 'parent_key'
  AND (r.action = 'create' OR r.action = 'update' AND r.changes ? 'parent')
"""
_PRESENT: Final = """
WITH RECURSIVE up (key, parent) AS (
    SELECT c.name_key, p.name_key FROM clients_client c JOIN clients_client p ON p.id = c.parent_id
    WHERE c.name_key = ANY(%(keys)s::text[])
    UNION
    SELECT c.name_key, p.name_key FROM up JOIN clients_client c ON c.name_key = up.parent
    JOIN clients_client p ON p.id = c.parent_id
)
SELECT key, parent FROM up
"""
_REFUSE: Final = """
UPDATE imports_importrow r SET action = 'error',
    reasons = r.reasons || jsonb_build_array(jsonb_build_object('code', 'parent_loop', 'text', %(text)s::text,
        'say', %(say)s::text, 'column', %(column)s::text))
WHERE r.job_id = %(job)s AND r.values ? 'parent_key' AND r.action IN ('create', 'update')
  AND r.values ->> 'name_key' = ANY(%(keys)s::text[])
"""


def refuse_loops(run: Run, column: str) -> None:
    """Refuse, at their cell, the rows by which a company would come to stand above itself."""
    in_file = dict(run.fetch(_IN_FILE))
    if not in_file:
        return
    parents = dict(run.fetch(_PRESENT, {"keys": list(set(in_file.values()))})) | in_file
    looped = sorted(in_circles(parents) & in_file.keys())
    if looped:
        text = _("a company cannot be a part of itself")
        run.execute(_REFUSE, {"keys": looped, "column": column, "text": text, "say": text.source})


def in_circles(parents: Mapping[str, str]) -> set[str]:
    """The names from which the way up leads back to themselves."""
    found: set[str] = set()
    seen: set[str] = set()
    for start in parents:
        way: dict[str, int] = {}
        step: str | None = start
        while step is not None and step not in seen and step not in way:
            way[step] = len(way)
            step = parents.get(step)
        if step is not None and step in way:
            found.update(name for name, place in way.items() if place >= way[step])
        seen |= way.keys()
    return found
