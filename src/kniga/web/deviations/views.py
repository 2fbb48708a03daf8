"""The queue of deviations, the most money at risk first, and the acts on one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from kniga.deals.queries import get_visible_deal
from kniga.people.permissions import Act, may
from kniga.people.queries import Option, visible_teams, visible_users
from kniga.platform import clock
from kniga.platform.errors import Refused
from kniga.processes.control.deviation_acts import (
    MOST_AT_ONCE,
    acknowledge,
    acknowledge_many,
    close,
    give_back,
    move_date,
    undo_acknowledging,
    write_to_owner,
)
from kniga.processes.control.deviation_queries import (
    Choice,
    deviation_choices,
    deviation_counts,
    deviation_line,
    deviations_page,
    live_deviations_of,
    open_ids,
)
from kniga.processes.running.deadlines import proposed_deadline
from kniga.web.access import SignedInRequest, act_required, signed_in
from kniga.web.deviations.addresses import AskedDeviations, read
from kniga.web.deviations.words import end_names, state_names
from kniga.web.formatting import number
from kniga.web.jinja import query
from kniga.web.pages import done, field_errors, go_to, is_htmx, refuse, render_page, toast, trigger
from kniga.web.params import id_or_none, moment_for_field, moment_or_none, sent_moment

LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
ROW: Final = "deviations/one.html"
CHANGED: Final = ("deviations-changed", "attention-changed")
FRAGMENTS = {"deviation-more": "rows", "deviation-queue": "queue"}
ACTS: Final[dict[str, tuple[Callable[..., None], object]]] = {
    "take": (acknowledge, gettext_lazy("Taken up: it escalates no further")),
    "back": (give_back, gettext_lazy("Given back: it is open again")),
    "write": (write_to_owner, gettext_lazy("Written to the rep")),
    "close": (close, pgettext_lazy("deviation", "Closed")),
}


@require_safe
@act_required(Act.SEE_DEVIATIONS)
def show(request: SignedInRequest) -> HttpResponse:
    return render_page(request, "deviations/list.html", _context(request, read(request.GET)), fragments=FRAGMENTS)


@require_safe
@act_required(Act.SEE_DEVIATIONS)
def counts(request: SignedInRequest) -> HttpResponse:
    """The figures above the queue: fetched again from time to time."""
    asked = read(request.GET)
    context = {"counts": deviation_counts(user=request.user, wanted=asked.wanted), "params": asked.params}
    context |= {"state": asked.params.get("state", ""), "states": state_names(), "is_oob": True}
    return render_page(request, "deviations/counts.html", context, block="figures")


@require_safe
@signed_in
def of_deal(request: SignedInRequest, deal_id: int) -> HttpResponse:
    """In what a deal deviates, for its card and its task: fetched after the page."""
    deal = get_visible_deal(user=request.user, id=deal_id)
    context = {"deviations": live_deviations_of(user=request.user, deal_id=deal.pk), "deal": deal}
    may_act = may(request.user, Act.SEE_DEVIATIONS)
    return render_page(request, "deviations/of_deal.html", context | {"may_act": may_act}, block="deviations")


@require_safe
@act_required(Act.SEE_DEVIATIONS)
def row(request: SignedInRequest, deviation_id: int) -> HttpResponse:
    """The line of one deviation; nothing once the filter leaves it out."""
    return render_page(request, ROW, _line(request, read(request.GET), deviation_id), block="row")


@require_POST
@act_required(Act.SEE_DEVIATIONS)
def act(request: SignedInRequest, deviation_id: int) -> HttpResponse:
    """Take a deviation up, give it back, write to the rep, move the deadline of its step to the moment `to`, or close
    it (`act`: take, back, write, move, close), with the `word` of the person. htmx gets its line, so that one stays
    where one is in the queue."""
    asked, sent, now = read(request.GET), request.POST, clock.now()
    try:
        said, is_taken = _act(request, deviation_id, now)
    except Refused as refusal:
        wrong = {"errors": field_errors(refusal), "wrong": deviation_id, "wrong_act": sent.get("act", "")}
        wrong |= {"word": sent.get("word", ""), "moment": sent.get("to", "")[:30]}
        if not is_htmx(request):
            return refuse(request, "deviations/list.html", _context(request, asked) | wrong)
        line = _line(request, asked, deviation_id) | wrong
        if line["one"] is None:  # it has left the queue meanwhile: there is no line to say it on
            toast(request, refusal.message, kind="error")
        return refuse(request, ROW, line, block="row")
    toast(request, said, undo_url=_undo_address(asked, now, one=deviation_id) if is_taken else "")
    if not is_htmx(request):
        return go_to(request, reverse("deviations:list") + query(**asked.params))
    response = render_page(request, ROW, _line(request, asked, deviation_id), block="row")
    for event in CHANGED:
        trigger(response, event)
    return response


@require_POST
@act_required(Act.SEE_DEVIATIONS)
def take_many(request: SignedInRequest) -> HttpResponse:
    """Take up the ticked deviations (`chosen`), or all of the filter that nobody has taken up (`act`: all)."""
    asked, sent, user, now = read(request.GET), request.POST, request.user, clock.now()
    ids = (
        open_ids(user=user, wanted=asked.wanted, most=MOST_AT_ONCE + 1)
        if sent.get("act") == "all"
        else [id for text in sent.getlist("chosen") if (id := id_or_none(text)) is not None]
    )
    try:
        taken = acknowledge_many(deviation_ids=ids, word=sent.get("word", ""), by=user, now=now)
    except Refused as refusal:
        wrong = {"errors": field_errors(refusal), "wrong": "many", "many_word": sent.get("word", ""), "chosen": ids}
        return refuse(request, "deviations/list.html", _context(request, asked) | wrong)
    said = ngettext("%(num)s deviation taken up", "%(num)s deviations taken up", taken) % {"num": number(taken)}
    left = len(set(ids)) - taken
    if left:
        said += ". " + ngettext(
            "%(num)s was taken up or closed before", "%(num)s were taken up or closed before", left
        ) % {"num": number(left)}
    toast(request, said, undo_url=_undo_address(asked, now) if taken else "")
    return go_to(request, reverse("deviations:list") + query(**asked.params))


@require_POST
@act_required(Act.SEE_DEVIATIONS)
def undo_taking(request: SignedInRequest) -> HttpResponse:
    """Take back at once what one took up at the moment `at`."""
    asked, moment = read(request.GET), moment_or_none(request.GET.get("at"))
    try:
        back = undo_acknowledging(at=moment or LONG_AGO, by=request.user, now=clock.now())
    except Refused as refusal:
        toast(request, refusal.message, kind="error")
        return go_to(request, reverse("deviations:list") + query(**asked.params))
    said = ngettext("Undone: %(num)s deviation is open again", "Undone: %(num)s deviations are open again", back)
    toast(request, said % {"num": number(back)}, kind="info")
    one, here = id_or_none(request.GET.get("one")), reverse("deviations:list") + query(**asked.params)
    if one is not None and asked.params.get("state") != "open":  # its line is there still: one stays where one is
        return done(request, here, f"deviation-{one}-changed", *CHANGED)
    response = go_to(request, here)
    trigger(response, "attention-changed")
    return response


def _undo_address(asked: AskedDeviations, now: datetime, one: int | None = None) -> str:
    return reverse("deviations:undo_taking") + query(**asked.params, at=now.isoformat(), one=one)


def _act(request: SignedInRequest, deviation_id: int, now: datetime) -> tuple[str, bool]:
    """What is said of the act, and whether it can be undone at once."""
    sent, by = request.POST, request.user
    word = sent.get("word", "")
    if sent.get("act") == "move":
        is_over = move_date(deviation_id=deviation_id, to=sent_moment(sent, "to"), word=word, by=by, now=now)
        if is_over:
            return _("The deadline is moved, the deviation is closed"), False
        return _("The deadline is moved, the deviation is taken up"), False
    do, said = ACTS.get(sent.get("act", ""), ACTS["take"])
    do(deviation_id=deviation_id, word=word, by=by, now=now)
    return str(said), do is acknowledge


def _context(request: SignedInRequest, asked: AskedDeviations) -> dict[str, object]:
    choices = deviation_choices(user=request.user)

    def pairs(options: Iterable[Option | Choice]) -> list[tuple[int | str, str]]:
        return [(option.id, option.name) for option in options]

    return _acting(request) | {
        "page": deviations_page(user=request.user, wanted=asked.wanted, cursor=asked.cursor),
        "counts": deviation_counts(user=request.user, wanted=asked.wanted),
        "params": asked.params, "state": asked.params.get("state", ""), "processes": pairs(choices.processes),
        "points": pairs(choices.points), "stages": pairs(choices.stages),
        "people": pairs(visible_users(user=request.user)), "teams": pairs(visible_teams(user=request.user)),
        "is_filtered": bool(asked.params.keys() - {"state", "order"}), "states": state_names(),
        "many_word": "", "is_oob": False,
    }  # fmt: skip


def _line(request: SignedInRequest, asked: AskedDeviations, deviation_id: int) -> dict[str, object]:
    one = deviation_line(user=request.user, id=deviation_id, wanted=asked.wanted)
    return _acting(request) | {"one": one, "params": asked.params, "is_alone": True}


def _acting(request: SignedInRequest) -> dict[str, object]:
    """What the line of a deviation needs besides it."""
    return {
        "is_alone": False, "errors": {}, "wrong": None, "wrong_act": "", "word": "", "moment": "", "chosen": (),
        "ends": end_names(), "now": clock.now(), "proposed": moment_for_field(proposed_deadline(clock.now())),
        "may_move": may(request.user, Act.STEER), "may_assign": may(request.user, Act.REASSIGN),
    }  # fmt: skip
