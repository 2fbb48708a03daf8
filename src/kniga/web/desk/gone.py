"""Tasks that an undoing took away: going back in the browser leads to the task that is open again, not to a 404."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.http import HttpRequest

MOST: Final = 20
_KEY: Final = "gone_tasks"


def note_gone(request: HttpRequest, gone: Iterable[int], reopened: int) -> None:
    """Remember for this session that the tasks went when `reopened` was taken back."""
    kept: dict[str, int] = dict(request.session.get(_KEY, {}))
    kept |= {str(id): reopened for id in gone}
    kept.pop(str(reopened), None)
    request.session[_KEY] = dict(list(kept.items())[-MOST:])


def reopened_for(request: HttpRequest, task_id: int) -> int | None:
    """The task that was reopened when this one went; None when nothing is known of it."""
    found = request.session.get(_KEY, {}).get(str(task_id))
    return found if isinstance(found, int) else None
