"""Why a process is paused: the last pause of the ledger tells."""

from __future__ import annotations

from typing import Final

PAUSED_WHY: Final = """CASE WHEN i.status = 'suspended' THEN coalesce((
    SELECT e.payload ->> 'reason' FROM platform_event e
    WHERE e.deal_id = i.deal_id AND e.instance_id = i.id AND e.kind = 'processes.instance.suspended'
    ORDER BY e.at DESC, e.id DESC LIMIT 1
), '') ELSE '' END"""
"""SQL: the reason of an instance `i` that is paused, else ''."""
