"""`kniga run` from outside: it comes up, mends what is killed, stops whole, and takes over."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.scenarios.processes import Running, environment, eventually, open_home, running


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return open_home(tmp_path)


@contextmanager
def kniga_run(home: Path, *options: str) -> Iterator[tuple[Running, int]]:
    command = (sys.executable, "-m", "kniga", "run", "--no-demo", "--workers", "1", *options)
    with running(*command, env=environment(home)) as program:
        ready = program.await_line("ready after")
        port = re.search(r":(\d+)/", ready)
        assert port is not None
        yield program, int(port[1])


def is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/readyz")
        return bool(json.load(connection.getresponse())["ready"])
    except OSError:
        return False
    finally:
        connection.close()


def child(program: Running, text: str) -> psutil.Process:
    children = psutil.Process(program.process.pid).children(recursive=True)
    return next(found for found in children if text in " ".join(found.cmdline()))


def of_home(home: Path) -> list[psutil.Process]:
    """Processes that still belong to this home; waits up to a while for those that are ending."""
    mine = [process for process in psutil.process_iter() if _belongs(process, home)]
    return psutil.wait_procs(mine, timeout=30)[1]


def _belongs(process: psutil.Process, home: Path) -> bool:
    try:
        return str(home) in " ".join(process.cmdline()) or process.environ().get("KNIGA_HOME") == str(home)
    except psutil.Error:
        return False


def test_it_comes_up_though_it_answers_only_to_the_name_the_proxy_passes(home: Path) -> None:
    command = (sys.executable, "-m", "kniga", "run", "--no-demo", "--workers", "1")
    with running(*command, env=environment(home, KNIGA_HOSTS=".example.org")) as program:
        assert "http://127.0.0.1" in program.await_line("ready after")


def test_it_comes_up_answers_and_stops_everything_on_ctrl_c(home: Path) -> None:
    with kniga_run(home) as (program, port):
        assert is_ready(port)
        program.send(signal.SIGINT)
        assert program.await_end() == 0
    assert of_home(home) == []
    assert (home / "secret_key").stat().st_mode & 0o077 == 0


def test_every_part_that_is_killed_comes_back(home: Path) -> None:
    with kniga_run(home) as (program, port):
        child(program, "kniga.runtime.worker").kill()
        program.await_line("job worker ended with SIGKILL")
        child(program, "granian").kill()
        program.await_line("web server ended with SIGKILL")
        child(program, "postgres").kill()
        program.await_line("the database server is back")
        assert eventually(lambda: is_ready(port))


def test_after_a_kill_of_the_whole_the_next_start_takes_over(home: Path) -> None:
    with kniga_run(home) as (program, _):
        program.send(signal.SIGKILL)
        program.await_end()
    with kniga_run(home) as (program, port):
        assert is_ready(port)
        program.send(signal.SIGTERM)
        assert program.await_end() == 0
    assert of_home(home) == []


def test_two_homes_run_side_by_side_on_ports_of_their_own(tmp_path: Path, home: Path) -> None:
    second = tmp_path / "second"
    second.mkdir(mode=0o711)
    with kniga_run(home) as (_, first_port), kniga_run(second) as (_, second_port):
        assert first_port != second_port
        assert is_ready(first_port)
        assert is_ready(second_port)


def test_a_port_in_use_is_refused_with_its_cure(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", "kniga", "run", "--port", port],
            env=environment(home), capture_output=True, text=True, timeout=60,
        )  # fmt: skip
    assert done.returncode == 1
    assert f"port {port} is in use" in done.stderr
    assert not (home / "postgres").exists()
