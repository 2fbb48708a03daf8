"""The sales book: processes, their versions as BPMN files, publishing."""

from __future__ import annotations

from typing import Annotated, Final

from django.http import HttpResponse
from ninja import File, Form, Router
from ninja.files import UploadedFile

from kniga.api.answers import answer, idempotent
from kniga.api.door import ApiRequest, Bearer
from kniga.api.problems import too_large
from kniga.platform import clock
from kniga.processes.versions import publishing, version_queries
from kniga.processes.versions.version_queries import ProcessRow, VersionRow

router = Router(tags=["processes"])
READ, WRITE = Bearer("processes:read"), Bearer("processes:write")

Note = Annotated[str, Form("", max_length=20_000)]
LARGEST_BOOK: Final = 10 * 1024 * 1024


@router.get("/processes", auth=READ, response={200: list[ProcessRow]}, summary="List processes")
def list_processes(request: ApiRequest) -> HttpResponse:
    """All processes; `published` is the number of the version new deals start on."""
    return answer(version_queries.process_rows(user=request.auth.user))


@router.get("/processes/{slug:key}", auth=READ, response={200: list[VersionRow]}, summary="List versions")
def list_versions(request: ApiRequest, key: str) -> HttpResponse:
    """The versions of a process, newest first."""
    return answer(version_queries.version_rows(user=request.auth.user, process_key=key))


@router.get(
    "/processes/{slug:key}/versions/{int:number}", auth=READ, response={200: VersionRow}, summary="Read a version"
)
def get_version(request: ApiRequest, key: str, number: int) -> HttpResponse:
    """One version of a process."""
    return answer(version_queries.get_version_row(user=request.auth.user, process_key=key, number=number))


@router.get(
    "/processes/{slug:key}/versions/{int:number}/bpmn", auth=READ, response={200: None}, summary="Download the file"
)
def get_bpmn(request: ApiRequest, key: str, number: int) -> HttpResponse:
    """The BPMN 2.0 file of a version, as it was given."""
    user = request.auth.user
    version = version_queries.get_version_row(user=user, process_key=key, number=number)
    response = HttpResponse(
        version_queries.version_xml(user=user, version_id=version.id), content_type="application/xml"
    )
    response["Content-Disposition"] = f'attachment; filename="{key}-{number}.bpmn"'
    return response


@router.post("/processes", auth=WRITE, response={201: VersionRow}, summary="Upload a version")
@idempotent
def upload_version(request: ApiRequest, file: File[UploadedFile], note: Note = "") -> HttpResponse:
    """Keep a BPMN file as the next draft of its process; 422 lists every error with element, place and cure."""
    if (file.size or 0) > LARGEST_BOOK:
        raise too_large(LARGEST_BOOK)
    user = request.auth.user
    version = publishing.upload_version(xml=file.read(), note=note, by=user, now=clock.now())
    return _version_answer(request, version.process.key, version.number, status=201)


@router.post(
    "/processes/{slug:key}/versions/{int:number}/publish", auth=WRITE, response={200: VersionRow},
    summary="Publish a version",
)  # fmt: skip
@idempotent
def publish_version(request: ApiRequest, key: str, number: int) -> HttpResponse:
    """Let new deals start on this version; running deals stay on theirs."""
    user = request.auth.user
    version = version_queries.get_version_row(user=user, process_key=key, number=number)
    publishing.publish_version(version_id=version.id, by=user, now=clock.now())
    return _version_answer(request, key, number)


def _version_answer(request: ApiRequest, key: str, number: int, *, status: int = 200) -> HttpResponse:
    row = version_queries.get_version_row(user=request.auth.user, process_key=key, number=number)
    return answer(row, status=status, location=f"/api/v1/processes/{key}/versions/{number}" if status == 201 else "")
