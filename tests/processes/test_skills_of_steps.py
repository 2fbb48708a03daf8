"""A step that asks for a skill goes to somebody who has it, whatever way it comes about."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from kniga.deals.models import Deal
from kniga.people.models import Branch, User
from kniga.people.services import create_user, deactivate_user, update_user
from kniga.processes.drafts.draft_queries import draft_catalog
from kniga.processes.models import Task
from kniga.processes.running.bulk import start_many
from kniga.processes.services import complete_task, start_process
from tests.processes.books import book, publish, task
from tests.processes.conftest import NOW, Department


def asking(key: str, rule: str = "owner", skill: str = "Английский язык ещё", first: str = "") -> bytes:
    """A process whose step `ask` goes by this rule to somebody with this skill, at once or after a step `first`."""
    step = task("ask", assignee=rule).replace("<userTask ", f'<userTask kniga:skill="{skill}" ')
    way = f"start -> {first}\n{first} -> ask" if first else "start -> ask"
    before = task(first) if first else ""
    return book(key, f'<startEvent id="start"/>{before}{step}<endEvent id="end"/><flows>\n{way}\nask -> end\n</flows>')


def person(name: str, role: str = "rep", skill: str = "английский  ЯЗЫК еще", **place: Any) -> User:
    return create_user(
        email=f"{name.replace(' ', '.')}@skills.example.com",
        name=name,
        role=role,
        skills=[skill] if skill else [],
        by=None,
        now=NOW,
        **place,
    )


def learns(user: User) -> None:
    update_user(user=user, skills=["английский язык еще"], by=None, now=NOW)


def more_deals(department: Department, count: int) -> list[int]:
    """Deals like the department's, with numbers of their own."""
    deals = []
    for number in range(count):
        deal = Deal.objects.get(pk=department.deal.pk)
        deal.pk, deal.number, deal.stage = None, 100 * Deal.objects.count() + number, None
        deals.append(deal)
    return [deal.pk for deal in Deal.objects.bulk_create(deals)]


def busy(user: User, department: Department, tasks: int = 1) -> None:
    """Open tasks for a person, of other deals."""
    for deal_id in more_deals(department, tasks):
        started = start_process(deal_id=deal_id, process_key="small_sale", by=None, now=NOW)
        Task.objects.filter(pk__in=started.created).update(assignee=user)


def goes_to(department: Department, rule: str) -> str:
    """Whose the step is when the department's deal comes to it."""
    key = f"asks_{rule.replace(':', '_')}"
    version = publish(asking(key, rule))
    Deal.objects.filter(pk=department.deal.pk).update(pipeline=version.process.pipeline)
    started = start_process(deal_id=department.deal.pk, process_key=key, by=None, now=NOW)
    return Task.objects.values_list("assignee__name", flat=True).get(pk=started.created[0]) or ""


@pytest.mark.parametrize(("rule", "name"), [("owner", "Roman"), ("lead", "Lena"), ("head", "Hanna"), ("role:rep", "")])
def test_without_anybody_who_has_the_skill_the_rule_decides_alone(department: Department, rule: str, name: str) -> None:
    elsewhere = Branch.objects.create(name="Kazan")
    person("Far", branch=elsewhere)
    person("Other", skill="negotiation", branch=department.rep.branch)
    assert goes_to(department, rule) == (name or "Roman")


@pytest.mark.parametrize(("rule", "name"), [("owner", "Roman"), ("lead", "Lena"), ("head", "Hanna")])
def test_whom_the_rule_names_is_taken_however_busy_if_they_have_the_skill(
    department: Department, rule: str, name: str
) -> None:
    named = User.objects.get(name=name)
    learns(named)
    person("Idle", role=named.role, branch=named.branch)
    busy(named, department, 2)
    assert goes_to(department, rule) == name


def test_the_step_of_an_owner_goes_to_their_team_before_their_branch(department: Department) -> None:
    learns(department.other)
    person("Mate", team=department.rep.team)
    person("Lead", role="lead", branch=department.rep.branch)
    busy(User.objects.get(name="Mate"), department, 2)
    assert goes_to(department, "owner") == "Mate"


