"""Refuse bodies that are too large at once: by their announced length, and by counted bytes."""

from __future__ import annotations

from typing import IO, Any

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler


class UploadTooLarge(SuspiciousOperation):
    """The request's body is larger than this installation accepts; shown as a 413 page."""


class BoundedUploadHandler(FileUploadHandler):
    """Stands first among the upload handlers and passes on only what keeps within the limit."""

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self.received = 0

    def handle_raw_input(
        self,
        input_data: IO[bytes],
        META: dict[str, str],
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        if content_length > settings.MAX_UPLOAD_BYTES:
            raise UploadTooLarge(f"{content_length} bytes announced")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        self.received += len(raw_data)
        if self.received > settings.MAX_UPLOAD_BYTES:
            raise UploadTooLarge("more bytes received than announced")
        return raw_data

    def file_complete(self, file_size: int) -> UploadedFile | None:
        return None
