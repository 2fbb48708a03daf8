-- A change of an instance, its deal or its client marks the instance if it watches anything at all: the workers then
-- look at what depends on it. Whether the watched has been due already is not asked here: a worker may be about to note
-- just that, and would be missed. Marks are only added, so that no change waits for a worker.
CREATE OR REPLACE FUNCTION processes_mark_instance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO processes_controlmark (instance_id)
    SELECT w.instance_id FROM processes_controlwatch w WHERE w.instance_id = NEW.id LIMIT 1;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION processes_mark_deal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO processes_controlmark (instance_id)
    SELECT i.id FROM processes_instance i
    WHERE i.deal_id = NEW.id AND EXISTS (SELECT FROM processes_controlwatch w WHERE w.instance_id = i.id);
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION processes_mark_client() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO processes_controlmark (instance_id)
    SELECT i.id FROM deals_deal d JOIN processes_instance i ON i.deal_id = d.id
    WHERE d.client_id = NEW.id AND EXISTS (SELECT FROM processes_controlwatch w WHERE w.instance_id = i.id);
    RETURN NULL;
END $$;

CREATE TRIGGER processes_instance_changed AFTER UPDATE OF revision, status ON processes_instance FOR EACH ROW
WHEN (OLD.revision <> NEW.revision OR OLD.status <> NEW.status) EXECUTE FUNCTION processes_mark_instance();

CREATE TRIGGER processes_deal_changed AFTER UPDATE OF revision, amount, stage_id, owner_id ON deals_deal FOR EACH ROW
WHEN ((OLD.revision, OLD.amount, OLD.stage_id, OLD.owner_id)
      IS DISTINCT FROM (NEW.revision, NEW.amount, NEW.stage_id, NEW.owner_id)) EXECUTE FUNCTION processes_mark_deal();

CREATE TRIGGER processes_client_changed AFTER UPDATE OF revision ON clients_client FOR EACH ROW
WHEN (OLD.revision <> NEW.revision) EXECUTE FUNCTION processes_mark_client();

-- What changed before, and was not looked at yet.
INSERT INTO processes_controlmark (instance_id)
SELECT DISTINCT instance_id FROM processes_controlwatch WHERE state <> 'scheduled';
