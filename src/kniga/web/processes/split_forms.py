"""The form that tells the deals of a split step apart: by one condition, without script."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http.request import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kniga.processes.acts.splitting import SplitAsked, split_fields, split_rule
from kniga.processes.versions.definitions import runnable_version
from kniga.processes.wording.words import condition_in_words
from kniga.rules import Comparison

if TYPE_CHECKING:
    from kniga.processes.models import BulkAct

_PREFIX = "split:"


@dataclass(frozen=True, slots=True)
class SplitForm:
    """The choices of the form (keys with labels), what stands in it by element, and each split in words."""

    fields: tuple[tuple[str, str], ...]
    operators: Mapping[str, str]
    written: Callable[[str], SplitAsked]
    words: Mapping[str, str]


def splits_asked(form: QueryDict) -> dict[str, SplitAsked]:
    """What a form says of splits: `split:<element>:field`, `:op`, `:value`, `:to`."""
    asked = {}
    for name in form:
        if name.startswith(_PREFIX) and name.endswith(":field"):
            element = name.removeprefix(_PREFIX).removesuffix(":field")
            asked[element] = _sent(form, element)
    return asked


def split_form(act: BulkAct, sent: QueryDict) -> SplitForm | None:
    """The form for a move; None for other acts. What was sent and refused stands in it again."""
    if act.version_id is None or act.target_id is None:
        return None
    definition = runnable_version(act.version_id).definition
    spoken = "label_ru" if get_language() == "ru" else "label_en"
    fields = tuple((key, str(getattr(spec, spoken))) for key, spec in split_fields(definition).items())
    stored = {element: _stored(act, element) for element in act.splits}
    refused = splits_asked(sent)

    def written(element: str) -> SplitAsked:
        return refused.get(element) or stored.get(element) or SplitAsked("", "", "", "")

    words = {element: condition_in_words(split_rule(split), definition) for element, split in act.splits.items()}
    return SplitForm(fields, operator_names(), written, words)


def operator_names() -> dict[str, str]:
    """What a split may compare by, in words."""
    return {
        "eq": _("is"),
        "ne": _("is not"),
        "gt": _("is more than"),
        "ge": _("is at least"),
        "lt": _("is less than"),
        "le": _("is at most"),
        "contains": _("contains"),
        "is_known": _("is known"),
        "is_unknown": _("is not known"),
    }


def _sent(form: QueryDict, element: str) -> SplitAsked:
    parts = [form.get(f"{_PREFIX}{element}:{part}", "").strip()[:200] for part in ("field", "op", "value", "to")]
    return SplitAsked(*parts)


def _stored(act: BulkAct, element: str) -> SplitAsked:
    split = act.splits[element]
    rule = split_rule(split)
    assert isinstance(rule, Comparison), "a split is one comparison"
    value = split["when"].get("value", "")
    return SplitAsked(rule.field, rule.op, {True: _("yes"), False: _("no")}.get(value, str(value)), split["to"])
