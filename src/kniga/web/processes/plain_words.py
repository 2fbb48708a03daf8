"""Problems of a process in the words of the palette, by their codes: who draws need not know what BPMN calls things."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _

Words = Mapping[str, tuple[str, str]]


def plain_words() -> Words:
    """Message and cure of a problem by its code, in the language of the page; their gaps are the problem's params."""
    return {
        **_files(),
        **_beginnings_and_ends(),
        **_ways_on(),
        **_choices(),
        **_proofs(),
        **_fields(),
        **_names(),
        **_tables(),
    }


def _files() -> Words:
    """A file of which nothing can be drawn."""
    again = _("Save the process once more where it was drawn, as a BPMN file (.bpmn), and choose that file.")
    return {
        "empty_file": (_("The file is empty."), again),
        "not_xml": (
            _("The file cannot be read: it is broken off, damaged, or no drawing of a process."),
            again,
        ),
        "bad_encoding": (_("The letters in the file are not written in {encoding}, as it says."), again),
        "unknown_encoding": (_("The letters in the file are written in a way Kniga does not know: {encoding}."), again),
        "not_bpmn": (_("There is no drawing of a process in this file."), again),
        "doctype": (
            _("The file begins with a part that could call up other files, which Kniga does not read (DOCTYPE)."),
            again,
        ),
        "too_deep": (_("In this file parts lie in parts, more than {limit} deep."), again),
        "too_many_elements": (
            _("The file has more than {limit} pieces."),
            _("Make several processes of it that call each other."),
        ),
    }


def _beginnings_and_ends() -> Words:
    """Where a process begins and ends."""
    return {
        "no_process": (_("Nothing is drawn here yet."), _("Begin with a beginning and a step.")),
        "many_processes": (
            _("Several processes are drawn here: {processes}."),
            _("Keep one, or bring in each from a file of its own."),
        ),
        "no_start": (_("There is no beginning here."), _("Put one in.")),
        "many_starts": (
            _("There are several beginnings of which only one can be: {starts}."),
            _("Keep one; others may begin by a message, by time or by a signal."),
        ),
        "start_without_end": (_("There is a beginning, but no end."), _("Put an end in.")),
        "end_without_start": (_("There is an end, but no beginning."), _("Put a beginning in.")),
        "flow_into_start": (_("A way leads into the beginning."), _("Let it lead to a step.")),
        "flow_from_end": (_("A way leads on from an end."), _("Remove the way or the end.")),
        "dead_end": (_("From {name} no way leads to an end."), _("Let it lead on.")),
        "no_won_end": (_("No end says that the deal is won."), _("Mark the end of a sale that succeeded.")),
        "no_lost_end": (_("No end says that the deal is lost."), _("Mark the end of a sale that failed.")),
        "called_without_none_start": (
            _("The process {process}, which is run here, begins only by something that happens."),
            _("Give it a plain beginning."),
        ),
        "ad_hoc_with_start_or_end": (_("Steps in any order have a beginning or an end."), _("Remove it.")),
    }


def _ways_on() -> Words:
    """Ways from one place to the next."""
    return {
        "dangling_flow": (
            _("This way does not lead from one step to another (“{target}” is no step of this process)."),
            _("Connect both of its ends."),
        ),
        "flow_across_border": (
            _("This way crosses the border of a sub-process, to “{target}”."),
            _("Connect it inside one process or sub-process; what goes on begins at the border of a sub-process."),
        ),
        "flow_leaves_scope": (
            _("This way leads from {source} to {target}, across the border of a process or sub-process."),
            _("Let it begin and end in the same one."),
        ),
        "flow_at_event_scope": (
            _("A way leads to or from what happens at any time."),
            _("Remove it: that begins by itself."),
        ),
        "event_sub_process_with_flow": (
            _("A way leads to or from what happens at any time."),
            _("Remove it: that begins by itself."),
        ),
        "flow_into_boundary": (_("A way leads into an event at a step."), _("Let it lead to a step.")),
        "flow_contradicted": (
            _("The file contradicts itself about the way “{flow}”."),
            _("Draw this way anew, or save the file again in the tool it was drawn in."),
        ),
        "flow_not_immediate": (
            _("Something may happen on this way that is not drawn."),
            _("Draw what happens in between."),
        ),
        "flow_from_compensation": (
            _("A way leads on from what undoes a step."),
            _("Draw what undoes the step as a step of its own."),
        ),
        "bad_attachment": (
            _("This event is put on “{target}”, where it cannot be."),
            _("Put it on a step, on another process or on a sub-process."),
        ),
        "event_without_incoming": (_("No way leads here."), _("Draw a way to it, or remove it.")),
        "gateway_unconnected": (_("No way leads into this choice or out of it."), _("Connect it or remove it.")),
        "unreachable": (_("No way leads to {name}."), _("Connect it or remove it.")),
    }


