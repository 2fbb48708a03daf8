"""The configuration of the embedded PostgreSQL, as text."""

from __future__ import annotations

import os
from pathlib import Path

MEGABYTE = 1024 * 1024


def configuration(*, sockets: Path, libraries: Path, throwaway: bool) -> str:
    """The content of `kniga.conf` for this machine; `throwaway` gives up durability for speed."""
    memory = _memory_megabytes()
    shared = 128 if throwaway else max(128, min(1024, memory // 64))
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(sockets),
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        "shared_buffers": f"{shared}MB",
        "effective_cache_size": f"{max(256, memory // 2)}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": "128MB",
        "random_page_cost": "1.1",
        "jit": "off",
        # This build compresses by pglz alone: that took a third of a completion's time, for pages written whole once
        # after each checkpoint.
        "wal_compression": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_wal_size": "2GB",
        "checkpoint_timeout": "15min",
        "io_workers": "1",
        "max_parallel_workers_per_gather": "1",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_min_messages": "warning",
        "log_line_prefix": "%m [%p] ",
        "lc_messages": "C",
        "default_text_search_config": "pg_catalog.simple",
    }
    if (libraries / "pg_stat_statements.so").exists():
        settings["shared_preload_libraries"] = "pg_stat_statements"
    if throwaway:
        settings |= {
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "autovacuum": "off",
            "max_connections": "200",
        }
    lines = (f"{name} = '{value.replace(chr(39), chr(39) * 2)}'" for name, value in settings.items())
    return "# Written anew at every start; put your own settings into postgresql.auto.conf.\n" + "\n".join(lines) + "\n"


def _memory_megabytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // MEGABYTE
