"""What people can do beyond their role: words on the person, compared without case, ё as е."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.utils.translation import gettext as _

from kniga.platform.errors import Refused
from kniga.platform.sqlparts import rows_of
from kniga.platform.textkeys import fold

LONGEST: Final = 100
MOST: Final = 50

_OF_PEOPLE: Final = """
SELECT DISTINCT s.word FROM people_user u, unnest(u.skills) AS s (word) WHERE u.is_active ORDER BY s.word DESC
"""


def cleaned_skills(words: Iterable[str]) -> list[str]:
    """The words as they are kept: each once, without empty ones and runs of blanks, in the order given.

    Raises Refused `skill_long`, `skills_many`."""
    found: dict[str, str] = {}
    for word in words:
        plain = " ".join(word.replace("\x00", "").split())
        if len(plain) > LONGEST:
            raise Refused("skill_long", _("A skill has at most %d characters.") % LONGEST, field="skills")
        if key := fold(plain):
            found.setdefault(key, plain)
    if len(found) > MOST:
        raise Refused("skills_many", _("A person has at most %d skills.") % MOST, field="skills")
    return list(found.values())


def skills_of_people() -> dict[str, str]:
    """The skills active people have, by their folded words: each as somebody has it written. One statement."""
    return {fold(word): word for (word,) in rows_of(_OF_PEOPLE, [])}
