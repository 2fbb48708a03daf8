"""Service tasks that make documents: once, frozen, and never with holes."""

from __future__ import annotations

import re
from datetime import time, timedelta
from decimal import Decimal

import pytest
from django.utils import translation

from kniga.catalog.models import Unit
from kniga.catalog.services import create_product
from kniga.clients.models import Client
from kniga.deals.models import Deal, DealLine
from kniga.documents.models import Document, DocumentTemplate
from kniga.documents.services import TemplateText, create_template, update_template
from kniga.platform.errors import Refused
from kniga.platform.models import Event, Organisation
from kniga.platform.working_time import forget_calendar
from kniga.processes.actions.documents import as_plain_text
from kniga.processes.actions.placeholders import filled_in, letter_values
from kniga.processes.background.working import do_work, retry_work
from kniga.processes.models import Instance, Task, Work
from kniga.processes.running.replaying import replay_instance
from kniga.processes.services import undo_completion
from kniga.processes.versions.definitions import forget_definitions
from kniga.processes.versions.publishing import BookRefused
from kniga.processes.versions.version_queries import get_check
from kniga.web.markdown import render_markdown
from tests.processes.books import publish
from tests.processes.conftest import NOW, Department
from tests.processes.test_machine_work import AFTER_UNDO, action, ask, working_book

BODY = "# Offer\n\nFor **{{client.name}}**: {{deal.name}}, {{deal.amount}} {{deal.currency}}"


def template(department: Department, body: str = BODY, key: str = "offer") -> DocumentTemplate:
    return create_template(key=key, text=TemplateText("Offer for {{client.name}}", body), by=department.head, now=NOW)


def with_field(type: str) -> bytes:
    """The book with a process field that takes the document's number."""
    declared = f'<kniga:fields><kniga:field key="document" label="Document" type="{type}"/></kniga:fields>'
    xml = working_book(action("create_document", template="offer"))
    return xml.replace(b"<extensionElements>", f"<extensionElements>{declared}".encode(), 1)


def _killed(*_given: object) -> None:
    raise SystemExit


def test_a_step_makes_a_document_that_stays_as_it_was_made(department: Department) -> None:
    offer = template(department)
    publish(working_book(action("create_document", template="offer")))
    instance_id, _task = ask(department)
    assert do_work(now=NOW + timedelta(seconds=5)) == 0
    assert do_work(now=AFTER_UNDO) == 1
    made = Document.objects.get()
    assert (made.name, made.template_key, made.made_by, made.instance_id) == (
        "Offer for Warehouse", "offer", None, instance_id,
    )  # fmt: skip
    assert made.body == "# Offer\n\nFor **Warehouse**: Racks, 1\u00a0000\u00a0₽"
    assert (made.deal_id, made.client_id) == (department.deal.pk, department.deal.client_id)
    update_template(
        template=offer, revision=1, text=TemplateText("X", "Other"), is_active=True, by=department.head, now=NOW
    )  # fmt: skip
    made.refresh_from_db()
    assert made.body.startswith("# Offer")
    assert Task.objects.get(status="open").element == "after"
    assert Event.objects.get(kind="documents.document.created").instance_id == instance_id
    assert replay_instance(instance_id=instance_id).problem == ""


def test_an_undone_step_makes_nothing(department: Department) -> None:
    template(department)
    publish(working_book(action("create_document", template="offer")))
    _instance, task_id = ask(department)
    undo_completion(task_id=task_id, by=department.rep, now=NOW + timedelta(seconds=8))
    assert do_work(now=AFTER_UNDO) == 0 and not Document.objects.exists()


