"""People bring letters that found nobody to a deal, begin one or set them aside; each sees only what is theirs."""

from __future__ import annotations

import pytest

from kniga.clients.models import Channel
from kniga.deals.models import Deal
from kniga.mailboxes.models import Mailbox, ReceivedLetter
from kniga.mailboxes.queries import (
    deal_by_number,
    get_received,
    letters_in,
    likely_deals,
    received_for_task,
    received_of_deal,
)
from kniga.mailboxes.sorting import attach_letter, begin_with_letter, set_letter_aside
from kniga.people.models import Notice, User
from kniga.platform.errors import Conflict, NotVisible, Refused
from kniga.platform.models import Event
from kniga.processes.models import Message, Process, Task
from kniga.processes.opening import start_deal
from tests.mailboxes.conftest import CAME, NOW, Post, letter
from tests.mailboxes.test_taking_letters import ASKS
from tests.processes.books import book, publish


@pytest.fixture
def unsorted(post: Post) -> ReceivedLetter:
    """A stranger's letter in a mailbox that begins nothing; the rep sorts it."""
    Mailbox.objects.update(process=None, owner=post.department.rep)
    return post.take(letter())


def test_a_letter_is_attached_and_its_writer_is_known_from_then_on(post: Post, unsorted: ReceivedLetter) -> None:
    department = post.department
    kept = attach_letter(letter_id=unsorted.pk, deal_id=department.deal.pk, remember=True, by=department.rep, now=NOW)
    assert (kept.deal_id, kept.client_id, kept.place) == (department.deal.pk, department.deal.client_id, "deal")
    assert Channel.objects.get(value="anna@client.test").contact.client_id == kept.client_id
    told = Event.objects.get(kind="mailboxes.letter.attached")
    assert (told.deal_id, told.actor_id) == (department.deal.pk, department.rep.pk)
    assert post.take(letter("More", id="2")).deal_id == department.deal.pk
    with pytest.raises(Conflict):
        attach_letter(letter_id=kept.pk, deal_id=department.deal.pk, remember=False, by=department.rep, now=NOW)
    assert [row.subject for row in received_of_deal(user=department.rep, deal_id=department.deal.pk)] == ["Racks"] * 2
    assert len(received_for_task(user=department.rep, deal_id=department.deal.pk)) == 2


def test_who_attaches_for_another_lets_them_know(post: Post, unsorted: ReceivedLetter) -> None:
    department = post.department
    attach_letter(letter_id=unsorted.pk, deal_id=department.deal.pk, remember=False, by=department.head, now=NOW)
    titles = Notice.objects.filter(kind="letter", user=department.rep).order_by("id").values_list("title", flat=True)
    assert list(titles) == ["Письмо нужно разобрать. Anna: Racks", "Письмо от Anna: Racks"]
    assert not Channel.objects.filter(value="anna@client.test").exists()


def test_an_attached_letter_moves_the_process_that_waits(post: Post, unsorted: ReceivedLetter) -> None:
    publish(book("asks", ASKS, around='<message id="m" name="client_letter" kniga:correlation="deal"/>'))
    rep = post.department.rep
    begun = start_deal(client=post.known("x@y.test"), process_key="asks", owner=rep, by=rep, now=NOW, name="Asks")
    attach_letter(letter_id=unsorted.pk, deal_id=begun.deal_id, remember=False, by=rep, now=CAME)
    assert Task.objects.get(deal_id=begun.deal_id).element == "read"
    assert Message.objects.get().status == "matched"


def test_a_deal_is_begun_with_a_letter_where_the_mailbox_has_a_process(post: Post, unsorted: ReceivedLetter) -> None:
    rep = post.department.rep
    with pytest.raises(Refused) as refused:
        begin_with_letter(letter_id=unsorted.pk, by=rep, now=NOW)
    assert refused.value.code == "no_process"
    process = post.mailbox.process
    Mailbox.objects.update(process=process)
    kept = begin_with_letter(letter_id=unsorted.pk, by=rep, now=NOW)
    assert Deal.objects.get(pk=kept.deal_id).owner == rep and kept.is_new_request
    ReceivedLetter.objects.update(deal=None, sender="", place="unsorted")
    with pytest.raises(Refused) as nameless:
        begin_with_letter(letter_id=unsorted.pk, by=rep, now=NOW)
    assert nameless.value.code == "no_sender"


