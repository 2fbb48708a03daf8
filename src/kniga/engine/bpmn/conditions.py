"""Conditions in our rules language (BPMN 2.0, 8.3.7 Expression, 13.2.3)."""

from collections.abc import Mapping

from kniga.engine.bpmn.draft import Draft, Node, child
from kniga.engine.bpmn.names import RULES_LANGUAGE
from kniga.rules import FieldSpec, Rule, RuleRefused, fields_of, parse_rule


def read_flow_condition(draft: Draft, flow: Node) -> Rule | None:
    """The condition of a flow, None without one; an unreadable one is a problem."""
    expression = child(flow, "conditionExpression")
    return None if expression is None else read_expression(draft, flow, expression)


def read_expression(
    draft: Draft, place: Node, expression: Node, extra: Mapping[str, FieldSpec] | None = None
) -> Rule | None:
    """A formal expression of the standard, which must be in our language. ``extra`` are fields known only here."""
    language = (expression.get("language") or "").strip()
    if language != RULES_LANGUAGE:
        text = language or (expression.text or "").strip() or "–"
        draft.problems.add("condition_language", place, language=text)
        return None
    return read_rule(draft, place, expression, extra)


def read_rule(
    draft: Draft,
    place: Node,
    holder: Node,
    extra: Mapping[str, FieldSpec] | None = None,
    *,
    looked_at: bool = True,
) -> Rule | None:
    """A rule written as JSON; the fields it looks at are noted unless ``looked_at`` is false."""
    fields = {**draft.fields, **extra} if extra else draft.fields
    try:
        rule = parse_rule((holder.text or "").strip(), fields)
    except RuleRefused as error:
        draft.problems.add("bad_condition", place, detail=str(error))
        return None
    if looked_at:
        draft.used |= fields_of(rule)
    return rule
