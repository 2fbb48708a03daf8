"""What processes wait for and do by themselves: messages for them, incidents, steering by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal

from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from pydantic import Field

from kniga.api.answers import Listed, answer, idempotent, opened, page_answer
from kniga.api.door import ApiRequest, Bearer
from kniga.api.inputs import Cursor, Given, Id, Limit, Short
from kniga.deals.queries import get_visible_deal
from kniga.people.permissions import Act
from kniga.people.require import require
from kniga.platform import clock
from kniga.processes import services
from kniga.processes.background import working
from kniga.processes.correlation.messages import Source, accept_message, is_known
from kniga.processes.correlation.signals import broadcast_signal
from kniga.processes.desk import wait_queries
from kniga.processes.desk.wait_queries import Incident, KeptMessage, ProcessInWork

router = Router(tags=["processes"])
READ, WRITE = Bearer("deals:read"), Bearer("deals:write")


class MessageQuery(Schema):
    """Which messages are listed."""

    status: Literal["waiting", "matched", "expired", "failed", ""] = "waiting"


class MessageBody(Given):
    """A message: whom it is about (the deal, the client, a thread of letters or an own key), and what it carries:
    answers of the process by their keys. `keep_seconds`: how long it is kept if nobody waits for it. `channel`: how it
    came, for processes that begin with messages of one channel."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    deal_id: Id | None = None
    client_id: Id | None = None
    thread: Short | None = None
    key: Short | None = None
    payload: dict[str, Any] = {}
    keep_seconds: Annotated[int, Field(ge=0, le=366 * 86_400)] = 7 * 86_400
    channel: Source = "api"


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a message: `status` matched, waiting (it is kept) or failed, and the instance and deal it went
    to. `note` is not empty for a kept one whose name no process knows: most likely it is misspelt."""

    message_id: int
    status: str
    instance_id: int | None
    deal_id: int | None
    note: str


class SignalBody(Given):
    """A signal, by its name in the book."""

    name: Annotated[str, Field(min_length=1, max_length=200)]


@dataclass(frozen=True, slots=True)
class Broadcast:
    """The signal that is being carried."""

    signal_id: int


class ReasonBody(Given):
    """Why it is done: it goes into the ledger."""

    reason: Short


class SteerBody(Given):
    """What is to be done with a process, and why; `element` is the step it is sent to."""

    act: Literal["pause", "resume", "stop", "send"]
    reason: Short = ""
    element: Short = ""


@router.post("/messages", auth=WRITE, response={200: Taken}, summary="Send a message to a process")
@idempotent
def receive_message(request: ApiRequest, body: MessageBody) -> HttpResponse:
    """Bring a message to the process that waits for it, start one with it, or keep it until somebody waits."""
    received = accept_message(
        name=body.name, deal_id=body.deal_id, client_id=body.client_id, thread=body.thread, key=body.key,
        payload=body.payload, ttl=timedelta(seconds=body.keep_seconds), source=body.channel,
        by=request.auth.user, now=clock.now(),
    )  # fmt: skip
    is_strange = received.status == "waiting" and not is_known(body.name)
    note = _("The message is kept, but no process knows this name.") if is_strange else ""
    return answer(Taken(received.message_id, received.status, received.instance_id, received.deal_id, note))


@router.post("/signals", auth=WRITE, response={202: Broadcast}, summary="Broadcast a signal to processes")
@idempotent
def broadcast(request: ApiRequest, body: SignalBody) -> HttpResponse:
    """Bring a signal to every process of the deals you see that waits for it by now, and begin those that start with
    it; workers carry it."""
    signal_id = broadcast_signal(name=body.name, by=request.auth.user, now=clock.now())
    return answer(Broadcast(signal_id=signal_id), status=202)


@router.get("/messages", auth=READ, response={200: Listed[KeptMessage]}, summary="List messages")
def list_messages(
    request: ApiRequest, wanted: Query[MessageQuery], limit: Limit = 50, cursor: Cursor = None
) -> HttpResponse:
    """Messages by what became of them, the newest first; at first those nobody waits for yet."""
    user = request.auth.user
    require(user, Act.STEER)
    page = wait_queries.messages_for(user=user, status=wanted.status, cursor=opened(cursor), limit=limit)
    return page_answer(request, page)


@router.get("/incidents", auth=READ, response={200: Listed[Incident]}, summary="List incidents")
def list_incidents(request: ApiRequest, limit: Limit = 50, cursor: Cursor = None) -> HttpResponse:
    """What the machine could not do, the newest first: work, or (`action` timer, condition) an event of the book that
    had come and could not be carried out."""
    return page_answer(request, wait_queries.incidents_for(user=request.auth.user, cursor=opened(cursor), limit=limit))


@router.post("/incidents/{int:work_id}/retry", auth=WRITE, response={204: None}, summary="Try again")
@idempotent
def retry_incident(request: ApiRequest, work_id: int, body: ReasonBody) -> HttpResponse:
    """Have the work tried again at once."""
    working.retry_work(work_id=work_id, reason=body.reason, by=request.auth.user, now=clock.now())
    return HttpResponse(status=204)


@router.post("/incidents/{int:work_id}/skip", auth=WRITE, response={204: None}, summary="Go on without it")
@idempotent
def skip_incident(request: ApiRequest, work_id: int, body: ReasonBody) -> HttpResponse:
    """Let the process go on without the work."""
    working.skip_work(work_id=work_id, reason=body.reason, by=request.auth.user, now=clock.now())
    return HttpResponse(status=204)


@router.get(
    "/deals/{int:deal_id}/processes", auth=READ, response={200: list[ProcessInWork]}, summary="Processes of a deal"
)
def list_in_work(request: ApiRequest, deal_id: int) -> HttpResponse:
    """The running and paused processes of a deal and what they wait for besides people."""
    user = request.auth.user
    deal = get_visible_deal(user=user, id=deal_id)
    return answer(wait_queries.processes_in_work(user=user, deal=deal))


@router.post("/instances/{int:instance_id}/steer", auth=WRITE, response={204: None}, summary="Steer a process")
@idempotent
def steer_instance(request: ApiRequest, instance_id: int, body: SteerBody) -> HttpResponse:
    """Pause, resume or stop a process, or send it to another step."""
    user, now = request.auth.user, clock.now()
    if body.act == "pause":
        services.suspend_instance(instance_id=instance_id, reason=body.reason, by=user, now=now)
    elif body.act == "resume":
        services.resume_instance(instance_id=instance_id, reason=body.reason, by=user, now=now)
    elif body.act == "stop":
        services.cancel_instance(instance_id=instance_id, reason=body.reason, by=user, now=now)
    else:
        services.send_to_step(instance_id=instance_id, element=body.element, reason=body.reason, by=user, now=now)
    return HttpResponse(status=204)
