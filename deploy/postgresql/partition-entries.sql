-- The ledger of many programmes in 16 parts, by programme: each has a smaller index, and is vacuumed by itself.
-- With the server and the workers stopped, after a backup, as the owner of the tables, and only once:
--   psql --set ON_ERROR_STOP=1 --dbname … --file partition-entries.sql
-- Names stay what they are, so that migrations find them.
BEGIN;

ALTER TABLE entry RENAME TO entry_before;
CREATE TABLE entry (LIKE entry_before INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY HASH (programme_id);

DO $$
BEGIN
  FOR part IN 0..15 LOOP
    EXECUTE format('CREATE TABLE entry_%s PARTITION OF entry FOR VALUES WITH (MODULUS 16, REMAINDER %s)', part, part);
  END LOOP;
END
$$;

INSERT INTO entry SELECT * FROM entry_before;
DROP TABLE entry_before;

ALTER TABLE entry ADD CONSTRAINT pk_entry PRIMARY KEY (programme_id, number);
ALTER TABLE entry ADD CONSTRAINT uq_entry_programme_id_cause UNIQUE (programme_id, cause);
ALTER TABLE entry ADD CONSTRAINT fk_entry_programme_id_member
  FOREIGN KEY (programme_id, member_id) REFERENCES member (programme_id, id);
CREATE UNIQUE INDEX uq_entry_programme_id_reverses ON entry (programme_id, reverses) WHERE reverses IS NOT NULL;
CREATE INDEX ix_entry_covering
  ON entry (programme_id, member_id, effective_on, points, contributions, reach, type, number);

-- Append-only, as before: each part too, which could be emptied by itself.
CREATE TRIGGER entry_refuses_change BEFORE UPDATE OR DELETE ON entry
  FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER entry_refuses_truncate BEFORE TRUNCATE ON entry
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DO $$
BEGIN
  FOR part IN 0..15 LOOP
    EXECUTE format('CREATE TRIGGER entry_refuses_truncate BEFORE TRUNCATE ON entry_%s '
                   'FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', part);
  END LOOP;
END
$$;

COMMIT;
ANALYZE entry;
