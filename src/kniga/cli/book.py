"""`kniga book`: the sales book as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kniga.cli.output import refuse
from kniga.runtime.session import database

app = typer.Typer()


@app.callback()
def book() -> None:
    """The sales book as a document."""


@app.command()
def export(
    out: Annotated[Path, typer.Option("-o", "--out", help="The file (for png the folder) to write.")],
    form: Annotated[str, typer.Option("--format", help="pdf, html, or png: a picture of each page.")] = "pdf",
    language: Annotated[str, typer.Option(help="ru or en: the language of headings and terms.")] = "",
    edition: Annotated[int, typer.Option(help="Number of an edition; the one in force by default.")] = 0,
    anew: Annotated[bool, typer.Option("--anew", help="Set the PDF again, even if it is kept.")] = False,
) -> None:
    """Write an edition of the sales book: contents, diagrams, scripts, norms, technology map."""
    if form not in ("pdf", "html", "png"):
        refuse(f"--format {form}: choose pdf, html or png", code=2)
    if language not in ("", "ru", "en"):
        refuse(f"--language {language}: choose ru or en", code=2)
    if not out.parent.is_dir():
        refuse(f"there is no folder {out.parent}: make it first")
    with database():
        made = _made(form, language, edition, is_anew=anew)
    if isinstance(made, bytes):
        out.write_bytes(made)
        print(f"{out}: {len(made):,} bytes")
        return
    out.mkdir(exist_ok=True)
    for number, page in enumerate(made, 1):
        (out / f"page-{number:03d}.png").write_bytes(page)
    print(f"{out}: {len(made)} pages")


def _made(form: str, language: str, number: int, *, is_anew: bool) -> bytes | list[bytes]:
    from django.conf import settings

    from kniga.people.models import User
    from kniga.people.roles import Role
    from kniga.platform.errors import NotVisible
    from kniga.salesbook.paper import book_pages, book_pdf
    from kniga.salesbook.queries import get_edition
    from kniga.web.salesbook.standalone import book_html

    # Whoever may run commands beside the database may see all of it.
    reader = User(name="operator", role=Role.ADMINISTRATOR)
    try:
        edition = get_edition(user=reader, number=number or None)
    except NotVisible:
        wanted = f"edition {number}" if number else "sales book yet; publish a process first"
        refuse(f"there is no {wanted}")
    spoken = language or settings.LANGUAGE_CODE
    if form == "png":
        return book_pages(user=reader, edition=edition, language=spoken)
    if form == "html":
        return book_html(user=reader, edition=edition, language=spoken)
    return book_pdf(user=reader, edition=edition, language=spoken, is_anew=is_anew)
