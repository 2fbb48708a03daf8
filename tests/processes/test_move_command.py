"""`kniga process instances` and `kniga process move`: running deals from the command line."""

from __future__ import annotations

import json
import re
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from django.utils.translation import gettext
from typer.testing import CliRunner

from kniga.cli import process as command
from kniga.cli import process_deals, process_session
from kniga.people.models import User
from kniga.platform.models import Organisation
from kniga.processes.models import BulkAct, Instance, Message, ProcessVersion, Task
from kniga.runtime import session
from tests.processes.moving import KEY, publish_second, run_deals, two_teams


@pytest.fixture
def head(db: None, monkeypatch: pytest.MonkeyPatch) -> User:
    for module in (command, process_deals):
        monkeypatch.setattr(module, "database", nullcontext)
    head, first, second = two_teams()
    run_deals([first, second], 8, head)
    publish_second()
    return head


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(command.app, list(arguments))
    return result.exit_code, result.output


def told(*arguments: str) -> tuple[int, Any]:
    result = CliRunner().invoke(command.app, [*arguments, "--json"])
    return result.exit_code, json.loads(result.stdout)


@pytest.fixture
def mapping(tmp_path: Path) -> str:
    path = tmp_path / "mapping.json"
    path.write_text(json.dumps({"visit": "proposal", "contract": "draft"}))
    return str(path)


def test_running_deals_are_listed_with_filters(head: User) -> None:
    code, rows = told("instances", KEY)
    assert (code, len(rows)) == (0, 8)
    assert {row["elements"][0] for row in rows} == {"call", "visit", "offer", "contract"}
    assert len(told("instances", KEY, "--element", "offer", "--team", "First")[1]) == 2
    assert len(told("instances", KEY, "--rep", "first@example.com")[1]) == 4
    assert told("instances", KEY, "--version", "2")[1] == []
    assert "Call the client" in run("instances", KEY, "--limit", "1")[1]
    assert "no running deal" in run("instances", KEY, "--status", "suspended")[1]


def test_a_step_that_is_not_there_is_another_error_than_one_of_another_kind(head: User, tmp_path: Path) -> None:
    file = tmp_path / "wrong.json"
    for target, code, said in (("nope", 2, "нет элемента «nope»"), ("won", 1, "другого вида")):
        file.write_text(json.dumps({"visit": target}))
        ended, shown = run("move", KEY, "--from", "1", "--mapping", str(file), "--dry-run")
        assert ended == code and said in shown


def test_messages_are_in_the_language_of_the_organisation(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "database", nullcontext)
    for language, said in (("en", "has no such"), ("ru", "нет такой")):
        Organisation.objects.update_or_create(id=1, defaults={"language": language})
        with process_session.database():
            assert said in gettext("This process has no such version.")


