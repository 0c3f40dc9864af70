//! The worker that asks the registry about applications, after the applicants have gone.

use switch_core::clock::Timestamp;
use switch_store::transact;

use crate::Sso;
use crate::fault::Fault;
use crate::registry::{CivilRegistry, Match, Question};
use crate::store::activation;
use crate::store::application::{self, Due};

/// Asked about at once by one node.
const BATCH: i64 = 32;
/// Longer than the registry is given to answer: two nodes never ask about one at once.
const LEASE_MS: i64 = 60_000;
/// After a failure; doubled each time, up to the second.
const PAUSE_MS: (i64, i64) = (30_000, 3_600_000);

/// What a round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Round {
    /// The registry answered.
    pub answered: u32,
    /// It was out of reach: they wait for the next round.
    pub postponed: u32,
}

fn pause_ms(tries: i64) -> i64 {
    (PAUSE_MS.0 << tries.clamp(0, 10)).min(PAUSE_MS.1)
}

impl Sso {
    /// Asks the registry about the applications that are due. Never guesses: while it is out of reach
    /// they wait.
    ///
    /// # Errors
    /// [`Fault`]; a registry that does not answer is none.
    pub async fn match_due(&self, registry: &dyn CivilRegistry) -> Result<Round, Fault> {
        let mut round = Round::default();
        for due in application::match_due(&self.db, &self.sealer, self.now(), BATCH).await? {
            let until = self.now().plus_ms(LEASE_MS);
            let id = due.application.id;
            if !transact!(self.db, tx => application::lease(tx, id, due.due_at, until).await)? {
                continue;
            }
            if self.match_one(registry, &due, until).await? {
                round.answered += 1;
            } else {
                round.postponed += 1;
            }
        }
        Ok(round)
    }

    async fn match_one(
        &self,
        registry: &dyn CivilRegistry,
        due: &Due,
        lease: Timestamp,
    ) -> Result<bool, Fault> {
        let application = &due.application;
        let (id, person, now) = (application.id, &application.person, self.now());
        let issue = self.public_ids.show("app", id);
        let question =
            Question { kind: &person.identity_kind, number: &person.identity_number, issue: &issue };
        let record = match registry.find(question).await {
            Ok(record) => record,
            Err(reason) => {
                tracing::warn!(%reason, "applications wait for the civil registry");
                let again = now.plus_ms(pause_ms(due.tries));
                transact!(self.db, tx => application::postpone(tx, id, lease, again).await)?;
                return Ok(false);
            }
        };
        let matched = Match::of(person, record.as_ref());
        let sealed =
            record.map(|record| application::sealed_record(&self.sealer, id, &record)).transpose()?;
        transact!(self.db, tx => application::set_matched(tx, id, &matched, sealed.clone(), now).await)?;
        Ok(true)
    }

    /// Erases applications that ended longer ago than they are kept; how many.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn erase_old(&self) -> Result<u64, Fault> {
        let before = self.now().plus_ms(-self.settings.application_kept_s * 1000);
        let erased = transact!(self.db, tx => {
            activation::remove_old(tx, before).await?;
            application::erase_old(tx, before).await
        })?;
        Ok(erased)
    }
}
