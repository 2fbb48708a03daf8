"""What the proof of soundness knows of fields, answers and conditions between two steps, within one, and of events
that wait for a condition. Each verdict is held against a run of the engine where one shows it."""

from collections.abc import Mapping
from decimal import Decimal

import pytest

from kniga.engine import (
    NEW_STATE,
    Branch,
    CatchEvent,
    Choice,
    Command,
    CompleteTask,
    CompleteWork,
    CorrelateMessage,
    Definition,
    EventGateway,
    MessageRef,
    MultiInstance,
    Param,
    Question,
    ReceiveTask,
    Rejection,
    ServiceTask,
    Start,
    State,
    Step,
    Verdict,
    Way,
    advance,
    prove,
)
from kniga.engine.definition.model import ExclusiveGateway
from kniga.rules import And, Comparison, Not, Rule, Value
from tests.engine.building import build, end, on_boundary, start, sub, user_task
from tests.engine.drawing import NOW

LARGE = Comparison("deal.amount", "money", "gt", 100)
CHOICES = (Choice("a", "a"), Choice("b", "b"))
ASKED = Question("k", "k", "choice", True, choices=CHOICES)
TYPES: Mapping[str, str] = {"k": "choice"}


def is_k(value: str) -> Comparison:
    return Comparison("answer.k", "choice", "eq", value)


def decides(id: str, *branches: tuple[Rule, str], default: str = "", scope: str | None = None) -> ExclusiveGateway:
    ways = tuple(Branch(f"{id}_{target}", rule, target) for rule, target in branches)
    return ExclusiveGateway(id, "", ways, Way(f"{id}_{default}", default) if default else None, None, scope=scope)


def sets(
    id: str, target: str, value: Value = None, *, field: str = "deal.amount", copies: str | None = None
) -> ServiceTask:
    params = (Param("field", field), Param("value", value, copies))
    return ServiceTask(id, "", "set_field", params, 0, 0, (), (Way(f"{id}_{target}", target),), immediate=True)


def waits(id: str, target: str, condition: Rule) -> CatchEvent:
    return CatchEvent(id, "", "conditional", (Way(f"{id}_{target}", target),), condition=condition)


def faults(verdict: Verdict) -> list[tuple[str, str | None]]:
    return [(one.code, one.element) for one in verdict.problems if one.severity == "error"]


def run(definition: Definition, *commands: Command) -> State | Rejection:
    """The state after some commands, or what the last one is refused for."""
    state = NEW_STATE
    for number, command in enumerate(commands, start=1):
        result = advance(definition, state, command, now=NOW)
        if isinstance(result, Rejection):
            assert number == len(commands)
            return result
        assert isinstance(result, Step)
        state = result.state
    return state


def setting(amount: int) -> Definition:
    """A small amount goes straight to the end, a large one is set anew, and must be large then."""
    return build(
        start("a"), user_task("a", "g"), decides("g", (LARGE, "set"), default="e"),
        sets("set", "h", Decimal(amount)), decides("h", (LARGE, "e2")), end("e"), end("e2"),
    )  # fmt: skip


def test_a_field_set_within_a_step_has_its_new_value_at_once() -> None:
    verdict, fields = prove(setting(50)), {"deal.amount": Decimal(500)}
    assert faults(verdict) == [("gateway_may_block", "h")]
    assert run(setting(50), Start(), CompleteTask(1, "ok", {}, fields)) == Rejection("no_flow", {"element": "h"})
    assert faults(prove(setting(500))) == []


def test_a_field_copied_from_one_that_is_looked_at_too_is_left_undecided() -> None:
    sum_is_large = Comparison("answer.sum", "money", "gt", 100)
    asked = Question("sum", "Sum", "money", True)
    definition = build(
        start("a"), user_task("a", "g", questions=(asked,)), decides("g", (sum_is_large, "set"), default="e"),
        sets("set", "h", copies="answer.sum"), decides("h", (LARGE, "e2")), end("e"), end("e2"),
        question_types={"sum": "money"},
    )  # fmt: skip
    verdict = prove(definition)
    assert verdict.kind == "not_proved"
    assert faults(verdict) == []
    assert isinstance(run(definition, Start(), CompleteTask(1, "ok", {"sum": "500"})), State)


def test_a_field_copied_from_one_nobody_looks_at_may_have_any_value() -> None:
    definition = build(
        start("a"), user_task("a", "set", questions=(Question("sum", "Sum", "money"),)),
        sets("set", "h", copies="answer.sum"), decides("h", (LARGE, "e")), end("e"), question_types={"sum": "money"},
    )  # fmt: skip
    assert faults(prove(definition)) == [("gateway_may_block", "h")]


