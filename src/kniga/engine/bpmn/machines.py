"""What the machine does (BPMN 2.0, 10.3.3): service tasks with an action, send tasks with a letter or a message,
receive tasks."""

from collections.abc import Iterable, Mapping

from kniga.engine.bpmn.draft import Draft, Node, flag, local, name_of, parts
from kniga.engine.bpmn.durations import seconds_of
from kniga.engine.bpmn.loops import read_loop
from kniga.engine.bpmn.messages import read_message
from kniga.engine.bpmn.points import read_points
from kniga.engine.definition.actions import RESCORE, SEND_LETTER, SET_FIELD, ActionSpec, ParamSpec
from kniga.engine.definition.model import SETTABLE_FIELDS, DecisionTask, Param, ReceiveTask, ServiceTask, ThrowEvent
from kniga.rules import BadValue, Value, read_value
from kniga.rules.fields import is_field_type

RETRIES = 3
BACKOFF = 60
MAX_RETRIES = 20
_WIDER: Mapping[str, tuple[str, ...]] = {
    "text": ("text", "choice"),
    "number": ("number", "money"),
    "money": ("money", "number"),
}


def read_service(draft: Draft, node: Node) -> ServiceTask | DecisionTask | None:
    """A service task: a registered action with its parameters. One that adds up points is a decision."""
    found = parts(node, "action")
    if len(found) != 1:
        if found:
            draft.problems.add("duplicate_key", found[1], what="part", key="action")
        else:
            draft.problems.add("missing_part", node, part="a kniga:action")
        return None
    part = found[0]
    name = draft.problems.key(part, "name", part.get("name"))
    spec = draft.actions.get(name or "")
    if spec is None:
        if name is not None:
            draft.problems.add("unknown_action", part, action=name, allowed=", ".join(draft.actions))
        return None
    params = read_params(draft, part, spec)
    _check_given(draft, part, spec, params)
    if spec.name == RESCORE:
        return read_points(draft, node, part, params)
    for line in (inner for inner in part if local(inner) == "points"):
        draft.problems.add("unknown_extension", line, extension="points", allowed="param")
    return _task(draft, node, part, spec, params)


def is_throw(node: Node) -> bool:
    """Whether a send task does nothing but send a message (then it is read as an event that throws it)."""
    return local(node) == "sendTask" and bool(node.get("messageRef")) and not parts(node, "letter")


def read_send(draft: Draft, node: Node) -> ServiceTask | ThrowEvent | None:
    """A send task: a letter, or a message for whoever waits for it."""
    if is_throw(node):
        return _throw(draft, node)
    found = parts(node, "letter")
    if len(found) != 1:
        if found:
            draft.problems.add("duplicate_key", found[1], what="part", key="letter")
        else:
            draft.problems.add("missing_part", node, part="a kniga:letter")
        return None
    part = found[0]
    spec = draft.actions.get(SEND_LETTER)
    if spec is None:
        draft.problems.add("unknown_action", node, action=SEND_LETTER, allowed=", ".join(draft.actions))
        return None
    to = draft.problems.one_of(part, "to", part.get("to"), ("contact", "owner", "head"))
    given = {"template": part.get("template"), "subject": part.get("subject"), "body": (part.text or "").strip()}
    params = (*(Param(name, value=text) for name, text in given.items() if text), Param("to", value=to))
    for param in params:
        if spec.param(param.name) is None:
            allowed = ", ".join(known.name for known in spec.params)
            draft.problems.add("unknown_param", part, action=spec.name, param=param.name, allowed=allowed)
    _check_given(draft, part, spec, params)
    return _task(draft, node, part, spec, params)


def read_receive(draft: Draft, node: Node) -> ReceiveTask | None:
    """A receive task (10.3.3.3)."""
    if flag(node, "instantiate", default=False):
        draft.problems.add("bad_value", node, attribute="instantiate", value="true", allowed="false")
    message = read_message(draft, node)
    if message is None:
        return None
    return ReceiveTask(
        id=node.get("id", ""),
        name=name_of(node),
        message=message,
        boundary=draft.boundary(node),
        ways=draft.ways(node),
        scope=draft.scope(node),
        loop=read_loop(draft, node),
    )


