"""The `kniga` command from outside: help, exit codes, JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from kniga.cli import COMMANDS, load
from kniga.runtime.archive import open_and_secret
from kniga.runtime.postgres import Cluster
from tests.scenarios.processes import environment, kniga, open_home, running


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return environment(open_home(tmp_path_factory.mktemp("cli")))


def test_help_names_every_command_and_loads_neither_django_nor_the_database_driver() -> None:
    program = (
        "import sys; sys.argv = ['kniga', '--help']; from kniga.cli import build_app\n"
        "try: build_app(None)(prog_name='kniga')\n"
        "except SystemExit: pass\n"
        "print('loaded:', *sorted({'django', 'psycopg', 'lxml'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert all(f" {name} " in shown for name in COMMANDS)
    assert shown.rstrip().endswith("loaded:")


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_in_the_list_exists(name: str) -> None:
    assert callable(load(COMMANDS[name][0]))


def test_a_wrong_command_line_ends_with_code_2(env: dict[str, str]) -> None:
    assert kniga("nonsense", env=env).returncode == 2
    assert kniga("user", "create", env=env).returncode == 2


def test_an_unreachable_database_ends_with_code_3_and_one_line(env: dict[str, str]) -> None:
    result = kniga("user", "list", env={**env, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"})
    assert result.returncode == 3
    assert "Traceback" not in result.stderr


def test_people_are_created_listed_and_changed_from_the_command_line(env: dict[str, str]) -> None:
    created = kniga("user", "create", "olga@kniga.test", "--name", "Ольга", "--role", "head", "--json", env=env)
    assert created.returncode == 0, created.stderr
    assert json.loads(created.stdout)["role"] == "head"
    again = kniga("user", "create", "olga@kniga.test", "--name", "Ольга", env=env)
    assert (again.returncode, "Traceback" in again.stderr) == (1, False)
    assert kniga("user", "set-role", "olga@kniga.test", "owner", env=env).returncode == 0
    assert kniga("user", "set-password", "olga@kniga.test", "--json", env=env).returncode == 0
    listed = json.loads(kniga("user", "list", "--json", env=env).stdout)
    assert [(row["email"], row["role"], row["skills"]) for row in listed] == [("olga@kniga.test", "owner", [])]
    assert kniga("user", "set-password", "nobody@kniga.test", env=env).returncode == 1


def test_doctor_tells_what_is_wrong_and_ends_with_code_1_then(env: dict[str, str]) -> None:
    findings = json.loads(kniga("doctor", "--json", env=env).stdout)
    checks = {finding["check"]: finding["ok"] for finding in findings}
    assert checks["database"] and checks["migrations"] and checks["Python"] and checks["front end"], findings
    broken = kniga("doctor", "--json", env={**env, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"})
    assert broken.returncode == 1


def test_a_backup_comes_back_to_the_row_and_only_into_an_empty_database(env: dict[str, str], tmp_path: Path) -> None:
    kniga("user", "create", "boris@kniga.test", "--name", "Борис", env=env)
    written = kniga("backup", str(tmp_path / "all.tar"), "--json", env=env)
    assert written.returncode == 0, written.stderr
    home = open_home(tmp_path)
    other = environment(home)
    (home / "furnishing").write_text("postgresql://of.a.killed.start")
    restored = kniga("restore", str(tmp_path / "all.tar"), "--json", env=other)
    assert restored.returncode == 0, restored.stderr
    assert not (home / "furnishing").exists()
    assert json.loads(restored.stdout)["rows"] == json.loads(written.stdout)["rows"]
    assert kniga("user", "list", "--json", env=other).stdout == kniga("user", "list", "--json", env=env).stdout
    assert kniga("restore", str(tmp_path / "all.tar"), env=other).returncode == 1
    (tmp_path / "torn.tar").write_bytes((tmp_path / "all.tar").read_bytes()[:5000])
    torn = kniga("restore", str(tmp_path / "torn.tar"), env=environment(open_home(tmp_path / "home")))
    assert (torn.returncode, "Traceback" in torn.stderr) == (1, False)


def test_no_password_stands_on_a_command_line() -> None:
    place, secrets = open_and_secret("postgresql://anna:s3cr%20t@db.example.org:5433/kniga?sslmode=require")
    assert "s3cr" not in place and secrets == {"PGPASSWORD": "s3cr t"}
    assert conninfo_to_dict(place) == {
        "user": "anna", "host": "db.example.org", "port": "5433", "dbname": "kniga", "sslmode": "require",
    }  # fmt: skip
    assert open_and_secret("postgresql://kniga@/kniga?host=/run")[1] == {}


FURNISHING = """
from kniga.runtime.home import current_home
from kniga.runtime.session import database, furnishing_turn
with database() as address, furnishing_turn(address):
    current_home().furnishing_file.write_text(address)
    print("furnishing", flush=True)
    input()
    print("the marker is there:", current_home().furnishing_file.exists(), flush=True)
    current_home().furnishing_file.unlink()
