//! The schema and the statements over it.

use crate::support::bed::Bed;

suite! { every_statement_can_be_prepared }

async fn every_statement_can_be_prepared(bed: &Bed) {
    let mut prepared = 0;
    for statement in sso::store::statements() {
        let done = bed.sso.db.prepare(statement).await;
        assert!(done.is_ok(), "{}: {done:?}", statement.name);
        prepared += 1;
    }
    assert!(prepared > 25, "{prepared} statements are not all of them");
}