def test_of_several_the_one_with_the_fewest_open_tasks_is_taken_then_the_oldest(department: Department) -> None:
    branch = department.rep.branch
    first, second, third = (person(name, branch=branch) for name in ("First", "Second", "Third"))
    busy(first, department)
    assert goes_to(department, "owner") == "Second"
    deactivate_user(user=second, by=None, now=NOW)
    assert third.pk > first.pk
    assert goes_to_again(department, "owner") == "Third", "a closed account gets nothing"


def goes_to_again(department: Department, rule: str) -> str:
    [deal_id] = more_deals(department, 1)
    started = start_process(deal_id=deal_id, process_key=f"asks_{rule}", by=None, now=NOW)
    return Task.objects.values_list("assignee__name", flat=True).get(pk=started.created[0]) or ""


@pytest.mark.parametrize("rule", ["lead", "head", "role:support"])
def test_a_rule_that_names_a_role_takes_somebody_of_that_role(department: Department, rule: str) -> None:
    role = rule.removeprefix("role:")
    learns(department.other)
    person("Whole company", role=role)
    person("Same office", role=role, branch=department.rep.branch)
    person("Idle", role=role, skill="", branch=department.rep.branch)
    busy(User.objects.get(name="Same office"), department)
    assert goes_to(department, rule) == "Same office", "the branch comes before those of none"


def test_the_step_of_somebody_who_has_left_goes_to_a_rep_who_can(department: Department) -> None:
    person("Mate", team=department.rep.team)
    deactivate_user(user=department.rep, by=None, now=NOW)
    assert goes_to(department, "owner") == "Mate", "not to the lead, who cannot"


def test_many_started_at_once_are_dealt_out_among_those_who_can(department: Department) -> None:
    version = publish(asking("many"))
    branch = department.rep.branch
    deals = more_deals(department, 9)
    Deal.objects.filter(pk__in=deals[:2]).update(owner=department.other)
    Deal.objects.filter(pk=deals[2]).update(owner=person("Elsewhere", skill="", branch=Branch.objects.create(name="K")))
    learns(department.other)
    for name in ("Mate", "Pal"):
        person(name, team=department.rep.team)
    person("Idle", branch=branch)
    start_many(version_id=version.pk, entries=[(deal, None) for deal in deals], actor_id=None, now=NOW)
    whose = dict(Task.objects.values_list("deal_id", "assignee__name"))
    assert [whose[deal] for deal in deals[:3]] == ["Olga", "Olga", "Elsewhere"]
    assert Counter(whose[deal] for deal in deals[3:]) == {"Mate": 3, "Pal": 3}


def test_a_step_without_a_skill_takes_no_statement_more_and_one_with_it_takes_one(
    department: Department, sql_log: Any
) -> None:
    taken = {}
    for key, skill in (("first", ""), ("plain", ""), ("skilled", "english")):
        version = publish(asking(key, skill=skill, first="before"))
        Deal.objects.filter(pk=department.deal.pk).update(pipeline=version.process.pipeline)
        [deal_id] = more_deals(department, 1)
        started = start_process(deal_id=deal_id, process_key=key, by=None, now=NOW)
        with sql_log() as log:
            complete_task(task_id=started.created[0], outcome="ok", answers={}, by=department.rep, now=NOW)
        taken[key] = len(log)
    del taken["first"]  # what the first step of all reads, such as the calendar, is kept for the next
    assert taken == {"plain": 2, "skilled": 3}


def test_the_designer_offers_the_skills_of_people_and_of_steps(department: Department) -> None:
    publish(asking("asks", skill="Negotiation"))
    publish(asking("asks_too", skill="english"))
    update_user(user=department.rep, skills=["English", "лёд"], by=None, now=NOW)
    update_user(user=department.other, skills=["closed"], by=None, now=NOW)
    deactivate_user(user=department.other, by=None, now=NOW)
    assert draft_catalog(user=department.head).skills == ("English", "Negotiation", "лёд")
