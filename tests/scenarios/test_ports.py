"""A port that was chosen stays ours until the server listens."""

from __future__ import annotations

import socket

import pytest

from kniga.runtime.ports import PortTaken, reserve_port


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_two_that_choose_at_once_get_different_ports() -> None:
    first, second = reserve_port(None), reserve_port(None)
    assert first.port != second.port
    first.release()
    second.release()


def test_a_reserved_port_is_refused_to_others_and_open_to_a_server_that_shares() -> None:
    held = reserve_port(free_port())
    with pytest.raises(PortTaken, match=str(held.port)):
        reserve_port(held.port)
    with socket.socket() as server, socket.socket() as client:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        server.bind(("127.0.0.1", held.port))
        server.listen()
        client.connect(("127.0.0.1", held.port))
        server.accept()[0].close()
    held.release()


def test_a_released_port_can_be_reserved_again() -> None:
    held = reserve_port(free_port())
    held.release()
    reserve_port(held.port).release()
