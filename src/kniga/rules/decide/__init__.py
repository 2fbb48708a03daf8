"""What a set of conditions can do, decided exactly: each answer is yes, no or *not decided*, and comes with a
witness, the values of a record that shows it, where there is one."""

from kniga.rules.decide.questions import (
    Decision,
    Overlap,
    all_false,
    both,
    covers,
    equivalent,
    implies,
    overlaps,
    satisfiable,
    vectors,
)
from kniga.rules.decide.routes import first_true
from kniga.rules.decide.space import Closed, Given

__all__ = [
    "Closed",
    "Decision",
    "Given",
    "Overlap",
    "all_false",
    "both",
    "covers",
    "equivalent",
    "first_true",
    "implies",
    "overlaps",
    "satisfiable",
    "vectors",
]
