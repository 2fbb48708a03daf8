-- The funnel's projection: facts ready to count, and their sums by one dimension at a time.
--
-- Triggers note every deal whose facts may have changed; insights_fold_funnel() brings the projection up to them.
-- A reader adds what is not folded yet, so figures are exact at any moment, however long ago that was:
--   sums - facts of the noted deals as they were folded + facts of the noted deals as they are now.

CREATE TABLE insights_dirty (deal_id bigint NOT NULL);
ALTER TABLE insights_dirty SET (autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0);

-- Deals with several owners in one stage. A stay is summed under the last of them, so where owners matter these deals
-- are counted live.
CREATE TABLE insights_apart (deal_id bigint PRIMARY KEY);

CREATE TABLE insights_stay (
    deal_id bigint NOT NULL, pipeline_id bigint NOT NULL, stage_id bigint NOT NULL, turn integer NOT NULL,
    owner_id bigint NOT NULL, viewer_id bigint NOT NULL, product_id bigint NOT NULL, region_id bigint NOT NULL,
    source_id bigint NOT NULL, reason_id bigint, opened_on date NOT NULL, closed_on date, entered_on date NOT NULL,
    left_on date, exit text, days integer, amount numeric(16, 2) NOT NULL, is_last boolean NOT NULL
);
CREATE INDEX insights_stay_deal ON insights_stay (deal_id);

CREATE TABLE insights_result (
    deal_id bigint PRIMARY KEY, pipeline_id bigint NOT NULL, stage_id bigint, holder_id bigint NOT NULL,
    viewer_id bigint NOT NULL, product_id bigint NOT NULL, region_id bigint NOT NULL, source_id bigint NOT NULL,
    reason_id bigint, opened_on date NOT NULL, closed_on date, status text NOT NULL, days integer,
    amount numeric(16, 2) NOT NULL
);

-- fact: 'stay' or 'result'. axis: what value is (all, rep, product, region, source, closed, opened); with axis 'viewed'
-- value is the rep and viewer_id the deal's present owner, by whom visibility goes. Months count from year 0.
CREATE TABLE insights_sum (
    pipeline_id bigint, axis text, value bigint, viewer_id bigint, fact text, stage_id bigint, outcome text,
    reason_id bigint, deals bigint NOT NULL, amount numeric NOT NULL,
    PRIMARY KEY (pipeline_id, axis, fact, value, viewer_id, stage_id, outcome, reason_id)
) WITH (fillfactor = 80);
CREATE TABLE insights_span (
    pipeline_id bigint, axis text, value bigint, viewer_id bigint, fact text, stage_id bigint, outcome text,
    days integer, visits bigint NOT NULL,
    PRIMARY KEY (pipeline_id, axis, fact, value, viewer_id, stage_id, outcome, days)
) WITH (fillfactor = 80);

-- The time zone whose days the projection counts.
CREATE TABLE insights_fold_state (id integer PRIMARY KEY CHECK (id = 1), time_zone text NOT NULL);

CREATE FUNCTION insights_note_deals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO insights_dirty SELECT id FROM changed;
    RETURN NULL;
END $$;

CREATE FUNCTION insights_note_parts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO insights_dirty SELECT DISTINCT deal_id FROM changed;
    RETURN NULL;
END $$;

CREATE FUNCTION insights_note_clients() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO insights_dirty SELECT d.id FROM changed c JOIN before b USING (id) JOIN deals_deal d ON d.client_id = c.id
    WHERE (b.region_id, b.source_id) IS DISTINCT FROM (c.region_id, c.source_id);
    RETURN NULL;
END $$;

CREATE TRIGGER insights_deal_added AFTER INSERT ON deals_deal
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION insights_note_deals();
CREATE TRIGGER insights_deal_changed AFTER UPDATE ON deals_deal
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION insights_note_deals();
CREATE TRIGGER insights_deal_removed AFTER DELETE ON deals_deal
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION insights_note_deals();
CREATE TRIGGER insights_visit_added AFTER INSERT ON deals_stagevisit
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION insights_note_parts();
CREATE TRIGGER insights_visit_changed AFTER UPDATE ON deals_stagevisit
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION insights_note_parts();
CREATE TRIGGER insights_visit_removed AFTER DELETE ON deals_stagevisit
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION insights_note_parts();
CREATE TRIGGER insights_ownership_added AFTER INSERT ON deals_dealownership
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION insights_note_parts();
CREATE TRIGGER insights_ownership_changed AFTER UPDATE ON deals_dealownership
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION insights_note_parts();
CREATE TRIGGER insights_ownership_removed AFTER DELETE ON deals_dealownership
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION insights_note_parts();
CREATE TRIGGER insights_client_changed AFTER UPDATE ON clients_client
    REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION insights_note_clients();

INSERT INTO insights_dirty SELECT id FROM deals_deal;

-- The cells a fact is summed in: one per axis.
CREATE FUNCTION insights_axes(
    owner bigint, viewer_id bigint, product bigint, region bigint, source bigint, opened date, closed date
) RETURNS TABLE (axis text, value bigint, viewer bigint) LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    VALUES ('all', 0::bigint, 0::bigint), ('rep', owner, 0), ('viewed', owner, viewer_id), ('product', product, 0),
           ('region', region, 0), ('source', source, 0),
           ('closed', coalesce(extract(year FROM closed) * 12 + extract(month FROM closed) - 1, -1)::bigint, 0),
           ('opened', (extract(year FROM opened) * 12 + extract(month FROM opened) - 1)::bigint, 0)
$$;
