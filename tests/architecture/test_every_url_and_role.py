"""Every page and every operation of the API × every role × own and foreign objects, and nobody at all.

Foreign objects are 404 like missing ones, strangers are sent to sign in, a refusal leaves no trace in any table.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.http import HttpResponse
from django.test import Client as Browser
from django.urls import get_resolver, reverse

from kniga.catalog.services import create_product
from kniga.clients.contact_services import ContactInput
from kniga.clients.services import create_client
from kniga.documents.letter_services import keep_letter
from kniga.documents.services import TemplateText, create_document, create_template
from kniga.imports.setup import bring_file
from kniga.mailboxes.models import ReceivedLetter
from kniga.mailboxes.services import MailboxSettings, create_mailbox
from kniga.people.models import Branch, Team, User
from kniga.people.notice_kinds import DEVIATION
from kniga.people.notices import notify
from kniga.people.tokens import create_token
from kniga.platform import clock
from kniga.platform.sqlparts import rows_of
from kniga.platform.working_time import forget_calendar
from kniga.processes.acts.act_planning import plan_act
from kniga.processes.acts.scopes import Scope
from kniga.processes.drafts.drafting import discard_draft, draft_from_scratch, draft_of_version
from kniga.processes.forms.web_forms import FormSettings, create_form
from kniga.processes.models import Task, Work
from kniga.processes.models.control import Deviation
from kniga.processes.opening import open_deal
from kniga.processes.versions.definitions import forget_definitions
from kniga.processes.versions.publishing import publish_version, upload_version
from tests.architecture.access_table import EVERYBODY, OPEN_PAGES, OPERATIONS, PAGES, Line
from tests.architecture.test_pages_are_guarded import pages
from tests.processes.conftest import SMALL_SALE

LET_IN = frozenset({200, 201, 202, 204, 302, 303, 400, 409, 412, 422, 428})
_MATERIALS = b'<kniga:material template="offer"/><kniga:material kind="letter" template="hello"/>'
WITH_MATERIALS = SMALL_SALE.replace(b"<kniga:outcome", _MATERIALS + b"<kniga:outcome", 1)
_TABLES = """
SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
AND table_name NOT LIKE 'platform_event_%%' AND table_name NOT IN ('django_session', 'platform_cache')
"""


@dataclass
class World:
    """Objects of the rep, and somebody of every kind to ask for them."""

    people: dict[str, User]
    ids: dict[str, Any]

    def browser(self, who: str | None) -> Browser:
        browser = Browser(raise_request_exception=False, headers={"Accept-Language": "en"})
        if who:
            browser.force_login(self.people[who])
        return browser

    def arguments(self, names: set[str]) -> dict[str, Any]:
        return {name: self.ids[name] for name in names}


@pytest.fixture
def world(db: None) -> Iterator[World]:
    forget_definitions()
    forget_calendar()
    yield make_world()
    forget_definitions()
    forget_calendar()


def make_world() -> World:
    now = clock.now()
    here, there = Branch.objects.create(name="Here"), Branch.objects.create(name="There")
    people: dict[str, User] = {}

    def add(key: str, role: str, branch: Branch | None = here, team: Team | None = None) -> User:
        people[key] = User.objects.create_user(f"{key}@example.com", name=key, role=role, branch=branch, team=team)
        return people[key]

    team = Team.objects.create(name="One", branch=here, lead=add("lead", "lead"))
    Team.objects.create(name="Two", branch=here, lead=add("other_lead", "lead"))
    rep = add("rep", "rep", here, team)
    add("other_rep", "rep")
    add("head", "head")
    add("other_head", "head", there)
    add("owner", "owner", None)
    administrator = add("administrator", "administrator", None)
    add("delivery", "delivery")
    add("support", "support")
    template = create_template(
        key="offer", text=TemplateText("Offer", "For {{client.name}}"), by=administrator, now=now
    )
    hello = TemplateText("Hello", "Dear {{client.name}}", subject="Hello")
    create_template(key="hello", kind="letter", text=hello, by=administrator, now=now)
    version = upload_version(xml=WITH_MATERIALS, note="", by=None, now=now)
    publish_version(version_id=version.pk, by=None, now=now)
    client = create_client(owner=rep, by=rep, now=now, name="Warehouse", contacts=[ContactInput("Anna")])
    product = create_product(by=administrator, now=now, name="Rack")
    deal_id = open_deal(client=client, process_key="small_sale", by=rep, now=now)
    task = Task.objects.get(deal_id=deal_id)
    work = Work.objects.create(
        instance_id=task.instance_id, token=99, element="call", action="send_letter", status="incident", next_at=now,
        created_at=now,
    )  # fmt: skip
    with tempfile.NamedTemporaryFile(suffix=".csv") as table:
        Path(table.name).write_bytes(b"name\nA\n")
        job = bring_file(kind="clients", file_name="a.csv", path=Path(table.name), by=people["head"], now=now)
    act = plan_act(kind="suspend", scope=Scope("small_sale"), reason="x", by=people["lead"], now=now)
    draft = draft_of_version(version_id=version.pk, by=people["head"], now=now)
    discarded = draft_from_scratch(name="Dropped", kind="sale", by=people["head"], now=now)
    discard_draft(draft_id=discarded.pk, by=people["head"], now=now)
    document = create_document(deal_id=deal_id, template=template, name="", body="Dear *you*", by=None, now=now)
    form = create_form(key="site", given=FormSettings("Site", "small_sale", rep), by=administrator, now=now)
    letter = keep_letter(
        deal_id=deal_id, template_key="", to="a@example.com", subject="Hello", body="Good day", by=rep, now=now
    )
    mailbox = create_mailbox(given=mailbox_settings(rep), by=administrator, now=now)
    received = ReceivedLetter.objects.create(
        mailbox=mailbox, uid_validity=1, uid=1, digest="1", kind="letter", place="client", client=client,
        sender="anna@example.com", subject="Hello", body="Good day", came_at=now, taken_at=now,
    )  # fmt: skip
    deviation = Deviation.objects.create(
        instance_id=task.instance_id, token=task.token, process=act.process, deal_id=deal_id, element=task.element,
        step=task.name, point="late", name="Late", raised_at=now, at_risk=1000,
    )  # fmt: skip
    notify(user_ids=[people["head"].pk], kind=DEVIATION, title="Late", now=now)
    ids = {
        "client_id": client.pk, "contact_id": client.contacts.get().pk, "deal_id": deal_id, "task_id": task.pk,
        "product_id": product.pk, "job_id": job.pk, "user_id": rep.pk, "team_id": team.pk, "stage_id": task.stage_id,
        "key": "small_sale", "number": 1, "work_id": work.pk, "instance_id": task.instance_id, "act_id": act.pk,
        "document_id": document.pk, "letter_id": letter.pk, "letter_key": "hello", "form_key": form.key,
        "template_key": template.key, "gallery_key": "b2b_sale",
        "mailbox_id": mailbox.pk, "received_id": received.pk,
        "draft_id": draft.pk, "discarded_id": discarded.pk, "deviation_id": deviation.pk,
        "notice_id": people["head"].notices.get().pk,
    }  # fmt: skip
    return World(people, ids)


def mailbox_settings(owner: User) -> MailboxSettings:
    """A mailbox on this machine where no server listens."""
    return MailboxSettings(
        "Sales", "sales@example.com", "127.0.0.1", "sales", "secret", port=1, security="none",
        process_key="small_sale", owner=owner,
    )  # fmt: skip


@contextmanager
def forgotten() -> Iterator[None]:
    """Whatever the block writes is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def traces(tables: list[str]) -> list[Any]:
    """A digest of every table."""
    parts = [f"SELECT '{name}', count(*), sum(hashtextextended(t::text, 0)) FROM {name} t" for name in tables]
    return rows_of(" UNION ALL ".join(parts), [])


