"""Letters come to their deal, once each; what is nobody's is left to be sorted and begins nothing it should not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from pytest_django import DjangoAssertNumQueries

from kniga.clients.models import Client
from kniga.deals.models import Deal
from kniga.documents.letter_services import keep_letter
from kniga.documents.threads import name_of_letter, name_of_thread
from kniga.mailboxes import taking
from kniga.mailboxes.finding import whose
from kniga.mailboxes.imap import Fetched
from kniga.mailboxes.models import Mailbox, ReceivedLetter
from kniga.mailboxes.reading import ReadLetter, read_letter
from kniga.mailboxes.taking import take_letter
from kniga.people.models import Notice, User
from kniga.platform.models import Event
from kniga.processes.models import Instance, Message, Process, Task
from kniga.processes.opening import start_deal
from tests.mailboxes.conftest import CAME, NOW, Post, letter
from tests.processes.books import book, publish, task

ASKS = (
    '<startEvent id="start"/><intermediateCatchEvent id="wait"><messageEventDefinition messageRef="m"/>'
    f"</intermediateCatchEvent>{task('read')}"
    '<endEvent id="end"/><flows>\nstart -> wait\nwait -> read\nread -> end\n</flows>'
)


def run_deal(post: Post, client: Client | None = None) -> tuple[int, int]:
    """A deal of the rep with its process; ids of deal and instance."""
    rep = post.department.rep
    begun = start_deal(client=client, process_key="small_sale", owner=rep, by=rep, now=NOW, name="Racks")
    return begun.deal_id, Instance.objects.get(deal_id=begun.deal_id).pk


def test_a_stranger_becomes_a_client_with_a_deal_and_the_rep_is_told(post: Post) -> None:
    kept = post.take(letter())
    deal = Deal.objects.select_related("client__source").get(pk=kept.deal_id)
    assert deal.client is not None and (kept.place, kept.is_new_request, kept.why) == ("deal", True, "")
    assert (deal.client.name, deal.owner, str(deal.client.source)) == ("Anna", post.department.other, "Sales")
    assert deal.note == "Please call me."
    assert Task.objects.filter(deal=deal, status="open").count() == 1
    told = Event.objects.get(kind="mailboxes.letter.received")
    assert (told.deal_id, told.client_id, told.payload["is_new"]) == (deal.pk, deal.client_id, True)
    notice = Notice.objects.get(kind="letter", user=post.department.other)
    assert notice.title == "Письмо от Anna: Racks" and notice.url == f"/letters/{kept.pk}/"


def test_the_second_letter_of_a_stranger_comes_to_the_deal_of_the_first(post: Post) -> None:
    first, second = post.take(letter()), post.take(letter("And a forklift?", id="2"))
    assert (second.deal_id, second.is_new_request) == (first.deal_id, False)


def test_an_answer_comes_to_the_deal_whose_letter_it_answers_whoever_writes_it(post: Post) -> None:
    deal_id, instance_id = run_deal(post)
    for place, header in enumerate((name_of_thread(instance_id), name_of_letter(instance_id, "work-9"))):
        kept = post.take(letter(sender="boss@elsewhere.test", id=f"r{place}", References=f"<x@y>\r\n {header}"))
        assert (kept.deal_id, kept.place) == (deal_id, "deal")
    assert Client.objects.filter(name="boss@elsewhere.test").count() == 0


def test_a_thread_that_somebody_made_up_leads_to_no_deal_of_others(post: Post) -> None:
    deal_id, instance_id = run_deal(post, post.known())
    for made_up in (f"<kniga-{instance_id}@x>", f"<kniga-{instance_id}.{'0' * 20}@x>"):
        kept = post.take(letter(sender="thief@elsewhere.test", id=made_up[:20].strip("<"), In_Reply_To=made_up))
        assert kept.deal_id != deal_id
    ours = post.take(letter(id="old", In_Reply_To=f"<kniga-{instance_id}@x>"))
    assert ours.deal_id == deal_id


def test_of_several_open_deals_the_one_letters_went_out_for_is_meant(post: Post) -> None:
    client = post.known()
    one, _i = run_deal(post, client)
    run_deal(post, client)
    kept = post.take(letter())
    assert (kept.place, kept.why, kept.client_id, kept.deal_id) == ("unsorted", "many_deals", client.pk, None)
    keep_letter(deal_id=one, template_key="", to="anna@client.test", subject="S", body="B", by=None, now=NOW)
    assert post.take(letter("Again", id="2")).deal_id == one


def test_an_address_of_two_clients_is_left_to_people(post: Post) -> None:
    post.known(), post.known()
    kept = post.take(letter())
    assert (kept.place, kept.why) == ("unsorted", "many_clients")
    assert Notice.objects.get(kind="letter").user == post.department.other


def test_somebody_known_without_a_deal_begins_one_with_their_own_rep(post: Post) -> None:
    client = post.known()
    kept = post.take(letter())
    assert (kept.client_id, Deal.objects.get(pk=kept.deal_id).owner) == (client.pk, post.department.rep)


def test_a_mailbox_without_a_process_begins_nothing(post: Post) -> None:
    Mailbox.objects.update(process=None)
    kept = post.take(letter())
    assert (kept.place, kept.why, kept.deal_id, Client.objects.count()) == ("unsorted", "stranger", None, 1)
    client = post.known("b@client.test")
    known = post.take(letter(sender="b@client.test", id="2"))
    assert (known.place, known.client_id, known.deal_id) == ("client", client.pk, None)


MACHINES = [
    ({"Auto_Submitted": "auto-replied"}, "auto"),
    ({"Precedence": "bulk"}, "auto"),
    ({"Return_Path": "<>"}, "auto"),
    ({"List_Id": "<news.example>"}, "auto"),
    ({"sender": "MAILER-DAEMON@mx.test"}, "bounce"),
]


@pytest.mark.parametrize(("headers", "kind"), MACHINES)
def test_a_machine_begins_no_deal_and_moves_no_process(post: Post, headers: dict[str, str], kind: str) -> None:
    kept = post.take(letter(**headers))
    assert (kept.kind, kept.place, kept.deal_id) == (kind, "aside", None)
    assert Client.objects.count() == 1 and not Notice.objects.filter(kind="letter").exists()


def test_word_that_a_letter_did_not_arrive_comes_to_its_deal(post: Post) -> None:
    deal_id, instance_id = run_deal(post)
    returned = (
        "From: Mail Delivery System <mailer-daemon@mx.test>\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nNo such user.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822; x@y.z\r\n\r\n"
        "--b\r\nContent-Type: message/rfc822\r\n\r\n"
        f"Message-ID: {name_of_letter(instance_id, 'work-3')}\r\nSubject: Our offer\r\n\r\nDear\r\n--b--\r\n"
    )
    kept = post.take(returned.encode())
    assert (kept.kind, kept.deal_id, kept.body) == ("bounce", deal_id, "No such user.")
    assert Notice.objects.get(kind="letter", user=post.department.rep).title == "Письмо не доставлено: Undelivered"


def test_what_kniga_sent_itself_and_colleagues_write_begins_nothing(post: Post) -> None:
    own = post.take(letter(sender="sales@kniga.test"))
    assert (own.kind, own.place) == ("own", "aside")
    colleague = post.take(letter(sender="rep@example.com", id="2"))
    assert (colleague.place, colleague.why) == ("unsorted", "colleague")


def test_letters_of_kniga_itself_are_known_and_those_of_another_installation_are_heard(post: Post) -> None:
    _deal_id, instance_id = run_deal(post, post.known())
    ours = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip(">")
    for name in (name_of_letter(instance_id, "work-9"), f"<kniga-notice-5@{ours}>"):
        own = post.take(letter(sender="w@else.test").replace(b"<1@client.test>", name.encode()))
        assert (own.kind, own.place) == ("own", "aside")
    for name in ("<kniga-7.work-9.00000000000000000000@client.test>", "<kniga-notice-5@client.test>"):
        heard = post.take(letter().replace(b"<1@client.test>", name.encode()))
        assert (heard.kind, heard.place) == ("letter", "deal")
        assert Notice.objects.filter(kind="letter", url=f"/letters/{heard.pk}/").count() == 1


def test_of_a_thousand_made_up_threads_few_are_looked_for(
    post: Post, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    deal_id, instance_id = run_deal(post, post.known())
    names = [f"<kniga-{number}@x>" for number in range(5000, 6000)]
    read = ReadLetter("d", sender="anna@client.test", references=(" ".join([*names, name_of_thread(instance_id)]),))
    with django_assert_max_num_queries(3):
        assert whose(read).deal_id == deal_id


@pytest.mark.parametrize("correlation", ["deal", "thread", "client"])
def test_a_letter_moves_the_process_that_waits_for_it(post: Post, correlation: str) -> None:
    xml = book("asks", ASKS, around=f'<message id="m" name="client_letter" kniga:correlation="{correlation}"/>')
    publish(xml)
    rep = post.department.rep
    begun = start_deal(client=post.known(), process_key="asks", owner=rep, by=rep, now=NOW, name="Asks")
    assert not Task.objects.filter(deal_id=begun.deal_id).exists()
    thread = name_of_thread(Instance.objects.get(deal_id=begun.deal_id).pk)
    kept = post.take(letter(References=thread))
    assert Task.objects.get(deal_id=begun.deal_id).element == "read"
    assert Message.objects.get(pk=kept.flow_message_id).status == "matched"


def test_a_process_that_begins_with_letters_begins_there_with_what_was_written(post: Post) -> None:
    start = '<startEvent id="asked" kniga:channel="email"><messageEventDefinition messageRef="m"/></startEvent>'
    body = f'{start}{task("answer")}<endEvent id="end"/><flows>\nasked -> answer\nanswer -> end\n</flows>'
    publish(book("by_letter", body, around='<message id="m" name="asked"/>'))
    Mailbox.objects.update(process=Process.objects.get(key="by_letter"))
    kept = post.take(letter())
    assert Task.objects.get(deal_id=kept.deal_id).element == "answer"
    assert Message.objects.get().source == "email"


def test_a_letter_that_comes_by_two_ways_is_kept_once(post: Post) -> None:
    post.take(letter())
    post.put(b"Received: from elsewhere\r\n" + letter())
    assert (post.read().taken, ReceivedLetter.objects.count()) == (0, 1)
    post.box.renumber()
    assert (post.read().taken, ReceivedLetter.objects.count(), Deal.objects.count()) == (0, 1, 2)


def test_only_what_came_since_the_mailbox_was_set_up_is_read(post: Post) -> None:
    post.put(letter(id="old"), came_at=NOW - timedelta(hours=1))
    post.put(letter(id="new"))
    done = post.read()
    assert (done.looked_at, done.taken) == (2, 1)
    assert post.read().looked_at == 0


def test_of_two_workers_at_the_same_letter_one_takes_it(post: Post) -> None:
    post.take(letter())
    other = read_letter(letter("Other", id="other"))
    for uid, validity in ((1, 7), (9, 6)):
        fetched = Fetched(uid, b"", CAME, False)
        assert take_letter(
            mailbox_id=post.mailbox.pk, uid_validity=validity, fetched=fetched, letter=other, now=CAME
        ) is None  # fmt: skip


def test_a_letter_that_breaks_something_is_kept_and_lets_the_next_one_through(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.put(letter(id="1"))
    post.put(letter(id="2", sender="b@client.test"))
    whole = taking.whose

    def broken(read: taking.ReadLetter) -> object:
        if read.sender == "anna@client.test":
            raise RuntimeError("boom")
        return whole(read)

    monkeypatch.setattr(taking, "whose", broken)
    assert post.read().taken == 2
    first, second = ReceivedLetter.objects.order_by("uid")
    assert (first.place, first.why, first.subject) == ("unsorted", "inside", "Racks")
    assert second.deal_id is not None


def test_a_flood_of_strangers_is_left_to_people(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "PER_HOUR", 2)
    for number in range(3):
        kept = post.take(letter(sender=f"s{number}@flood.test", id=str(number)))
    assert (kept.place, kept.why, Deal.objects.count()) == ("unsorted", "flood", 3)


def test_a_round_is_bounded_and_the_next_one_goes_on(post: Post) -> None:
    for number in range(5):
        post.put(letter(sender=f"s{number}@many.test", id=str(number)))
    assert [post.read(most=2).is_more for _round in range(3)] == [True, True, False]
    assert ReceivedLetter.objects.count() == 5


def test_a_connection_that_breaks_in_the_middle_loses_and_doubles_nothing(post: Post) -> None:
    for number in range(3):
        post.put(letter(sender=f"s{number}@many.test", id=str(number)))
    post.box.breaking = 1
    assert post.read().trouble == "broken_off"
    assert Mailbox.objects.get().failures == 1
    assert post.read().taken == 3
    assert Mailbox.objects.get().trouble == ""


@pytest.mark.parametrize(
    ("results", "is_heard"),
    [
        ("mx.test; spf=pass; dmarc=fail (p=none)", False),
        ("mx.test; spf=fail", False),
        ("mx.test; spf=fail; dkim=pass; dmarc=pass", True),
        ("mx.test; spf=softfail; dkim=none", True),
        ("mx.test; spf=fail\r\nAuthentication-Results: sender.test; dmarc=pass", False),
        ("mx.test; dmarc=pass\r\nAuthentication-Results: relay.test; dmarc=fail", True),
    ],
)
def test_a_letter_the_server_found_forged_moves_nothing(post: Post, results: str, is_heard: bool) -> None:
    deal_id, _instance_id = run_deal(post, post.known())
    kept = post.take(letter(Authentication_Results=results))
    told = (kept.place, kept.why, kept.deal_id)
    assert told == (("deal", "", deal_id) if is_heard else ("unsorted", "forged", None))


def test_where_the_rep_works_here_no_more_somebody_else_hears_of_the_letter(post: Post) -> None:
    department = post.department
    run_deal(post, post.known())
    User.objects.filter(pk=department.rep.pk).update(is_active=False)
    first = post.take(letter())
    assert Notice.objects.get(url=f"/letters/{first.pk}/").user == department.other
    User.objects.filter(pk=department.other.pk).update(is_active=False)
    second = post.take(letter("More", id="2"))
    stranger = post.take(letter(id="3", sender="new@client.test"))
    assert (stranger.place, stranger.why) == ("unsorted", "owner_gone")
    for kept in (second, stranger):
        told = Notice.objects.filter(url=f"/letters/{kept.pk}/").values_list("user__role", flat=True)
        assert set(told) and set(told) <= {"lead", "head"}
    User.objects.filter(role__in=("lead", "head")).update(is_active=False)
    assert not Notice.objects.filter(url=f"/letters/{post.take(letter('Third', id='4')).pk}/").exists()
