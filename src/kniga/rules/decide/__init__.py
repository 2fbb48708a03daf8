"""What a set of conditions can do, decided exactly: each answer is yes, no or *not decided*, and comes with a
witness, the values of a record that shows it, where there is one."""

from kniga.rules.decide.effort import Effort
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
)
from kniga.rules.decide.routes import first_true
from kniga.rules.decide.space import Closed, Given
from kniga.rules.decide.together import Truths
from kniga.rules.decide.truths import MAX_SAMPLES, samples, truths

__all__ = [
    "MAX_SAMPLES",
    "Closed",
    "Decision",
    "Effort",
    "Given",
    "Overlap",
    "Truths",
    "all_false",
    "both",
    "covers",
    "equivalent",
    "first_true",
    "implies",
    "overlaps",
    "samples",
    "satisfiable",
    "truths",
]
