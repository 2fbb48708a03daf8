"""Names a person has explained once: the next file is not asked about them again, its report tells what was taken."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from kniga.imports.models import Alias
from kniga.platform.textkeys import fold

_LONGEST: Final = 300


def remember_names(confirmed: Mapping[str, Mapping[str, str]], now: datetime) -> None:
    """Keep what names were confirmed to mean, {reference: {text: name}}; a text that means itself means nothing else
    from then on."""
    for reference, names in confirmed.items():
        folded = {fold(text)[:_LONGEST]: name for text, name in names.items()}
        own = [key for key, name in folded.items() if key == fold(name)]
        Alias.objects.filter(reference=reference, text_key__in=own).delete()
        Alias.objects.bulk_create(
            [
                Alias(reference=reference, text_key=key, name=name[:_LONGEST], confirmed_at=now)
                for key, name in folded.items()
                if key not in own and name
            ],
            update_conflicts=True,
            unique_fields=["reference", "text_key"],
            update_fields=["name", "confirmed_at"],
        )


def remembered_names() -> dict[tuple[str, str], str]:
    """What names were confirmed to mean, by reference and folded text."""
    return {
        (reference, key): name for reference, key, name in Alias.objects.values_list("reference", "text_key", "name")
    }
