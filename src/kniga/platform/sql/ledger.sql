-- The ledger: append-only, partitioned by month of the event, each row with its transaction's id.
CREATE SEQUENCE platform_event_id_seq AS bigint CACHE 1;

CREATE TABLE platform_event (
    id bigint NOT NULL DEFAULT nextval('platform_event_id_seq'),
    at timestamptz NOT NULL,
    kind text NOT NULL,
    actor_id bigint,
    client_id bigint,
    deal_id bigint,
    instance_id bigint,
    task_id bigint,
    payload jsonb NOT NULL DEFAULT '{}',
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);

ALTER SEQUENCE platform_event_id_seq OWNED BY platform_event.id;

CREATE INDEX platform_event_client ON platform_event (client_id, at DESC, id DESC) WHERE client_id IS NOT NULL;
CREATE INDEX platform_event_deal ON platform_event (deal_id, at DESC, id DESC) WHERE deal_id IS NOT NULL;

CREATE TABLE platform_event_default PARTITION OF platform_event DEFAULT;

CREATE FUNCTION platform_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: % on % is refused', TG_OP, TG_TABLE_NAME
        USING HINT = 'Record a new event that tells of the correction.';
END $$;

-- A row trigger of the parent stands on every partition too.
CREATE TRIGGER platform_event_append_only BEFORE UPDATE OR DELETE ON platform_event
    FOR EACH ROW EXECUTE FUNCTION platform_event_is_append_only();

-- Make the monthly partitions for the span; returns how many were made. Months that already have rows in
-- the default partition stay there: correct, only slower, and visible in `kniga doctor`.
CREATE FUNCTION platform_ensure_partitions(first_day date, last_day date) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    month date := date_trunc('month', first_day)::date;
    made integer := 0;
    partition text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('platform_ensure_partitions'));
    WHILE month <= last_day LOOP
        partition := 'platform_event_' || to_char(month, 'YYYYMM');
        IF to_regclass(partition) IS NULL AND NOT EXISTS (
            SELECT FROM platform_event_default WHERE at >= month AND at < month + interval '1 month'
        ) THEN
            EXECUTE format(
                'CREATE TABLE %I PARTITION OF platform_event FOR VALUES FROM (%L) TO (%L)',
                partition, month::timestamp AT TIME ZONE 'UTC', (month + interval '1 month')::timestamp AT TIME ZONE 'UTC');
            made := made + 1;
        END IF;
        month := (month + interval '1 month')::date;
    END LOOP;
    RETURN made;
END $$;

SELECT platform_ensure_partitions((now() - interval '1 month')::date, (now() + interval '13 months')::date);

-- What the web processes share and may lose: sign-in failures counted, short-lived answers.
CREATE UNLOGGED TABLE platform_cache (
    cache_key varchar(255) PRIMARY KEY,
    value text NOT NULL,
    expires timestamptz NOT NULL
);
CREATE INDEX platform_cache_expires ON platform_cache (expires);
