"""Calls, as a telephone exchange reports them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from django.http import HttpResponse
from ninja import Router
from pydantic import Field

from kniga.api.answers import answer, idempotent
from kniga.api.door import ApiRequest, Bearer
from kniga.api.inputs import Given
from kniga.clients.duplicates import SameBy, possible_duplicates
from kniga.people.permissions import Act
from kniga.people.require import require
from kniga.platform import clock
from kniga.processes.correlation.messages import accept_message

router = Router(tags=["processes"])
WRITE = Bearer("deals:write")
MESSAGE = "call"
"""The name of the message that a call is."""

Phone = Annotated[str, Field(min_length=1, max_length=60)]


class CallBody(Given):
    """A call: who called whom, in any way of writing numbers, when it began, and which way it went."""

    from_number: Phone
    to_number: Phone
    at: datetime
    direction: Literal["in", "out"] = "in"


@dataclass(frozen=True, slots=True)
class Called:
    """Whose call it was, of the clients you see (null: nobody's), and what became of the message `call`: `status`
    matched, waiting (it is kept), failed, or unknown for a number nobody has."""

    client_id: int | None
    status: str
    instance_id: int | None
    deal_id: int | None


@router.post("/calls", auth=WRITE, response={200: Called}, summary="Report a call")
@idempotent
def report_call(request: ApiRequest, body: CallBody) -> HttpResponse:
    """Find the client by the phone number and bring the message `call`, of the channel `call`, to the process that
    waits for it, or begin the one that starts with it. It carries `from_number`, `to_number`, `called_at` and
    `direction` as answers, where the process has fields of these names."""
    user = request.auth.user
    require(user, Act.WORK_DEALS)
    number = body.from_number if body.direction == "in" else body.to_number
    found = possible_duplicates(user=user, phone=number)
    client = next((one.id for one in found if one.same_by == SameBy.PHONE and one.is_visible), None)
    if client is None:
        return answer(Called(None, "unknown", None, None))
    carried = {
        "from_number": body.from_number, "to_number": body.to_number, "called_at": body.at.isoformat(),
        "direction": body.direction,
    }  # fmt: skip
    came = accept_message(
        name=MESSAGE, deal_id=None, client_id=client, thread=None, key=None, payload=carried, source="call", by=user,
        now=clock.now(),
    )  # fmt: skip
    return answer(Called(client, came.status, came.instance_id, came.deal_id))
