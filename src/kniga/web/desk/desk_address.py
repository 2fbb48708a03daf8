"""The desk's state, which lives in its address: tab, view, day, filters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from django.http import QueryDict
from django.utils import timezone

from kniga.processes.desk.desk_queries import TABS, DeskDay, DeskFilter
from kniga.web.jinja import query

VIEWS = ("list", "day", "week", "month")
KINDS = ("call", "meeting", "mail", "document", "task")
EVERYBODY = "all"
MINE = "me"


@dataclass(frozen=True, slots=True)
class DeskAddress:
    """The parameters of /desk/; values that mean nothing are dropped, so old links keep working.

    `person` is an id, "all" or "me"; "" leaves it to the desk, see `desk_views.home`."""

    tab: str = "today"
    view: str = "list"
    on: date | None = None
    person: str = ""
    client: int | None = None
    process: int | None = None
    kind: str = ""
    text: str = ""
    after: str = ""

    @classmethod
    def read(cls, form: QueryDict) -> DeskAddress:
        """From a request's query string."""
        person = form.get("person", "")
        return cls(
            tab=_one_of(form.get("tab"), TABS),
            view=_one_of(form.get("view"), VIEWS),
            on=_date(form.get("date", "")),
            person=person if person in (EVERYBODY, MINE) or _number(person) is not None else "",
            client=_number(form.get("client", "")),
            process=_number(form.get("process", "")),
            kind=form.get("kind", "") if form.get("kind") in KINDS else "",
            text=form.get("q", "").strip()[:200].replace("\x00", ""),
            after=form.get("after", ""),
        )

    def wanted(self) -> DeskFilter:
        """The filter for the queries."""
        person = 0 if self.person == EVERYBODY else _number(self.person)
        return DeskFilter(person, self.client, self.process, self.kind, self.text)

    @property
    def is_filtered(self) -> bool:
        """Whether anything but the tab narrows the desk."""
        return bool(self.client or self.process or self.kind or self.text)

    def url(self, **changes: object) -> str:
        """The address with some parts changed; the place in the list is forgotten."""
        other = replace(self, after="", **changes)  # type: ignore[arg-type]
        return query(**other.parameters()) or "?"

    def parameters(self) -> dict[str, object]:
        """The parameters that differ from the defaults."""
        return {
            "tab": "" if self.tab == "today" else self.tab,
            "view": "" if self.view == "list" else self.view,
            "date": self.on.isoformat() if self.on else "",
            "person": self.person,
            "client": self.client,
            "process": self.process,
            "kind": self.kind,
            "q": self.text,
            "after": self.after,
        }


def day_around(now: datetime) -> DeskDay:
    """The local day of a moment."""
    today = timezone.localtime(now).date()
    return DeskDay(now, midnight(today), midnight(today + timedelta(days=1)))


def midnight(day: date) -> datetime:
    """The beginning of a local day, aware."""
    return timezone.make_aware(datetime.combine(day, time()))


def _one_of(value: str | None, allowed: tuple[str, ...]) -> str:
    return value if value in allowed else allowed[0]


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
