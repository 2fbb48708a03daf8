"""What makes a file unreadable as a table."""

from __future__ import annotations

from kniga.platform.errors import Refused


class TabularError(Refused):
    """The file cannot be read: `code` is stable; `place`, `message` and `cure` are translated sentences."""

    def __init__(self, code: str, *, place: str, message: str, cure: str) -> None:
        super().__init__(code, f"{place}: {message} {cure}", field="file")
        self.place = place
        self.problem = message
        self.cure = cure
