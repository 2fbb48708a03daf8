"""What the speed programs share: the made department served as users meet it, browsers' sessions, medians."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psutil

from kniga.runtime.session import database
from proofs.harness import Kniga, Report, note
from proofs.speed.made_department import bench_home

HEAD = "head0@bench.example"
REP = "rep3@bench.example"
WORKERS = 2
WARM = 20


@contextlib.contextmanager
def department() -> Iterator[Path]:
    """The made department's home, with Django set up on its database in this process."""
    home = bench_home()
    with database():
        from kniga.insights.funnel.projection import fold_funnel

        fold_funnel()
        yield home.root


@contextlib.contextmanager
def served_department() -> Iterator[Kniga]:
    """The made department served by `kniga run` with two web workers; Django is set up in this process, too."""
    home = bench_home()
    with Kniga.started("--workers", str(WORKERS), home=home.root) as kniga, database():
        note(f"serving {home.root} at {kniga.url}")
        yield kniga


@dataclass
class Visitor:
    """A browser's session on one kept connection."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    connection: http.client.HTTPConnection | None = None

    def get(self, address: str, **headers: str) -> bytes:
        """The body of a page; anything but 200 is an error."""
        return self._ask("GET", address, None, headers)

    def post(self, address: str, values: dict[str, str]) -> bytes:
        """Send a form as htmx does."""
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "HX-Request": "true",
            "X-CSRFToken": self.cookies["csrftoken"],
        }
        return self._ask("POST", address, urlencode(values), headers)

    def _ask(self, method: str, address: str, body: str | None, headers: dict[str, str]) -> bytes:
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self.connection.request(method, address, body, {"Cookie": cookie, **headers})
        response = self.connection.getresponse()
        content = response.read()
        if response.status not in (200, 204):
            raise RuntimeError(f"{method} {address}: {response.status} {content[:300]!r}")
        return content


def visitor(port: int, email: str, language: str = "ru") -> Visitor:
    """A signed-in session of this person; Django must be set up."""
    return Visitor(port, {**session_of(email), "csrftoken": "b" * 32, "django_language": language})


def session_of(email: str) -> dict[str, str]:
    """The session cookie of a person."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from kniga.people.models import User

    user = User.objects.get(email=email)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return {settings.SESSION_COOKIE_NAME: str(session.session_key)}


def median_ms(act: Callable[[int], Any], *, times: int, warm: int = 10) -> float:
    """The median of `times` calls in milliseconds, after `warm` calls that are not counted."""
    for number in range(warm):
        act(number)
    taken = []
    for number in range(times):
        began = time.perf_counter()
        act(number)
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def cpu_seconds(kniga: Kniga) -> float:
    """The processor time that the web server and PostgreSQL have taken so far, in all their processes."""
    total = 0.0
    for process in psutil.Process(kniga.process.pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if "kniga.runtime.worker" not in process.cmdline():
                times = process.cpu_times()
                total += times.user + times.system
    return total


def page_line(
    report: Report, kniga: Kniga, name: str, act: Callable[[int], Any], *, goal: float, peers: str, times: int = 60
) -> None:
    """One claim about an act over HTTP: its median time, with the server's processor time beside it.

    On a machine that others use, too, the time of the clock says little and the processor's time more.
    """
    for number in range(WARM):
        act(number)
    before = cpu_seconds(kniga)
    value = median_ms(act, times=times, warm=0)
    cpu = (cpu_seconds(kniga) - before) / times * 1000
    report.line(
        name, value, "ms p50", against=f"{peers}; {cpu:.1f} ms of the server's CPU", goal=f"<= {goal:g} ms",
        holds=value <= goal,
    )  # fmt: skip


def machine() -> str:
    """The shape of this machine, in words."""
    memory = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal"))
    load = os.getloadavg()[0]
    return json.dumps({"cores": os.cpu_count(), "memory_gb": int(memory.split()[1]) // 1024**2, "load": round(load, 1)})
