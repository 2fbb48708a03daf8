"""Bad input of every kind: a clear error that names place and cure, nothing saved, memory bounded.

`python -m proofs.faults.bad_input`. Files are made here; uploads go to a running Kniga over HTTP.
"""

from __future__ import annotations

import http.client
import http.cookiejar
import io
import json
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import psutil

from proofs.harness import PASSWORD, Kniga, Report, note, run, temporary_home

MEGABYTE = 1024 * 1024
MEMORY_LIMIT = 400
"""Megabytes one command or web worker may hold at its peak, whatever it is given."""
BPMN = 'xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'


@dataclass(frozen=True)
class Case:
    """A file, the command that gets it, the words its refusal must hold (place and cure), its exit codes."""

    name: str
    file: str
    arguments: tuple[str, ...]
    words: tuple[str, ...]
    codes: tuple[int, ...] = (1, 2)


@dataclass(frozen=True)
class Ended:
    """How a watched command ended: code, what it said, its peak of memory in MB."""

    code: int
    said: str
    peak: float


CLIENTS = ("import", "clients")
CASES = (
    Case("wrong encoding given", "cp1251.csv", (*CLIENTS, "--encoding", "utf-8"), ("Line 1", "utf-8", "another one")),
    Case("torn UTF-8", "torn.csv", CLIENTS, ("Line 4", "UTF-8")),
    Case("XLSX cut in half", "half.xlsx", CLIENTS, ("damaged", "save it again")),
    Case("XLSX with a broken sheet", "sheet.xlsx", CLIENTS, ("damaged", "save it again")),
    Case("XLSX bomb", "bomb.xlsx", CLIENTS, ("sheet1.xml", "unpacks to", "CSV")),
    Case("XLSX with entities", "entities.xlsx", CLIENTS, ("sheet1.xml", "entities", "Save the table again")),
    Case("100,000 columns", "wide.csv", CLIENTS, ("Row 1", "100000 columns", "500")),
    Case("100,000 columns in XLSX", "wide.xlsx", CLIENTS, ("columns", "500")),
    Case("formula without a value", "formula.xlsx", CLIENTS, ("row 2", "formula", "spreadsheet program")),
    Case("executable renamed .csv", "program.csv", CLIENTS, ("it is a program", "Choose a table")),
    Case("picture renamed .xlsx", "picture.xlsx", CLIENTS, ("it is a picture", "save it as")),
    Case("old XLS", "old.xls", CLIENTS, ("old XLS", "save it as XLSX")),
    Case("a quote that never closes", "quote.csv", CLIENTS, ("Line 3", "quotation mark", "Close or double")),
    Case("one line of 300 MB", "line.csv", CLIENTS, ("MB", "Split it")),
    Case("2 GB file", "huge.csv", CLIENTS, ("2048 MB", "Split it")),
    Case("empty file", "empty.csv", CLIENTS, ("nothing in it", "Choose the file")),
    Case("BPMN: billion laughs", "laughs.bpmn", ("process", "check"), ("line 1", "DOCTYPE", "Delete")),
    Case("BPMN: outside entity", "outside.bpmn", ("process", "check"), ("line 1", "DOCTYPE", "Delete")),
    Case("BPMN: unknown element", "unknown.bpmn", ("process", "check"), ("line 1", "complexGateway", "element g")),
    Case("BPMN: not XML", "program.csv", ("process", "check"), ("line 1", "utf-8", "Save the file")),
    Case("BPMN: cut in half", "half.bpmn", ("process", "check"), ("XML", "ine")),
    Case("BPMN: 60 MB", "huge.bpmn", ("process", "check"), ("5 MiB", "Split")),
)