def verdict(line: Line, who: str | None, response: HttpResponse, *, is_api: bool) -> str | None:
    """What is wrong with an answer; None when it is right."""
    status = response.status_code
    goes_to_sign_in = status == 302 and "/accounts/login/" in response.headers.get("Location", "")
    if who is None:
        right = status == 401 if is_api else goes_to_sign_in
        return None if right else f"a stranger got {status}"
    if who in line.sees and who in line.may:
        return None if status in LET_IN and not goes_to_sign_in else f"should be let in, got {status}"
    if status in line.told and who in line.sees:
        return None
    wanted = {404} if who in line.may else {403, 404}
    return None if status in wanted else f"should be refused, got {status}"


def test_every_page_has_a_line() -> None:
    found = dict(pages(get_resolver().url_patterns))
    assert set(found) - OPEN_PAGES == set(PAGES)


def test_every_operation_has_a_line() -> None:
    from kniga.api.urls import api

    document = api.get_openapi_schema()
    found = {
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, methods in document["paths"].items()
        for method in methods
    }
    assert found == set(OPERATIONS)


def test_every_page_lets_in_whom_it_should_and_refuses_others_without_a_trace(world: World) -> None:
    found = dict(pages(get_resolver().url_patterns))
    browsers = {who: world.browser(who) for who in [None, *sorted(EVERYBODY)]}
    tables = [name for (name,) in rows_of(_TABLES, [])]
    wrong = []
    for name, line in PAGES.items():
        path = reverse(name, kwargs=world.arguments(set(found[name].pattern.converters)))
        form = {key: world.ids["user_id"] if value == "{user}" else value for key, value in line.body.items()}
        for method in line.methods.split():
            for who, browser in browsers.items():
                ask = partial(browser.get, path + line.query) if method == "GET" else partial(browser.post, path, form)
                wrong += [f"{method} {name} by {who}: {said}" for said in _judge(line, who, ask, tables, is_api=False)]
    assert not wrong, "\n".join(wrong)


