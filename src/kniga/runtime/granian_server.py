"""The web server: `python -m kniga.runtime.granian_server HOST PORT WORKERS`.

The application is loaded once, here, with all it needs for its first page; granian then forks its web processes, which
share this memory until they write to it. Nothing before that opens a connection or starts a thread.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces

from kniga.runtime.children import follow_parent

THREADS = 4
# A page makes some ten thousand objects and leaves few of them: looking for cycles after every seven hundred is waste.
OBJECTS_BETWEEN_COLLECTIONS = 20_000


def main(host: str, port: int, workers: int) -> None:
    """Serve until SIGTERM."""
    if sys.platform.startswith("linux"):
        # Said aloud: from Python 3.14 on it is not what processes begin with. Elsewhere each loads for itself.
        multiprocessing.set_start_method("fork")
        _application()
        gc.collect()
        # What is here now lives as long as the process: counting it again and again would unshare its memory.
        gc.freeze()
    server = Granian(
        __name__,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        respawn_failed_workers=True,
        websockets=False,
        http=HTTPModes.http1,
    )
    server.serve(target_loader=_begin, wrap_loader=False)


def _begin() -> Callable[..., Any]:
    """What a web process does first; gives the application."""
    # Granian's own head process may be killed too; its web processes must not keep the port then.
    follow_parent()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, 10, 10)
    return _application()


@cache
def _application() -> Callable[..., Any]:
    os.environ.setdefault("KNIGA_PROCESS", "kniga-web")
    from kniga.config.wsgi import application
    from kniga.runtime.warming import warm_up

    warm_up()
    return application


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
