"""Two versions of a small sale: one step renamed, one removed, one split in two; and many deals that run on the
first."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.db import transaction

from kniga.deals.models import Deal, Pipeline
from kniga.people.models import Branch, Team, User
from kniga.processes.models import ProcessVersion, Task
from kniga.processes.running.bulk import start_many
from kniga.processes.services import complete_task
from tests.processes.books import book, publish
from tests.processes.conftest import NOW

KEY = "moved_sale"
STAGES = (
    '<kniga:stages><kniga:stage key="contact" name="Contact"/><kniga:stage key="offer" name="Offer"/>'
    '<kniga:stage key="deal" name="Deal"/></kniga:stages>'
)


def step(id: str, name: str, stage: str, *outcomes: str, kind: str = "call") -> str:
    said = "".join(f'<kniga:outcome key="{key}" label="{key}"/>' for key in outcomes or ("ok",))
    return (
        f'<userTask id="{id}" name="{name}" kniga:kind="{kind}" kniga:assignee="owner" kniga:stage="{stage}">'
        f'<extensionElements><kniga:deadline duration="P1D"/><kniga:script>Do it.</kniga:script>{said}'
        "</extensionElements></userTask>"
    )


WON = '<endEvent id="won" kniga:result="won"/>'
TIMER = (
    '<boundaryEvent id="{id}" attachedToRef="{host}" cancelActivity="false"><timerEventDefinition>'
    "<timeDuration>{after}</timeDuration></timerEventDefinition></boundaryEvent>"
)
FIRST = book(
    KEY,
    f"""<startEvent id="start"/>
    {step("call", "Call the client", "contact")}
    {step("visit", "Visit the client", "contact", kind="meeting")}
    {step("offer", "Prepare the offer", "offer", kind="document")}
    {TIMER.format(id="late", host="offer", after="P3D")}
    {step("remind", "Remind of the offer", "offer")}
    <endEvent id="reminded"/>
    {step("contract", "Prepare and sign the contract", "deal", kind="document")}
    {WON}
    <flows>
    start -> call
    call -> visit
    visit -> offer
    offer -> contract
    late -> remind
    remind -> reminded
    contract -> won
    </flows>""",
    extra=STAGES,
)
"""Call, visit, offer, contract."""
SECOND = book(
    KEY,
    f"""<startEvent id="start"/>
    {step("call", "Call the client", "contact")}
    {step("proposal", "Prepare the proposal", "offer", kind="document")}
    {TIMER.format(id="late", host="proposal", after="P2D")}
    {step("remind", "Remind of the offer", "offer")}
    <endEvent id="reminded"/>
    {step("draft", "Prepare the contract", "deal", kind="document")}
    {step("sign", "Sign the contract", "deal", kind="document")}
    {WON}
    <flows>
    start -> call
    call -> proposal
    proposal -> draft
    draft -> sign
    late -> remind
    remind -> reminded
    sign -> won
    </flows>""",
    extra=STAGES,
)
"""Visit is gone, offer is called proposal, contract became draft and sign."""


def publish_first(xml: bytes = FIRST) -> ProcessVersion:
    return publish(xml)


def publish_second(xml: bytes = SECOND) -> ProcessVersion:
    return publish(xml)


def open_deals(owners: list[User], number: int, *, first_number: int = 1_000) -> list[Deal]:
    pipeline = Pipeline.objects.get(key=KEY)
    return Deal.objects.bulk_create(
        Deal(
            number=first_number + place, name=f"Deal {place}", name_key=f"deal {place}",
            owner=owners[place % len(owners)], pipeline=pipeline, amount=Decimal(1_000 + place), currency="RUB",
            opened_at=NOW, created_at=NOW, updated_at=NOW,
        )
        for place in range(number)
    )  # fmt: skip


def run_deals(owners: list[User], number: int, by: User, xml: bytes = FIRST) -> list[Deal]:
    """Deals on the first version, spread over its four steps."""
    version = publish_first(xml)
    deals = open_deals(owners, number)
    with transaction.atomic():
        start_many(version_id=version.pk, entries=[(deal.pk, None) for deal in deals], actor_id=None, now=NOW)
    for place, deal in enumerate(deals):
        for turn in range(place % 4):
            task = Task.objects.get(deal=deal, status="open")
            complete_task(task_id=task.pk, outcome="ok", answers={}, by=by, now=NOW + timedelta(hours=turn + 1))
    return deals


def two_teams() -> tuple[User, User, User]:
    """A head, and a rep of each of two teams."""
    branch = Branch.objects.create(name="North")
    teams = [Team.objects.create(name=name, branch=branch) for name in ("First", "Second")]
    head = User.objects.create_user("chief@example.com", name="Chief", role="head", branch=branch)
    reps = [
        User.objects.create_user(f"{team.name}@example.com", name=team.name, role="rep", branch=branch, team=team)
        for team in teams
    ]
    return head, reps[0], reps[1]
