"""Pages for machines that watch Kniga: is it alive, is it ready, how is it doing. No sign-in."""

from __future__ import annotations

from functools import lru_cache

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from kniga.runtime.metrics import exposition


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as this process answers; nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """200 if the database answers and its tables are those of this version, else 503 with the reason."""
    checks = {"database": _database_problem()}
    if checks["database"] is None:
        checks["migrations"] = _migrations_problem()
    is_ready = not any(checks.values())
    content = {"ready": is_ready, "checks": {name: problem or "ok" for name, problem in checks.items()}}
    return JsonResponse(content, status=200 if is_ready else 503)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures in Prometheus' text format."""
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)


def _database_problem() -> str | None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        # The server's message may name hosts and users, so it goes to the log of the process, not out.
        return "the database does not answer"
    return None


def _migrations_problem() -> str | None:
    if _known_migrated():
        return None
    return "migrations are missing: run kniga migrate"


def _known_migrated() -> bool:
    """Whether nothing is left to migrate; a yes is remembered, since reading all migrations costs time."""
    if _remembered_yes.cache_info().currsize:
        return True
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return False
    _remembered_yes()
    return True


@lru_cache(maxsize=1)
def _remembered_yes() -> bool:
    return True
