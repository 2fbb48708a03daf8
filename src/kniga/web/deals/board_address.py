"""The board's state, which lives in its address: pipeline, people, text, task state."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.http import QueryDict

from kniga.processes.desk.board_queries import STATES, BoardFilter
from kniga.web.jinja import query


@dataclass(frozen=True, slots=True)
class BoardAddress:
    """The parameters of /board/; values that mean nothing are dropped."""

    pipeline: int | None = None
    owner: int | None = None
    team: int | None = None
    text: str = ""
    state: str = ""

    @classmethod
    def read(cls, form: QueryDict) -> BoardAddress:
        """From a request's query string."""
        return cls(
            _number(form.get("pipeline", "")),
            _number(form.get("owner", "")),
            _number(form.get("team", "")),
            form.get("q", "").strip()[:200].replace("\x00", ""),
            form.get("state", "") if form.get("state") in STATES else "",
        )

    def wanted(self) -> BoardFilter:
        """The filter for the queries."""
        return BoardFilter(self.owner, self.team, self.text, self.state)

    @property
    def is_filtered(self) -> bool:
        """Whether anything narrows the board."""
        return bool(self.owner or self.team or self.text or self.state)

    def url(self, **changes: object) -> str:
        """The address with some parts changed."""
        other = replace(self, **changes)  # type: ignore[arg-type]
        return query(**other.parameters()) or "?"

    def parameters(self) -> dict[str, object]:
        """The parameters that are set."""
        return {
            "pipeline": self.pipeline,
            "owner": self.owner,
            "team": self.team,
            "q": self.text,
            "state": self.state,
        }


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
