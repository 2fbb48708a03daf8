"""500 running deals go from version 1 to version 2 with one step renamed, one removed and one split.

    python -m proofs.truth.moving_deals [--deals 500]

A Kniga of its own with two teams; everything is done by the doors people have: `kniga process move` as a dry run, for
one team, undone again; the others by the REST API, with the split step told apart by a condition (large deals go to the
second half), undone as well; a step's deal is moved on in between. The funnel before and after agrees, for no step went
to another stage; what must differ is the version, the elements, and the timers whose time is another in version 2. No
row is lost, every instance replays from the ledger, and after the undoing each row is again what it was, but for the
one deal that went on, which is named.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from typing import Any, Final

import psycopg

from proofs.harness import ROOT, Kniga, Report, note, run, until

HEAD: Final = "chief@example.com"
KEY: Final = "moved_sale"
FURNISH: Final = """
import sys
from kniga.runtime.session import database
with database():
    from kniga.platform import clock
    from kniga.processes.running.bulk import start_many
    from tests.processes.moving import SECOND, open_deals, publish_first, two_teams
    from django.db import transaction
    open(sys.argv[2], "wb").write(SECOND)
    _head, first, second = two_teams()
    version, deals = publish_first(), open_deals([first, second], int(sys.argv[1]))
    steps = [None, "visit", "offer", "contract"]
    entries = [(deal.pk, steps[place // 2 % 4]) for place, deal in enumerate(deals)]
    with transaction.atomic():
        start_many(version_id=version.pk, entries=entries, actor_id=None, now=clock.now())
"""
GO_ON: Final = """
import sys
from kniga.runtime.session import database
with database():
    from kniga.people.models import User
    from kniga.platform import clock
    from kniga.processes.models import Task
    from kniga.processes.services import complete_task
    task = Task.objects.filter(status="open").earliest("pk")
    by = User.objects.get(email=sys.argv[1])
    complete_task(task_id=task.pk, outcome="ok", answers={}, by=by, now=clock.now())
    print(task.instance_id)
"""
# Everything of the deals that undoing has to bring back; the revisions go on.
ROWS: Final = {
    "instances": "SELECT id, version_id, deal_id, status, seq, stage, data, tokens, result, watched, look_at"
    " FROM processes_instance",
    "tasks": "SELECT * FROM processes_task",
    "timers": "SELECT id, instance_id, token, element, due_at, status FROM processes_timer",
    "messages waited for": "SELECT id, instance_id, token, element, name, status FROM processes_subscription",
    "stage visits": "SELECT * FROM deals_stagevisit",
    "deals": "SELECT id, stage_id, stage_since, status, amount, owner_id FROM deals_deal",
}
Rows = dict[str, set[str]]


def main(report: Report) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deals", type=int, default=500)
    number = parser.parse_args().deals
    with Kniga.started() as kniga:
        note("furnishing")
        book, mapping = kniga.home / "second.bpmn", kniga.home / "mapping.json"
        _python(kniga, FURNISH, str(number), str(book))
        mapping.write_text(json.dumps({"visit": "call", "contract": "draft"}))
        kniga.command("process", "upload", str(book), "--publish", "--note", "A proposal instead of an offer")
        before, funnel = _rows(kniga), _funnel(kniga)

        dry = _move(kniga, "--dry-run")
        found = {line["element"]: line for line in dry["mapping"]}
        report.line("renamed step proposed by likeness", found["offer"]["target"], "step", goal="proposal",
                    holds=found["offer"]["target"] == "proposal")  # fmt: skip
        report.line("split and removed steps left to a person", sorted(e for e in found if not found[e]["target"]),
                    "steps", goal="contract, visit", holds=[e for e in sorted(found) if not found[e]["target"]]
                    == ["contract", "visit"])  # fmt: skip
        _counted(report, "dry run without choices", dry, {"fits": number // 2, "choice": number // 2})
        dry = _move(kniga, "--mapping", str(mapping), "--dry-run")
        _counted(report, "dry run with choices", dry, {"fits": number})
        _same(report, "rows changed by dry runs", before, _rows(kniga), 0)

        team = _move(kniga, "--mapping", str(mapping), "--team", "First", "--reason", "one team first")
        _counted(report, "one team moved", team, {"done": number // 2})
        token = kniga.token(HEAD, role="head")
        began = time.perf_counter()
        large = 1_000 + number // 2
        rest, done = _moved_by_api(kniga, token, large)
        seconds = time.perf_counter() - began
        report.line("the others moved, by the mapping decided before and a condition", done, "deals",
                    goal=str(number - number // 2), holds=done == number - number // 2)  # fmt: skip
        report.line("moving", (number - number // 2) / seconds, "deals/s, by the API, with the dry runs",
                    goal="> 20", holds=(number - number // 2) / seconds > 20)  # fmt: skip
        _report_state(report, kniga, "after the move", funnel, number)
        moved = _ask(kniga, "SELECT count(*) FROM processes_instance i JOIN processes_processversion v"
                     " ON v.id = i.version_id WHERE v.number = 2 AND i.status = 'running'")  # fmt: skip
        report.line("deals on version 2", moved, "deals", goal=str(number), holds=moved == number)

        _report_elements(report, kniga, number, large)

        note("one deal goes on, then all is undone")
        went_on = int(_python(kniga, GO_ON, HEAD))
        undone = [_undo(kniga, act) for act in (rest, team["move"])]
        kept = [row["instance"] for act in undone for row in act["instances"] if row["status"] == "kept"]
        report.line("not undone: what went on", kept, "instances", goal=f"[{went_on}]", holds=kept == [went_on])
        done = sum(act["counts"]["undone"] for act in undone)
        report.line("undone", done, "deals", goal=str(number - 1), holds=done == number - 1)
        deal = _ask(kniga, f"SELECT deal_id FROM processes_instance WHERE id = {went_on}")
        without = _without(before, went_on, deal)
        _same(report, "rows that differ after the undoing, without that deal", without,
              _without(_rows(kniga), went_on, deal), 0)  # fmt: skip
        replayed = kniga.command("process", "replay", "--all", "--verify", check=False)
        report.line("all instances replay after the undoing", replayed.returncode == 0, "yes/no", goal="yes",
                    holds=replayed.returncode == 0)  # fmt: skip


def _report_state(report: Report, kniga: Kniga, when: str, funnel: Any, number: int) -> None:
    same = _funnel(kniga) == funnel
    report.line(f"the funnel {when} is the one before", same, "yes/no", goal="yes", holds=same)
    open_tasks = _ask(kniga, "SELECT count(*) FROM processes_task WHERE status = 'open'")
    report.line(f"open tasks {when}", open_tasks, "tasks", goal=str(number), holds=open_tasks == number)
    replayed = kniga.command("process", "replay", "--all", "--verify", check=False)
    report.line(f"all instances replay {when}", replayed.returncode == 0, "yes/no", goal="yes",
                holds=replayed.returncode == 0)  # fmt: skip


def _report_elements(report: Report, kniga: Kniga, number: int, large: int) -> None:
    """Where each deal stands after the move, element by element, against where it stood and what was decided."""
    stood = ["call", "visit", "offer", "contract"]
    wanted: dict[str, int] = {}
    for place in range(number):
        step = stood[place // 2 % 4]
        to = {"call": "call", "visit": "call", "offer": "proposal", "contract": "draft"}[step]
        if step == "contract" and place % 2 and 1_000 + place >= large:
            to = "sign"
        wanted[to] = wanted.get(to, 0) + 1
    found = dict(_all(kniga, "SELECT element, count(*) FROM processes_task WHERE status = 'open' GROUP BY element"))
    report.line("deals on each element after the move", found, "deals", goal=json.dumps(wanted), holds=found == wanted)
    timers = _ask(kniga, "SELECT count(*) FROM processes_timer WHERE status = 'scheduled' AND element = 'late'")
    report.line("timers of the renamed step set anew", timers, "timers", goal=str(wanted["proposal"]),
                holds=timers == wanted["proposal"])  # fmt: skip


def _move(kniga: Kniga, *options: str) -> Any:
    made = kniga.command(
        "process", "move", KEY, "--from", "1", "--to", "2", "--as", HEAD, "--json", *options, check=False
    )
    return json.loads(made.stdout)


def _moved_by_api(kniga: Kniga, token: str, large: int) -> tuple[int, int]:
    """Move those that are left, as a program does: the number of the move, and how many it moved."""
    wanted = {"kind": "move", "process": KEY, "version": 1, "target": 2, "reason": "the others"}
    act = _answered(kniga.api("POST", "/acts", token=token, body=wanted))["id"]
    _until(kniga, token, act, "planned")
    split = {"contract": {"field": "deal.amount", "op": "ge", "value": str(large), "to": "sign"}}
    _answered(kniga.api("PUT", f"/acts/{act}/mapping", token=token, body={"splits": split}))
    _until(kniga, token, act, "planned")
    _answered(kniga.api("POST", f"/acts/{act}/carry-out", token=token))
    return act, _until(kniga, token, act, "done")["counts"]["done"]


def _until(kniga: Kniga, token: str, act: int, status: str) -> Any:
    """The act as soon as it is so far."""
    found: dict[str, Any] = {}

    def is_so_far() -> bool:
        found.update(_answered(kniga.api("GET", f"/acts/{act}", token=token)))
        return bool(found["status"] == status)

    if not until(is_so_far):
        raise RuntimeError(f"the act {act} is {found.get('status')}, not {status}")
    return found


def _answered(answer: tuple[int, Any]) -> Any:
    status, body = answer
    if status >= 300:
        raise RuntimeError(f"the API answered {status}: {body}")
    return body


def _undo(kniga: Kniga, act: int) -> Any:
    options = ("--undo", str(act), "--reason", "too early", "--as", HEAD, "--json")
    return json.loads(kniga.command("process", "move", *options, check=False).stdout)


def _counted(report: Report, name: str, shown: Any, wanted: dict[str, int]) -> None:
    counts = {key: number for key, number in shown["counts"].items() if number}
    report.line(name, counts, "deals", goal=json.dumps(wanted), holds=counts == wanted)


def _same(report: Report, name: str, before: Rows, after: Rows, goal: int) -> None:
    differ = sum(len(before[table] ^ after[table]) for table in ROWS)
    report.line(name, differ, "rows", goal=str(goal), holds=differ == goal)


def _without(rows: Rows, instance: int, deal: int) -> Rows:
    """The rows but for those of one deal and its instance."""
    keys = {("instances", "id"): instance, ("deals", "id"): deal}
    kept: Rows = {}
    for table, lines in rows.items():
        decoded = [(line, json.loads(line)) for line in lines]
        kept[table] = {
            line for line, row in decoded
            if row.get("deal_id") != deal and row.get("instance_id") != instance
            and row["id"] != keys.get((table, "id"))
        }  # fmt: skip
    return kept


def _rows(kniga: Kniga) -> Rows:
    return {
        table: {row[0] for row in _all(kniga, f"SELECT to_jsonb(x)::text FROM ({sql}) x")}
        for table, sql in ROWS.items()
    }


def _funnel(kniga: Kniga) -> Any:
    found = json.loads(kniga.command("funnel", "--process", KEY, "--json").stdout)
    return {key: value for key, value in found.items() if key not in ("at", "now")}


def _ask(kniga: Kniga, sql: str) -> Any:
    return _all(kniga, sql)[0][0]


def _all(kniga: Kniga, sql: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(f"postgresql://kniga@/kniga?host={kniga.home}/postgres-socket") as connection:
        return connection.execute(sql.encode()).fetchall()


def _python(kniga: Kniga, code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env=kniga.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout


if __name__ == "__main__":
    sys.exit(run(main))
