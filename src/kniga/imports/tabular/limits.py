"""How much of a file is read before it is refused, so that memory stays bounded whatever is sent."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one file. Bytes and characters are counted while reading; sizes in archives before unpacking."""

    file_bytes: int = 200 * MEGABYTE
    rows: int = 1_000_000
    columns: int = 500
    cell_characters: int = 32_767
    record_characters: int = 4 * MEGABYTE
    unpacked_bytes: int = 2048 * MEGABYTE
    unpacked_ratio: int = 200
    unpacked_always_fine: int = 32 * MEGABYTE
    shared_strings_bytes: int = 64 * MEGABYTE


LIMITS = Limits()
