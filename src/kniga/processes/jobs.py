"""Work done in the background: what is due, and acts on many deals. Workers are woken for what is due (see `pump`);
each minute is a safety net."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from procrastinate.contrib.django import app

from kniga.people.models import User
from kniga.platform import clock
from kniga.processes.acts.acting import begin_act, begin_undo, carry_out, forsaken_acts
from kniga.processes.background.pump import run_due_here
from kniga.processes.models import BulkAct


@app.periodic(cron="* * * * *")
@app.task(queue="timers", queueing_lock="sweep_timers", pass_context=False)
def sweep_due_timers(timestamp: int) -> None:
    """Every minute: do what is due, should nobody have been woken for it."""
    run_due_here()


@transaction.atomic
def queue_act(*, act_id: int, by: User, now: datetime) -> BulkAct:
    """Let a worker carry out a prepared act; raises as `begin_act`."""
    act = begin_act(act_id=act_id, by=by, now=now)
    carry_out_act.defer(act_id=act.pk)
    return act


@transaction.atomic
def queue_undo(*, act_id: int, reason: str, by: User, now: datetime) -> BulkAct:
    """Let a worker undo an act as a whole; raises as `begin_undo`."""
    act = begin_undo(act_id=act_id, reason=reason, by=by, now=now)
    carry_out_act.defer(act_id=act.pk)
    return act


@app.task(queue="acts")
def carry_out_act(act_id: int) -> None:
    """Prepare, carry out, or undo an act on many deals; run twice, nothing is done twice."""
    carry_out(act_id=act_id, clock=clock.now)


@app.periodic(cron="* * * * *")
@app.task(queue="acts", queueing_lock="forsaken_acts", pass_context=False)
def take_up_forsaken_acts(timestamp: int) -> None:
    """Every minute: go on with acts whose worker has gone away."""
    for act_id in forsaken_acts(now=clock.now()):
        carry_out(act_id=act_id, clock=clock.now)
