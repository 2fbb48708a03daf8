"""Finding a free TCP port."""

from __future__ import annotations

import socket

FIRST = 8000
TRIES = 200


class PortTaken(RuntimeError):
    """The port asked for is in use, or none of the usual ones is free."""


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether nothing listens on `port`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do it: a port whose last connections only wait for their end is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def choose_port(wanted: int | None, host: str = "127.0.0.1") -> int:
    """`wanted` if it is free, or the first free port from 8000. Raises PortTaken."""
    if wanted is not None:
        if not is_free(wanted, host):
            raise PortTaken(f"port {wanted} is in use; name another with PORT=… or --port, or leave it out")
        return wanted
    for port in range(FIRST, FIRST + TRIES):
        if is_free(port, host):
            return port
    raise PortTaken(f"no port from {FIRST} to {FIRST + TRIES - 1} is free; name one with PORT=…")
