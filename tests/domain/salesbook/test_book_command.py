"""`kniga book export` writes the book as a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kniga.cli import book, build_app
from tests.processes.conftest import Department, department

__all__ = ["department"]


@contextmanager
def _here() -> Iterator[None]:
    yield


@pytest.fixture(autouse=True)
def _in_this_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "database", _here)


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(build_app("book"), ["book", "export", *arguments])
    return done.exit_code, done.output


def test_a_pdf_and_a_page_that_stands_alone_are_written(department: Department, tmp_path: Path) -> None:
    assert run("-o", str(tmp_path / "book.pdf"), "--language", "en")[0] == 0
    assert (tmp_path / "book.pdf").read_bytes().startswith(b"%PDF-")
    assert run("-o", str(tmp_path / "book.html"), "--format", "html", "--language", "en")[0] == 0
    html = (tmp_path / "book.html").read_text(encoding="utf-8")
    assert "Call the client" in html and "Interested" in html
    assert "src=" not in html and "stylesheet" not in html


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("--format", "doc"), 2), (("--language", "fr"), 2), (("--edition", "9"), 1)],
)
def test_what_cannot_be_written_is_refused(
    department: Department, tmp_path: Path, arguments: tuple[str, ...], code: int
) -> None:
    assert run("-o", str(tmp_path / "book"), *arguments)[0] == code
    assert not (tmp_path / "book").exists()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert run("-o", str(tmp_path / "nowhere" / "book.pdf"))[0] == 1
