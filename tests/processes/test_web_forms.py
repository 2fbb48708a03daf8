"""Forms of sites: strangers become clients with deals, those known are recognised, floods are held back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kniga.clients.contact_services import ContactInput
from kniga.clients.models import Client
from kniga.clients.services import create_client
from kniga.deals.models import Deal
from kniga.people.models import Branch, Notice, User
from kniga.platform.errors import Conflict, NotVisible, Refused
from kniga.platform.models import Event
from kniga.processes.correlation import messaging
from kniga.processes.correlation.messaging import begin_with_kept, receive_message
from kniga.processes.desk.task_card import SiteRequest, get_task_card
from kniga.processes.desk.timeline import timeline_of_deal
from kniga.processes.forms.form_queries import (
    form_processes,
    form_rows,
    get_form,
    recent_entries,
    thanks_of,
    trouble_of,
)
from kniga.processes.forms.web_forms import FormSettings, Taken, TooMany, create_form, take_entry, update_form
from kniga.processes.models import Instance, Message, Process, ProcessVersion, Task
from kniga.processes.models.forms import WebForm, WebFormEntry
from kniga.processes.opening import start_deal
from tests.processes.books import book, publish, task
from tests.processes.conftest import NOW, Department

ANNA = {"name": "Anna", "company": "Anna's Shop", "phone": "+7 912 345-67-89", "message": "Call me, please"}
BY_FORM = (
    '<startEvent id="start"/><startEvent id="asked" kniga:channel="form"><messageEventDefinition messageRef="m"/>'
    f'</startEvent>{task("plain")}{task("answer")}<endEvent id="end"/>'
    "<flows>\nstart -> plain\nasked -> answer\nplain -> end\nanswer -> end\n</flows>"
)


def form(department: Department, process: str = "small_sale", **more: object) -> WebForm:
    Deal.objects.update(number=900)  # the department's was made past the numbers
    said = {"name": "Our site", "process_key": process, "owner": department.rep, **more}
    given = FormSettings(**said)  # type: ignore[arg-type]
    return create_form(key="site", given=given, by=department.head, now=NOW)


def send(values: dict[str, str] = ANNA, sender: str = "203.0.113.1", minutes: int = 0) -> Taken:
    return take_entry(key="site", values=values, sender=sender, now=NOW + timedelta(minutes=minutes))


def test_a_stranger_becomes_a_client_with_a_deal(department: Department) -> None:
    form(department)
    taken = send()
    deal = Deal.objects.select_related("client__source").get(pk=taken.deal_id)
    assert deal.client is not None and taken.is_new_client
    assert (deal.client.name, deal.owner, deal.client.owner) == ("Anna's Shop", department.rep, department.rep)
    assert deal.name == "Заявка с сайта: Our site"
    assert (deal.note, deal.client.note, str(deal.client.source)) == ("Call me, please", "Call me, please", "Our site")
    assert Task.objects.filter(deal=deal, status="open").count() == 1
    (entry,) = recent_entries(user=department.head, form=get_form(user=department.head, key="site"))
    assert (entry.deal_id, entry.deal_number, entry.is_new_client) == (deal.pk, deal.number, True)
    assert "203.0.113.1" not in str(WebFormEntry.objects.values())


def test_a_form_that_is_called_a_request_from_the_site_lends_its_deals_the_name_once(department: Department) -> None:
    form(department)
    WebForm.objects.update(name="Заявка с сайта")
    assert Deal.objects.get(pk=send().deal_id).name == "Заявка с сайта"


def test_whose_the_deal_is_learns_of_the_request_and_sees_what_was_written(department: Department) -> None:
    form(department)
    deal_id = send().deal_id
    notice = Notice.objects.get(kind="new_request")
    assert (notice.user, notice.url) == (department.rep, f"/deals/{deal_id}/")
    assert "Anna's Shop" in notice.title and "Call me, please" in notice.body and "Our site" in notice.body
    card = get_task_card(user=department.rep, task_id=Task.objects.get(deal_id=deal_id).pk)
    assert card.request == SiteRequest("Our site", NOW, "Call me, please")
    deal = Deal.objects.get(pk=deal_id)
    (row,) = [
        row for row in timeline_of_deal(user=department.rep, deal=deal).rows if row.kind == "processes.form.received"
    ]
    assert row.message == "Call me, please" and row.payload == {"form": "site", "name": "Our site"}
    begun = start_deal(client=deal.client, process_key="small_sale", owner=department.rep, by=department.rep, now=NOW)
    assert get_task_card(user=department.rep, task_id=Task.objects.get(deal_id=begun.deal_id).pk).request is None


def test_who_gets_the_requests_is_of_the_branch_of_the_process(department: Department) -> None:
    branch = of_branch("small_sale")
    with pytest.raises(Refused) as refused:
        form(department)
    assert (refused.value.code, refused.value.field) == ("owner_of_branch", "owner")
    assert "Kazan" in refused.value.message
    User.objects.filter(pk=department.rep.pk).update(branch=branch)
    department.rep.refresh_from_db()
    kept = form(department)

    def trouble() -> str:
        (row,) = form_rows(user=department.head)
        assert row.trouble == trouble_of(user=department.head, form=kept)
        return row.trouble

    assert trouble() == ""
    User.objects.filter(pk=department.rep.pk).update(branch=None)
    assert trouble() == "branch"
    ProcessVersion.objects.update(status="retired")
    assert trouble() == "process"
    User.objects.filter(pk=department.rep.pk).update(is_active=False)
    assert trouble() == "closed"


@pytest.mark.parametrize("values", [{"phone": "8 (912) 345 67 89"}, {"email": "ANNA@example.com"}])
def test_somebody_known_is_recognised_and_stays_with_whom_they_are(
    department: Department, values: dict[str, str]
) -> None:
    form(department)
    contact = ContactInput("Anna", phones=("+79123456789",), emails=("anna@example.com",))
    known = create_client(owner=department.other, contacts=[contact], by=department.other, now=NOW, name="Known")
    taken = send({"name": "Anna", **values})
    deal = Deal.objects.get(pk=taken.deal_id)
    assert (deal.client_id, deal.owner, taken.is_new_client) == (known.pk, department.other, False)
    User.objects.filter(pk=department.other.pk).update(is_active=False)
    later = send({"name": "Anna", **values, "message": "Hello?"}, minutes=5)
    assert Deal.objects.get(pk=later.deal_id).owner == department.rep
    assert Client.objects.filter(name="Known").count() == 1


def test_the_process_begins_with_its_message_of_forms(department: Department) -> None:
    publish(book("by_form", BY_FORM, around='<message id="m" name="asked"/>'))
    form(department, "by_form")
    taken = send()
    opened = Task.objects.get(deal_id=taken.deal_id, status="open")
    assert opened.element == "answer" and Message.objects.get().source == "form"
    deal = Deal.objects.get(pk=taken.deal_id)
    assert (deal.note, deal.name) == ("Call me, please", "Заявка с сайта: Our site")
    Client.objects.update(owner=None)
    again = send({**ANNA, "message": "Again"}, minutes=1)
    assert Task.objects.get(deal_id=again.deal_id, status="open").element == "answer"
    assert Deal.objects.get(pk=again.deal_id).owner == department.rep


def test_a_form_begins_its_own_process_and_no_other_of_the_same_message(department: Department) -> None:
    for key in ("first", "second"):
        publish(book(key, BY_FORM, around='<message id="m" name="asked"/>'))
    form(department, "second")
    begun = Instance.objects.select_related("version__process").get(deal_id=send().deal_id)
    assert begun.version.process.key == "second"


def of_branch(key: str) -> Branch:
    """A branch the published process of this key belongs to."""
    branch = Branch.objects.create(name="Kazan")
    Process.objects.filter(key=key).update(branch=branch)
    return branch


def test_a_client_of_another_branch_is_worked_by_the_owner_of_the_form(department: Department) -> None:
    publish(book("by_form", BY_FORM, around='<message id="m" name="asked"/>'))
    branch = of_branch("by_form")
    User.objects.filter(pk=department.rep.pk).update(branch=branch)
    department.rep.refresh_from_db()
    form(department, "by_form")
    contact = ContactInput("Anna", phones=("+79123456789",))
    create_client(owner=department.other, contacts=[contact], by=department.other, now=NOW, name="Known")
    taken = send()
    assert Deal.objects.get(pk=taken.deal_id).owner == department.rep


def test_what_begins_no_deal_is_kept_and_the_owner_is_told(department: Department) -> None:
    form(department)
    of_branch("small_sale")
    taken = send()
    assert taken.deal_id is None and WebFormEntry.objects.get().client == Client.objects.get(name=ANNA["company"])
    notice = Notice.objects.get(kind="request")
    assert notice.user == department.rep and ANNA["phone"] in notice.body and notice.url.startswith("/clients/")


def test_a_message_that_cannot_be_read_begins_the_process_plainly(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*args: object) -> dict[str, object]:
        raise Refused("bad_payload", "internal")

    publish(book("by_form", BY_FORM, around='<message id="m" name="asked"/>'))
    form(department, "by_form")
    monkeypatch.setattr(messaging, "read_payload", unreadable)
    assert Task.objects.get(deal_id=send().deal_id, status="open").element == "plain"


def test_no_stranger_reads_what_is_refused_inside(department: Department) -> None:
    form(department)
    User.objects.filter(pk=department.rep.pk).update(role="delivery")
    taken = send()
    assert taken.deal_id is None and WebFormEntry.objects.exists()
    assert ANNA["phone"] in Notice.objects.get(kind="request").body


def test_a_message_begins_the_process_of_the_deals_branch(department: Department) -> None:
    for key in ("first", "second"):
        publish(book(key, BY_FORM, around='<message id="m" name="asked"/>'))
    branch = of_branch("first")
    client = create_client(
        owner=department.other, contacts=[ContactInput("A")], by=department.other, now=NOW, name="Moscow"
    )
    Deal.objects.update(number=900)

    def begun() -> str:
        came = receive_message(name="asked", source="form", client_id=client.pk, now=NOW)
        assert came.instance_id is not None
        return Instance.objects.select_related("version__process").get(pk=came.instance_id).version.process.key

    assert begun() == "second"
    User.objects.filter(pk=department.other.pk).update(branch=branch)
    assert begun() == "first"
    User.objects.filter(pk=department.other.pk).update(branch=None)
    Process.objects.update(branch=branch)
    kept = receive_message(name="asked", source="form", client_id=client.pk, now=NOW)
    assert kept.status == "waiting" and begin_with_kept(now=NOW) == 0
    User.objects.filter(pk=department.other.pk).update(branch=branch)
    assert begin_with_kept(now=NOW) == 1


def test_the_same_sent_twice_is_one_request(department: Department) -> None:
    form(department)
    first, again, later = send(), send(minutes=5), send(minutes=45)
    assert again.is_repeated and again.deal_id == first.deal_id
    assert (
        not later.is_repeated
        and later.deal_id != first.deal_id
        and Client.objects.filter(name=ANNA["company"]).count() == 1
    )


def test_floods_are_held_back(department: Department) -> None:
    form(department)
    for number in range(10):
        send({"name": "Bot", "email": f"a{number}@example.com"})
    with pytest.raises(TooMany):
        send({"name": "Bot", "email": "b@example.com"})
    assert send({"name": "Man", "email": "man@example.com"}, sender="203.0.113.2").deal_id
    assert send({"name": "Bot", "email": "b@example.com"}, minutes=61).deal_id


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"phone": "+79123456789"}, "name_missing"),
        ({"name": "Anna"}, "contact_missing"),
        ({"name": "Anna", "phone": "12"}, "phone_invalid"),
        ({"name": "Anna", "email": "anna"}, "email_invalid"),
        ({**ANNA, "message": "x" * 4001}, "too_long"),
    ],
)
def test_what_cannot_be_taken_says_why_and_leaves_nothing(
    department: Department, values: dict[str, str], code: str
) -> None:
    form(department)
    before = Client.objects.count()
    with pytest.raises(Refused) as refused:
        send(values)
    assert refused.value.code == code
    assert Client.objects.count() == before and not WebFormEntry.objects.exists()


def test_a_form_out_of_use_takes_nothing(department: Department) -> None:
    kept = form(department)
    given = FormSettings("Our site", "small_sale", department.rep, is_active=False)
    update_form(form=kept, revision=1, given=given, by=department.head, now=NOW)
    with pytest.raises(NotVisible):
        send()
    with pytest.raises(Conflict):
        update_form(form=kept, revision=1, given=given, by=department.head, now=NOW)
    assert [row.is_active for row in form_rows(user=department.head)] == [False] and thanks_of(key="site") == ""


def test_the_head_keeps_forms_and_is_told_what_is_wrong(department: Department) -> None:
    with pytest.raises(Refused) as refused:
        form(department, "nothing", name=" ", owner=None, thanks_url="javascript:alert(1)")
    fields = [one.field for one in (refused.value, *refused.value.also)]
    assert fields == ["name", "process", "owner", "thanks_url"]
    with pytest.raises(Refused):
        create_form(
            key="site", given=FormSettings("Site", "small_sale", department.rep), by=department.rep, now=NOW
        )  # fmt: skip
    form(department, thanks_url="https://example.com/thanks")
    assert thanks_of(key="site") == "https://example.com/thanks"
    assert ("small_sale", "Small sale") in form_processes(user=department.head)
    for key in ("site", "new", "Bad key"):
        with pytest.raises(Refused) as taken:
            create_form(
                key=key, given=FormSettings("Site", "small_sale", department.rep), by=department.head, now=NOW
            )  # fmt: skip
        assert taken.value.field == "key"
    assert Event.objects.get(kind="processes.form.saved").payload["form"] == "site"
    with pytest.raises(NotVisible):
        get_form(user=department.head, key="other")
