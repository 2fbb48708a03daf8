-- A published version never changes, nor does a retired one: deals run, or ran, by it.
CREATE FUNCTION processes_guard_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status NOT IN ('published', 'retired') THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'version % of process % was published: it cannot be deleted', OLD.number, OLD.process_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.status NOT IN ('published', 'retired') OR NEW.xml IS DISTINCT FROM OLD.xml
       OR NEW.checksum <> OLD.checksum OR NEW.number <> OLD.number OR NEW.process_id <> OLD.process_id
       OR NEW.created_at <> OLD.created_at THEN
        RAISE EXCEPTION 'version % of process % was published: it never changes', OLD.number, OLD.process_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER processes_version_never_changes BEFORE UPDATE OR DELETE ON processes_processversion
    FOR EACH ROW EXECUTE FUNCTION processes_guard_version();