def make_files(folder: Path) -> None:
    """Write every bad file."""
    honest = workbook([["Name", "Price"], ["Rack", 1]])
    sheet = "xl/worksheets/sheet1.xml"
    texts: dict[str, bytes] = {
        "cp1251.csv": "Название;Город\nЁлка;Тверь\n".encode("cp1251"),
        "torn.csv": "Имя\nПётр\nАнна\n".encode() + b"\xd0\nabc\n" + "Мария\n".encode(),
        "half.xlsx": honest[: len(honest) // 2],
        "sheet.xlsx": repacked(honest, sheet, b"<worksheet><sheetData><row r='1'><c>"),
        "bomb.xlsx": repacked(honest, sheet, b"<worksheet>" + b" " * 500 * MEGABYTE + b"</worksheet>"),
        "entities.xlsx": repacked(honest, sheet, b'<!DOCTYPE x [<!ENTITY a "ha">]><worksheet>&a;</worksheet>'),
        "wide.csv": ",".join(f"column {i}" for i in range(100_000)).encode() + b"\n1\n",
        "wide.xlsx": repacked(honest, sheet, wide_sheet()),
        "formula.xlsx": workbook([["Name", "Note"], ["Rack", "=1+1"]]),
        "program.csv": Path(sys.executable).resolve().read_bytes()[: 4 * MEGABYTE],
        "picture.xlsx": b"\x89PNG\r\n\x1a\n" + bytes(2000),
        "old.xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000),
        "quote.csv": b'Name,Note\nRack,1\nShelf,"open\n' + b"Box,2\n" * 60_000,
        "empty.csv": b"",
        "laughs.bpmn": laughs(),
        "outside.bpmn": b'<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
        + f"<bpmn:definitions {BPMN}>&e;</bpmn:definitions>".encode(),
        "unknown.bpmn": f'<bpmn:definitions {BPMN}><bpmn:process id="p" isExecutable="true"><bpmn:startEvent id="s"/>'
        '<bpmn:complexGateway id="g"/></bpmn:process></bpmn:definitions>'.encode(),
        "half.bpmn": f'<bpmn:definitions {BPMN}><bpmn:process id="p"><bpmn:startEvent'.encode(),
    }  # fmt: skip
    for name, data in texts.items():
        (folder / name).write_bytes(data)
    for name, size in (("huge.csv", 2048), ("line.csv", 300), ("huge.bpmn", 60)):
        with (folder / name).open("wb") as file:
            file.write(b"Name,Note\n" if name != "line.csv" else b"x")
            file.truncate(size * MEGABYTE)


def workbook(rows: list[list[object]]) -> bytes:
    """An XLSX file."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def repacked(data: bytes, part: str, content: bytes) -> bytes:
    """An XLSX file with one part replaced."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, content if name == part else old.read(name))
    return stream.getvalue()


def wide_sheet() -> bytes:
    """A sheet whose first row has 100,000 cells."""
    cells = "".join(f'<c t="inlineStr"><is><t>column {i}</t></is></c>' for i in range(100_000))
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<worksheet xmlns="{space}"><sheetData><row r="1">{cells}</row></sheetData></worksheet>'.encode()


def laughs() -> bytes:
    """The classic bomb: ten entities, each ten times the one before."""
    lines = ['<!DOCTYPE d [<!ENTITY a0 "ha">']
    lines += [f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 11)]
    return ("".join(lines) + f"]><bpmn:definitions {BPMN}>&a10;</bpmn:definitions>").encode()


