"""Random processes that are sound because of how they are built: blocks with one way in and one way out.

``sound_process(seed)`` gives the same definition for the same seed, always. Every kind of block of the engine occurs:
sequence, choice, parallel and inclusive branches, loop, sub-process with boundary events and handlers, event gateway,
multi-instance, work, decision, call, throw and catch. Every loop is left by the outcome ``x`` of its last step.
"""

from collections.abc import Callable
from random import Random

from kniga.engine import (
    BoundaryEvent,
    Branch,
    CallActivity,
    CatchEvent,
    Cycle,
    DecisionTask,
    Definition,
    Due,
    Element,
    EndEvent,
    EventGateway,
    InclusiveGateway,
    MessageRef,
    MultiInstance,
    ParallelGateway,
    Param,
    Question,
    ReceiveTask,
    ServiceTask,
    StartEvent,
    SubProcess,
    ThrowEvent,
    Way,
)
from kniga.engine.definition.decisions import DecisionOutput, DecisionRule, DecisionTable
from kniga.engine.definition.model import ExclusiveGateway
from kniga.rules import Comparison, FieldType, Rule
from tests.engine.building import build, by_outcome, merge, user_task

Scope = str | None
DAY = Due("duration", 86400, False)
BIG = Comparison("deal.amount", "money", "gt", 100)
TYPES: dict[str, FieldType] = {"q": "number", "level": "text"}


def sound_process(seed: int, *, size: int = 12, prefix: str = "") -> Definition:
    """A random sound process of about ``size`` blocks; all its ids begin with ``prefix``."""
    return _Maker(Random(seed), size, prefix).process()


