"""A step that was split: by a condition, some of its deals go to one of the new steps, the others to another."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest
from django.utils.translation import override

from kniga.engine import compile_bpmn
from kniga.people.models import User
from kniga.platform.errors import Refused
from kniga.processes.acts.act_planning import change_move, plan_move
from kniga.processes.acts.act_queries import act_counts
from kniga.processes.acts.acting import begin_act, begin_undo, carry_out
from kniga.processes.acts.scopes import Scope
from kniga.processes.acts.splitting import SplitAsked, read_split, split_choices, split_fields
from kniga.processes.models import BulkAct, ProcessVersion, Task
from kniga.processes.running.reading import read_instances
from kniga.processes.running.replaying import replay_all
from kniga.processes.versions.definitions import runnable_version
from tests.processes.conftest import NOW, SMALL_SALE
from tests.processes.moving import KEY, publish_second, run_deals, two_teams

Team = tuple[User, User, User]
MAPPING = {"visit": "call", "contract": "draft"}
BIG = SplitAsked("deal.amount", "gt", "1 004", "sign")


@pytest.fixture
def team(db: None) -> Team:
    head, first, second = two_teams()
    run_deals([first, second], 8, head)
    publish_second()
    return head, first, second


def prepared(head: User, **splits: SplitAsked) -> BulkAct:
    act = plan_move(scope=Scope(KEY, 1), target=2, reason="new book", mapping=MAPPING, by=head, now=NOW)
    return change_move(act_id=act.pk, mapping=MAPPING, splits=splits, by=head, now=NOW)


def standing() -> Counter[str]:
    return Counter(Task.objects.filter(status="open").values_list("element", flat=True))


def counts(act: BulkAct) -> dict[str, int]:
    return {key: number for key, number in act_counts(act).items() if number}


def test_those_that_meet_the_condition_go_elsewhere_and_all_come_back(team: Team) -> None:
    head, _first, _second = team
    before = standing()
    act = prepared(head, contract=BIG)
    assert counts(act) == {"fits": 8}
    begin_act(act_id=act.pk, by=head, now=NOW)
    carry_out(act_id=act.pk, clock=lambda: NOW)
    assert standing() == {"call": 4, "proposal": 2, "draft": 1, "sign": 1}
    assert Task.objects.get(element="sign", status="open").deal.amount == Decimal(1_007)
    assert not [one.problem for one in replay_all() if one.problem]
    begin_undo(act_id=act.pk, reason="too early", by=head, now=NOW)
    carry_out(act_id=act.pk, clock=lambda: NOW)
    assert standing() == before
    again = plan_move(scope=Scope(KEY, 1), target=2, reason="again", by=head, now=NOW)
    assert again.splits == act.splits, "what was decided is proposed again"
    named = plan_move(scope=Scope(KEY, 1), target=2, reason="x", mapping={"contract": "draft"}, by=head, now=NOW)
    assert named.splits == {}, "an element that is named goes where the mapping says, all of its deals"


def test_who_does_not_meet_it_still_needs_a_choice(team: Team) -> None:
    head, _first, _second = team
    act = plan_move(scope=Scope(KEY, 1), target=2, reason="x", by=head, now=NOW)
    act = change_move(act_id=act.pk, mapping={"visit": "call"}, splits={"contract": BIG}, by=head, now=NOW)
    assert counts(act) == {"fits": 7, "choice": 1}
    act = change_move(act_id=act.pk, mapping={}, splits={"contract": SplitAsked("", "eq", "", "")}, by=head, now=NOW)
    assert counts(act) == {"fits": 6, "choice": 2} and act.splits == {}, "without a field there is no split"


def test_a_single_choice_is_stronger_than_the_condition(team: Team) -> None:
    head, _first, _second = team
    act = prepared(head, contract=BIG)
    row = act.rows.get(instance__deal__amount=1_007)
    change_move(act_id=act.pk, mapping={}, choices={row.pk: {"contract": "draft"}}, by=head, now=NOW)
    begin_act(act_id=act.pk, by=head, now=NOW)
    carry_out(act_id=act.pk, clock=lambda: NOW)
    assert standing()["draft"] == 2


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (SplitAsked("nonsense", "eq", "1", "sign"), "Choose by which field"),
        (SplitAsked("deal.amount", "within", "1", "sign"), "Choose by which field"),
        (SplitAsked("deal.amount", "gt", "1", ""), "Choose where the deals"),
        (SplitAsked("deal.amount", "gt", "", "sign"), "Write what “Deal amount” is compared with"),
        (SplitAsked("deal.amount", "gt", "much", "sign"), "number"),
        (SplitAsked("client.is_customer", "gt", "yes", "sign"), "cannot be compared so"),
    ],
)
def test_what_cannot_be_compared_is_said_at_the_step(team: Team, asked: SplitAsked, said: str) -> None:
    with override("en"), pytest.raises(Refused) as refused:
        prepared(team[0], contract=asked)
    assert said in refused.value.message and refused.value.field == "split:contract"


def test_a_split_leads_only_to_an_element_of_the_same_kind(team: Team) -> None:
    with pytest.raises(Refused, match="another kind"), override("en"):
        prepared(team[0], contract=SplitAsked("deal.amount", "gt", "1", "won"))


def test_choices_are_named_as_people_say_them() -> None:
    definition = compile_bpmn(SMALL_SALE)
    key, spec = next((key, spec) for key, spec in split_fields(definition).items() if spec.type == "choice")
    split = read_split("call", SplitAsked(key, "eq", spec.choices[0].label_en.upper(), "sign"), definition)
    assert split is not None and split["when"]["value"] == spec.choices[0].key
    with override("en"), pytest.raises(Refused, match="is one of: "):
        read_split("call", SplitAsked(key, "eq", "planet", "sign"), definition)


def test_what_is_known_of_the_client_counts_and_what_is_not_does_not(team: Team) -> None:
    version = ProcessVersion.objects.get(process__key=KEY, number=1)
    definition = runnable_version(version.pk).definition
    assert "deal.amount" in split_fields(definition) and "client.contacts" not in split_fields(definition)
    assert "client.kind" not in split_fields(definition), "nobody knows its keys by heart"
    known = read_split("call", SplitAsked("client.region", "is_unknown", "", "sign"), definition)
    customer = read_split("call", SplitAsked("client.is_customer", "eq", "да", "sign"), definition)
    assert known is not None and customer is not None and customer["when"]["value"] is True
    (snapshot,) = list(read_instances(instance_ids=[version.instances.earliest("pk").pk]).values())
    splits = {"call": known, "visit": customer}
    assert split_choices(splits, snapshot, {"client.is_customer": False}, NOW) == {"call": "sign"}
    assert split_choices(splits, snapshot, {"client.region": "North"}, NOW) == {}
    assert split_choices({"visit": customer}, snapshot, {"client.is_customer": "so so"}, NOW) == {}
