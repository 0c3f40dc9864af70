//! Real serialisation failures and deadlocks of a real server, as many as a story
//! wants and where it wants them: a trigger on every table of the switch raises them,
//! counted by a sequence, which no rollback turns back.

use crate::bed::Bed;

const PLANT: &[&str] = &[
    "CREATE SEQUENCE trouble MINVALUE -1000 START 1",
    "CREATE SEQUENCE trouble_at_commit MINVALUE -1000 START 1",
    "CREATE TABLE trouble_code (code TEXT NOT NULL)",
    "INSERT INTO trouble_code VALUES ('40001')",
    "CREATE FUNCTION make_trouble() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
         IF nextval(TG_ARGV[0]::regclass) <= 0 THEN
             RAISE EXCEPTION 'planted trouble' USING ERRCODE = (SELECT code FROM trouble_code);
         END IF;
         RETURN NULL;
     END $$",
    "CREATE FUNCTION plant_trouble() RETURNS void LANGUAGE plpgsql AS $$
     DECLARE t TEXT;
     BEGIN
         FOREACH t IN ARRAY ARRAY['payment', 'bill_claim', 'open_attempt', 'outcome', 'transfer', 'answer',
                                  'outbox', 'card', 'unwind', 'evidence', 'floored_balance'] LOOP
             EXECUTE format('CREATE TRIGGER trouble BEFORE INSERT OR UPDATE OR DELETE ON %I
                 FOR EACH STATEMENT EXECUTE FUNCTION make_trouble(''trouble'')', t);
             EXECUTE format('CREATE CONSTRAINT TRIGGER trouble_at_commit AFTER INSERT OR UPDATE OR DELETE ON %I
                 DEFERRABLE INITIALLY DEFERRED
                 FOR EACH ROW EXECUTE FUNCTION make_trouble(''trouble_at_commit'')', t);
         END LOOP;
     END $$",
    "SELECT plant_trouble()",
];

pub(crate) struct Trouble<'a> {
    bed: &'a Bed,
}

impl<'a> Trouble<'a> {
    pub(crate) async fn planted_in(bed: &'a Bed) -> Self {
        for statement in PLANT {
            bed.raw.run(statement).await.expect("planted");
        }
        Self { bed }
    }

    /// What was planted before.
    pub(crate) fn of(bed: &'a Bed) -> Self {
        Self { bed }
    }

    /// None for anybody, whether it was met or not.
    pub(crate) async fn none(&self) {
        self.bed.raw.number("SELECT setval('trouble', 1) + setval('trouble_at_commit', 1)").await;
    }

    /// The next transactions fail, `times` of them: at their first statement, or at
    /// their commit.
    pub(crate) async fn next(&self, times: u32, code: &str, at_commit: bool) {
        let sequence = if at_commit { "trouble_at_commit" } else { "trouble" };
        let set = format!("UPDATE trouble_code SET code = '{code}'");
        self.bed.raw.run(&set).await.expect("the code is set");
        let arm = format!("SELECT setval('{sequence}', {}, false)", 1 - i64::from(times));
        self.bed.raw.number(&arm).await;
    }

    /// Each was met: none is left for a transaction that does not expect it.
    pub(crate) async fn is_over(&self) {
        for sequence in ["trouble", "trouble_at_commit"] {
            let next = format!("SELECT last_value + CASE WHEN is_called THEN 1 ELSE 0 END FROM {sequence}");
            assert!(self.bed.raw.number(&next).await > 0, "trouble was planted and not met");
        }
    }
}
