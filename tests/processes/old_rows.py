"""What a database looked like before timers belonged to tokens."""

OLD_ROWS = """
INSERT INTO deals_pipeline (id, key, name, is_active) VALUES (1, 'p', 'P', true);
INSERT INTO deals_deal (id, number, name, name_key, pipeline_id, status, amount, currency, opened_at, loss_note, note,
                        revision, created_at, updated_at)
SELECT n, n, 'd', 'd', 1, 'open', 0, 'RUB', now(), '', '', 1, now(), now() FROM generate_series(1, 3) n;
INSERT INTO processes_process (id, key, name, kind, pipeline_id, is_active, created_at)
VALUES (1, 'p', 'P', 'sale', 1, true, now());
INSERT INTO processes_processversion (id, process_id, number, status, xml, checksum, note, created_at)
VALUES (1, 1, 1, 'published', '', '', '', now());
INSERT INTO processes_instance (id, version_id, deal_id, status, revision, seq, data, started_at, result)
VALUES (1, 1, 1, 'running', 5, 4, '{}', now(), NULL), (2, 1, 2, 'running', 2, 1, '{}', now(), NULL),
       (3, 1, 3, 'ended', 3, 1, '{}', now(), 'lost');
INSERT INTO processes_task (id, instance_id, token, element, name, kind, deal_id, status, created_at)
VALUES (1, 1, 3, 'offer', 'o', 'call', 1, 'open', now()), (2, 1, 4, 'check', 'c', 'call', 1, 'open', now()),
       (3, 2, 1, 'offer', 'o', 'call', 2, 'open', now());
INSERT INTO processes_timer (task_id, element, due_at, status)
VALUES (1, 'fired_one', now(), 'fired'), (1, 'waiting_one', now(), 'scheduled');
INSERT INTO platform_event (at, kind, deal_id, instance_id, payload)
VALUES (now(), 'processes.instance.ended', 3, 3, '{"element": "e", "result": "lost", "reason": "price"}');
"""