class _Maker:
    """Builds from the end to the start: every block is given the id it leads to and returns the id it begins at."""

    def __init__(self, random: Random, size: int, prefix: str) -> None:
        self.random = random
        self.prefix = prefix
        self.left = size
        self.count = 0
        self.parts: list[Element] = []
        self.types = dict(TYPES)
        self.flat: tuple[Callable[[str, Scope], str], ...] = (
            self.task, self.task, self.service, self.set_field, self.receive, self.catch, self.throw, self.call,
            self.decision, self.each,
        )  # fmt: skip
        self.nested: tuple[Callable[[str, Scope], str], ...] = (
            self.choice, self.by_answer, self.parallel, self.inclusive, self.loop, self.sub_process, self.race,
            self.sequence, self.each_scope, self.failing,
        )  # fmt: skip

    def process(self) -> Definition:
        result = self.random.choice(("won", "other", "lost"))
        end = self.add(EndEvent(f"{self.prefix}end", "", result, None))  # type: ignore[arg-type]
        entry = self.sequence(end, None)
        if self.random.random() < 0.2:
            self.handler(None)
        self.add(StartEvent(f"{self.prefix}start", "", (self.way(entry),)))
        return build(*self.parts, question_types=self.types, needs=("deal.amount", "client.contacts"))

    def add(self, element: Element) -> str:
        self.parts.append(element)
        return element.id

    def id(self, kind: str) -> str:
        self.count += 1
        return f"{self.prefix}{kind}{self.count}"

    def way(self, target: str) -> Way:
        return Way(self.id("f"), target)

    def block(self, then: str, scope: Scope) -> str:
        self.left -= 1
        kinds = self.flat if self.left <= 0 else (*self.flat, *self.nested)
        return self.random.choice(kinds)(then, scope)

    def sequence(self, then: str, scope: Scope) -> str:
        for _ in range(self.random.randint(1, 3)):
            then = self.block(then, scope)
        return then

    def task(self, then: str, scope: Scope) -> str:
        id = self.id("task")
        questions = (Question("q", "q", "number"),) if self.random.random() < 0.4 else ()
        boundary, exit = self.boundary(id, then, scope)
        way = self.way(exit)
        return self.add(user_task(id, way, outcomes=("x",), boundary=boundary, scope=scope, questions=questions))

    def boundary(self, host: str, then: str, scope: Scope) -> tuple[tuple[str, ...], str]:
        """Perhaps a boundary event; the id the host has to lead to so that both paths meet again."""
        if self.random.random() < 0.7:
            return (), then
        id = self.id("b")
        trigger = self.random.choice(("timer", "message", "signal", "conditional"))
        interrupting = self.random.random() < 0.5
        wanted = {
            "timer": {"due": DAY} if self.random.random() < 0.5 else {"cycle": Cycle(DAY, 2)},
            "message": {"message": MessageRef("m")},
            "signal": {"signal": "s"},
            "conditional": {"condition": BIG},
        }[trigger]
        if interrupting:
            joined = self.add(merge(self.id("m"), self.way(then), scope))
            after = joined if self.random.random() < 0.5 else self.block(joined, scope)
        else:
            joined, after = then, self.step(self.end(scope), scope)
        self.add(BoundaryEvent(id, "", host, trigger, interrupting, (self.way(after),), scope=scope, **wanted))  # type: ignore[arg-type]
        return (id,), joined

    def step(self, then: str, scope: Scope) -> str:
        return self.add(user_task(self.id("step"), self.way(then), outcomes=("x",), scope=scope))

    def end(self, scope: Scope) -> str:
        return self.add(EndEvent(self.id("end"), "", "other", None, scope=scope))

    def service(self, then: str, scope: Scope) -> str:
        id = self.id("work")
        boundary, exit = self.boundary(id, then, scope)
        params = (Param("amount", field="deal.amount"), Param("note", "n"))
        ways = (self.way(exit),)
        return self.add(ServiceTask(id, "", "create_document", params, 3, 60, boundary, ways, scope=scope))

    def set_field(self, then: str, scope: Scope) -> str:
        params = (Param("field", "answer.q"), Param("value", self.random.randint(0, 9)))
        id = self.id("set")
        return self.add(ServiceTask(id, "", "set_field", params, 0, 0, (), (self.way(then),), True, scope))

    def receive(self, then: str, scope: Scope) -> str:
        id = self.id("receive")
        boundary, exit = self.boundary(id, then, scope)
        return self.add(ReceiveTask(id, "", MessageRef("answer"), boundary, (self.way(exit),), scope))

    def catch(self, then: str, scope: Scope) -> str:
        id, ways = self.id("catch"), (self.way(then),)
        kind = self.random.randrange(4)
        if kind == 0:
            return self.add(CatchEvent(id, "", "timer", ways, due=DAY, scope=scope))
        if kind == 1:
            key = MessageRef("reply", "key", "answer.q")
            return self.add(CatchEvent(id, "", "message", ways, message=key, scope=scope))
        if kind == 2:
            return self.add(CatchEvent(id, "", "signal", ways, signal="s", scope=scope))
        return self.add(CatchEvent(id, "", "conditional", ways, condition=BIG, scope=scope))

    def throw(self, then: str, scope: Scope) -> str:
        id, ways = self.id("throw"), (self.way(then),)
        kind = self.random.randrange(4)
        if kind == 0:
            return self.add(ThrowEvent(id, "", "none", ways, scope=scope))
        if kind == 1:
            params = (Param("q", field="answer.q"),)
            return self.add(ThrowEvent(id, "", "message", ways, MessageRef("m"), params=params, scope=scope))
        if kind == 2:
            return self.add(ThrowEvent(id, "", "signal", ways, signal="s", scope=scope))
        return self.add(ThrowEvent(id, "", "escalation", ways, code="e", scope=scope))

    def call(self, then: str, scope: Scope) -> str:
        id = self.id("call")
        boundary, exit = self.boundary(id, then, scope)
        return self.add(CallActivity(id, "", "other", 1, boundary, (self.way(exit),), scope))

    def decision(self, then: str, scope: Scope) -> str:
        table = DecisionTable(
            "levels", "", "FIRST", None, ("answer.q",), (DecisionOutput("level", "", "text", default="none"),),
            (DecisionRule("r1", q_over(5), ("high",)), DecisionRule("r2", q_over(2), ("low",))),
        )  # fmt: skip
        return self.add(DecisionTask(self.id("decide"), "", table, (), (self.way(then),), scope))

    def many(self) -> MultiInstance:
        sequential = self.random.random() < 0.5
        until = Comparison("loop.done", "number", "ge", 2) if self.random.random() < 0.3 else None
        if self.random.random() < 0.5:
            return MultiInstance(sequential, "client.contacts", None, until)
        return MultiInstance(sequential, None, self.random.randint(0, 3), until)

    def each(self, then: str, scope: Scope) -> str:
        id = self.id("each")
        boundary, exit = self.boundary(id, then, scope)
        ways = (self.way(exit),)
        kind = self.random.randrange(4)
        if kind == 0:
            return self.add(ServiceTask(id, "", "rescore", (), 0, 0, boundary, ways, scope=scope, loop=self.many()))
        if kind == 1:
            return self.add(ReceiveTask(id, "", MessageRef("answer"), boundary, ways, scope, self.many()))
        if kind == 2:
            return self.add(CallActivity(id, "", "other", None, boundary, ways, scope, self.many()))
        self.types |= {f"{id}.x": "number", f"{id}.y": "number"}
        many = self.many()
        return self.add(user_task(id, ways[0], outcomes=("x", "y"), boundary=boundary, scope=scope, loop=many))

    def choice(self, then: str, scope: Scope) -> str:
        joined = self.add(merge(self.id("m"), self.way(then), scope))
        outcomes = ("x", "y", "z")[: self.random.randint(2, 3)]
        entries = {key: joined if self.random.random() < 0.3 else self.block(joined, scope) for key in outcomes}
        if self.random.random() < 0.2:
            entries[outcomes[-1]] = self.step(self.lost(scope), scope)
        gateway = self.add(by_outcome(self.id("g"), entries, scope=scope))
        return self.add(user_task(self.id("ask"), self.way(gateway), outcomes=outcomes, scope=scope))

    def lost(self, scope: Scope) -> str:
        return self.add(EndEvent(self.id("lost"), "", "lost", "q", scope=scope))

    def by_answer(self, then: str, scope: Scope) -> str:
        joined = self.add(merge(self.id("m"), self.way(then), scope))
        branches = tuple(Branch(self.id("f"), rule, self.block(joined, scope)) for rule in (q_over(5), BIG))
        return self.add(ExclusiveGateway(self.id("g"), "", branches, self.way(joined), None, scope))

    def parallel(self, then: str, scope: Scope) -> str:
        join = self.id("join")
        self.add(ParallelGateway(join, "", (), (self.way(then),), scope))
        branches = range(self.random.randint(2, 3))
        entries = [join if self.random.random() < 0.2 else self.sequence(join, scope) for _ in branches]
        return self.add(ParallelGateway(self.id("fork"), "", (), tuple(map(self.way, entries)), scope))

    def inclusive(self, then: str, scope: Scope) -> str:
        join = self.id("ijoin")
        self.add(InclusiveGateway(join, "", (), self.way(then), (), {}, scope))
        rules = (q_over(3), BIG, Comparison("answer.q", "number", "lt", 7))
        branches = tuple(Branch(self.id("f"), rule, self.sequence(join, scope)) for rule in rules)
        default = self.way(self.block(join, scope))
        return self.add(InclusiveGateway(self.id("ifork"), "", branches, default, (), {}, scope))

    def loop(self, then: str, scope: Scope) -> str:
        again = self.id("m")
        gateway = self.add(by_outcome(self.id("g"), {"x": then, "y": again}, scope=scope))
        last = self.add(user_task(self.id("again"), self.way(gateway), outcomes=("x", "y"), scope=scope))
        self.add(merge(again, self.way(self.sequence(last, scope)), scope))
        return again

    def sub_process(self, then: str, scope: Scope) -> str:
        id = self.id("sub")
        boundary, exit = self.boundary(id, then, scope)
        return self.scope(id, scope, boundary, self.way(exit))

    def each_scope(self, then: str, scope: Scope) -> str:
        id = self.id("subs")
        boundary, exit = self.boundary(id, then, scope)
        return self.scope(id, scope, boundary, self.way(exit), self.many())

    def scope(
        self, id: str, around: Scope, boundary: tuple[str, ...], way: Way, loop: MultiInstance | None = None
    ) -> str:
        trigger = "terminate" if self.random.random() < 0.3 else "none"
        end = self.add(EndEvent(self.id("end"), "", "other", None, trigger, scope=id))  # type: ignore[arg-type]
        start = self.add(StartEvent(self.id("start"), "", (self.way(self.sequence(end, id)),), id))
        if self.random.random() < 0.4:
            self.handler(id)
        return self.add(SubProcess(id, "", start, boundary, (way,), scope=around, loop=loop))

    def handler(self, around: Scope) -> None:
        """An event sub-process of a scope."""
        id, start = self.id("handler"), self.id("start")
        interrupting = self.random.random() < 0.5
        kind = self.random.randrange(5)
        wanted: dict[str, object] = (
            {"trigger": "timer", "due": DAY},
            {"trigger": "message", "message": MessageRef("m")},
            {"trigger": "signal", "signal": "s"},
            {"trigger": "conditional", "condition": BIG},
            {"trigger": "escalation", "code": None if self.random.random() < 0.5 else "e"},
        )[kind]
        ways = (self.way(self.step(self.end(id), id)),)
        self.add(StartEvent(start, "", ways, id, interrupting=interrupting, **wanted))  # type: ignore[arg-type]
        self.add(SubProcess(id, "", start, (), (), True, scope=around))

    def failing(self, then: str, scope: Scope) -> str:
        """A sub-process that may end in an error, caught on its boundary."""
        id, caught = self.id("sub"), self.id("caught")
        joined = self.add(merge(self.id("m"), self.way(then), scope))
        code = None if self.random.random() < 0.5 else "broken"
        after = (self.way(joined),)
        self.add(BoundaryEvent(caught, "", id, "error", True, after, code=code, scope=scope))
        fails = self.add(EndEvent(self.id("error"), "", "other", None, "error", code="broken", scope=id))
        ends = self.end(id)
        gateway = self.add(by_outcome(self.id("g"), {"x": ends, "y": fails}, scope=id))
        ask = self.add(user_task(self.id("ask"), self.way(gateway), outcomes=("x", "y"), scope=id))
        start = self.add(StartEvent(self.id("start"), "", (self.way(ask),), id))
        return self.add(SubProcess(id, "", start, (caught,), (self.way(joined),), scope=scope))

    def race(self, then: str, scope: Scope) -> str:
        joined = self.add(merge(self.id("m"), self.way(then), scope))
        events: list[str] = []
        for _ in range(self.random.randint(2, 3)):
            after = joined if self.random.random() < 0.5 else self.block(joined, scope)
            events.append(self.catch(after, scope) if self.random.random() < 0.7 else self.waiting(after, scope))
        return self.add(EventGateway(self.id("race"), "", tuple(map(self.way, events)), scope))

    def waiting(self, then: str, scope: Scope) -> str:
        return self.add(ReceiveTask(self.id("receive"), "", MessageRef("answer"), (), (self.way(then),), scope))


def q_over(number: int) -> Rule:
    """The answer q is greater than this."""
    return Comparison("answer.q", "number", "gt", number)
