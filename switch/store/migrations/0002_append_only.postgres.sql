-- Money tables keep what was written: no row is changed or removed.
CREATE FUNCTION keep_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;

CREATE TRIGGER payment_keeps  BEFORE UPDATE OR DELETE ON payment  FOR EACH ROW EXECUTE FUNCTION keep_row();
CREATE TRIGGER outcome_keeps  BEFORE UPDATE OR DELETE ON outcome  FOR EACH ROW EXECUTE FUNCTION keep_row();
CREATE TRIGGER answer_keeps   BEFORE UPDATE OR DELETE ON answer   FOR EACH ROW EXECUTE FUNCTION keep_row();
CREATE TRIGGER transfer_keeps BEFORE UPDATE OR DELETE ON transfer FOR EACH ROW EXECUTE FUNCTION keep_row();
CREATE TRIGGER unwind_keeps   BEFORE UPDATE OR DELETE ON unwind   FOR EACH ROW EXECUTE FUNCTION keep_row();
CREATE TRIGGER evidence_keeps BEFORE UPDATE OR DELETE ON evidence FOR EACH ROW EXECUTE FUNCTION keep_row();