def test_what_the_machine_sets_and_nobody_looks_at_is_no_matter() -> None:
    definition = build(start("set"), sets("set", "e", Decimal(5)), end("e"))
    assert prove(definition).kind == "sound"


def test_an_amount_no_deal_can_have_is_named() -> None:
    definition = build(start("set"), sets("set", "e", Decimal(-5)), end("e"))
    assert faults(prove(definition)) == [("bad_param", "set")]
    refused = run(definition, Start())
    assert isinstance(refused, Rejection)
    assert refused.code == "bad_payload"


def test_a_demanded_answer_makes_the_deals_field_known() -> None:
    asked = Question("sum", "Sum", "money", True, field="deal.amount")
    definition = build(
        start("a"), user_task("a", "g", questions=(asked,)), decides("g", (LARGE, "e"), (Not(LARGE), "e2")),
        end("e"), end("e2"), question_types={"sum": "money"},
    )  # fmt: skip
    assert prove(definition).kind == "sound"


def each(*, sequential: bool, count: int | None = 2) -> Definition:
    """A sub-process for several items, whose gateways look twice at an answer that all bodies share."""
    return build(
        start("s"), sub("s", "end", loop=MultiInstance(sequential, None, count)),
        start("a", "s_start", scope="s"), user_task("a", "g", scope="s", questions=(ASKED,)),
        decides("g", (is_k("a"), "b"), default="e", scope="s"), user_task("b", "h", scope="s"),
        decides("h", (is_k("a"), "e2"), scope="s"), end("e", scope="s"), end("e2", scope="s"), end("end"),
        question_types=TYPES,
    )  # fmt: skip


def test_bodies_done_at_once_share_their_answers() -> None:
    assert faults(prove(each(sequential=False))) == [("gateway_may_block", "h")]
    answered = CompleteTask(4, "ok", {"k": "a"}), CompleteTask(5, "ok", {"k": "b"})
    assert run(each(sequential=False), Start(), *answered, CompleteTask(6, "ok")) == Rejection(
        "no_flow", {"element": "h"}
    )


@pytest.mark.parametrize(("sequential", "count"), [(True, 2), (False, 1)])
def test_bodies_done_one_after_the_other_do_not(sequential: bool, count: int) -> None:
    assert prove(each(sequential=sequential, count=count)).kind == "sound"


def counted(condition_of: Mapping[int, str], loop: MultiInstance, *more: tuple[Rule, str]) -> Definition:
    tests = [(Comparison("answer.m.yes", "number", "eq", number), target) for number, target in condition_of.items()]
    ends = [end(target) for target in (*condition_of.values(), *(target for _, target in more))]
    return build(
        start("m"), user_task("m", "g", outcomes=("yes", "no"), loop=loop), decides("g", *tests, *more), *ends,
        question_types={"m.yes": "number"}, needs=("client.contacts",),
    )  # fmt: skip


def test_a_loop_of_two_counts_none_one_or_two() -> None:
    assert prove(counted({0: "e0", 1: "e1", 2: "e2"}, MultiInstance(False, None, 2))).kind == "sound"
    assert faults(prove(counted({0: "e0", 1: "e1"}, MultiInstance(False, None, 2)))) == [("gateway_may_block", "g")]


def test_a_loop_over_contacts_counts_whole_numbers() -> None:
    loop = MultiInstance(False, "client.contacts", None)
    many: tuple[Rule, str] = (Comparison("answer.m.yes", "number", "ge", 2), "e2")
    assert prove(counted({0: "e0", 1: "e1"}, loop, many)).kind == "sound"
    assert faults(prove(counted({1: "e1"}, loop, many))) == [("gateway_may_block", "g")]


def test_nothing_is_said_of_counts_beyond_fifty() -> None:
    loop = MultiInstance(False, None, 60)
    few: tuple[Rule, str] = (Comparison("answer.m.yes", "number", "lt", 1), "e2")
    assert faults(prove(counted({0: "e0"}, loop, few))) == [("gateway_may_block", "g")]


def brought(*, more: tuple[Rule, ...] = ()) -> Definition:
    """A message brings what the first step has asked."""
    unknown = Comparison("answer.k", "choice", "is_unknown")
    return build(
        start("a"), user_task("a", "w", questions=(ASKED,)),
        ReceiveTask("w", "", MessageRef("m"), (), (Way("w_g", "g"),)),
        decides("g", (is_k("a"), "e"), (is_k("b"), "e2"), (unknown, "e3")), end("e"), end("e2"), end("e3"),
        question_types=TYPES,
    )  # fmt: skip