def test_a_letter_is_set_aside_and_can_be_taken_up_again(post: Post, unsorted: ReceivedLetter) -> None:
    rep = post.department.rep
    assert [row.id for row in letters_in(user=rep, place="unsorted")] == [unsorted.pk]
    set_letter_aside(letter_id=unsorted.pk, by=rep, now=NOW)
    assert letters_in(user=rep, place="unsorted") == ()
    assert [row.id for row in letters_in(user=rep, place="aside")] == [unsorted.pk]
    attach_letter(letter_id=unsorted.pk, deal_id=post.department.deal.pk, remember=False, by=rep, now=NOW)


def test_letters_of_others_are_not_there(post: Post, unsorted: ReceivedLetter) -> None:
    department, other = post.department, post.department.other
    assert letters_in(user=other, place="unsorted") == ()
    for act in (begin_with_letter, set_letter_aside):
        with pytest.raises(NotVisible):
            act(letter_id=unsorted.pk, by=other, now=NOW)
    with pytest.raises(NotVisible):
        attach_letter(letter_id=unsorted.pk, deal_id=department.deal.pk, remember=False, by=other, now=NOW)
    Mailbox.objects.update(owner=other)
    assert get_received(user=other, id=unsorted.pk)
    with pytest.raises(NotVisible):  # one's own letter to a deal of others
        attach_letter(letter_id=unsorted.pk, deal_id=department.deal.pk, remember=False, by=other, now=NOW)
    ReceivedLetter.objects.update(client=department.deal.client)
    with pytest.raises(NotVisible):
        get_received(user=other, id=unsorted.pk)
    assert get_received(user=department.rep, id=unsorted.pk)
    for who in (department.lead, department.head, User.objects.create_user("o@x.test", name="O", role="owner")):
        assert get_received(user=who, id=unsorted.pk)


def test_deals_are_offered_by_client_and_address_and_found_by_number(post: Post, unsorted: ReceivedLetter) -> None:
    department = post.department
    assert likely_deals(user=department.rep, letter=unsorted) == ()
    unsorted.client = department.deal.client
    (offered,) = likely_deals(user=department.rep, letter=unsorted)
    assert offered == (department.deal.pk, "№\xa0900 Racks · Warehouse")
    assert likely_deals(user=department.other, letter=unsorted) == ()
    assert deal_by_number(user=department.rep, text=" №900 ") == department.deal.pk
    for who, text in ((department.other, "900"), (department.rep, "901"), (department.rep, "x"), (department.rep, "")):
        with pytest.raises(NotVisible):
            deal_by_number(user=who, text=text)


def test_a_deal_is_begun_for_one_client_only_and_only_for_one_that_is_seen(post: Post) -> None:
    department = post.department
    Mailbox.objects.update(owner=department.other)
    post.known(), post.known()
    both = post.take(letter())
    assert both.why == "many_clients"
    with pytest.raises(Refused) as refused:
        begin_with_letter(letter_id=both.pk, by=department.other, now=NOW)
    assert refused.value.code == "many_clients"
    Mailbox.objects.update(process=None)
    stranger = post.take(letter(sender="new@client.test", id="2"))
    post.known("new@client.test")  # the rep's own, whom the other does not see
    Mailbox.objects.update(process=Process.objects.get(key="small_sale"))
    with pytest.raises(NotVisible):
        begin_with_letter(letter_id=stranger.pk, by=department.other, now=NOW)
    assert Deal.objects.count() == 1


def test_with_the_answer_of_a_machine_no_deal_is_begun(post: Post) -> None:
    Mailbox.objects.update(owner=post.department.rep)
    kept = post.take(letter(Auto_Submitted="auto-replied"))
    with pytest.raises(Refused) as refused:
        begin_with_letter(letter_id=kept.pk, by=post.department.rep, now=NOW)
    assert refused.value.code == "no_sender"


def test_a_colleagues_letter_is_attached_and_moves_no_process(post: Post) -> None:
    publish(book("asks", ASKS, around='<message id="m" name="client_letter" kniga:correlation="deal"/>'))
    department = post.department
    Mailbox.objects.update(owner=department.rep)
    begun = start_deal(client=None, process_key="asks", owner=department.rep, by=department.rep, now=NOW, name="Racks")
    kept = post.take(letter(sender="other@example.com"))
    ReceivedLetter.objects.update(why="refused")
    attach_letter(letter_id=kept.pk, deal_id=begun.deal_id, remember=False, by=department.rep, now=NOW)
    assert not Message.objects.exists()
