"""Tell another program by a signed POST, and never a machine inside the house by mistake."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final
from urllib.parse import SplitResult, quote, urlsplit

from django.conf import settings

from kniga.platform.said import said as _
from kniga.platform.sqlparts import rows_of
from kniga.processes.actions.doing import ActionFailed, Job, Results, bad_answer

TIMEOUT: Final = 10.0
"""Seconds until whoever says nothing is given up."""
DEADLINE: Final = 20.0
"""Seconds for all of a request and its answer, however slowly they drip."""
MOST_BYTES: Final = 64 * 1024
_PATH: Final = "/%:@!$&'()*+,;=~"
# Addresses that carry another one, which may be of this house (NAT64, 6to4, Teredo, IPv4-compatible), and old
# site-local ones.
_WRAPPING: Final = tuple(
    ipaddress.ip_network(text)
    for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96", "fec0::/10")
)
_DEAL: Final = """
SELECT d.id, d.number, d.name, d.status, d.amount::text, d.currency, c.id, c.name, s.key
FROM deals_deal d LEFT JOIN clients_client c ON c.id = d.client_id LEFT JOIN deals_stage s ON s.id = d.stage_id
WHERE d.id = %s
"""


def call_webhook(job: Job) -> Results:
    """POST the deal as JSON to the address. What an answer of 2xx says (a JSON object) are the results.

    Raises ActionFailed: `bad_address` (final), `refused` for an answer of 4xx (final but for 408 and 429),
    `unreachable` for whatever may pass."""
    address = checked_address(job.text("url"))
    body = json.dumps(_body(job), ensure_ascii=False).encode()
    moment = str(int(job.now.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Kniga",
        "X-Kniga-Delivery": str(job.work_id),
        "X-Kniga-Signature": f"t={moment},v1={signature(secret_of(job.text('url')), moment, body)}",
    }
    job.hold()
    try:
        status, text = _post(address, body, headers)
    except (OSError, http.client.HTTPException) as error:
        raise ActionFailed(
            _("%(host)s does not answer: %(error)s") % {"host": address.hostname, "error": error}, code="unreachable"
        ) from error
    if not 200 <= status < 300:
        is_final = 300 <= status < 500 and status not in (408, 429)
        message = _("%(host)s answers %(status)d.") % {"host": address.hostname, "status": status}
        raise ActionFailed(message, code="refused" if is_final else "unreachable", is_final=is_final)
    return _results(text)


def secret_of(url: str) -> str:
    """The secret a receiver checks signatures with: one per endpoint (scheme, host, port and path), derived from
    the installation's key, so that none has to be stored."""
    parts = urlsplit(url)
    endpoint = f"{parts.scheme}://{parts.netloc.lower()}{parts.path}"
    return hmac.new(settings.SECRET_KEY.encode(), f"webhook {endpoint}".encode(), hashlib.sha256).hexdigest()


def signature(secret: str, moment: str, body: bytes) -> str:
    """HMAC-SHA256 of "<moment>.<body>" as hexadecimal digits; `moment` in seconds since 1970."""
    return hmac.new(secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()


def checked_address(url: str) -> SplitResult:
    """The address in parts as they go over the wire: the host in the letters of domain names, path and query
    percent-encoded. Raises ActionFailed `bad_address` for what is no http(s) address."""
    try:
        parts = urlsplit(url)
        host = _wire_host(parts.hostname or "")
        port = "" if parts.port is None else f":{parts.port}"
        is_fine = parts.scheme in ("http", "https") and bool(host) and parts.port != 0 and parts.username is None
        path, query = quote(parts.path, safe=_PATH), quote(parts.query, safe=f"{_PATH}?")
    except ValueError:  # a UnicodeError is one, too
        is_fine = False
    if not is_fine:
        message = _("“%s” is no address of the form https://example.com/path.") % url[:200]
        raise ActionFailed(message, code="bad_address", is_final=True)
    return SplitResult(parts.scheme, f"{host}{port}", path, query, "")


def _wire_host(host: str) -> str:
    return f"[{ipaddress.IPv6Address(host)}]" if ":" in host else host.encode("idna").decode("ascii")


def _post(address: SplitResult, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    """One request, no redirect is followed. The connection goes to the very address that was looked at."""
    is_tls = address.scheme == "https"
    port = address.port or (443 if is_tls else 80)
    host = address.hostname or ""
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
    connection.sock = socket.create_connection((_public_address(host, port), port), timeout=TIMEOUT)
    try:
        with _ends_in_time(connection.sock):
            if is_tls:
                connection.sock = ssl.create_default_context().wrap_socket(connection.sock, server_hostname=host)
            path = (address.path or "/") + (f"?{address.query}" if address.query else "")
            connection.request("POST", path, body, headers | {"Host": address.netloc})
            answer = connection.getresponse()
            return answer.status, answer.read(MOST_BYTES)
    finally:
        connection.close()


@contextmanager
def _ends_in_time(talk: socket.socket) -> Iterator[None]:
    """Raises TimeoutError once the deadline is over: a second handle of the connection ends it from outside, since
    the timeout of a socket begins anew with each byte."""
    is_late = threading.Event()

    def end() -> None:
        is_late.set()
        with suppress(OSError):
            handle.shutdown(socket.SHUT_RDWR)

    with talk.dup() as handle:
        alarm = threading.Timer(DEADLINE, end)
        alarm.daemon = True
        alarm.start()
        try:
            yield
        except (OSError, http.client.HTTPException):
            if not is_late.is_set():
                raise
        finally:
            alarm.cancel()
            alarm.join()
    if is_late.is_set():
        raise TimeoutError(_("no whole answer in %d seconds") % DEADLINE)


def _public_address(host: str, port: int) -> str:
    """An address of the host, if all of its addresses are public ones. Raises ActionFailed `bad_address`, OSError."""
    found = sorted({str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)})
    for text in found:
        address = ipaddress.ip_address(text.partition("%")[0])
        mapped = getattr(address, "ipv4_mapped", None) or address
        if mapped.is_loopback and settings.WEBHOOK_LOOPBACK:
            continue
        if not mapped.is_global or mapped.is_multicast or any(mapped in network for network in _WRAPPING):
            raise _inside(host)
    return found[0]


def _inside(host: str) -> ActionFailed:
    message = _("%s is an address inside this network: processes may only call public ones.") % host
    return ActionFailed(message, code="bad_address", is_final=True)


def _body(job: Job) -> dict[str, Any]:
    id, number, name, status, amount, currency, client_id, client, stage = rows_of(_DEAL, [job.deal_id])[0]
    return {
        "event": job.text("event") or job.element,
        "delivery": job.work_id,
        "at": job.now.isoformat(),
        "process_instance": job.instance_id,
        "element": job.element,
        "deal": {
            "id": id, "number": number, "name": name, "status": status, "amount": amount, "currency": currency,
            "stage": stage, "client": None if client_id is None else {"id": client_id, "name": client},
        },
    }  # fmt: skip


def _results(text: bytes) -> Results:
    try:
        answer = json.loads(text)
    except ValueError:
        return {}
    except RecursionError as error:
        raise bad_answer() from error
    return answer if isinstance(answer, dict) else {}