def read_params(draft: Draft, holder: Node | list[Node], spec: ActionSpec | None = None) -> tuple[Param, ...]:
    """``<kniga:param name="..." value="..."/>`` or with ``field``; types as the action wants them, without an action
    text or whatever the field holds."""
    params: dict[str, Param] = {}
    found: Iterable[Node] = holder
    for part in found:
        if local(part) != "param":
            continue  # the lines of a list of points
        name = draft.problems.key(part, "name", part.get("name"))
        if name is None:
            continue
        if name in params:
            draft.problems.add("duplicate_key", part, what="parameter", key=name)
            continue
        if spec is None:
            params[name] = _param(draft, part, ParamSpec(name, "any"))
            continue
        wanted = spec.param(name)
        if wanted is not None:
            params[name] = _param(draft, part, wanted)
        else:
            allowed = ", ".join(param.name for param in spec.params) or "–"
            draft.problems.add("unknown_param", part, action=spec.name, param=name, allowed=allowed)
    if spec is not None and spec.name == SET_FIELD:
        return _settable(draft, holder, params)
    return tuple(params.values())


def _param(draft: Draft, part: Node, wanted: ParamSpec) -> Param:
    value, field = part.get("value"), part.get("field")
    if (value is None) == (field is None):
        draft.problems.add("missing_part", part, part="either value or field")
    elif field is not None and wanted.literal:
        draft.problems.add("missing_part", part, part="the attribute value")
    elif field is not None:
        known = draft.field(part, "field", field)
        if known is not None and wanted.type != "any" and known.type not in _WIDER.get(wanted.type, (wanted.type,)):
            draft.problems.add("wrong_type", part, what=field, type=known.type, wanted=wanted.type)
    return Param(wanted.name, _literal(draft, part, wanted.type, value), field)


def _literal(draft: Draft, part: Node, type: str, value: str | None) -> Value:
    if value is None or not is_field_type(type):
        return value
    try:
        return read_value(type, value)
    except BadValue as error:
        draft.problems.add("bad_param", part, value=value, detail=str(error))
        return None


def _settable(draft: Draft, holder: Node | list[Node], params: dict[str, Param]) -> tuple[Param, ...]:
    """The parameters of set_field: the value has the type of the field that it becomes."""
    field, value = params.get("field"), params.get("value")
    if field is None or value is None or field.value is None:
        return tuple(params.values())
    place = next(part for part in holder if part.get("name") == "value")
    wanted = SETTABLE_FIELDS.get(str(field.value))
    if wanted is None:
        allowed = ", ".join(SETTABLE_FIELDS)
        draft.problems.add("bad_value", place, attribute="field", value=str(field.value), allowed=allowed)
    else:
        params["value"] = _param(draft, place, ParamSpec("value", wanted)) if value.field is None else value
        known = draft.fields.get(value.field or "")
        if known is not None and known.type != wanted:
            draft.problems.add("wrong_type", place, what=known.key, type=known.type, wanted=wanted)
    return tuple(params.values())


def _check_given(draft: Draft, part: Node, spec: ActionSpec, params: tuple[Param, ...]) -> None:
    given = {param.name for param in params}
    for param in spec.params:
        if param.required and param.name not in given:
            draft.problems.add("missing_part", part, part=f"the parameter {param.name}")
    for group in spec.one_of:
        if not given.intersection(group):
            draft.problems.add("missing_part", part, part=" or ".join(group))


def _task(draft: Draft, node: Node, part: Node, spec: ActionSpec, params: tuple[Param, ...]) -> ServiceTask:
    backoff = part.get("backoff")
    seconds = BACKOFF if backoff is None else seconds_of(backoff, working_time=False)
    if seconds is None:
        draft.problems.add("bad_duration", part, value=backoff or "")
    return ServiceTask(
        id=node.get("id", ""),
        name=name_of(node),
        action=spec.name,
        params=params,
        retries=draft.problems.whole(part, "retries", part.get("retries", str(RETRIES)), 0, MAX_RETRIES),
        backoff=seconds or 0,
        boundary=draft.boundary(node),
        ways=draft.ways(node),
        immediate=spec.immediate,
        scope=draft.scope(node),
        loop=read_loop(draft, node),
        bpmn="sendTask" if local(node) == "sendTask" else "serviceTask",
    )


def _throw(draft: Draft, node: Node) -> ThrowEvent | None:
    message = read_message(draft, node)
    if read_loop(draft, node) is not None:
        draft.problems.add("no_effect", node, what="multiInstanceLoopCharacteristics")
    if message is None:
        return None
    return ThrowEvent(
        id=node.get("id", ""),
        name=name_of(node),
        trigger="message",
        ways=draft.ways(node),
        message=message,
        params=read_params(draft, parts(node, "param")),
        scope=draft.scope(node),
    )
