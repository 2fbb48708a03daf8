"""What is wrong with a process, said with its place and its cure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from kniga.engine.definition.standard_rules import STANDARD_RULES

Severity = Literal["error", "warning"]

# code: (message, cure). A user interface may translate these templates and fill in Problem.params.
TEMPLATES: Mapping[str, tuple[str, str]] = {
    # The file
    "too_large": ("The file is larger than {limit}.", "Split the process or shorten its scripts."),
    "empty_file": ("The file is empty.", "Export the process from the designer again."),
    "bad_encoding": (
        "The text is not valid {encoding}.",
        "Save the file as UTF-8 and upload it again.",
    ),
    "unknown_encoding": (
        "The encoding {encoding} is not supported.",
        "Save the file as UTF-8 and upload it again.",
    ),
    "doctype": (
        "The file has a DOCTYPE declaration ({doctype}).",
        "Delete the DOCTYPE: BPMN files need none, and entities are not read.",
    ),
    "not_xml": ("The file is not well-formed XML: {detail}.", "Export the file from a BPMN tool again."),
    "too_many_elements": ("The file has more than {limit} tags.", "Split the process into several."),
    "too_many_steps": ("The process has more than {limit} elements.", "Split the process into several."),
    "too_many_inclusive": (
        "More than {limit} flows lead into inclusive joins.",
        "Use exclusive or parallel gateways for some of them.",
    ),
    "too_deep": ("Elements are nested deeper than {limit} levels.", "Export the file again."),
    "not_bpmn": (
        "The file is not BPMN 2.0: its root is {tag}.",
        "Upload a file whose root is definitions of the BPMN 2.0 model namespace.",
    ),
    # Structure
    "no_process": ("The file has no process.", "Draw one process with a start event."),
    "many_processes": (
        "The file has several processes with steps: {processes}.",
        "Keep one, or mark exactly one with isExecutable.",
    ),
    "not_supported": (
        "{tag} is not supported, it would change how the process runs.",
        "{cure}",
    ),
    "unknown_extension": (
        "{tag} has an unknown extension {extension}.",
        "Use one of: {allowed}.",
    ),
    "bad_key": (
        "“{value}” is not usable as {attribute} of {tag}.",
        "Use at most 100 letters, digits, “_”, “-” and “.”.",
    ),
    "duplicate_id": ("The id {id} is used twice.", "Give every element an id of its own."),
    "no_start": ("{tag} has no start event.", "Add one start event."),
    "many_starts": (
        "{tag} has several start events of which only one can be: {starts}.",
        "Keep one; a process may have others with a message, a timer or a signal.",
    ),
    "dangling_flow": (
        "The sequence flow's {end} “{target}” is no step of this process.",
        "Connect both ends of the flow to steps of the same process.",
    ),
    "flow_across_border": (
        "The sequence flow crosses the border of a sub-process: its {end} “{target}” stands in another one.",
        "Connect it inside the same process or sub-process; a flow leaves a sub-process from its border.",
    ),
    "flow_at_event_scope": (
        "A flow leads to or from an event sub-process.",
        "Remove it: an event sub-process begins with its start event.",
    ),
    "flow_into_start": ("A flow leads into the start event.", "Let the flow end at a step."),
    "flow_from_end": ("A flow leaves an end event.", "Remove the flow or the end event."),
    "flow_into_boundary": ("A flow leads into a boundary event.", "Let the flow end at a step."),
    "condition_outside_gateway": (
        "A flow that leaves {tag} has a condition.",
        "Let it lead to an exclusive or inclusive gateway; the flows that leave that have conditions.",
    ),
    "flow_without_condition": (
        "A flow that leaves the gateway {gateway} has no condition and is not its default.",
        "Give the flow a condition or make it the gateway's default.",
    ),
    "bad_default": (
        "The default flow “{flow}” does not leave this gateway.",
        "Choose one of the flows that leave it, or none.",
    ),
    "default_outside_gateway": (
        "{tag} has the default flow “{flow}” beside others without condition.",
        "Put an exclusive or inclusive gateway behind it.",
    ),
    "behind_event_gateway": (
        "{tag} cannot stand behind the event-based gateway {gateway}: {reason}.",
        "Let each of its flows lead to an own waiting event or receive task without boundary events, all receiving "
        "messages in the same way.",
    ),
    "unknown_reference": (
        "{attribute} of {tag} names “{value}”, but the file has no {what} with this id.",
        "Declare it beside the process, or name one that is there.",
    ),
    "no_effect": ("{what} has no effect at {tag} as it is here.", "Remove it."),
    # Data
    "unknown_field": (
        "{attribute} of {tag} names the field “{field}”, which is not known here.",
        "Use deal.*, client.* or answer.<key of a question or process field>.",
    ),
    "wrong_type": ("{what} is of the type {type}.", "Use one of the type {wanted}."),
    "unknown_action": ("The action “{action}” is not known.", "Use one of: {allowed}."),
    "unknown_template": (
        "There is no document template “{template}” in use.",
        "Make it among the templates of the sales book, or use one of: {allowed}.",
    ),
    "unknown_letter": (
        "There is no letter template “{template}” in use.",
        "Make it among the templates of the sales book, or use one of: {allowed}.",
    ),
    "unknown_called_process": (
        "The process {process} that is called here is not published.",
        "Publish it first, or name a process that is.",
    ),
    "too_long_name": ("“{value}” is longer than {limit} characters.", "Shorten this name or key."),
    "calls_itself": ("The process calls itself.", "Draw a loop, or call another process."),
    "skill_not_known": (
        "Nobody has the skill “{skill}”: the step goes to whom its rule names.",
        "Note the skill on a person's page, or name no skill.",
    ),
    "unknown_param": ("The action {action} has no parameter “{param}”.", "Use one of: {allowed}."),
    "bad_param": ("“{value}” is no value of this parameter: {detail}.", "Correct it."),
    "unknown_decision": (
        "The decision “{decision}” is not there.",
        "Put its table into kniga:dmn, or use one of: {allowed}.",
    ),
    "default_with_condition": (
        "The default flow has a condition.",
        "Remove the condition: the default is taken when no condition is true.",
    ),
    "condition_language": (
        "The condition is written in “{language}”, not in Kniga's rules.",
        'Set language="urn:kniga:rules:1" and write the condition as JSON, or use the designer.',
    ),
    "bad_condition": ("The condition cannot be read: {detail}.", "Correct it, best in the designer."),
    "automatic_loop": (
        "{elements} lead to each other in a circle in which nothing waits.",
        "Put a task or a waiting event into the circle, or remove it.",
    ),
    "hurried_loop": (
        "{elements} lead to each other in a circle in which only timers wait that may be due at once, or waits for what"
        " is sent in the circle itself.",
        "Put a step that a person does into the circle, or a timer that counts a time.",
    ),
    # Steps
    "bad_value": ("{attribute} of {tag} is “{value}”.", "Allowed: {allowed}."),
    "bad_duration": (
        "“{value}” is not a duration that can be used here.",
        "Write it as ISO 8601 in weeks, days, hours and minutes: P2D, PT4H, P1DT2H.",
    ),
    "bad_moment": (
        "“{value}” is not a moment that can be used here.",
        "Write it with its offset from UTC: 2026-12-31T18:00:00+03:00.",
    ),
    "bad_cycle": (
        "“{value}” is not a repetition that can be used here.",
        "Write it as ISO 8601: R/P1D, R3/PT4H, R/2026-12-31T18:00:00+03:00/P1W.",
    ),
    "many_times": (
        "The timer has several times.",
        "Keep one: timeDate, timeDuration or timeCycle.",
    ),
    "missing_part": ("{tag} needs {part}.", "Add {part}."),
    "duplicate_key": ("The {what} “{key}” is there twice.", "Give each a key of its own."),
    "question_conflict": (
        "The question “{key}” has the type {type} here and {other} in the step {element}.",
        "Use one type for one key, or another key.",
    ),
    "unknown_outcome_in_question": (
        "The question “{key}” is required for the outcome “{outcome}”, which this step does not have.",
        "Name an outcome of this step.",
    ),
    "unknown_stage": ("The stage “{stage}” is not in the process's list of stages.", "Add it there."),
    "bad_attachment": (
        "The boundary event is attached to “{target}”, which is no activity of the same process or sub-process.",
        "Attach it to a task, a call activity or a sub-process.",
    ),
    "no_deadline_for_timer": (
        "The timer counts from the deadline of {task}, which has none.",
        "Give the task a deadline or the timer a duration.",
    ),
    "unknown_reason": (
        "The reason is taken from the answer “{key}”, which no step asks for.",
        "Name the key of a question of this process.",
    ),
    "unknown_deadline_answer": (
        "The deadline is taken from the answer “{key}”, which no step asks for as a date.",
        "Name the key of a question of this process whose type is date or datetime.",
    ),
    # Decision tables
    "not_dmn": (
        "The file is not DMN: its root is {tag}.",
        "Upload a file whose root is definitions of the DMN 1.3 model namespace.",
    ),
    "no_decision_table": ("The file has no decision table.", "Draw a decision whose logic is a table."),
    "dmn_not_supported": ("{what} is not supported in the decision {decision}.", "{cure}"),
    "bad_unary_test": (
        "“{text}” in {place} cannot be read: {detail}.",
        "Write –, a value, a comparison such as < 5, a range such as [1..5], several parted by commas, or not(…).",
    ),
    "bad_cell_value": ("“{text}” in {place} is no value of the type {type}.", "Write a value of the type {type}."),
    "unknown_input_type": (
        "Nothing says of which type the values of {place} are.",
        "Give the input a typeRef: string, number, boolean, date or dateTime.",
    ),
    "wrong_row_length": (
        "The row {row} has {found} {what}, the table has {expected}.",
        "Give every row one entry for each input and each output.",
    ),
    "rows_overlap": (
        "Rows {rows} of the decision “{decision}” both apply, for example when {values}.",
        "Narrow one of the rows, or choose another hit policy than UNIQUE.",
    ),
    "decision_gap": (
        "No row of the decision “{decision}” applies, for example when {values}.",
        "Add a row for it, or an answer for when none does.",
    ),
    "decision_not_decided": (
        "Whether rows of the decision “{decision}” overlap or leave a gap is not decided: there are too many cases.",
        "Split the table into several.",
    ),
    "row_never_answers": (
        "Row {row} of the decision “{decision}” never answers: rows before it always do.",
        "Move it up, narrow the rows before it, or remove it.",
    ),
    "row_without_answer": (
        "Row {row} of the decision “{decision}” applies and answers nothing.",
        "Write its answer, or remove the row.",
    ),
    # Publishing
    "unreachable": ("No way leads to {name}.", "Connect it or remove it."),
    "dead_end": ("From {name} no way leads to an end event.", "Draw a flow onwards."),
    "outcome_without_flow": (
        "After the outcome “{outcome}” of {name} there may be no way on.",
        "Give the gateway {gateway} a flow for this outcome, or a default flow.",
    ),
    "gateway_may_block": (
        "At {name} all conditions may be untrue, and there is no default flow.",
        "Give the gateway a default flow.",
    ),
    "decision_may_fail": (
        "In the decision {name} it may be that no row applies.",
        "Add a row for it, or an answer for when none does.",
    ),
    "stuck": (
        "A run can come to a stand at {name}: what it waits for can no longer come.",
        "Let every way that leaves the split come to the join, or join by an exclusive or inclusive gateway.",
    ),
    "no_way_to_end": (
        "A run that has come to {name} can go on, but never to an end.",
        "Draw a way out of the loop that conditions allow.",
    ),
    "unbounded": (
        "A loop through {name} adds one more path each time round, without end.",
        "Join the paths of a split before the flow leads back.",
    ),
    "dead_element": (
        "No run ever comes to {name}: the conditions and joins before it never let one through.",
        "Correct what stands before it, or remove it.",
    ),
    "open_twice": (
        "{name} may be open twice at the same time.",
        "Join parallel paths by a parallel gateway before they meet.",
    ),
    "unsynchronised": (
        "At {name} two tokens may wait on one flow.",
        "Let each flow into the join bring one token.",
    ),
    "not_decided": (
        "The conditions at {name} have too many cases to be decided.",
        "Give the gateway a default flow, or split its conditions.",
    ),
    "mixed_conditions": (
        "Whether the process is sound is not proved: its conditions tie several answers or fields together.",
        "Let each condition that decides the way look at one answer.",
    ),
    "not_proved": (
        "Whether the process is sound is not proved: {states} states were looked at, and there are more.",
        "Put parts of it into sub-processes, or let fewer things run at the same time.",
    ),
    "no_assignee": ("Nobody is named who does {name}.", "Say who is to do it."),
    "channel_by_hand": (
        "Messages of the channel “{channel}”, with which {name} begins, do not come by themselves yet.",
        "Let people note them on the deal, or a program send them by the API; or allow any channel.",
    ),
    "no_script": ("The step {name} has no script.", "Write what the rep says and does here."),
    "no_deadline": ("The step {name} has no deadline.", "Say by when it is to be done."),
    "no_outcomes": ("The step {name} has no outcomes of its own.", "Name the ways it may end."),
    "no_won_end": ("No end event has the result “won”.", "Mark the end of a successful sale."),
    "no_lost_end": ("No end event has the result “lost”.", "Mark the end of a failed sale."),
    "unclosed_placeholder": (
        "The script of {name} opens a field with “{{{{” and does not close it: the rep will read the braces.",
        "Close the field with “}}}}”, or take the braces away.",
    ),
    "unknown_placeholder": (
        "The script of {name} uses “{placeholder}”, which nothing fills in.",
        "Use client.*, contact.*, user.*, deal.* or answer.<key of a question>.",
    ),
    **STANDARD_RULES,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: a stable code, the element's id and its line in the file if known.

    ``path`` is a way of element ids that shows the problem, for the diagram.
    """

    code: str
    element: str | None = None
    line: int | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    severity: Severity = "error"
    path: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        """What is wrong, in English."""
        return TEMPLATES[self.code][0].format_map(self.params)

    @property
    def cure(self) -> str:
        """What to do about it, in English."""
        return TEMPLATES[self.code][1].format_map(self.params)

    def said(self, translate: Callable[[str], str], language: str | None = None) -> tuple[str, str]:
        """Message and cure in another language: ``translate`` (gettext) turns each template, and of a param that is a
        sentence itself the one named after the ``language`` is taken (``values_ru`` beside ``values``)."""
        message, cure = TEMPLATES[self.code]
        params = self.gaps(translate, language)
        return translate(message).format_map(params), translate(cure).format_map(params)

    def gaps(self, translate: Callable[[str], str], language: str | None = None) -> dict[str, str]:
        """The params as they stand in the sentences of another language."""
        return {
            key: translate(value) if key == "cure" else self.params.get(f"{key}_{language}", value)
            for key, value in self.params.items()
        }

    @property
    def place(self) -> str:
        """Where it is, such as ``line 12, element task_call``; empty for the file as a whole."""
        line = f"line {self.line}" if self.line is not None else ""
        element = f"element {self.element}" if self.element is not None else ""
        return ", ".join(part for part in (line, element) if part)

    def __str__(self) -> str:
        return f"{self.place}: {self.message} {self.cure}" if self.place else f"{self.message} {self.cure}"


class BpmnRefused(ValueError):
    """A BPMN file cannot be compiled; ``problems`` lists everything that was found, never nothing."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems

    def __reduce__(self) -> tuple[type["BpmnRefused"], tuple[tuple[Problem, ...]]]:
        return BpmnRefused, (self.problems,)
