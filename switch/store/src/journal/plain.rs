//! The journal as one would first write it: a transaction for each command, a
//! statement for each row, on a pool of connections. It is the yardstick that
//! `benches/pay.rs` measures the group commit against, and the reference the
//! conformance suite holds the two tuned bodies to.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};

use super::{Command, Counts, EndVerdict, Ending, Intake, IntakeVerdict, Outcome};
use crate::attempt::rearm;
use crate::cash::take_key;
use crate::db::{Db, StoreError, values};
use crate::ledger;
use crate::outbox::News;
use crate::payment::write_outcome;
use crate::statements::statements;
use crate::transact;
use switch_core::payment::RefusedReason;

/// Commands in hand at a time; the pool decides how many of them run.
const IN_HAND_MAX: usize = 1024;

statements! {
    CLAIM_BILL = portable(
        "INSERT INTO bill_claim (bill_id, payment_id, at) VALUES ($1, $2, $3)
         ON CONFLICT DO NOTHING");
    CLOSE_ATTEMPT = portable("DELETE FROM open_attempt WHERE payment_id = $1 AND epoch = $2");
    RELEASE_BILL = portable("DELETE FROM bill_claim WHERE bill_id = $1 AND payment_id = $2");
    PURGE_CARD = portable("DELETE FROM card WHERE id = $1");
}

pub(super) fn start(db: Db, mut commands: mpsc::Receiver<Command>, counts: Arc<Counts>) {
    let room = Arc::new(Semaphore::new(IN_HAND_MAX));
    tokio::spawn(async move {
        while let Some(command) = commands.recv().await {
            let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
            let (db, counts) = (db.clone(), Arc::clone(&counts));
            tokio::spawn(async move {
                match command {
                    Command::Intake(intake, reply) => drop(reply.send(take_in(&db, &intake).await)),
                    Command::End(ending, reply) => drop(reply.send(end(&db, &ending).await)),
                }
                counts.committed(1);
                drop(place);
            });
        }
    });
}

async fn take_in(db: &Db, intake: &Intake) -> Result<IntakeVerdict, StoreError> {
    let (p, at) = (&intake.payment, intake.payment.created_at);
    transact!(*db, tx => {
        if !take_key(tx, p).await? {
            return Ok(IntakeVerdict::KeyUsed);
        }
        if tx.execute(&CLAIM_BILL, values![intake.bill.0, p.id.0, at.0]).await? == 1 {
            rearm(tx, &intake.attempt).await?;
            ledger::write(tx, &intake.attempt.promise(p.business_date)).await?;
            return Ok(IntakeVerdict::Taken);
        }
        write_outcome(tx, p.id, &Outcome::refused(RefusedReason::BillTaken, at)).await?;
        Ok(IntakeVerdict::BillTaken)
    })
}

async fn end(db: &Db, ending: &Ending) -> Result<EndVerdict, StoreError> {
    let (id, at) = (ending.payment, ending.outcome.at);
    transact!(*db, tx => {
        if tx.execute(&CLOSE_ATTEMPT, values![id.0, ending.epoch]).await? == 0 {
            return Ok(EndVerdict::Superseded);
        }
        if !write_outcome(tx, id, &ending.outcome).await? {
            return Ok(EndVerdict::Ended);
        }
        ledger::write(tx, &ending.transfer).await?;
        if let Some(bill) = ending.release {
            tx.execute(&RELEASE_BILL, values![bill.0, id.0]).await?;
        }
        if let Some(card) = ending.purge {
            tx.execute(&PURGE_CARD, values![card.0]).await?;
        }
        if let Some((event, client)) = ending.event {
            let state = ending.outcome.state;
            crate::outbox::publish(tx, &News { event, client, payment: id, state, at }).await?;
        }
        Ok(EndVerdict::Ended)
    })
}
