"""What the designer says: its own texts by name, and those of the diagram library by its English ones."""

from __future__ import annotations

from django.utils.translation import gettext as _

Words = dict[str, str]


def canvas_words() -> dict[str, Words]:
    """The JSON block of the designer's page that the browser reads its texts from."""
    page = {**_states(), **_parts(), **_part_hints(), **_tools(), **_conflict(), **_playing()}
    return {
        "page": page,
        "diagram": {**_menu(), **_activities(), **_gateways(), **_events(), **_boundaries(), **_inner()},
    }


def _states() -> Words:
    return {
        "status_saved": _("Saved"),
        "status_waiting": _("Not saved yet…"),
        "status_saving": _("Saving…"),
        "status_offline": _("Not saved: working offline"),
        "status_signed_out": _("Not saved: sign in again in another tab"),
        "status_conflict": _("Not saved: the same was changed elsewhere"),
        "status_failing": _("Not saved: the server fails. Your work is kept in this browser"),
        "status_gone": _("Not saved: the draft is no longer open"),
        "status_refused": _("Not saved: the file cannot be read"),
        "problems": _("Problems: {count}"),
        "errors": _("To be mended: {count}"),
        "no_problems": _("No problems"),
        "verdict_sound": _("Every way leads to an end: the process can be published."),
        "verdict_not_proved": _("The process can be published; that every way leads to an end is too large to prove."),
        "verdict_unsound": _("The process has ways that do not lead to an end."),
        "verdict_incomplete": _("Something is still missing before the process can run."),
        "verdict_none": _("Not checked yet."),
        "verdict_errors": _("To be mended before publishing: {count}. Press a line to see the place."),
        "whole_process": _("The whole process"),
        "restored": _("Changes from your last visit that were not saved are back."),
        "merged": _("The process was changed elsewhere, too: both changes are here now."),
        "changed_by": _("{by} changed the process: you see it as it is now."),
        "changed_here": _("You changed the process in another window: you see it as it is now."),
        "others": _("Also here: {names}"),
        "crowded": _("Something lies over something else now."),
        "tidy": _("Tidy up"),
        "left_as_drawn": _("Not laid out, put them where they belong by hand: {names}."),
        "replace_content": _(
            "Replace everything drawn here by the file “{file}”? The saved versions of the draft stay."
        ),
        "unreadable": _("“{file}” cannot be read as BPMN: {why} Nothing was changed."),
        "not_drawn": _("It has no picture that could be shown."),
        "publish_unsaved": _("The last changes are not saved yet: publish as soon as they are."),
        "copy_of": _("{name} (my copy)"),
        "copied": _("Your changes are kept as a draft of their own in the list of drafts."),
        "copy_downloaded": _("Your changes could not be kept as a draft: they were downloaded as a file."),
        "new_step": _("New step"),
        "outcome_done": _("Done"),
    }


def _parts() -> Words:
    return {
        "part_step": _("Step"),
        "part_letter": _("Letter"),
        "part_machine": _("Automatic action"),
        "part_decision": _("Decision table"),
        "part_call": _("Another process"),
        "part_part": _("Sub-process"),
        "part_choice": _("Choice"),
        "part_parallel": _("In parallel"),
        "part_first": _("What comes first"),
        "part_timer": _("Wait"),
        "part_message": _("Wait for a message"),
        "part_start": _("Beginning"),
        "part_won": _("Won"),
        "part_lost": _("Lost"),
        "part_other": _("End"),
        "part_note": _("Note"),
        "part_flow": _("Way"),
        "part_element": _("Element"),
    }


def _part_hints() -> Words:
    return {
        "part_step_hint": _("Something a person does: a call, a meeting, a document"),
        "part_letter_hint": _("A letter that is sent by itself"),
        "part_machine_hint": _("Something done without people: a document made, a process started"),
        "part_decision_hint": _("A table of rules gives the answer"),
        "part_call_hint": _("Another process of the sales book runs here"),
        "part_part_hint": _("Several steps that belong together"),
        "part_choice_hint": _("One of several ways is taken: by outcome, amount or answer"),
        "part_parallel_hint": _("Several ways at once; and where they come together again"),
        "part_first_hint": _("What happens first decides: an answer, or time is up"),
        "part_timer_hint": _("Wait so long; put on a step: what happens when time is up"),
        "part_message_hint": _("Wait until an answer or a call comes"),
        "part_start_hint": _("Where a deal begins"),
        "part_won_hint": _("The deal is won"),
        "part_lost_hint": _("The deal is lost"),
        "part_other_hint": _("This way ends, the deal is neither won nor lost by it"),
        "part_note_hint": _("A remark for people; it changes nothing"),
    }


def _tools() -> Words:
    return {
        "tool_hand": _("Move the picture"),
        "tool_hand_hint": _("Move the picture with the mouse (H)"),
        "tool_lasso": _("Select several"),
        "tool_lasso_hint": _("Draw a frame around what is to be selected (L)"),
        "tool_space": _("Make room"),
        "tool_space_hint": _("Push everything behind a place aside (S)"),
        "tool_connect": _("Connect"),
        "tool_connect_hint": _("Draw a way from one element to another (C)"),
        "add_behind": _("{part}: add behind this"),
        "connect": _("Draw a way from here"),
        "replace": _("Make it something else"),
        "remove": _("Remove"),
    }