"""


def test_other_commands_wait_while_the_first_start_is_furnishing(tmp_path: Path) -> None:
    env = environment(open_home(tmp_path))
    with running(sys.executable, "-c", FURNISHING, env=env, answers=True) as first:
        first.await_line("furnishing")
        with running(sys.executable, "-m", "kniga", "user", "list", env=env) as second:
            second.await_line("waiting for it")
            assert second.process.poll() is None
            first.answer()
            first.await_line("the marker is there: True")
            assert (second.await_end(), first.await_end()) == (0, 0)


def test_furnishing_that_was_killed_half_way_starts_over_unless_somebody_has_worked_since(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    env = environment(home)
    first = kniga("prepare", "--no-demo", "--json", env=env)
    assert first.returncode == 0, first.stderr
    assert not (home / "furnishing").exists()
    assert json.loads(kniga("prepare", "--no-demo", "--json", env=env).stdout)["sign_ins"] == []
    # Under a long path the sockets lie elsewhere.
    marker = Cluster(home / "postgres", record=home / "postgres.json").dsn
    (home / "furnishing").write_text(marker)
    again = kniga("prepare", "--no-demo", "--json", env=env)
    assert len(json.loads(again.stdout)["sign_ins"]) == 1, again.stderr
    (home / "furnishing").write_text(marker)
    assert kniga("user", "create", "olga@kniga.test", "--name", "Olga", env=env).returncode == 0
    assert json.loads(kniga("prepare", "--no-demo", "--json", env=env).stdout)["sign_ins"] == []


def test_a_database_that_knows_no_capital_letters_is_refused_when_new_and_told_of_in_use(
    env: dict[str, str], test_cluster: str
) -> None:
    name = "kniga_without_letters"
    with psycopg.connect(test_cluster, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name}")
        connection.execute(
            f"CREATE DATABASE {name} TEMPLATE template0 LOCALE_PROVIDER libc LC_CTYPE 'C' LC_COLLATE 'C'"
        )
    address = make_conninfo(test_cluster, dbname=name)
    other = {**env, "DATABASE_URL": test_cluster.replace("/kniga?", f"/{name}?")}
    refused = kniga("prepare", "--no-demo", env=other)
    assert (refused.returncode, "LC_CTYPE" in refused.stderr) == (1, True)
    with psycopg.connect(address) as connection:
        assert connection.execute("SELECT to_regclass('django_migrations')").fetchone() == (None,)
        connection.execute("CREATE TABLE django_migrations (id int, app text, name text, applied timestamptz)")
    findings = json.loads(kniga("doctor", "--json", env=other).stdout)
    assert [one["ok"] for one in findings if one["check"] == "letters"] == [False]
    used = kniga("migrate", "--json", env=other)
    assert "LC_CTYPE" in used.stderr
    with psycopg.connect(test_cluster, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
