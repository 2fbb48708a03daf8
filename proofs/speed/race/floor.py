"""The floor: what a completion costs when a bare PL/pgSQL function writes the rows that Kniga writes, and no more.

It knows beforehand what comes next, routes nothing, checks nothing but that the task is open, and reads nothing.
"""

from __future__ import annotations

import psycopg

FUNCTION = """
CREATE OR REPLACE FUNCTION race_floor_complete(
    p_task bigint, p_actor bigint, p_now timestamptz, p_stage bigint, p_stage_key text, p_element text, p_name text,
    p_due timestamptz, p_outcome text
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_task processes_task%ROWTYPE;
    v_amount numeric;
    v_new bigint;
BEGIN
    UPDATE processes_task SET status = 'done', completed_at = p_now, completed_by_id = p_actor, outcome = p_outcome,
        answers = '{}', undo = '{"revision": 3, "seq": 1, "stage": "stage1", "cancelled": [], "tokens": null,
                                 "data": null, "deal": {"stage": 1, "since": "2026-11-23T08:00:00.000000+00:00",
                                 "note": "", "amount": 100000.00, "set_amount": null, "expected": null,
                                 "set_expected": null}}'
    WHERE id = p_task AND status = 'open' RETURNING * INTO v_task;
    UPDATE processes_instance SET revision = revision + 1, seq = seq + 1, stage = p_stage_key
    WHERE id = v_task.instance_id;
    INSERT INTO processes_task (instance_id, token, element, name, kind, deal_id, client_id, stage_id, assignee_id,
                                status, created_at, due_at)
    VALUES (v_task.instance_id, v_task.token + 1, p_element, p_name, 'call', v_task.deal_id, v_task.client_id, p_stage,
            v_task.assignee_id, 'open', p_now, p_due) RETURNING id INTO v_new;
    IF p_stage <> v_task.stage_id THEN
        UPDATE deals_deal SET stage_id = p_stage, stage_since = p_now, updated_at = p_now, revision = revision + 1
        WHERE id = v_task.deal_id RETURNING amount INTO v_amount;
        UPDATE deals_stagevisit SET left_at = p_now, exit = 'passed', amount = v_amount
        WHERE deal_id = v_task.deal_id AND left_at IS NULL;
        INSERT INTO deals_stagevisit (deal_id, stage_id, owner_id, entered_at, amount, is_inferred)
        VALUES (v_task.deal_id, p_stage, v_task.assignee_id, p_now, v_amount, false);
        INSERT INTO platform_event (at, kind, actor_id, client_id, deal_id, instance_id, task_id, payload) VALUES
            (p_now, 'processes.stage.entered', p_actor, v_task.client_id, v_task.deal_id, v_task.instance_id, NULL,
             '{"stage": "stage2", "previous": "stage1"}');
    END IF;
    INSERT INTO platform_event (at, kind, actor_id, client_id, deal_id, instance_id, task_id, payload) VALUES
        (p_now, 'processes.task.completed', p_actor, v_task.client_id, v_task.deal_id, v_task.instance_id, p_task,
         '{"token": 1, "element": "step1", "outcome": "ok", "answers": {}}'),
        (p_now, 'processes.task.created', p_actor, v_task.client_id, v_task.deal_id, v_task.instance_id, v_new,
         '{"token": 2, "element": "step2", "stage": "stage2"}');
    RETURN v_new;
END $$
"""
CALL = "SELECT race_floor_complete(%s, %s, %s, %s, %s, %s, %s, %s, %s)"
TABLES = ("processes_task", "processes_instance", "deals_deal", "deals_stagevisit", "platform_event")
"""The tables a completion writes to."""


def connect(address: str) -> psycopg.Connection[tuple[object, ...]]:
    """A connection on which the function is prepared at its first call."""
    connection = psycopg.connect(address, autocommit=True)
    connection.prepare_threshold = 1
    return connection
