-- Nothing that a control point looks at changes when a deal enters a stage, but its process, which is marked by itself.
-- So the deal's own trigger leaves out the columns that a move between stages writes. No conditions: each is read anew
-- at every statement, which takes as long as looking whether anything is watched.
DROP TRIGGER processes_instance_changed ON processes_instance;
CREATE TRIGGER processes_instance_changed AFTER UPDATE OF revision, status ON processes_instance FOR EACH ROW
EXECUTE FUNCTION processes_mark_instance();

DROP TRIGGER processes_deal_changed ON deals_deal;
CREATE TRIGGER processes_deal_changed
AFTER UPDATE OF client_id, owner_id, status, amount, expected_date, source_id, region_id, product_id
ON deals_deal FOR EACH ROW EXECUTE FUNCTION processes_mark_deal();
