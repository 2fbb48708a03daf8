"""Turns events of the ledger into lines of a timeline: sentence, icon, tone, details."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kniga.catalog.units import counted_unit
from kniga.clients.requisites import LAZY_TAX_LABEL
from kniga.deals.loss_reasons import reason_name
from kniga.deals.numbers import deal_number
from kniga.platform.keyset import Page
from kniga.platform.phones import format_phone
from kniga.platform.said import told_again
from kniga.processes.desk.decided import Decided
from kniga.processes.desk.timeline import TimelineRow
from kniga.processes.wording.words import outcome_word
from kniga.web.clients.one_step import Told, told_together
from kniga.web.desk.answers import shown_answer
from kniga.web.deviations.words import end_names
from kniga.web.formatting import moment, money, number

TASK_ICONS: Final = {"call": "phone", "mail": "mail", "meeting": "people", "document": "document"}
TONES: Final = {"positive": "good", "negative": "bad", "primary": "info"}
FIELD_NAMES: Final[dict[str, str | Promise]] = {
    "name": gettext_lazy("name"),
    "kind": gettext_lazy("kind"),
    "inn": LAZY_TAX_LABEL,
    "kpp": gettext_lazy("KPP"),
    "ogrn": gettext_lazy("OGRN"),
    "website": gettext_lazy("website"),
    "address": gettext_lazy("address"),
    "employees": gettext_lazy("employees"),
    "revenue": gettext_lazy("revenue"),
    "founded_year": gettext_lazy("year of foundation"),
    "note": gettext_lazy("note"),
    "source_id": gettext_lazy("source"),
    "industry_id": gettext_lazy("industry"),
    "region_id": gettext_lazy("region"),
    "parent_id": gettext_lazy("parent company"),
    "amount": gettext_lazy("amount"),
    "expected_date": gettext_lazy("expected date"),
    "position": gettext_lazy("position"),
    "role": gettext_lazy("role"),
    "is_primary": gettext_lazy("main contact"),
    "phones": gettext_lazy("phones"),
    "emails": gettext_lazy("e-mail addresses"),
}


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """A line as the component `timeline` shows it. `details` are label and text."""

    title: str
    who: str
    at: datetime
    icon: str
    tone: str
    details: tuple[tuple[str, str], ...]
    deal_id: int | None
    deal: str
    href: str


def timeline_context(path: str, group: str, page: Page[TimelineRow]) -> dict[str, Any]:
    """The context of clients/timeline.html: entries, filters, where the next ones are."""
    groups = [
        ("", _("Everything")),
        ("tasks", _("Tasks")),
        ("stages", _("Stages")),
        ("letters", _("Letters")),
        ("changes", _("Changes")),
    ]
    return {
        "entries": [entry_of(told) for told in told_together(page.rows)],
        "groups": groups,
        "group": group,
        "path": path,
        "before": page.next_cursor,
    }


def entry_of(told: Told) -> TimelineEntry:
    """The line of one act; a kind nobody knows here is shown by its name, never hidden."""
    row = told.row
    make = _SENTENCES.get(row.kind)
    title, icon, tone = make(row) if make else (row.kind, "info", "neutral")
    deal = f"{deal_number(row.deal_number)} {row.deal_name}" if row.deal_number else ""
    return TimelineEntry(title, row.actor, row.at, icon, tone, _all_details(told), row.deal_id, deal, _href(row))


def _href(row: TimelineRow) -> str:
    """The page of what the line is about: the document, the letter or the task; "" without one."""
    if row.kind == "documents.document.created" and "document" in row.payload:
        return reverse("documents:document", args=[row.payload["document"]])
    if row.kind == "documents.letter.sent" and "letter" in row.payload:
        return reverse("documents:letter", args=[row.payload["letter"]])
    if row.kind.startswith("mailboxes.letter.") and "letter" in row.payload:
        return reverse("mailboxes:letter", args=[row.payload["letter"]])
    return reverse("desk:task", args=[row.task_id]) if row.task_id else ""


def _all_details(told: Told) -> tuple[tuple[str, str], ...]:
    beside = (pair for row in told.beside for pair in _beside(row))
    return (*_details(told.row), *beside)


def _beside(row: TimelineRow) -> tuple[tuple[str, str], ...]:
    """What an event adds to the line of the act it belongs to."""
    if row.kind == "processes.task.created":
        task = row.task or row.place or "—"
        return ((_("Next step"), f"{task} — {row.assignee}" if row.assignee else task),)
    if row.kind == "processes.stage.entered":
        return ((_("Stage"), row.stage or str(row.payload.get("stage") or "—")),)
    if row.kind == "processes.task.cancelled":
        return ((_("Fell away"), row.task or row.place),)
    return _details(row)


def _details(row: TimelineRow) -> tuple[tuple[str, str], ...]:
    changes = row.payload.get("changes")
    if isinstance(changes, Mapping):
        return tuple(_change(field, pair) for field, pair in changes.items() if isinstance(pair, list))
    if row.answers:
        return tuple((one.question.label, shown_answer(one.question, one.value)) for one in row.answers)
    if row.decided:
        return tuple(pair for one in row.decided for pair in _because(one))
    if row.kind == "deals.lines.changed":
        lines = row.payload.get("lines", [])
        return tuple((str(line["product"]), _bought(line)) for line in lines)
    if row.kind == "processes.instance.moved":
        versions = f"{row.payload.get('from')} → {row.payload.get('to')}"
        return ((_("Version"), versions), (_("Why"), str(row.payload.get("reason") or "—")))
    if row.kind == "processes.task.deadline_moved":
        before, after = (_moment(row.payload.get(key)) for key in ("from", "to"))
        return ((_("Deadline"), f"{before} → {after}"), (_("Why"), str(row.payload.get("reason") or "—")))
    if row.kind == "processes.form.received" and row.message:
        return ((_("Message"), row.message),)
    if row.kind.startswith("processes.deviation."):
        return _of_deviation(row.payload)
    if row.kind == "documents.letter.sent":
        return ((_("To"), str(row.payload.get("to", ""))),)
    if row.kind.startswith("mailboxes.letter."):
        return ((_("Sender"), str(row.payload.get("from", ""))),)
    if row.kind == "deals.deal.lost" and row.payload.get("reason"):
        return ((_("Reason"), reason_name(str(row.payload["reason"]))),)
    return ()


def _because(one: Decided) -> Iterator[tuple[str, str]]:
    """What a table answered, and under it each line that counted."""
    yield one.label, one.value
    for why, points in one.reasons:
        yield f"• {why}", points


def _of_deviation(payload: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """How a deviation ended, and what was said about it."""
    how, word = end_names().get(str(payload.get("how", "")), ""), str(payload.get("word") or "")
    return tuple((label, text) for label, text in ((_("How it ended"), how), (_("In their words"), word)) if text)


def _bought(line: Mapping[str, Any]) -> str:
    unit = counted_unit(str(line["unit"]), Decimal(str(line["quantity"])))
    return f"{_number(line['quantity'])} {unit} · {_money(line['amount'])}"


def _change(field: str, pair: list[Any]) -> tuple[str, str]:
    label = str(FIELD_NAMES.get(field, field))
    if field.endswith("_id") or field in {"note", "is_primary"} or len(pair) != 2:
        return label, _("changed")
    before, after = (_value(field, value) for value in pair)
    return label, f"{before} → {after}"


def _value(field: str, value: Any) -> str:
    if value in (None, "", []):
        return "—"
    if isinstance(value, list):
        return ", ".join(format_phone(str(one)) if field == "phones" else str(one) for one in value)
    return _money(value) if field in {"amount", "revenue"} else str(value)


def _money(text: Any) -> str:
    return money(Decimal(str(text)))


def _moment(text: Any) -> str:
    return moment(datetime.fromisoformat(text)) if text else "—"


def _number(text: Any) -> str:
    return number(Decimal(str(text)), 3)


Sentence = Callable[[TimelineRow], tuple[str, str, str]]


def _said(text: str | Promise, icon: str, tone: str = "neutral", **keys: str) -> Sentence:
    """A sentence with values of the payload put in: `name="name"` fills %(name)s from payload["name"]."""

    def make(row: TimelineRow) -> tuple[str, str, str]:
        values = {place: _told(row.payload, key) for place, key in keys.items()}
        return str(text) % values if keys else str(text), icon, tone

    return make


def _told(payload: Mapping[str, Any], key: str) -> str:
    """A value of the payload; one that was kept to be told again (under the key with `_told`) in this language."""
    text = str(payload.get(key, ""))
    told = payload.get(f"{key}_told")
    return text if told is None else told_again(told, text)


def _at(text: str | Promise, icon: str, tone: str = "neutral", **keys: str) -> Sentence:
    """As `_said`, and the place in the book behind it, where it has a name."""
    said = _said(text, icon, tone, **keys)

    def make(row: TimelineRow) -> tuple[str, str, str]:
        title, look, shade = said(row)
        return _with(title, row.place), look, shade

    return make


def _undone(row: TimelineRow) -> tuple[str, str, str]:
    done = " — ".join(text for text in (row.place, outcome_word(row.outcome)) if text)
    return _with(_("A completion was taken back"), done), "undo", "neutral"


def _task_done(row: TimelineRow) -> tuple[str, str, str]:
    title = f"{row.task}: {outcome_word(row.outcome)}" if row.outcome else row.task
    return title, TASK_ICONS.get(row.task_kind, "check"), TONES.get(row.tone, "neutral")


def _task_set(row: TimelineRow) -> tuple[str, str, str]:
    title = _("Task set for %(person)s: %(task)s") if row.assignee else _("Task set: %(task)s")
    return title % {"person": row.assignee, "task": row.task}, "clock", "neutral"


def _deadline_moved(row: TimelineRow) -> tuple[str, str, str]:
    return _with(_("The deadline was moved"), row.task or row.place), "calendar", "neutral"


def _stage(row: TimelineRow) -> tuple[str, str, str]:
    return _("Stage: %(stage)s") % {"stage": row.stage or row.payload.get("stage") or "—"}, "arrow", "info"


def _deal_opened(row: TimelineRow) -> tuple[str, str, str]:
    amount = row.payload.get("amount", 0)
    return _("Deal opened for %(amount)s") % {"amount": _money(amount)}, "deal", "info"


def _timer(row: TimelineRow) -> tuple[str, str, str]:
    # A timer at a task is about that task; one of its own, or of several events waited for, is a wait that is over.
    if row.task_id is None:
        return _with(_("The wait is over"), row.place), "clock", "neutral"
    return _with(_("A deadline passed"), row.task or row.place), "warning", "bad"


def _worked(row: TimelineRow) -> tuple[str, str, str]:
    if row.payload.get("skipped"):
        return _with(_("The deal goes on without the machine's part"), row.place), "close", "neutral"
    return _with(_("The machine has done its part"), row.place), "settings", "good"


def _deviation_closed(row: TimelineRow) -> tuple[str, str, str]:
    tone = "good" if row.payload.get("how") == "cured" else "neutral"
    return _("Deviation closed: %(name)s") % {"name": row.payload.get("name", "")}, "check", tone


def _letter_came(row: TimelineRow) -> tuple[str, str, str]:
    subject = str(row.payload.get("subject") or "—")
    if row.payload.get("kind") == "bounce":
        return _("A letter did not arrive: %(subject)s") % {"subject": subject}, "mail", "bad"
    if row.payload.get("kind") == "auto":
        return _("Answer of a machine: %(subject)s") % {"subject": subject}, "mail", "neutral"
    return _("Letter received: %(subject)s") % {"subject": subject}, "mail", "good"


def _with(title: str, place: str) -> str:
    return f"{title}: {place}" if place else title


_SENTENCES: Final[dict[str, Sentence]] = {
    "clients.client.created": _said(gettext_lazy("Client created"), "client"),
    "clients.client.changed": _said(gettext_lazy("Client changed"), "edit"),
    "clients.client.assigned": _said(gettext_lazy("The client got another owner"), "people"),
    "clients.contact.added": _said(gettext_lazy("Contact added: %(name)s"), "contact", name="name"),
    "clients.contact.changed": _said(gettext_lazy("Contact changed: %(name)s"), "edit", name="name"),
    "clients.contact.removed": _said(gettext_lazy("Contact removed: %(name)s"), "trash", name="name"),
    "deals.deal.created": _deal_opened,
    "deals.deal.changed": _said(gettext_lazy("Deal changed"), "edit"),
    "deals.deal.assigned": _said(gettext_lazy("The deal got another owner"), "people"),
    "deals.lines.changed": _said(gettext_lazy("Products of the deal changed"), "product"),
    "deals.deal.won": _said(gettext_lazy("Deal won"), "won", "good"),
    "deals.deal.lost": _said(gettext_lazy("Deal lost"), "lost", "bad"),
    "deals.deal.cancelled": _said(gettext_lazy("Deal cancelled"), "close"),
    "documents.document.created": _said(gettext_lazy("Document made: %(name)s"), "document", "info", name="name"),
    "documents.letter.sent": _said(gettext_lazy("Letter sent: %(name)s"), "mail", "info", name="subject"),
    "mailboxes.letter.received": _letter_came,
    "mailboxes.letter.attached": _said(gettext_lazy("Letter attached: %(name)s"), "mail", "info", name="subject"),
    "mailboxes.letter.set_aside": _said(gettext_lazy("Letter set aside: %(name)s"), "mail", name="subject"),
    "processes.instance.started": _said(gettext_lazy("The sales book started"), "play"),
    "processes.instance.ended": _said(gettext_lazy("The sales book came to its end"), "book"),
    "processes.instance.cancelled": _said(gettext_lazy("The sales book was stopped: %(why)s"), "close", why="reason"),
    "processes.stage.entered": _stage,
    "processes.task.created": _task_set,
    "processes.task.completed": _task_done,
    "processes.task.deadline_moved": _deadline_moved,
    "processes.task.cancelled": _at(gettext_lazy("A task fell away"), "close"),
    "processes.completion.undone": _undone,
    "processes.timer.fired": _timer,
    "processes.start.refused": _said(
        gettext_lazy("“%(name)s” could not begin by itself: %(why)s"), "warning", "bad", name="name", why="reason"
    ),
    "processes.timer.failed": _said(gettext_lazy("A timer could not fire: %(why)s"), "warning", "bad", why="reason"),
    "processes.timer.skipped": _at(gettext_lazy("A timer was let pass"), "close"),
    "processes.condition.skipped": _at(gettext_lazy("A condition of the sales book was let pass"), "close"),
    "processes.deviation.raised": _said(gettext_lazy("Deviation: %(name)s"), "warning", "bad", name="name"),
    "processes.deviation.acknowledged": _said(gettext_lazy("Deviation taken up: %(name)s"), "check", name="name"),
    "processes.deviation.given_back": _said(gettext_lazy("Deviation given back: %(name)s"), "undo", name="name"),
    "processes.deviation.escalated": _said(gettext_lazy("Deviation escalated: %(name)s"), "up", "bad", name="name"),
    "processes.deviation.written": _said(gettext_lazy("Written to the rep: %(name)s"), "message", name="name"),
    "processes.deviation.closed": _deviation_closed,
    "processes.deviation.reopened": _said(gettext_lazy("Deviation open again: %(name)s"), "warning", name="name"),
    "processes.form.received": _said(gettext_lazy("Request from a site: %(name)s"), "globe", "info", name="name"),
    "processes.signal.failed": _said(
        gettext_lazy("A signal came and could not be heard: %(why)s"), "warning", "bad", why="reason"
    ),
    "processes.signal.broadcast": _said(gettext_lazy("A signal was sent: %(name)s"), "message", name="signal"),
    "processes.message.caught": _at(gettext_lazy("A message came"), "mail", "info"),
    "processes.message.thrown": _said(gettext_lazy("A message was sent: %(name)s"), "mail", name="name"),
    "processes.signal.caught": _at(gettext_lazy("A signal came"), "message", "info"),
    "processes.signal.thrown": _said(gettext_lazy("A signal was sent: %(name)s"), "message", name="name"),
    "processes.condition.met": _at(gettext_lazy("A condition of the sales book came true"), "check", "info"),
    "processes.condition.ceased": _at(gettext_lazy("A condition of the sales book is no longer true"), "check"),
    "processes.work.started": _at(gettext_lazy("The machine has something to do"), "settings"),
    "processes.work.completed": _worked,
    "processes.work.failed": _said(
        gettext_lazy("The machine could not do it: %(why)s"), "warning", "bad", why="message"
    ),
    "processes.work.incident": _said(
        gettext_lazy("The machine needs a person: %(why)s"), "warning", "bad", why="error"
    ),
    "processes.work.retried": _said(gettext_lazy("The machine tries again: %(why)s"), "settings", why="reason"),
    "processes.work.skipped": _said(gettext_lazy("The machine's part was left out: %(why)s"), "close", why="reason"),
    "processes.error.thrown": _at(gettext_lazy("An error of the sales book"), "warning", "bad"),
    "processes.escalation.thrown": _at(gettext_lazy("An escalation of the sales book"), "up"),
    "processes.scope.entered": _at(gettext_lazy("A part of the sales book began"), "play"),
    "processes.scope.left": _at(gettext_lazy("A part of the sales book is over"), "book"),
    "processes.loop.started": _at(gettext_lazy("A step for each began"), "play"),
    "processes.loop.ended": _at(gettext_lazy("A step for each is over"), "book"),
    "processes.decision.made": _at(gettext_lazy("A table decided"), "check"),
    "processes.instance.sent": _said(gettext_lazy("Sent to another step: %(why)s"), "arrow", why="reason"),
    "processes.instance.migrated": _said(gettext_lazy("The deal goes by another version of the book"), "book"),
    "processes.instance.moved": _said(gettext_lazy("The deal goes by another version of the book"), "book"),
    "processes.act.undone": _said(gettext_lazy("What was done with many deals was taken back"), "undo"),
    "processes.instance.suspended": _said(gettext_lazy("The sales book was paused: %(why)s"), "clock", why="reason"),
    "processes.instance.resumed": _said(gettext_lazy("The sales book goes on"), "play"),
}