def test_a_message_brings_listed_choices_only() -> None:
    assert prove(brought()).kind == "sound"
    asked = Start(), CompleteTask(1, "ok", {"k": "a"})
    assert isinstance(run(brought(), *asked, CorrelateMessage(2, "w", {"k": "b"})), State)
    refused = run(brought(), *asked, CorrelateMessage(2, "w", {"k": "other"}))
    assert isinstance(refused, Rejection)
    assert (refused.code, refused.params["key"]) == ("bad_payload", "k")


def test_what_is_known_at_the_start_is_listed_too() -> None:
    refused = run(brought(), Start(data={"k": "other"}))
    assert isinstance(refused, Rejection)
    assert refused.code == "bad_payload"
    assert isinstance(run(brought(), Start(data={"k": "b"})), State)


def test_old_histories_keep_what_was_not_listed() -> None:
    asked = Start(data={"k": "other"}, checked=False), CompleteTask(1, "ok", {"k": "a"})
    last = CorrelateMessage(2, "w", {"k": "other"}, checked=False)
    assert run(brought(), *asked, last) == Rejection("no_flow", {"element": "g"})


def test_results_of_work_are_listed_choices() -> None:
    work = ServiceTask("w", "", "call_webhook", (), 0, 0, (), (Way("w_e", "e"),))
    definition = build(
        start("a"), user_task("a", "w", questions=(ASKED,)), work, end("e"), question_types=TYPES,
    )  # fmt: skip
    done = Start(), CompleteTask(1, "ok", {"k": "a"})
    refused = run(definition, *done, CompleteWork(2, {"k": "other"}))
    assert isinstance(refused, Rejection)
    assert refused.code == "bad_payload"
    assert isinstance(run(definition, *done, CompleteWork(2, {"k": None})), State)


NEVER = And((Comparison("deal.amount", "money", "gt", 5), Comparison("deal.amount", "money", "lt", 3)))


def test_who_waits_for_what_can_never_hold_is_stuck() -> None:
    alone = build(start("c"), waits("c", "e", NEVER), end("e"))
    assert faults(prove(alone)) == [("stuck", "c")]
    behind = build(
        start("g"), EventGateway("g", "", (Way("g_c", "c"), Way("g_d", "d"))),
        waits("c", "e", NEVER), waits("d", "e2", NEVER), end("e"), end("e2"),
    )  # fmt: skip
    assert faults(prove(behind)) == [("stuck", "g")]


def test_who_waits_for_an_answer_nobody_gives_any_more_is_stuck() -> None:
    definition = build(
        start("a"), user_task("a", "g", questions=(ASKED,)), decides("g", (is_k("a"), "c"), default="e"),
        waits("c", "e2", is_k("b")), end("e"), end("e2"), question_types=TYPES,
    )  # fmt: skip
    assert faults(prove(definition)) == [("stuck", "c")]


def test_what_is_true_already_comes_at_once() -> None:
    definition = build(
        start("a"), user_task("a", "g", questions=(ASKED,)), decides("g", (is_k("a"), "c"), default="e"),
        EventGateway("c", "", (Way("c_d", "d"), Way("c_w", "w"))), waits("d", "e2", is_k("a")),
        ReceiveTask("w", "", MessageRef("m"), (), (Way("w_e", "e3"),)), end("e"), end("e2"), end("e3"),
        question_types=TYPES,
    )  # fmt: skip
    verdict = prove(definition)
    assert {element for code, element in faults(verdict) if code == "dead_element"} == {"w", "e3"}
    after = run(definition, Start(), CompleteTask(1, "ok", {"k": "a"}))
    assert isinstance(after, State)
    assert after.status == "ended"


def test_a_condition_that_leads_back_to_its_own_task_is_a_circle() -> None:
    definition = build(
        start("a"), user_task("a", "e", boundary=("c",)),
        on_boundary("c", "a", "a", "conditional", True, condition=LARGE), end("e"),
    )  # fmt: skip
    assert ("automatic_loop", "a") in faults(prove(definition))
    refused = run(definition, Start(fields={"deal.amount": Decimal(500)}))
    assert isinstance(refused, Rejection)
    assert refused.code == "endless_loop"


def test_a_wait_for_the_outcome_of_the_task_before() -> None:
    went_on = Comparison("outcome", "text", "eq", "on")
    known = build(
        start("a"), user_task("a", "c", outcomes=("on",)), waits("c", "e", went_on), end("e"),
    )  # fmt: skip
    assert prove(known).kind == "sound"
    never = build(
        start("a"), user_task("a", "g", outcomes=("on", "off")),
        EventGateway("g", "", (Way("g_c", "c"), Way("g_w", "w"))), waits("c", "e", went_on),
        ReceiveTask("w", "", MessageRef("m"), (), (Way("w_e", "e2"),)), end("e"), end("e2"),
    )  # fmt: skip
    assert prove(never).kind == "sound"
