"""Ties between a process and the children it starts."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1


def die_with_parent(number: int = signal.SIGTERM) -> Callable[[], None] | None:
    """A `preexec_fn` that has the kernel send `number` to the child when its parent dies, even by kill -9.

    Linux only (None elsewhere). The parent is the *thread* that starts the child, so start it from one that
    lives on.
    """
    if not sys.platform.startswith("linux"):
        return None
    # Loaded here, not in the child: between fork and exec only what is already there may be touched.
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            os._exit(1)

    return ask


def follow_parent(number: int = signal.SIGKILL) -> None:
    """Have the kernel send `number` to this very process when its parent dies (Linux only, else nothing)."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)
