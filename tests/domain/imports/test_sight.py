"""An import reaches no further than the person who runs it: rights, branches, foreign clients and deals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError
from django.utils import translation

from kniga.clients.models import Client, Contact, Ownership
from kniga.imports import jobs, queries, services
from kniga.imports.models import ImportJob, JobStatus
from kniga.imports.options import Options
from kniga.imports.report import Report
from kniga.imports.services import ImportStopped, check_job, import_file, new_job
from kniga.imports.undoing import undo_job
from kniga.people.models import Branch, Team, User
from kniga.platform.errors import NotVisible
from tests.domain.department import NOW, Department

Bring = Callable[..., Report]


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def bring(tmp_path: Path) -> Bring:
    """Import a text as a file; a stopped import gives its report too."""

    def brought(kind: str, text: str, by: User, **options: Any) -> Report:
        path = tmp_path / "table.csv"
        path.write_text(text)
        try:
            return import_file(kind=kind, path=path, options=Options(**options), by=by, now=NOW).report
        except ImportStopped as stopped:
            return stopped.report

    return brought


def done(report: Report) -> dict[str, int]:
    return {action: count for action, count in report.counts.items() if count}


def people() -> set[tuple[Any, ...]]:
    return set(User.objects.values_list("name", "email", "role", "branch__name", "team__name"))


@pytest.mark.parametrize(
    "row",
    [
        "Mallory,m@evil.test,administrator,Москва",
        "Mallory,m@evil.test,owner,",
        "Mallory,m@evil.test,rep,Казань",
        "Mallory,m@evil.test,rep,Новый филиал",
        "Olga,,,",
        "Nobody,olga@kniga.test,rep,",
        "Vera,vera@kniga.test,,Москва",
        "Boris,boris@kniga.test,owner,",
    ],
)
def test_a_head_of_a_branch_neither_gives_high_roles_nor_touches_people_of_others(
    house: Department, bring: Bring, row: str
) -> None:
    before = people()
    assert done(bring("users", f"name,email,role,branch\n{row}\n", house.hanna)) == {"error": 1}
    assert people() == before and Branch.objects.count() == 2


def test_a_head_of_all_branches_gives_no_high_role_either(house: Department, bring: Bring) -> None:
    User.objects.filter(pk=house.hanna.pk).update(branch=None)
    hanna = User.objects.get(pk=house.hanna.pk)
    assert done(bring("users", "name,email,role\nOlga,olga@kniga.test,rep\nM,m@evil.test,owner\n", hanna)) == {
        "error": 2
    }
    assert done(bring("users", "name,email,branch\nNew,new@kniga.test,Казань\n", hanna)) == {"create": 1}


def test_people_a_head_of_a_branch_brings_come_into_it_with_leads_of_it(house: Department, bring: Bring) -> None:
    text = "name,email,manager\nNew,new@kniga.test,Vera\nBoris,boris@kniga.test,Vera\n"
    assert done(bring("users", text, house.hanna)) == {"create": 1, "update": 1}
    team = Team.objects.get(name="Vera")
    assert team.branch == house.moscow and team.lead is not None and team.lead != house.vera
    assert User.objects.get(email="new@kniga.test").branch == house.moscow


def test_the_owner_brings_anybody(house: Department, bring: Bring) -> None:
    text = "name,email,role,branch\nVera,vera@kniga.test,head,Казань\nM,m@kniga.test,administrator,Тверь\n"
    assert done(bring("users", text, house.olga)) == {"create": 1, "update": 1}


def test_an_address_somebody_else_signs_in_with_is_a_conflict(house: Department, bring: Bring) -> None:
    User.objects.filter(pk=house.boris.pk).update(external_key="7")
    text = "id,name,email\n7,Boris,vera@kniga.test\n8,New,anna@kniga.test\n"
    assert done(bring("users", text, house.olga)) == {"conflict": 2}


def test_foreign_clients_and_contacts_are_neither_shown_nor_changed(house: Department, bring: Bring) -> None:
    foreign = house.client("Чужая", house.vera, note="secret", external_key="k1")
    text = "id,name,note\nk1,Чужая,mine now\n"
    report = bring("clients", text, house.hanna)
    assert done(report) == {"error": 1}
    assert "secret" not in str(report)
    assert done(bring("contacts", "client,name\nЧужая,Anna\n", house.hanna)) == {"error": 1}
    foreign.refresh_from_db()
    assert foreign.note == "secret" and not Contact.objects.filter(client=foreign).exists()
    assert done(bring("clients", text, house.olga)) == {"update": 1}


def test_a_foreign_client_is_no_parent_and_a_foreign_person_no_owner(house: Department, bring: Bring) -> None:
    house.client("Чужая", house.vera)
    text = "name,parent,owner\nНаша,Чужая,\nИхняя,,Vera\n"
    assert done(bring("clients", text, house.hanna)) == {"error": 2}


def test_what_has_no_owner_belongs_to_the_head_who_brings_it(house: Department, bring: Bring) -> None:
    assert done(bring("clients", "name\nНаша\n", house.hanna)) == {"create": 1}
    assert done(bring("clients", "name\nНаша\n", house.hanna)) == {"same": 1}
    ours = Client.objects.get(name="Наша")
    assert ours.owner == house.hanna and Ownership.objects.get(client=ours).owner == house.hanna
    contacts = "client,name\nДругая,Anna\n"
    assert done(bring("contacts", contacts, house.hanna, create_missing=("client",))) == {"create": 1}
    assert Client.objects.get(name="Другая").owner == house.hanna
    job = ImportJob.objects.latest("id")
    undo_job(job=job, by=house.hanna, now=NOW)
    assert not Client.objects.filter(name="Другая").exists()


def test_a_head_of_a_branch_sees_the_imports_of_its_people_only(house: Department) -> None:
    made = [
        new_job(kind="clients", file_name="a.csv", options=Options(), by=by, now=NOW)
        for by in (house.olga, house.hanna, None)
    ]
    assert [line.id for line in queries.jobs_page(user=house.hanna)] == [made[1].pk]
    with pytest.raises(NotVisible):
        queries.get_visible_job(user=house.hanna, id=made[0].pk)
    assert len(queries.jobs_page(user=house.olga)) == 3
    assert queries.jobs_page(user=house.boris) == []


def test_an_unexpected_failure_is_noted_on_the_job_which_can_be_tried_again(
    house: Department, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("name\nA\n")
    job = new_job(kind="clients", file_name="a.csv", options=Options(), by=house.olga, now=NOW, chunks=[b"name\nA\n"])
    check_job(job=job, path=path, by=house.olga, now=NOW)
    jobs.queue_job(job=job, by=house.olga)

    def broken(**_given: object) -> None:
        raise DatabaseError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(services, "apply_job", broken)
        jobs.carry_out(job_id=job.pk, by=house.olga, now=NOW)
    job.refresh_from_db()
    assert job.status == JobStatus.REFUSED and job.problem
    jobs.queue_job(job=job, by=house.olga)
    jobs.carry_out(job_id=job.pk, by=house.olga, now=NOW)
    job.refresh_from_db()
    assert job.status == JobStatus.APPLIED
