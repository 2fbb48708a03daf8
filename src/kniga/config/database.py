"""Turn DATABASE_URL into Django's DATABASES entry."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


def database_from_url(url: str) -> dict[str, Any]:
    """The DATABASES entry for `postgresql://user:password@host:port/name?host=/socket/folder&port=N`.

    A Unix socket's folder travels as the query parameter `host`, as libpq does it. An empty URL gives an
    entry that names no server: commands that need none (help, checks, migrations' check) still work.
    """
    parts = urlsplit(url)
    if url and parts.scheme not in {"postgres", "postgresql"}:
        raise ValueError(f"DATABASE_URL must begin with postgresql://, not {parts.scheme or 'nothing'}://")
    query = dict(parse_qsl(parts.query))
    options: dict[str, Any] = {
        # Server-side binding lets PostgreSQL keep the plan of every statement that comes twice.
        "server_side_binding": True,
        "prepare_threshold": 1,
        "application_name": os.environ.get("KNIGA_PROCESS", "kniga"),
    }
    if "sslmode" in query:
        options["sslmode"] = query["sslmode"]
    return {
        "ENGINE": "kniga.config.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "kniga",
        "USER": unquote(parts.username or query.get("user", "kniga")),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or query.get("host", ""),
        "PORT": str(parts.port or query.get("port", "")),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": False,
        "OPTIONS": options,
        "TEST": {"NAME": os.environ.get("KNIGA_TEST_DATABASE", "test_kniga")},
    }