def _conflict() -> Words:
    return {
        "conflict_lead": _("{by} saved at {at} and changed the same as you. Choose what is to stay."),
        "conflict_own": _("You saved at {at} in another window and changed the same there. Choose what is to stay."),
        "mine": _("My version"),
        "mine_window": _("This window"),
        "theirs_window": _("The other window"),
        "theirs": _("Their version"),
        "nothing": _("(nothing)"),
        "structure_removed": _("Removed"),
        "structure_moved": _("Put elsewhere"),
        "structure_added": _("Added"),
        "structure_stays": _("Stays"),
    }


def _playing() -> Words:
    return {
        "play_title": _("Walk through by hand"),
        "play_close": _("Back to drawing"),
        "play_again": _("From the start"),
        "play_here": _("The deal stands at"),
        "play_choose": _("Which way?"),
        "play_row": _("which row holds?"),
        "play_on": _("Done"),
        "play_happens": _("It happens: {name}"),
        "play_skip": _("{name}: {time}. Skip the wait"),
        "play_over": _("The end is reached."),
        "play_moving": _("The deal is on its way…"),
        "play_won": _("The deal is won"),
        "play_lost": _("The deal is lost"),
        "play_other": _("The process ends, the deal goes on"),
        "play_nothing": _("There is no start to begin at: add one."),
        "play_way": _("To “{name}”"),
        "play_otherwise": _("Otherwise: to “{name}”"),
        "play_done": _("What was done"),
    }


def _menu() -> Words:
    return {
        "Change element": _("Make it something else"),
        "Delete": _("Remove"),
        "Search in diagram": _("Search in the picture"),
        "Open minimap": _("Map"),
        "Close minimap": _("Hide the map"),
        "Parallel multi-instance": _("For each at the same time"),
        "Sequential multi-instance": _("For each, one after another"),
        "Toggle non-interrupting": _("The step goes on meanwhile"),
        "Open {element}": _("Open {element}"),
        "Align elements": _("Line up"),
        "Distribute elements horizontally": _("Space evenly from left to right"),
        "Distribute elements vertically": _("Space evenly from top to bottom"),
        "Add lane above": _("Add a lane above"),
        "Add lane below": _("Add a lane below"),
        "Divide into two lanes": _("Divide into two lanes"),
        "Divide into three lanes": _("Divide into three lanes"),
        "Sequence flow": _("Way"),
        "Default flow": _("Way that is taken when no other is"),
        "Conditional flow": _("Way with a condition"),
    }


def _activities() -> Words:
    return {
        "Task": _("Step"),
        "User task": _("Step of a person"),
        "Manual task": _("Step outside the system"),
        "Service task": _("Automatic action"),
        "Send task": _("Letter"),
        "Receive task": _("Wait for a message"),
        "Business rule task": _("Decision table"),
        "Call activity": _("Another process"),
        "Sub-process": _("Sub-process"),
        "Sub-process (collapsed)": _("Sub-process, folded"),
        "Sub-process (expanded)": _("Sub-process"),
        "Event sub-process": _("What happens at any time"),
    }


def _gateways() -> Words:
    return {
        "Exclusive gateway": _("Choice: one way"),
        "Inclusive gateway": _("Choice: one way or several"),
        "Parallel gateway": _("All ways in parallel"),
        "Event-based gateway": _("What comes first"),
    }


def _events() -> Words:
    return {
        "Start event": _("Beginning"),
        "Message start event": _("Start by a message"),
        "Timer start event": _("Start by time"),
        "Signal start event": _("Start by a signal"),
        "Intermediate throw event": _("Mark on the way"),
        "Message intermediate catch event": _("Wait for a message"),
        "Message intermediate throw event": _("Send a message"),
        "Timer intermediate catch event": _("Wait"),
        "Escalation intermediate throw event": _("Escalate"),
        "Conditional intermediate catch event": _("Wait until a condition holds"),
        "Signal intermediate catch event": _("Wait for a signal"),
        "Signal intermediate throw event": _("Send a signal"),
        "End event": _("End"),
        "Message end event": _("End with a message"),
        "Escalation end event": _("End with an escalation"),
        "Error end event": _("End with an error"),
        "Signal end event": _("End with a signal"),
        "Terminate end event": _("End of everything"),
    }


def _boundaries() -> Words:
    return {
        "Message boundary event": _("A message stops the step"),
        "Timer boundary event": _("Time is up: the step stops"),
        "Escalation boundary event": _("An escalation stops the step"),
        "Conditional boundary event": _("A condition stops the step"),
        "Error boundary event": _("An error stops the step"),
        "Signal boundary event": _("A signal stops the step"),
        "Message boundary event (non-interrupting)": _("A message comes, the step goes on"),
        "Timer boundary event (non-interrupting)": _("Time is up, the step goes on"),
        "Escalation boundary event (non-interrupting)": _("An escalation comes, the step goes on"),
        "Conditional boundary event (non-interrupting)": _("A condition holds, the step goes on"),
        "Signal boundary event (non-interrupting)": _("A signal comes, the step goes on"),
    }


def _inner() -> Words:
    """Starts of a sub-process that begins when something happens."""
    return {
        "Conditional start event": _("Start when a condition holds"),
        "Error start event": _("Start by an error"),
        "Escalation start event": _("Start by an escalation"),
        "Message start event (non-interrupting)": _("Start by a message, the rest goes on"),
        "Timer start event (non-interrupting)": _("Start by time, the rest goes on"),
        "Conditional start event (non-interrupting)": _("Start when a condition holds, the rest goes on"),
        "Signal start event (non-interrupting)": _("Start by a signal, the rest goes on"),
        "Escalation start event (non-interrupting)": _("Start by an escalation, the rest goes on"),
    }
