"""A document of a deal: its page, and the same as a file; a letter of a deal."""

from __future__ import annotations

import re

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from kniga.documents.paper.files import document_pdf, document_word
from kniga.documents.queries import get_document, get_letter
from kniga.platform.errors import Refused
from kniga.web.access import SignedInRequest, signed_in
from kniga.web.pages import refuse, render_page

# What some systems do not take in the name of a file.
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f"*/:<>?\\|]+')
LONGEST_FILE_NAME = 80
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@require_safe
@signed_in
def show(request: SignedInRequest, document_id: int) -> HttpResponse:
    """The document as it was made; it prints without the frame of the page."""
    document = get_document(user=request.user, id=document_id)
    return render_page(request, "documents/document.html", {"document": document})


@require_safe
@signed_in
def markdown_file(request: SignedInRequest, document_id: int) -> HttpResponse:
    """The text as it is kept."""
    document = get_document(user=request.user, id=document_id)
    return _file(document.body + "\n", document.name, "md", "text/markdown; charset=utf-8")


@require_safe
@signed_in
def html_file(request: SignedInRequest, document_id: int) -> HttpResponse:
    """The document as one file that needs no other."""
    document = get_document(user=request.user, id=document_id)
    text = render_to_string("documents/file.html", {"document": document}, request)
    return _file(text, document.name, "html", "text/html; charset=utf-8")


@require_safe
@signed_in
def pdf_file(request: SignedInRequest, document_id: int) -> HttpResponse:
    """The document to print and to send."""
    document = get_document(user=request.user, id=document_id)
    try:
        content = document_pdf(document)
    except Refused as refused:
        return refuse(request, "documents/document.html", {"document": document, "refused": refused.message})
    return _file(content, document.name, "pdf", "application/pdf", is_shown=True)


@require_safe
@signed_in
def word_file(request: SignedInRequest, document_id: int) -> HttpResponse:
    """The document to go on writing in a word processor."""
    document = get_document(user=request.user, id=document_id)
    return _file(document_word(document), document.name, "docx", _WORD)


@require_safe
@signed_in
def letter(request: SignedInRequest, letter_id: int) -> HttpResponse:
    """A letter as it was sent."""
    return render_page(request, "documents/letter.html", {"letter": get_letter(user=request.user, id=letter_id)})


def _file(content: str | bytes, name: str, suffix: str, content_type: str, *, is_shown: bool = False) -> HttpResponse:
    """A file to keep, or one the browser shows (`is_shown`)."""
    response = HttpResponse(content, content_type=content_type)
    stem = _NOT_IN_NAMES.sub("-", name)[:LONGEST_FILE_NAME].strip(" .-") or "document"
    told = content_disposition_header(as_attachment=not is_shown, filename=f"{stem}.{suffix}")
    response["Content-Disposition"] = str(told)
    return response
