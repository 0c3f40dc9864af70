-- Money tables keep what was written: no row is changed or removed.
CREATE TRIGGER payment_keeps  BEFORE UPDATE ON payment  BEGIN SELECT RAISE(ABORT, 'payment is append-only');  END;
CREATE TRIGGER payment_stays  BEFORE DELETE ON payment  BEGIN SELECT RAISE(ABORT, 'payment is append-only');  END;
CREATE TRIGGER outcome_keeps  BEFORE UPDATE ON outcome  BEGIN SELECT RAISE(ABORT, 'outcome is append-only');  END;
CREATE TRIGGER outcome_stays  BEFORE DELETE ON outcome  BEGIN SELECT RAISE(ABORT, 'outcome is append-only');  END;
CREATE TRIGGER answer_keeps   BEFORE UPDATE ON answer   BEGIN SELECT RAISE(ABORT, 'answer is append-only');   END;
CREATE TRIGGER answer_stays   BEFORE DELETE ON answer   BEGIN SELECT RAISE(ABORT, 'answer is append-only');   END;
CREATE TRIGGER transfer_keeps BEFORE UPDATE ON transfer BEGIN SELECT RAISE(ABORT, 'transfer is append-only'); END;
CREATE TRIGGER transfer_stays BEFORE DELETE ON transfer BEGIN SELECT RAISE(ABORT, 'transfer is append-only'); END;
CREATE TRIGGER unwind_keeps   BEFORE UPDATE ON unwind   BEGIN SELECT RAISE(ABORT, 'unwind is append-only');   END;
CREATE TRIGGER unwind_stays   BEFORE DELETE ON unwind   BEGIN SELECT RAISE(ABORT, 'unwind is append-only');   END;
CREATE TRIGGER evidence_keeps BEFORE UPDATE ON evidence BEGIN SELECT RAISE(ABORT, 'evidence is append-only'); END;
CREATE TRIGGER evidence_stays BEFORE DELETE ON evidence BEGIN SELECT RAISE(ABORT, 'evidence is append-only'); END;