def _choices() -> Words:
    """Places where one of several ways is taken."""
    return {
        "condition_outside_gateway": (
            _("A way has a condition, but nothing is chosen where it begins."),
            _("Put a choice there, and let its ways have the conditions."),
        ),
        "bad_default": (
            _("The way that is taken when no other is does not begin here."),
            _("Choose one of the ways of this choice, or none."),
        ),
        "default_outside_gateway": (
            _("One way is taken when no other is, but nothing is chosen here."),
            _("Put a choice behind this."),
        ),
        "default_with_condition": (
            _("The way that is taken when no other is has a condition."),
            _("Remove the condition."),
        ),
        "behind_event_gateway": (
            _("This cannot stand behind “What comes first”."),
            _("Put waits and waits for a message there, each on a way of its own, with nothing on their borders."),
        ),
        "condition_behind_event_gateway": (
            _("A way from “What comes first” has a condition."),
            _("Remove the condition: what happens first decides."),
        ),
        "boundary_behind_event_gateway": (
            _("A wait behind “What comes first” has events on its border."),
            _("Let ways lead to those events themselves."),
        ),
        "instantiating_gateway_with_incoming": (
            _("A way leads into a choice that is to begin the process."),
            _("Remove the way."),
        ),
        "too_many_inclusive": (
            _("More than {limit} ways meet where several may come at once."),
            _("Use a choice of one way, or “In parallel”, for some of them."),
        ),
        "outcome_without_flow": (
            _("After the outcome “{outcome}” of {name} there may be no way on."),
            _("Give the choice behind it a way for this outcome, or one that is taken when no other is."),
        ),
        "gateway_may_block": (
            _("At {name} it may be that no condition holds."),
            _("Let one way be taken when no other is."),
        ),
        "not_decided": (
            _("The conditions at {name} have too many cases to be decided."),
            _("Let one way be taken when no other is, or part the choice into several."),
        ),
    }


def _proofs() -> Words:
    """What a walk through all ways has shown."""
    return {
        "automatic_loop": (
            _("{elements} lead to each other in a circle in which nothing waits."),
            _("Put a step or a wait into the circle, or remove it."),
        ),
        "hurried_loop": (
            _("{elements} lead to each other in a circle in which only waits are, and these may be over at once."),
            _("Put a step that a person does into the circle, or let the wait be for a time that is not zero."),
        ),
        "stuck": (
            _("A deal can come to a stand at {name}: what it waits for can no longer come."),
            _("Let every way of the parting lead here, or let the ways meet in a choice."),
        ),
        "no_way_to_end": (
            _("A deal that has come to {name} can go on, but never to an end."),
            _("Draw a way out of the circle that conditions allow."),
        ),
        "unbounded": (
            _("Each time round through {name} one more way is walked at once, without end."),
            _("Let ways that part meet again before one leads back."),
        ),
        "dead_element": (
            _("No deal ever comes to {name}: what stands before it never lets one through."),
            _("Correct the conditions before it, or remove it."),
        ),
        "open_twice": (
            _("{name} may be open twice at the same time."),
            _("Let ways in parallel meet in “In parallel” before it."),
        ),
        "unsynchronised": (
            _("At {name} one way may come twice while the others are waited for."),
            _("Let each way that leads there come once."),
        ),
        "mixed_conditions": (
            _("Whether every way leads to an end is not proved: conditions tie several answers or fields together."),
            _("Let each condition that decides the way look at one answer."),
        ),
        "not_proved": (
            _("Whether every way leads to an end is not proved: there are more than {states} cases."),
            _("Put parts of it into sub-processes, or let fewer things run at the same time."),
        ),
    }


