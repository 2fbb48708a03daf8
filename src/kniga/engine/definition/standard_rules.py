"""Rules of BPMN 2.0 that a file may break although its XML schema allows it: what is wrong and what to do."""

from collections.abc import Mapping

STANDARD_RULES: Mapping[str, tuple[str, str]] = {
    "flow_contradicted": (
        "{tag} says that the flow “{flow}” is {direction} there, but no such flow is.",
        "Export the file again from the tool it was drawn in, or connect the flow anew.",
    ),
    "flow_leaves_scope": (
        "The sequence flow leads from {source} to {target}, across the border of a process or sub-process.",
        "Let it begin and end in the same process or sub-process.",
    ),
    "flow_not_immediate": (
        "The sequence flow is marked as not immediate, so something may happen in between that is not drawn.",
        "Remove isImmediate, or draw what happens in between.",
    ),
    "event_sub_process_with_flow": (
        "A sequence flow leads into or out of an event sub-process.",
        "Remove the flow: an event sub-process begins by its start event.",
    ),
    "escalation_without_code": (
        "The escalation is thrown without an escalation code.",
        "Choose an escalation that has a code.",
    ),
    "empty_expression": ("{tag} is empty.", "Write the expression, or remove it."),
    "definition_not_shared": (
        "The event refers to “{definition}”, which is no event definition that stands beside the process.",
        "Put the event definition inside this event.",
    ),
    "wrong_trigger": (
        "{tag} has the trigger “{trigger}”, which cannot be there.",
        "Allowed: {allowed}.",
    ),
    "cancel_outside_transaction": (
        "A cancel event stands where there is no transaction.",
        "Use an error event.",
    ),
    "flow_from_compensation": (
        "A sequence flow leaves a compensation event on the border of an activity.",
        "Connect the event to the compensating activity by an association.",
    ),
    "called_without_none_start": (
        "The called process {process} has start events, but none without a trigger.",
        "Give it a start event without a trigger.",
    ),
    "start_without_end": ("There is a start event, but no end event.", "Add an end event."),
    "end_without_start": ("There is an end event, but no start event.", "Add a start event."),
    "event_without_incoming": ("No flow leads into the intermediate event.", "Draw a flow into it, or remove it."),
    "gateway_unconnected": ("No flow leads into the gateway or out of it.", "Connect it or remove it."),
    "condition_behind_event_gateway": (
        "A flow that leaves an event-based gateway has a condition.",
        "Remove the condition: the first event decides.",
    ),
    "boundary_behind_event_gateway": (
        "The receive task behind an event-based gateway has events on its border.",
        "Let the gateway lead to the events themselves.",
    ),
    "instantiating_gateway_with_incoming": (
        "A flow leads into a gateway that starts the process.",
        "Remove the flow, or instantiate.",
    ),
    "ad_hoc_with_start_or_end": ("An ad-hoc sub-process has a start or an end event.", "Remove the event."),
    "loop_without_items": (
        "Nothing says how many times the activity is done.",
        "Give it a loopCardinality or a list of items.",
    ),
    "loop_over_nothing": (
        "The loop goes over “{reference}”, which is no data of the file.",
        "Name a data input of the activity.",
    ),
    "message_event_without_message": (
        "The message event of an executable process names no message.",
        "Choose a message.",
    ),
}
