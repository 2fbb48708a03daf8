-- Bring the projection up to the noted deals; returns how many were folded. One folder at a time.
--
-- New facts are computed once, into a temporary table, and both the sums and the stored facts are changed by them:
-- they agree even if a deal changes meanwhile, which leaves a new note behind. Sums are written in the order of their
-- key: what is read together lies together.
CREATE OR REPLACE FUNCTION insights_fold_funnel(p_zone text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    folded bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('insights_fold_funnel'));
    IF (SELECT time_zone FROM insights_fold_state) IS DISTINCT FROM p_zone THEN
        TRUNCATE insights_dirty, insights_apart, insights_stay, insights_result, insights_sum, insights_span,
                 insights_fold_state;
        INSERT INTO insights_dirty SELECT id FROM deals_deal;
        INSERT INTO insights_fold_state VALUES (1, p_zone);
    END IF;

    DROP TABLE IF EXISTS pg_temp.folding, pg_temp.fold_stay, pg_temp.fold_result, pg_temp.fold_apart;
    CREATE TEMPORARY TABLE folding ON COMMIT DROP AS SELECT NULL::bigint AS deal_id WHERE false;
    WITH taken AS (DELETE FROM insights_dirty RETURNING deal_id)
    INSERT INTO folding SELECT DISTINCT deal_id FROM taken;
    GET DIAGNOSTICS folded = ROW_COUNT;
    IF folded = 0 THEN
        RETURN 0;
    END IF;
    ANALYZE folding;

    CREATE TEMPORARY TABLE fold_result ON COMMIT DROP AS
    SELECT d.id AS deal_id, d.pipeline_id, d.stage_id,
           coalesce(CASE WHEN d.status = 'open' THEN d.owner_id
                         ELSE coalesce(closing.owner_id, visited.owner_id, d.owner_id) END, 0) AS holder_id,
           coalesce(d.owner_id, 0) AS viewer_id, coalesce(d.product_id, 0) AS product_id,
           coalesce(d.region_id, c.region_id, 0) AS region_id, coalesce(d.source_id, c.source_id, 0) AS source_id,
           CASE WHEN d.status = 'lost' THEN coalesce(d.loss_reason_id, 0) END AS reason_id,
           (d.opened_at AT TIME ZONE p_zone)::date AS opened_on, (d.closed_at AT TIME ZONE p_zone)::date AS closed_on,
           d.status, (d.closed_at AT TIME ZONE p_zone)::date - (d.opened_at AT TIME ZONE p_zone)::date AS days, d.amount
    FROM folding f JOIN deals_deal d ON d.id = f.deal_id
    LEFT JOIN clients_client c ON c.id = d.client_id
    LEFT JOIN LATERAL (
        SELECT o.owner_id FROM deals_dealownership o
        WHERE o.deal_id = d.id AND o.started_at <= d.closed_at AND (o.ended_at IS NULL OR o.ended_at > d.closed_at)
        ORDER BY o.started_at DESC, o.id DESC LIMIT 1
    ) closing ON d.status <> 'open'
    LEFT JOIN LATERAL (
        SELECT v.owner_id FROM deals_stagevisit v WHERE v.deal_id = d.id
        ORDER BY v.entered_at DESC, v.id DESC LIMIT 1
    ) visited ON d.status <> 'open' AND closing.owner_id IS NULL;
    ANALYZE fold_result;

    CREATE TEMPORARY TABLE fold_stay ON COMMIT DROP AS
    SELECT v.deal_id, r.pipeline_id, v.stage_id,
           row_number() OVER (PARTITION BY v.deal_id ORDER BY v.entered_at, v.id)::integer AS turn,
           coalesce(v.owner_id, 0) AS owner_id, r.viewer_id, r.product_id, r.region_id, r.source_id, r.reason_id,
           r.opened_on, r.closed_on, (v.entered_at AT TIME ZONE p_zone)::date AS entered_on,
           (v.left_at AT TIME ZONE p_zone)::date AS left_on, v.exit,
           CASE WHEN NOT v.is_inferred
                THEN (v.left_at AT TIME ZONE p_zone)::date - (v.entered_at AT TIME ZONE p_zone)::date END AS days,
           v.amount,
           row_number() OVER (PARTITION BY v.deal_id, v.stage_id ORDER BY v.entered_at DESC, v.id DESC) = 1 AS is_last
    FROM fold_result r JOIN deals_stagevisit v ON v.deal_id = r.deal_id;
    ANALYZE fold_stay;

    CREATE TEMPORARY TABLE fold_apart ON COMMIT DROP AS
    SELECT DISTINCT deal_id FROM fold_stay GROUP BY deal_id, stage_id HAVING min(owner_id) <> max(owner_id);
    DELETE FROM insights_apart WHERE deal_id IN (SELECT deal_id FROM folding);
    INSERT INTO insights_apart SELECT deal_id FROM fold_apart;

    WITH fact AS (
        SELECT 1 AS sign, * FROM fold_stay
        UNION ALL
        SELECT -1, s.* FROM insights_stay s WHERE s.deal_id IN (SELECT deal_id FROM folding)
    )
    INSERT INTO insights_sum
    SELECT pipeline_id, axis, value, viewer, 'stay', stage_id, coalesce(exit, 'still'), 0, sum(sign), sum(sign * amount)
    FROM fact, LATERAL insights_axes(owner_id, viewer_id, product_id, region_id, source_id, opened_on, closed_on)
    WHERE is_last GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(sign) <> 0 OR sum(sign * amount) <> 0
    ORDER BY pipeline_id, axis, value, viewer
    ON CONFLICT (pipeline_id, axis, fact, value, viewer_id, stage_id, outcome, reason_id)
    DO UPDATE SET deals = insights_sum.deals + excluded.deals, amount = insights_sum.amount + excluded.amount;

    WITH fact AS (
        SELECT 1 AS sign, * FROM fold_result
        UNION ALL
        SELECT -1, r.* FROM insights_result r WHERE r.deal_id IN (SELECT deal_id FROM folding)
    )
    INSERT INTO insights_sum
    SELECT pipeline_id, axis, value, viewer, 'result', coalesce(stage_id, 0), status, coalesce(reason_id, 0),
           sum(sign), sum(sign * amount)
    FROM fact, LATERAL insights_axes(holder_id, viewer_id, product_id, region_id, source_id, opened_on, closed_on)
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 HAVING sum(sign) <> 0 OR sum(sign * amount) <> 0
    ORDER BY pipeline_id, axis, value, viewer
    ON CONFLICT (pipeline_id, axis, fact, value, viewer_id, stage_id, outcome, reason_id)
    DO UPDATE SET deals = insights_sum.deals + excluded.deals, amount = insights_sum.amount + excluded.amount;

    WITH fact AS (
        SELECT 1 AS sign, 'stay' AS fact, pipeline_id, owner_id, viewer_id, product_id, region_id, source_id, opened_on,
               closed_on, stage_id, '' AS outcome, days FROM fold_stay
        UNION ALL
        SELECT -1, 'stay', pipeline_id, owner_id, viewer_id, product_id, region_id, source_id, opened_on, closed_on,
               stage_id, '', days FROM insights_stay WHERE deal_id IN (SELECT deal_id FROM folding)
        UNION ALL
        SELECT 1, 'result', pipeline_id, holder_id, viewer_id, product_id, region_id, source_id, opened_on, closed_on,
               0, status, days FROM fold_result
        UNION ALL
        SELECT -1, 'result', pipeline_id, holder_id, viewer_id, product_id, region_id, source_id, opened_on, closed_on,
               0, status, days FROM insights_result WHERE deal_id IN (SELECT deal_id FROM folding)
    )
    INSERT INTO insights_span
    SELECT pipeline_id, axis, value, viewer, fact, stage_id, outcome, days, sum(sign)
    FROM fact, LATERAL insights_axes(owner_id, viewer_id, product_id, region_id, source_id, opened_on, closed_on)
    WHERE days IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 HAVING sum(sign) <> 0
    ORDER BY pipeline_id, axis, fact, value, viewer, stage_id, outcome, days
    ON CONFLICT (pipeline_id, axis, fact, value, viewer_id, stage_id, outcome, days)
    DO UPDATE SET visits = insights_span.visits + excluded.visits;
    DELETE FROM insights_sum WHERE deals = 0 AND amount = 0;
    DELETE FROM insights_span WHERE visits = 0;

    DELETE FROM insights_stay WHERE deal_id IN (SELECT deal_id FROM folding);
    DELETE FROM insights_result WHERE deal_id IN (SELECT deal_id FROM folding);
    INSERT INTO insights_stay SELECT * FROM fold_stay;
    INSERT INTO insights_result SELECT * FROM fold_result;
    RETURN folded;
END $$;