def _fields() -> Words:
    """Values, fields and what names them."""
    return {
        "not_supported": (_("Kniga cannot carry this out (in BPMN: {tag})."), "{cure}"),
        "unknown_extension": (
            _("Something is written here that Kniga does not know (in BPMN: {extension})."),
            _("Remove it, or make this part anew."),
        ),
        "bad_key": (
            _("“{value}” is no key that can be used here."),
            _("Use at most 100 letters, digits, “_”, “-” and “.”."),
        ),
        "unknown_reference": (
            _("“{value}” is named here, but is not there."),
            _("Choose one that is there, or make it."),
        ),
        "no_effect": (_("Something is set here that has no effect (in BPMN: {what})."), _("Remove it.")),
        "unknown_field": (
            _("The field “{field}” is not known here."),
            _("Choose a field of the deal or the client, or an answer of the book."),
        ),
        "bad_value": (
            _("“{value}” cannot be set here (in BPMN: {attribute}, allowed: {allowed})."),
            _("Set it anew in the panel, or make this part anew."),
        ),
        "missing_part": (_("Something is still missing here."), _("Fill in the panel.")),
        "empty_expression": (_("Something is still empty here."), _("Fill it in, or remove it.")),
        "bad_condition": (_("The condition cannot be read."), _("Set it anew in the panel.")),
        "bad_duration": (
            _("“{value}” is no length of time that can be used here."),
            _("Set it in the panel: a number of minutes, hours, days or weeks."),
        ),
        "bad_moment": (_("“{value}” is no moment that can be used here."), _("Set it in the panel.")),
        "bad_cycle": (_("“{value}” is no repetition that can be used here."), _("Set it in the panel.")),
        "many_times": (_("Several times are set here."), _("Set one in the panel.")),
        "no_deadline_for_timer": (
            _("It is counted from the deadline of {task}, which has none."),
            _("Give that step a deadline, or set a time of its own here."),
        ),
        "wrong_trigger": (
            _("An event of this kind cannot be here (in BPMN: {trigger})."),
            _("Make it another kind of event."),
        ),
        "definition_not_shared": (_("What sets this off (“{definition}”) is not there."), _("Make this event anew.")),
        "cancel_outside_transaction": (
            _("Something is called off here that cannot be called off."),
            _("Make it an end with an error."),
        ),
        "escalation_without_code": (_("The escalation has no code."), _("Choose one that has.")),
        "loop_without_items": (
            _("Nothing says how many times this is done."),
            _("Say in the panel how many times, or for which list."),
        ),
        "loop_over_nothing": (
            _("This is to be done for each of “{reference}”, which is not there."),
            _("Choose a list in the panel."),
        ),
        "unknown_param": (_("“{param}” is nothing that this action takes."), _("Choose the action anew in the panel.")),
    }