def watched(arguments: list[str], environment: dict[str, str]) -> Ended:
    """Run a `kniga` command and watch its memory."""
    process = subprocess.Popen(
        [sys.executable, "-m", "kniga", *arguments], env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    peak = [0.0]
    watcher = threading.Thread(target=_watch, args=(process.pid, lambda: process.poll() is not None, peak), daemon=True)
    watcher.start()
    said, _errors = process.communicate(timeout=300)
    watcher.join()
    return Ended(process.returncode, said, peak[0])


def _watch(pid: int, is_over: Callable[[], bool], peak: list[float]) -> None:
    while not is_over():
        try:
            peak[0] = max(peak[0], psutil.Process(pid).memory_info().rss / MEGABYTE)
        except psutil.Error:
            return
        time.sleep(0.02)


def state(kniga: Kniga) -> str:
    """What would differ if anything had been saved: the imports, the users, the processes."""
    parts = [
        kniga.command(*words, "--json").stdout for words in (("import", "list"), ("user", "list"), ("process", "list"))
    ]
    return "\n".join(parts)


def main(report: Report) -> None:
    with temporary_home() as folder, Kniga.started() as kniga:
        note("making bad files")
        make_files(folder)
        before = state(kniga)
        for case in CASES:
            prove(report, case, watched([*case.arguments, str(folder / case.file)], kniga.environment))
        report.line(
            "nothing was saved by any of them", state(kniga) == before, "", goal="true", holds=state(kniga) == before
        )
        prove_uploads(report, kniga, folder)


def prove(report: Report, case: Case, ended: Ended) -> None:
    """A refusal with a place and a cure, no traceback, within bounds of memory."""
    missing = [word for word in case.words if word not in ended.said]
    is_clear = ended.code in case.codes and not missing and "Traceback" not in ended.said
    if not is_clear:
        note(f"{case.name}: exit {ended.code}, missing {missing}: {ended.said[-400:]}")
    report.line(case.name, " ".join(ended.said.split())[:160], "", goal="place and cure named", holds=is_clear)
    report.line(
        f"{case.name}: peak memory", ended.peak, "MB", goal=f"< {MEMORY_LIMIT}", holds=ended.peak < MEMORY_LIMIT
    )


class Browser:
    """A signed-in session without a browser."""

    def __init__(self, kniga: Kniga, email: str) -> None:
        self.kniga = kniga
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        page = self.get("/accounts/login/")
        form = {"login": email, "password": PASSWORD, "csrfmiddlewaretoken": token_in(page)}
        self.opener.open(f"{kniga.url}/accounts/login/", urllib.parse.urlencode(form).encode()).read()

    def get(self, path: str) -> str:
        with self.opener.open(f"{self.kniga.url}{path}") as answer:
            return str(answer.read().decode())

    def upload(self, data: bytes, name: str) -> tuple[int, str]:
        """Post a file as the import form does: status and page."""
        boundary = "proof-boundary"
        token = token_in(self.get("/imports/"))
        fields = {"csrfmiddlewaretoken": token, "kind": "clients"}
        head = "".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
            for field, value in fields.items()
        )
        head += f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        body = head.encode() + data + f"\r\n--{boundary}--\r\n".encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Accept-Language": "en"}
        request = urllib.request.Request(f"{self.kniga.url}/imports/new/", body, kind)
        try:
            with self.opener.open(request) as answer:
                return int(answer.status), str(answer.read().decode())
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def announce(self, size: int) -> tuple[int, str]:
        """Announce a body of `size` bytes, send its beginning, and see what comes back."""
        boundary, token = "proof-boundary", token_in(self.get("/imports/"))
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.cookies)
        connection = http.client.HTTPConnection("127.0.0.1", self.kniga.port, timeout=60)
        connection.putrequest("POST", "/imports/new/")
        for name, value in (
            ("Content-Type", f"multipart/form-data; boundary={boundary}"), ("Content-Length", str(size)),
            ("Cookie", cookies), ("X-CSRFToken", token), ("Accept-Language", "en"),
        ):  # fmt: skip
            connection.putheader(name, value)
        connection.endheaders()
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="huge.csv"\r\n\r\n'
        piece, sent = b"Name,Note\n" * 100_000, 0
        try:
            connection.send(head.encode())
            while sent < size - MEGABYTE:
                connection.send(piece)
                sent += len(piece)
        except OSError:
            pass
        try:
            answer = connection.getresponse()
            return answer.status, f"after {sent // MEGABYTE} MB sent: " + answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException) as error:
            return 0, f"the connection was closed after {sent // MEGABYTE} MB: {error!r}"
        finally:
            connection.close()


def token_in(page: str) -> str:
    """The CSRF token of a page."""
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    return found[1] if found else ""


def prove_uploads(report: Report, kniga: Kniga, folder: Path) -> None:
    """The same by the browser: refused at the field; 2 GB refused at once; web workers stay small."""
    kniga.token("proof@kniga.test", role="head")
    browser = Browser(kniga, "proof@kniga.test")
    for name, words in (
        ("program.csv", "it is a program"),
        ("bomb.xlsx", "unpacks to"),
        ("wide.csv", "100000 columns"),
    ):
        status, page = browser.upload((folder / name).read_bytes(), name)
        holds = status == 422 and words in page
        report.line(f"upload of {name} refused at its field", status, "HTTP", goal="422", holds=holds)
    began = time.monotonic()
    status, page = browser.announce(2 * 1024 * MEGABYTE)
    told = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    report.line("2 GB upload refused", status, "HTTP", goal="413", holds=status == 413)
    report.line("2 GB upload: seconds to refusal", time.monotonic() - began, "s")
    note(told[:300])
    peak = max(process.memory_info().rss / MEGABYTE for process in kniga.processes("granian"))
    report.line("largest web worker afterwards", peak, "MB", goal=f"< {MEMORY_LIMIT}", holds=peak < MEMORY_LIMIT)
    imports = json.loads(kniga.command("import", "list", "--json").stdout)
    report.line("imports kept of all these", len(imports), "", goal="0", holds=not imports)


if __name__ == "__main__":
    sys.exit(run(main))
