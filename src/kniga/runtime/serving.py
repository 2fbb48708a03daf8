"""The application as granian's web processes load it."""

from __future__ import annotations

import os

from kniga.runtime.children import follow_parent

# Granian's own head process may be killed too; its web processes must not keep the port then.
follow_parent()
os.environ.setdefault("KNIGA_PROCESS", "kniga-web")

from kniga.config.wsgi import application  # noqa: E402 (a process that loads slowly is tied already)

__all__ = ["application"]
