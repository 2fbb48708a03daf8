"""Finding a free TCP port, and keeping it ours until the server listens."""

from __future__ import annotations

import socket
from dataclasses import dataclass

FIRST = 8000
TRIES = 200


class PortTaken(RuntimeError):
    """The port asked for is in use, or none of the usual ones is free."""


@dataclass(frozen=True)
class Reservation:
    """A port that others see as taken, while a server of ours may listen on it."""

    port: int
    holder: socket.socket

    def release(self) -> None:
        """Give the port back."""
        self.holder.close()


def reserve_port(wanted: int | None, host: str = "127.0.0.1") -> Reservation:
    """Reserve `wanted`, or the first free port from 8000. Raises PortTaken."""
    if wanted is not None:
        found = _reserve(wanted, host)
        if found is None:
            raise PortTaken(f"port {wanted} is in use; name another with PORT=… or --port, or leave it out")
        return found
    for port in range(FIRST, FIRST + TRIES):
        found = _reserve(port, host)
        if found is not None:
            return found
    raise PortTaken(f"no port from {FIRST} to {FIRST + TRIES - 1} is free; name one with PORT=…")


def _reserve(port: int, host: str) -> Reservation | None:
    if not _is_free(port, host):
        return None
    # Bound with SO_REUSEPORT, as the web server binds, and never listening: the server can join, connections
    # go to it alone, and everybody who probes finds the port taken. Seconds of set-up lie in between, and two
    # Knigas that start together would otherwise share one port without a word.
    # SO_REUSEADDR must not be set on it: two such sockets, neither listening, may have the same port.
    holder = _socket(host)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        holder.bind((host, port))
    except OSError:
        holder.close()
        return None
    return Reservation(port, holder)


def _is_free(port: int, host: str) -> bool:
    with _socket(host) as probe:
        # As servers do it: a port whose last connections only wait for their end is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _socket(host: str) -> socket.socket:
    return socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