def test_a_table_keeps_moments_whole_in_eighty_columns(head: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = run("instances", KEY)[1].splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert sum(bool(re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d$", line.rstrip())) for line in lines) == 8
    shown = run("list")[1]
    assert "in force" in shown.splitlines()[0] and "…" not in shown


def test_a_move_is_tried_made_and_undone(head: User, mapping: str) -> None:
    move = ("move", KEY, "--from", "1", "--as", "chief@example.com")
    code, dry = told(*move, "--dry-run")
    assert (code, dry["counts"]["choice"], dry["move"]) == (1, 4, None)
    assert not BulkAct.objects.exists()
    code, team = told(*move, "--mapping", mapping, "--team", "First", "--reason", "one team")
    assert (code, team["counts"]["done"], team["status"]) == (0, 4, "done")
    code, shown = run(*move, "--reason", "all")
    assert code == 0 and "4 done" in shown and "offer -> proposal" in shown
    assert set(Instance.objects.values_list("version__number", flat=True)) == {2}
    code, undone = told("move", "--undo", str(team["move"]), "--reason", "too early")
    assert (code, undone["counts"]["undone"]) == (0, 4)


def test_what_hinders_is_told(head: User) -> None:
    code, shown = run("move", KEY, "--from", "1", "--dry-run")
    assert code == 1
    assert "contract -> (choose)  split" in shown and "4 fits, 4 choice" in shown
    assert "choice: contract" in shown


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        (("move", KEY), "--from N", 2),
        (("move", KEY, "--from", "1"), "--reason", 2),
        (("move", KEY, "--from", "7", "--dry-run"), "no version 7", 2),
        (("move", KEY, "--from", "1", "--team", "No", "--dry-run"), "no team", 2),
        (("move", KEY, "--from", "1", "--mapping", "/nowhere", "--dry-run"), "cannot be read", 2),
        (("move", "--undo", "77", "--reason", "x"), "no move 77", 2),
        (("move", KEY, "--from", "1", "--as", "nobody@example.com", "--dry-run"), "nobody signs in", 2),
        (("instances", KEY, "--status", "lost"), "--status", 2),
        (("instances", "nope"), "no process “nope”", 2),
        (("instances", KEY, "--version", "7"), "no version 7", 2),
        (("instances", KEY, "--element", "nope"), "no step “nope”", 2),
        (("retire", "nothing"), "no published version", 2),
    ],
)
def test_wrong_use_is_named(head: User, arguments: tuple[str, ...], said: str, code: int) -> None:
    assert run(*arguments)[0] == code
    assert said in " ".join(run(*arguments)[1].split())


def test_a_mapping_that_is_none_is_refused(head: User, tmp_path: Path) -> None:
    for content in ("no JSON", "[1]", '{"a": 1}'):
        path = tmp_path / "mapping.json"
        path.write_text(content)
        assert run("move", KEY, "--from", "1", "--mapping", str(path), "--dry-run")[0] == 2


def test_a_move_is_undone_once(head: User) -> None:
    code, team = told("move", KEY, "--from", "1", "--team", "First", "--reason", "x")
    assert (code, team["counts"]["done"]) == (0, 4)
    assert run("move", "--undo", str(team["move"]), "--reason", "x")[0] == 0
    assert run("move", "--undo", str(team["move"]), "--reason", "x")[0] == 1


def test_a_version_is_retired_and_exported_as_it_came(head: User, tmp_path: Path) -> None:
    assert told("retire", KEY, "--reason", "x")[1]["status"] == "retired"
    to = tmp_path / "out.bpmn"
    assert run("export", KEY, "--version", "2", "--to", str(to))[0] == 0
    assert to.read_bytes() == bytes(ProcessVersion.objects.get(process__key=KEY, number=2).xml)
    code, shown = told("publish", KEY, "--version", "2")
    assert (code, shown["verdict"]) == (0, "sound")


def test_a_signal_is_broadcast_from_the_command_line(head: User) -> None:
    code, text = run("signal", "fair", "--as", head.email)
    assert code == 0 and "fair" in text
    sent = Message.objects.get()
    assert (sent.kind, sent.name, sent.sent_by_id, sent.status) == ("signal", "fair", head.pk, "waiting")
    run("signal", "fair")
    assert Message.objects.filter(sent_by=None, seen_by=None).count() == 1


def test_a_signal_is_refused_to_who_may_not_send_it(head: User) -> None:
    User.objects.filter(pk=head.pk).update(role="rep")
    assert run("signal", "fair", "--as", head.email)[0] == 1
    assert not Message.objects.exists()


def test_deals_on_a_split_step_are_told_apart_by_a_file(head: User, mapping: str, tmp_path: Path) -> None:
    path = tmp_path / "split.json"
    path.write_text(json.dumps({"contract": {"field": "deal.amount", "op": "ge", "value": "0", "to": "sign"}}))
    move = ("move", KEY, "--from", "1", "--as", "chief@example.com", "--mapping", mapping)
    code, dry = told(*move, "--split", str(path), "--dry-run")
    assert (code, dry["splits"]["contract"]["to"], dry["deviations"]) == (0, "sign", [])
    code, shown = run(*move, "--split", str(path), "--reason", "all")
    assert code == 0 and "contract: those that meet the condition -> sign" in shown
    standing = set(Task.objects.filter(status="open").values_list("element", flat=True))
    assert "sign" in standing and "draft" not in standing


@pytest.mark.parametrize(
    "written", ["{", "[]", '{"contract": 1}', '{"contract": {"field": "deal.amount", "op": "ge"}}']
)
def test_a_file_of_conditions_that_cannot_be_read_is_refused(head: User, tmp_path: Path, written: str) -> None:
    path = tmp_path / "split.json"
    path.write_text(written)
    code, shown = run("move", KEY, "--from", "1", "--split", str(path), "--dry-run")
    assert code == 2 and "split.json" in shown