def test_work_that_is_taken_up_again_makes_one_document(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    template(department)
    publish(working_book(action("create_document", template="offer")))
    ask(department)
    with monkeypatch.context() as killed:
        killed.setattr("kniga.processes.background.working._complete", _killed)
        with pytest.raises(SystemExit):
            do_work(now=AFTER_UNDO)
    assert not Document.objects.exists(), "document and completion are one transaction"
    do_work(now=AFTER_UNDO + timedelta(minutes=3))
    assert Work.objects.get().status == "done"
    Work.objects.update(status="running", attempts=1, next_at=AFTER_UNDO)
    do_work(now=AFTER_UNDO + timedelta(minutes=9))
    assert Document.objects.count() == 1


def test_a_book_that_names_an_unknown_template_is_not_published(department: Department) -> None:
    template(department, key="act")
    with pytest.raises(BookRefused) as refused:
        publish(working_book(action("create_document", template="offer")))
    (problem,) = refused.value.problems
    assert (problem.code, problem.element) == ("unknown_template", "work")
    assert "offer" in problem.message and "act" in problem.cure


def test_the_page_of_a_version_says_which_template_has_gone(department: Department) -> None:
    offer = template(department)
    version = publish(working_book(action("create_document", template="offer")))
    assert not get_check(user=department.head, version_id=version.pk).errors
    update_template(
        template=offer, revision=1, text=TemplateText("X", "Other"), is_active=False, by=department.head, now=NOW
    )  # fmt: skip
    assert [one.code for one in get_check(user=department.head, version_id=version.pk).errors] == ["unknown_template"]


def test_a_template_that_has_gone_is_an_incident_until_it_is_back(department: Department) -> None:
    offer = template(department)
    publish(working_book(action("create_document", template="offer")))
    ask(department)
    DocumentTemplate.objects.update(is_active=False)
    do_work(now=AFTER_UNDO)
    work = Work.objects.get()
    assert (work.status, work.attempts) == ("incident", 1) and "offer" in work.error
    DocumentTemplate.objects.filter(pk=offer.pk).update(is_active=True)
    retry_work(work_id=work.pk, reason="It is back", by=department.head, now=AFTER_UNDO)
    do_work(now=AFTER_UNDO)
    assert Work.objects.get().status == "done" and Document.objects.count() == 1


def test_a_document_with_holes_is_not_made(department: Department) -> None:
    template(department, "Dear {{contact.position}}")
    publish(working_book(action("create_document", template="offer", name="To {{client.inn}}")))
    ask(department)
    with translation.override("en"):
        do_work(now=AFTER_UNDO)
    work = Work.objects.get()
    assert work.status == "incident" and not Document.objects.exists()
    assert "contact's position" in work.error and "client's tax number" in work.error


@pytest.mark.parametrize("type", ["number", "text", "boolean"])
def test_the_process_learns_the_number_where_it_has_a_field_for_it(department: Department, type: str) -> None:
    template(department)
    publish(with_field(type))
    instance_id, _task = ask(department)
    do_work(now=AFTER_UNDO)
    assert Work.objects.get().status == "done"
    forget_definitions()
    data = Instance.objects.get(pk=instance_id).data
    learned = str(Document.objects.get().pk) in str(data.get("document", ""))
    assert learned is (type != "boolean")
    assert replay_instance(instance_id=instance_id).problem == ""


NASTY = [
    "<script>alert(1)</script>", "[click](https://example.com)", "# big", "1. one", "- one", "a*b*c", "| a |", "`x`",
    "---", "===", "+7 999 000-00-00", "3.5", "&lt;", "![x](y)", "~~gone~~", "    code", "a\\b", "<https://a.b>",
]  # fmt: skip


@pytest.mark.parametrize("value", NASTY)
def test_what_people_typed_never_becomes_markup(department: Department, value: str) -> None:
    Client.objects.update(name=value)
    template(department, "Dear {{client.name}}")
    publish(working_book(action("create_document", template="offer")))
    ask(department)
    do_work(now=AFTER_UNDO)
    shown = str(render_markdown(Document.objects.get().body))
    escaped = value.strip().replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert shown.strip() == f"<p>Dear {escaped}</p>"
    alone = str(render_markdown(as_plain_text(value))).strip()
    assert alone == f"<p>{escaped}</p>"
    below = str(render_markdown("Dear\n" + as_plain_text(value))).strip()
    assert below == f"<p>Dear<br>\n{escaped}</p>"


@pytest.mark.parametrize("place", ["deal.amonut", "deal amount", "client"])
def test_a_template_that_speaks_of_what_nobody_knows_is_refused(department: Department, place: str) -> None:
    with pytest.raises(Refused, match=r"client\.name") as refused:
        template(department, "For {{" + place + "}}")
    assert (refused.value.code, refused.value.field) == ("placeholder_unknown", "body")
    assert place in refused.value.message
    template(department, "For {{ client.name }}, {{answer.budget}}")
    assert DocumentTemplate.objects.count() == 1


@pytest.mark.parametrize("text", ["{{client.name", "{{client.name}", "client.name}}", "{% if client %}"])
def test_braces_that_would_go_out_as_they_stand_are_refused(department: Department, text: str) -> None:
    with pytest.raises(Refused, match=re.escape(text[:6])) as refused:
        template(department, f"For {{{{client.name}}}}: {text} 1 {{or}} 2")
    assert refused.value.field == "body"
    template(department, "For {{client.name}}: {1} 5 % {or} 2")


@pytest.mark.parametrize(("language", "amount"), [("ru", "7\u00a0000\u00a0₽"), ("en", "₽7,000")])
def test_amounts_are_written_as_the_language_writes_them(department: Department, language: str, amount: str) -> None:
    Deal.objects.update(amount=Decimal("7000.00"))
    instance_id, _task = _asked(department)
    with translation.override(language):
        values = letter_values(instance_id=instance_id, contact=None, now=NOW)
        assert values["deal.amount"] == amount
        assert filled_in("{{deal.amount}} {{ deal.currency }}, {{deal.amount}}", values) == f"{amount}, {amount}"


def test_the_deals_lines_stand_as_a_table_with_their_sum(department: Department) -> None:
    unit = Unit.objects.create(code="a_set", name="set")
    for name, price in (("Rack | P90 *new*", 1000), ("Guard", 27)):
        product = create_product(name=name, unit=unit, price=Decimal(price), by=department.head, now=NOW)
        DealLine.objects.create(
            deal=department.deal, position=price, product=product, unit=unit, quantity=2, price=price, amount=2 * price
        )  # fmt: skip
    template(department, "# Invoice of {{today}}\n\n{{deal.lines}}\n\nThank you")
    publish(working_book(action("create_document", template="offer")))
    instance_id, _task = ask(department)
    do_work(now=AFTER_UNDO)
    html: str = render_markdown(Document.objects.get().body)
    assert '<td class="k-num">54&nbsp;₽</td>' in html and "Rack | P90 *new*" in html and "<p>Thank you</p>" in html
    assert '<td class="k-num"><strong>2&nbsp;054&nbsp;₽</strong></td>' in html and "Скидка" not in html
    with translation.override("en"):
        text = letter_values(instance_id=instance_id, contact=None, now=NOW)["deal.lines"]
    assert text == "1. Guard: 2 set × ₽27 = ₽54\n2. Rack | P90 *new*: 2 set × ₽1,000 = ₽2,000\nTotal: ₽2,054"


@pytest.mark.parametrize(
    ("language", "unit", "day"), [("ru", "2 компл.", "02.03.2026"), ("en", "2 sets", "2 March 2026")]
)
def test_units_and_days_are_written_as_the_language_writes_them(
    department: Department, language: str, unit: str, day: str
) -> None:
    product = create_product(name="Rack", unit="set", by=department.head, now=NOW)
    DealLine.objects.create(
        deal=department.deal, position=1, product=product, unit=product.unit, quantity=2, price=5, amount=10
    )
    instance_id, _task = _asked(department)
    with translation.override(language):
        values = letter_values(instance_id=instance_id, contact=None, now=NOW)
    assert unit in values["deal.lines"] and values["today"] == day


def _asked(department: Department) -> tuple[int, int]:
    template(department)
    publish(working_book(action("create_document", template="offer")))
    return ask(department)


def test_today_is_the_day_of_the_organisation_whatever_zone_the_worker_has(department: Department) -> None:
    hours = {"work_starts": time(9), "work_ends": time(18)}
    Organisation.objects.update_or_create(id=1, defaults={"time_zone": "Asia/Vladivostok", **hours})
    forget_calendar()
    instance_id, _task = _asked(department)
    late = NOW.replace(hour=20)  # already tomorrow in Vladivostok
    values = letter_values(instance_id=instance_id, contact=None, now=late)
    assert values["today"] == f"{late + timedelta(days=1):%d.%m.%Y}"
