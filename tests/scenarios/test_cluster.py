"""The embedded PostgreSQL: made, shared, killed, taken over."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from kniga.runtime.placement import decide
from kniga.runtime.postgres import Cluster
from kniga.runtime.postmaster import running_postmaster
from tests.scenarios.processes import open_home


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(open_home(tmp_path) / "postgres")
    yield made
    made.stop()


def ask(dsn: str, question: str) -> object:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(question).fetchone()
    return row and row[0]


def kill(cluster: Cluster) -> None:
    postmaster = running_postmaster(cluster.placement.data)
    assert postmaster is not None
    os.kill(postmaster.pid, signal.SIGKILL)


def test_cyrillic_letters_fold_and_make_trigrams(cluster: Cluster) -> None:
    dsn = cluster.ensure_started()
    assert ask(dsn, "SELECT 'СТЕЛЛАЖ' ILIKE 'стеллаж' AND lower('Ё') = 'ё'") is True
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
    assert ask(dsn, "SELECT similarity('стеллаж', 'стеллажи') > 0.5") is True


def test_it_listens_on_a_private_socket_and_nowhere_else(cluster: Cluster) -> None:
    dsn = cluster.ensure_started()
    assert ask(dsn, "SHOW listen_addresses") == ""
    assert cluster.placement.sockets.stat().st_mode & 0o077 == 0
    assert cluster.placement.data.stat().st_mode & 0o077 == 0


def test_committed_rows_survive_a_kill_of_the_server(cluster: Cluster) -> None:
    dsn = cluster.ensure_started()
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS number")
    kill(cluster)
    assert ask(cluster.ensure_started(), "SELECT count(*) FROM kept") == 1000


def test_backends_that_outlive_a_killed_server_do_not_block_the_next(cluster: Cluster) -> None:
    dsn = cluster.ensure_started()
    connection = psycopg.connect(dsn, autocommit=True)
    connection.execute("SELECT 1")
    kill(cluster)
    assert ask(cluster.ensure_started(), "SELECT 1") == 1
    connection.close()


def test_a_pid_file_that_names_a_stranger_is_no_obstacle(cluster: Cluster) -> None:
    cluster.ensure_started()
    pid_file = cluster.placement.data / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    cluster.stop()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    assert not cluster.is_running()
    assert ask(cluster.ensure_started(), "SELECT 1") == 1


def test_the_server_stays_while_somebody_else_uses_it(cluster: Cluster) -> None:
    other = Cluster(cluster.placement.data)
    cluster.ensure_started()
    dsn = other.ensure_started()
    cluster.release()
    assert ask(dsn, "SELECT 1") == 1
    other.release()
    assert not other.is_running()


def test_a_start_that_was_interrupted_is_made_good(cluster: Cluster) -> None:
    cluster.placement.data.mkdir(parents=True)
    (cluster.placement.data / "PG_VERSION").write_text("18\n")
    assert ask(cluster.ensure_started(), "SELECT 1") == 1


def test_a_home_with_a_very_long_path_gets_a_short_socket(tmp_path: Path) -> None:
    folder = open_home(tmp_path) / ("long" * 30)
    with Cluster(folder / "postgres") as dsn:
        assert ask(dsn, "SELECT 1") == 1
        assert len(dsn.rpartition("=")[2]) < 90


def test_a_throwaway_cluster_leaves_nothing_behind() -> None:
    cluster = Cluster.temporary()
    folder = cluster.placement.data.parent
    with cluster as dsn:
        assert ask(dsn, "SHOW fsync") == "off"
    assert not folder.exists()


def test_a_home_closed_to_others_gets_its_data_elsewhere_when_root_runs_it(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    home.chmod(0o700)
    record = home / "postgres.json"
    placement = decide(home / "postgres", record)
    if os.geteuid() == 0:
        assert placement.user == "nobody"
        assert not placement.data.is_relative_to(home)
    else:
        assert placement.data == home / "postgres"
    assert decide(home / "postgres", record) == placement


def test_a_copied_home_does_not_share_the_original_data(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    first = decide(home / "postgres", home / "postgres.json")
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "postgres.json").write_bytes((home / "postgres.json").read_bytes())
    assert first.data == home / "postgres"
    assert decide(copy / "postgres", copy / "postgres.json").data == copy / "postgres"