def test_every_operation_lets_in_whom_it_should_and_refuses_others_without_a_trace(world: World) -> None:
    now = clock.now()
    keys: dict[str | None, str] = {
        who: create_token(user=user, name="test", scopes=["all"], by=None, now=now).secret
        for who, user in world.people.items()
    }
    keys[None] = ""
    for key in keys.values():
        # The first use of a key is noted; that is no trace of what was asked.
        Browser().get("/api/v1/token", headers={"Authorization": f"Bearer {key}"})
    tables = [name for (name,) in rows_of(_TABLES, [])]
    wrong = []
    with clock.running_on(clock.VirtualClock(now)):  # a minute later the use of a key would be noted anew
        for name, line in OPERATIONS.items():
            for who, key in keys.items():
                wrong += [
                    f"{name} by {who}: {said}"
                    for said in _judge(line, who, partial(_send, world, name, line, key), tables, is_api=True)
                ]
    assert not wrong, "\n".join(wrong)


def _judge(line: Line, who: str | None, ask: Any, tables: list[str], *, is_api: bool) -> list[str]:
    is_refused = who is None or who not in line.sees or who not in line.may
    with forgotten():
        before = traces(tables) if is_refused else []
        response = ask()
        said = [verdict(line, who, response, is_api=is_api)]
        if is_refused and traces(tables) != before:
            said.append("the refusal left a trace")
    return [text for text in said if text]


def _send(world: World, name: str, line: Line, key: str) -> HttpResponse:
    method, _space, path = name.partition(" ")
    headers = {"Accept-Language": "en", "If-Match": '"1"'}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    path = "/api/v1" + path.format(**world.ids) + line.query
    browser = Browser(raise_request_exception=False)
    if line.file:
        content = SMALL_SALE if "processes" in path else b"name\nA\n"
        given = {**line.body, line.file: SimpleUploadedFile("file", content)}
        return browser.post(path, given, headers=headers)  # type: ignore[return-value]
    text = json.dumps(line.body).replace('"{user}"', str(world.ids["user_id"]))
    text = text.replace('"{client}"', str(world.ids["client_id"]))
    data = text if method in {"POST", "PUT", "PATCH"} else ""
    return browser.generic(method, path, data, content_type="application/json", headers=headers)  # type: ignore[return-value]
