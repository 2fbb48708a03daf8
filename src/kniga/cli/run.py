"""`kniga run`: everything in the foreground until Ctrl-C."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from kniga.cli.output import refuse
from kniga.runtime.home import Home, current_home
from kniga.runtime.placement import PlacementError
from kniga.runtime.ports import PortTaken, reserve_port
from kniga.runtime.postgres import Cluster, ClusterError
from kniga.runtime.session import cluster_of
from kniga.runtime.supervisor import Child, Supervisor

GIVE_UP_AFTER = 5
READY_SECONDS = 60.0


def run(
    port: Annotated[
        int | None, typer.Option(envvar="PORT", help="Port; without it the first free one from 8000.")
    ] = None,
    host: Annotated[str, typer.Option(envvar="KNIGA_HOST", help="Address to listen on.")] = "127.0.0.1",
    workers: Annotated[int, typer.Option(min=1, help="Web processes.")] = 2,
    demo: Annotated[bool, typer.Option(help="Furnish an empty database with the demo department.")] = True,
    terminal_logs: Annotated[
        bool, typer.Option(help="Write the processes' logs to the terminal, not to files.")
    ] = False,
) -> None:
    """Run Kniga in the foreground: database, web server, job worker."""
    started = time.monotonic()
    home = current_home().prepare()
    home.secret_key()
    try:
        reservation = reserve_port(port, host)
    except PortTaken as error:
        refuse(str(error))
    chosen = reservation.port
    cluster = _start_cluster(home)
    supervisor = Supervisor([], cluster, _say)
    supervisor.catch_signals()
    try:
        environment = _environment(home, cluster, host)
        _prepare(home, environment, demo=demo)
        supervisor.children = _children(
            home, environment, host=host, port=chosen, workers=workers, to_files=not terminal_logs
        )
        supervisor.start()
        _await_ready(supervisor, host, chosen)
        if not supervisor.is_stopping:
            _greet(home, host, chosen, asked=port is not None, seconds=time.monotonic() - started)
        supervisor.watch()
        _say("stopping")
    finally:
        supervisor.stop()
        reservation.release()


def _say(line: str) -> None:
    print(f"kniga: {line}", flush=True)


def _start_cluster(home: Home) -> Cluster | None:
    if os.environ.get("DATABASE_URL"):
        return None
    try:
        cluster = cluster_of(home)
        if not (cluster.placement.data / "PG_VERSION").exists():
            _say(f"making the database in {cluster.placement.data}")
        cluster.ensure_started()
    except (ClusterError, PlacementError) as error:
        refuse(str(error), code=3)
    return cluster


def _environment(home: Home, cluster: Cluster | None, host: str) -> dict[str, str]:
    metrics = home.root / "metrics"
    shutil.rmtree(metrics, ignore_errors=True)
    metrics.mkdir()
    return {
        "DATABASE_URL": cluster.dsn if cluster else os.environ["DATABASE_URL"],
        "KNIGA_HOME": str(home.root),
        "KNIGA_HOST": host,
        "KNIGA_SECRET_KEY": os.environ.get("KNIGA_SECRET_KEY") or home.secret_key(),
        "DJANGO_SETTINGS_MODULE": "kniga.config.settings",
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
    }


def _prepare(home: Home, environment: dict[str, str], *, demo: bool) -> None:
    """Migrate and furnish in a process of its own, so that this one stays small."""
    command = [sys.executable, "-m", "kniga", "prepare", "--json", "--demo" if demo else "--no-demo"]
    done = subprocess.run(command, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        refuse("the database could not be prepared; the reason is above", code=done.returncode)
    sign_ins = json.loads(done.stdout)["sign_ins"]
    if sign_ins:
        descriptor = os.open(_sign_ins_file(home), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            json.dump(sign_ins, handle, ensure_ascii=False, indent=2)


def _sign_ins_file(home: Home) -> Path:
    return home.root / "sign_ins.json"


def _children(
    home: Home, environment: dict[str, str], *, host: str, port: int, workers: int, to_files: bool
) -> list[Child]:
    web = [sys.executable, "-m", "kniga.runtime.granian_server", host, str(port), str(workers)]
    return [
        Child("web server", web, environment, home.logs / "web.log" if to_files else None),
        Child(
            "job worker",
            [sys.executable, "-m", "kniga.runtime.worker"],
            environment,
            home.logs / "worker.log" if to_files else None,
        ),
    ]


def _await_ready(supervisor: Supervisor, host: str, port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS

    def is_decided() -> bool:
        gave_up = any(child.failures >= GIVE_UP_AFTER for child in supervisor.children)
        if gave_up or time.monotonic() > deadline:
            refuse("it does not come up" + "".join(_log_end(child) for child in supervisor.children))
        return _is_ready(host, port)

    supervisor.watch(until=is_decided)


def _log_end(child: Child) -> str:
    if child.log_file is None or not child.log_file.exists():
        return ""
    lines = child.log_file.read_text(errors="replace").splitlines()[-12:]
    return "\n".join([f"\n{child.name}, the end of {child.log_file}:", *lines])


def _is_ready(host: str, port: int) -> bool:
    name = _reachable(host)
    asked = _known_as() or (f"[{name}]" if ":" in name else name)
    request = f"GET /readyz HTTP/1.1\r\nHost: {asked}\r\nConnection: close\r\n\r\n"
    try:
        # By hand: this process lives as long as Kniga does, and Python's HTTP client brings all of TLS with it.
        with socket.create_connection((name, port), timeout=5) as connection:
            connection.sendall(request.encode())
            return connection.recv(64).startswith(b"HTTP/1.1 200 ")
    except OSError:
        return False


def _known_as() -> str:
    """The name of a host Kniga answers to, where KNIGA_HOSTS leaves out the address it listens on; else empty."""
    name = os.environ.get("KNIGA_HOSTS", "*").split(",")[0].strip().removeprefix(".")
    return "" if name == "*" else name


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def _greet(home: Home, host: str, port: int, *, asked: bool, seconds: float) -> None:
    name = _reachable(host)
    why = "as asked" if asked else "the first free one from 8000; PORT=… names another"
    _say(f"ready after {seconds:.1f} s at http://{f'[{name}]' if ':' in name else name}:{port}/ (port: {why})")
    _say(f"data in {home.root}, logs in {home.logs}; Ctrl-C stops everything")
    if _sign_ins_file(home).exists():
        _say("sign in as:")
        for sign_in in json.loads(_sign_ins_file(home).read_text()):
            print(f"  {sign_in['role']:<14} {sign_in['email']:<34} {sign_in['password']}", flush=True)
