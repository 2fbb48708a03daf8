"""Whoever brings a message moves only deals they see, learns of no others, and nobody sees messages of strangers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kniga.people.models import Branch, User
from kniga.processes.background.pump import run_due
from kniga.processes.correlation.messages import accept_message
from kniga.processes.correlation.messaging import Received
from kniga.processes.desk.wait_queries import messages_for
from kniga.processes.models import Instance, Message, Subscription
from tests.processes.books import publish
from tests.processes.conftest import NOW, Department
from tests.processes.test_messages import ask, receiving

LATER = NOW + timedelta(minutes=1)


def bring(by: User, *, thread: str | None = None, key: str | None = None) -> Received:
    return accept_message(
        name="paid", deal_id=None, client_id=None, thread=thread, key=key, payload={"sum": "1"}, by=by, now=LATER
    )


@pytest.mark.parametrize("correlation", ["thread", "key"])
def test_a_message_by_thread_or_key_does_not_reach_a_deal_that_its_sender_cannot_see(
    department: Department, correlation: str
) -> None:
    own_key = ' kniga:key="answer.order"' if correlation == "key" else ""
    publish(receiving(f'kniga:correlation="{correlation}"{own_key}'))
    instance_id, _task = ask(department)
    Subscription.objects.filter(correlation="key").update(key="A-7")
    words = {"thread": f"kniga-{instance_id}"} if correlation == "thread" else {"key": "A-7"}
    got = bring(department.other, **words)
    assert (got.status, got.instance_id, got.deal_id) == ("waiting", None, None)
    run_due(now=LATER)
    assert Instance.objects.get().data == {}
    assert Message.objects.get().status == "waiting", "it is not brought later either"
    assert bring(department.rep, **words).instance_id == instance_id


def test_a_kept_message_of_a_stranger_is_not_taken_by_who_begins_to_wait(department: Department) -> None:
    publish(receiving('kniga:correlation="client"'))
    client = department.deal.client
    client.owner = department.other
    client.save()
    accept_message(
        name="paid", deal_id=None, client_id=client.pk, thread=None, key=None, payload={}, by=department.other, now=NOW
    )
    ask(department)
    assert Subscription.objects.get().status == "waiting"


def test_a_message_about_nobody_is_seen_by_those_who_see_its_sender(department: Department) -> None:
    publish(receiving('kniga:correlation="thread"'))
    away = Branch.objects.create(name="Kazan")
    stranger = User.objects.create_user("kazan@example.com", name="K", role="head", branch=away)
    owner = User.objects.create_user("owner@example.com", name="O", role="owner")
    bring(department.rep, thread="unknown")
    seen = [len(messages_for(user=user).rows) for user in (department.head, stranger, owner)]
    assert seen == [1, 0, 1]