def _names() -> Words:
    """What is named and does not fit, or is not there."""
    return {
        "wrong_type": (
            _("What is taken here does not fit (in BPMN: {what})."),
            _("Choose another field in the panel."),
        ),
        "bad_param": (_("“{value}” does not fit here."), _("Choose the value anew in the panel.")),
        "duplicate_key": (_("“{key}” is there twice."), _("Remove one of the two.")),
        "question_conflict": (
            _("The question “{key}” is asked elsewhere with another kind of answer."),
            _("Give it the same kind of answer, or ask it as a question of its own."),
        ),
        "unknown_reason": (
            _("The reason is taken from an answer that no step asks for (“{key}”)."),
            _("Choose a question of this process."),
        ),
        "unknown_deadline_answer": (
            _("The deadline is taken from an answer that no step asks for as a day (“{key}”)."),
            _("Choose a question whose answer is a day."),
        ),
        "unknown_action": (_("The action “{action}” is not known."), _("Choose an action in the panel.")),
        "unknown_template": (
            _("There is no document template “{template}” in use."),
            _("Choose one in the panel, or make it among the templates of the sales book."),
        ),
        "unknown_letter": (
            _("There is no letter template “{template}” in use."),
            _("Choose one in the panel, or make it among the templates of the sales book."),
        ),
        "unknown_called_process": (
            _("The process {process}, which is run here, is not published."),
            _("Publish it first, or choose another."),
        ),
    }


def _tables() -> Words:
    """Decision tables."""
    return {
        "unknown_decision": (
            _("The table “{decision}” is not there."),
            _("Make a table in the panel, or take one from a file."),
        ),
        "no_decision_table": (_("There is no decision table here."), _("Make one in the panel.")),
        "not_dmn": (_("What stands here is no decision table."), _("Make one in the panel, or take one from a file.")),
        "dmn_not_supported": (
            _("The table “{decision}” holds what Kniga cannot carry out (in DMN: {what})."),
            _("Change it in the panel, or in the tool the table comes from."),
        ),
        "bad_unary_test": (
            _("“{text}” ({place}) cannot be read."),
            _("Choose the test or the answer in the form of the row."),
        ),
        "bad_cell_value": (
            _("“{text}” ({place}) does not fit its column."),
            _("Choose the value in the form of the row."),
        ),
        "unknown_input_type": (
            _("Nothing says what kind of values the column “{place}” has."),
            _("Take the column away and add it anew."),
        ),
        "wrong_row_length": (
            _("The row {row} does not have a cell for each column."),
            _("Remove the row and add it anew."),
        ),
        "rows_overlap": (
            _("Rows {rows} of the table “{decision}” both apply, for example when {values}."),
            _("Narrow one of them, or let the first row that applies answer."),
        ),
        "decision_gap": (
            _("No row of the table “{decision}” applies, for example when {values}."),
            _("Add a row for it, or an answer for when none does."),
        ),
        "decision_may_fail": (
            _("In the table {name} it may be that no row applies."),
            _("Add a row for it, or an answer for when none does."),
        ),
        "decision_not_decided": (
            _("Whether rows of the table “{decision}” overlap or leave gaps is not decided: too many cases."),
            _("Part the table into several."),
        ),
        "row_without_answer": (
            _("Row {row} of the table “{decision}” applies, but answers nothing."),
            _("Choose its answer in the form of the row, or remove the row."),
        ),
        "row_never_answers": (
            _("Row {row} of the table “{decision}” never answers: rows before it always do."),
            _("Move it up, narrow the rows before it, or remove it."),
        ),
    }


def plain_cures() -> Mapping[str, str]:
    """What to draw instead of an element that is not carried out, by its name in BPMN; "" for any other."""
    return {
        "": _("Take it away, or draw it with the parts of the palette."),
        "complexGateway": _("Draw choices one after another."),
        "adHocSubProcess": _("Make it a sub-process whose steps are connected."),
        "transaction": _("Make it a sub-process; draw what undoes it as steps of their own."),
        "scriptTask": _("Make it an automatic action, or a step."),
        "standardLoopCharacteristics": _("Let a way lead back to a choice instead."),
        "compensateEventDefinition": _("Draw what undoes the step as a step of its own."),
        "cancelEventDefinition": _("Make it an end with an error."),
        "linkEventDefinition": _("Draw the way itself from one place to the other."),
        "callChoreography": _("Draw it as a process."),
        "choreography": _("Draw it as a process."),
        "globalTask": _("Draw it as a step of the process."),
    }
