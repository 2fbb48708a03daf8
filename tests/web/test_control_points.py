"""Control points and skills are shown where the step is read and done; a check says what is not kept yet."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from kniga.people.services import deactivate_user, update_user
from kniga.processes.models import ProcessVersion
from kniga.processes.services import start_process
from kniga.processes.versions.checking import Checked
from kniga.processes.versions.publishing import publish_version, upload_version
from kniga.processes.versions.version_queries import get_check
from tests.processes.books import book, task
from tests.processes.conftest import NOW, Department
from tests.processes.conftest import department as department

CONTROL = (
    '<kniga:control key="slow" name="Too slow" due="P2D" whom="lead head"><kniga:condition>'
    '{"field": "deal.amount", "op": "gt", "value": "100000"}</kniga:condition>'
    '<kniga:escalate after="PT4H" whom="head"/></kniga:control>'
)


def watched() -> bytes:
    step = task("ask").replace("<kniga:outcome", f"{CONTROL}<kniga:outcome", 1)
    step = step.replace("<userTask ", '<userTask kniga:skill="negotiation" ')
    return book(
        "watched", f'<startEvent id="start"/>{step}<endEvent id="end"/><flows>\nstart -> ask\nask -> end\n</flows>'
    )


def browser(department: Department, language: str = "en") -> Client:
    client = Client(HTTP_ACCEPT_LANGUAGE=language)
    client.force_login(department.head)
    return client


@pytest.fixture
def version(department: Department) -> ProcessVersion:
    return upload_version(xml=watched(), note="", by=None, now=NOW)


def check(department: Department, version: ProcessVersion) -> set[tuple[str, str, str]]:
    return warnings(get_check(user=department.head, version_id=version.pk))


def warnings(checked: Checked) -> set[tuple[str, str, str]]:
    return {(one.code, one.element, one.severity) for one in checked.problems}


def test_a_check_warns_of_what_is_not_kept_yet(department: Department, version: ProcessVersion) -> None:
    told = {("skill_not_known", "ask", "warning")}
    assert told <= warnings(get_check(user=department.head, version_id=version.pk))
    published = publish_version(version_id=version.pk, by=department.head, now=NOW)
    assert (published.status, published.verdict) == ("published", "sound"), "a warning does not hinder"
    assert told <= warnings(get_check(user=department.head, version_id=version.pk))
    file = SimpleUploadedFile("watched.bpmn", watched())
    html = browser(department).post("/processes/upload/", {"file": file, "act": "check"}).content.decode()
    assert "Nobody has the skill “negotiation”" in html


def test_a_check_says_nothing_of_a_skill_that_somebody_has(department: Department, version: ProcessVersion) -> None:
    update_user(user=department.other, skills=["NEGOTIATION"], by=None, now=NOW)
    assert "skill_not_known" not in {code for code, _element, _severity in check(department, version)}
    deactivate_user(user=department.other, by=None, now=NOW)
    assert ("skill_not_known", "ask", "warning") in check(department, version), "a closed account does no steps"


def test_the_book_and_the_task_show_control_points(department: Department, version: ProcessVersion) -> None:
    publish_version(version_id=version.pk, by=None, now=NOW)
    html = browser(department).get("/processes/watched/1/").content.decode()
    assert "Control points" in html and "Too slow: 2 working days, if" in html and "negotiation" in html
    assert "Concerns: Team lead, Head of sales; 4 working hours later: Head of sales." in html
    type(department.deal).objects.update(pipeline=version.process.pipeline)
    started = start_process(deal_id=department.deal.pk, process_key="watched", by=department.rep, now=NOW)
    html = browser(department).get(f"/tasks/{started.created[0]}/").content.decode()
    assert "Too slow: 2 working days, if" in html and "negotiation" in html
    assert "Контрольные точки" in browser(department, "ru").get(f"/tasks/{started.created[0]}/").content.decode()
