//! One payment, as straight as possible. READ FIRST.
//!
//! Write-ahead before wire: no byte of a money message leaves before its attempt,
//! its pending transfer and with them its armed reversal are durable. What comes
//! back is compared with what was asked, and its consequences are durable before
//! anyone hears of them.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use switch_core::accounts::Account;
use switch_core::attempt::{AttemptState, Event};
use switch_core::bill::{Bill, BillState};
use switch_core::card::Card;
use switch_core::clock::Timestamp;
use switch_core::connector::{AttemptRef, Instruction, Method, Outcome, SendError};
use switch_core::fault::{self, KillPoint, Planted};
use switch_core::id::{AttemptId, BillId, CardId, ClientId, PaymentId};
use switch_core::idempotency::{Answer, Fingerprint, IdempotencyKey};
use switch_core::payment::{Channel, Payment, PaymentState};
use switch_core::routing::{self, NoRoute};
use switch_store::attempt::{self, OpenAttempt, OpenWork};
use switch_store::journal::{Intake, IntakeVerdict};
use switch_store::payment::PaymentView;
use switch_store::{StoreError, transact};

use crate::resolve::Decided;
use crate::{AnswerFacts, Engine, lock};

/// After its deadline plus this time, an attempt's node is taken to be gone.
const NODE_GONE_MS: i64 = 30_000;

/// A request that leaves later than this after its attempt was made asks first whether the node has another life:
/// a process that stood still must not send what its successor has taken back.
const STOOD_STILL_MS: i64 = 200;

/// What a client asks for.
#[derive(Debug, Clone)]
pub struct PayOrder {
    /// Who asks.
    pub client: ClientId,
    /// Their key.
    pub key: IdempotencyKey,
    /// What the request means.
    pub fingerprint: Fingerprint,
    /// The bill.
    pub bill: BillId,
    /// How.
    pub method: Method,
    /// The card's token, for card methods.
    pub card: Option<CardId>,
}

/// The stored answer, and whether it was given before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paid {
    /// The payment.
    pub payment: PaymentId,
    /// What it is now.
    pub state: PaymentState,
    /// The answer in the words of the channel.
    pub answer: Answer,
    /// A repeat of an earlier request.
    pub replayed: bool,
}

/// Why there is no payment. Names are statements.
#[derive(Debug, thiserror::Error)]
pub enum PayRefusal {
    /// No bill of this number.
    #[error("there is no such bill")]
    UnknownBill,
    /// It cannot be paid: paid, being paid, cancelled or expired.
    #[error("the bill cannot be paid: {0:?}")]
    BillNotPayable(BillState),
    /// This key was given the refusal before.
    #[error("the bill could not be paid: {0:?}")]
    RefusedBefore(BillState),
    /// A card method without a card, or another method with one.
    #[error("a card is needed for this method, and only for it")]
    CardMismatch,
    /// No such token, used before, expired, or somebody else's.
    #[error("there is no such card")]
    UnknownCard,
    /// No counterparty can take it.
    #[error(transparent)]
    NoRoute(#[from] NoRoute),
    /// The key stands for another request.
    #[error("the key was used for another request")]
    KeyReused,
    /// The first request with this key is still at work.
    #[error("the first request with this key is still at work")]
    InProgress,
    /// Too many payments in hand; nothing was written.
    #[error("too many payments are in hand")]
    Overloaded,
    /// What is done now could not be proved later; nothing was written.
    #[error("the audit log is not kept")]
    NotKept,
    /// The store cannot answer; ask again with the same key.
    #[error("the store cannot answer: {0}")]
    Unavailable(#[from] StoreError),
}

impl Engine {
    /// Pays a bill. Safe to call again with the same key, at any time.
    ///
    /// # Errors
    /// [`PayRefusal`]. An unknown outcome is not an error: it is an answer.
    pub async fn pay(self: &Arc<Self>, order: PayOrder) -> Result<Paid, PayRefusal> {
        // Before the permit, so that a drain waits also for what is being prepared.
        let _in_hand = self.tasks.token();
        let Ok(permit) = Arc::clone(&self.in_flight).try_acquire_owned() else {
            self.counters.shed.fetch_add(1, Relaxed);
            return Err(PayRefusal::Overloaded);
        };
        match self.prepare(&order).await {
            Ok(prepared) => {
                // A caller that hangs up must not take the payment with it.
                let engine = Arc::clone(self);
                // Boxed where it is made: the story is large, and a task is moved about.
                let story = Box::pin(async move {
                    let paid = engine.carry_out(order, prepared).await;
                    drop(permit);
                    paid
                });
                self.to_the_end(story).await.ok_or(StoreError::Stopped)?
            }
            // A repeat is answered as before, whatever today's rules say.
            Err(refusal) => match self.find_key(&order).await? {
                Some(view) => self.repeat(&order, view).await,
                None => Err(refusal),
            },
        }
    }

    /// Everything that is decided before anything is written.
    async fn prepare(&self, order: &PayOrder) -> Result<Prepared, PayRefusal> {
        if self.db.health().is_full() {
            return Err(StoreError::Full.into());
        }
        let facts = self.facts.find(order.bill, order.card).await?;
        let facts = facts.ok_or(PayRefusal::UnknownBill)?;
        let now = self.clock.now();
        if !self.alarms.is_kept(now) {
            return Err(PayRefusal::NotKept);
        }
        if facts.bill.expires_at.is_some_and(|end| end <= now) {
            return Err(PayRefusal::BillNotPayable(BillState::Expired));
        }
        let card = match (order.method, order.card, facts.card) {
            (Method::Card, Some(_), Some(sealed))
                if sealed.client == order.client && now < sealed.expires_at =>
            {
                let vault = self.vault.as_ref().ok_or(PayRefusal::UnknownCard)?;
                Some(vault.open(&sealed).ok_or(PayRefusal::UnknownCard)?)
            }
            (Method::Card, Some(_), _) => return Err(PayRefusal::UnknownCard),
            (Method::Card, None, _) | (Method::Cash, Some(_), _) => {
                return Err(PayRefusal::CardMismatch);
            }
            (Method::Cash, None, _) => None,
        };
        let reachable: Vec<_> = self.connectors.iter().map(|c| (c.connector.profile(), c.is_up())).collect();
        let route = routing::route(&reachable, order.method, facts.bill.amount)?;
        Ok(Prepared { bill: facts.bill, card, route })
    }

    /// From the first commit to the last.
    async fn carry_out(&self, order: PayOrder, prepared: Prepared) -> Result<Paid, PayRefusal> {
        let Prepared { bill, card, route } = prepared;
        let mut networks = route.into_iter();
        let id = PaymentId(self.new_id());
        let payment = payment_of(&order, &bill, id, self.clock.now(), self);
        let first = networks.next().ok_or(NoRoute::NoneReachable)?;
        let attempt = self.new_attempt(first, id, 1, &bill).await?;

        let mut too_early = None;
        if fault::planted(Planted::SentBeforeCommit) {
            let instruction = Instruction { refs: attempt.refs.clone(), card: card.clone() };
            too_early = Some(self.connectors[first].connector.payments().send(&instruction).await);
        }
        // TX1: key, claim, payment, attempt, promise — or nothing.
        fault::at(KillPoint::PayPrepared);
        let (stan, mut work) = (attempt.refs.stan, open_work(attempt.clone(), &payment, &bill));
        let intake = Intake { payment: payment.clone(), bill: bill.id, attempt };
        let taken = self.journal.intake(intake).await;
        // Without a verdict the row may be there: then its number is in use.
        if matches!(taken, Ok(IntakeVerdict::KeyUsed | IntakeVerdict::BillTaken)) {
            self.connectors[first].release_stan(stan);
        }
        match taken {
            Err(_) if fault::planted(Planted::UnknownCommitIsDone) => {}
            Err(error) => return Err(error.into()),
            Ok(IntakeVerdict::Taken) => fault::at(KillPoint::PayTaken),
            Ok(IntakeVerdict::KeyUsed | IntakeVerdict::BillTaken) => {
                return match self.find_key(&order).await? {
                    Some(view) => self.repeat(&order, view).await,
                    None => Err(StoreError::Corrupt("a used key has no payment".into()).into()),
                };
            }
        }

        let instruction =
            |work: &OpenWork| Instruction { refs: work.attempt.refs.clone(), card: card.clone() };
        let mut network = first;
        loop {
            self.still_lives(work.attempt.refs.sent_at).await?;
            // The wire: one bounded call, no database in hand.
            let payments = self.connectors[network].connector.payments();
            let said = match too_early.take() {
                Some(said) => said,
                None => payments.send(&instruction(&work)).await,
            };
            let event = match said {
                Ok(outcome) => Event::Answered(outcome),
                Err(error) if may_go_elsewhere(&error) => match networks.next() {
                    Some(next) => match self.reroute(&work, next, &bill).await {
                        Ok(Some(rerouted)) => {
                            fault::at(KillPoint::PayRerouted);
                            self.connectors[network].release_stan(work.attempt.refs.stan);
                            (network, work) = (next, rerouted);
                            continue;
                        }
                        Ok(None) => Event::Silent,
                        // It cannot go another way, and it has gone none.
                        Err(refusal) => {
                            tracing::warn!(payment = id.0, %refusal, "a payment cannot be rerouted");
                            Event::NotSent
                        }
                    },
                    None => Event::NotSent,
                },
                Err(cause) => {
                    tracing::warn!(payment = id.0, %cause, "a payment is in doubt");
                    Event::Silent
                }
            };
            fault::at(KillPoint::PayAnswered);
            let says_paid = matches!(event, Event::Answered(Outcome::Approved(_)));
            // TX2: outcome, posting, answer and news — or, unknown, the queued reversal.
            let (state, answer) = match self.resolve(&work, Some(&payment), event).await {
                Ok(Decided { state, answer, kept: true, .. }) => (state, answer),
                // Somebody else moved it on, and may have answered a repeat.
                Ok(Decided { answer, .. }) => match self.keep(id, answer).await {
                    Ok(kept) => kept,
                    Err(error @ StoreError::Superseded(_)) => return Err(error.into()),
                    Err(error) => {
                        tracing::error!(payment = id.0, %error, "an answer could not be kept");
                        (PaymentState::Pending, self.unknown_yet(&payment))
                    }
                },
                Err(_) if says_paid && fault::planted(Planted::ToldBeforeCommit) => {
                    (PaymentState::Paid, self.unknown_yet(&payment))
                }
                // Who took this node's number keeps the answers from now on: this one gives none.
                Err(error @ StoreError::Superseded(_)) => return Err(error.into()),
                // The store lost it on the way: the attempt is taken over when its time is over.
                Err(error) => {
                    tracing::error!(payment = id.0, %error, "how a payment ended was not written");
                    (PaymentState::Pending, self.unknown_yet(&payment))
                }
            };
            fault::at(KillPoint::PayEnded);
            return Ok(Paid { payment: id, state, answer, replayed: false });
        }
    }

    /// Whether this process may still send what it made durable at `since`. Of one that may not, or cannot tell,
    /// nothing leaves: the open attempt is taken over.
    async fn still_lives(&self, since: Timestamp) -> Result<(), StoreError> {
        let took = self.clock.now().ms_since(since);
        if (0..STOOD_STILL_MS).contains(&took) {
            return Ok(());
        }
        self.db.look_for_successor().await
    }

    /// The answer while nothing is known.
    fn unknown_yet(&self, payment: &Payment) -> Answer {
        self.answers.answer(&AnswerFacts {
            payment,
            state: PaymentState::Pending,
            reason: None,
            approval_code: None,
            ended_at: None,
        })
    }

    /// An attempt with its references and accounts.
    async fn new_attempt(
        &self,
        network: usize,
        payment: PaymentId,
        attempt_no: i32,
        bill: &Bill,
    ) -> Result<OpenAttempt, PayRefusal> {
        // The first attempt has the payment's number: a late answer finds both.
        let attempt = AttemptId(if attempt_no == 1 { payment.0 } else { self.new_id() });
        let counterparty = &self.connectors[network];
        let debit = Account::Receivable {
            counterparty: counterparty.id.to_string(),
            currency: bill.amount.currency(),
        };
        let (debit, credit) = (self.account(debit).await?, self.payable(bill).await?);
        let stan = lock(&counterparty.stans).allocate().ok_or(PayRefusal::Overloaded)?;
        let now = self.clock.now();
        let timeout = counterparty.connector.profile().response_timeout_ms as i64;
        Ok(OpenAttempt {
            refs: AttemptRef { payment, attempt, stan, sent_at: now, amount: bill.amount },
            attempt_no,
            connector: Arc::clone(&counterparty.id),
            debit,
            credit,
            state: AttemptState::Sending,
            epoch: 0,
            node: self.settings.node,
            due_at: now.plus_ms(timeout + NODE_GONE_MS),
        })
    }

    /// Moves a payment that was provably not sent to the next network, durably,
    /// before that one is asked. `None`: it moved on meanwhile.
    async fn reroute(
        &self,
        work: &OpenWork,
        network: usize,
        bill: &Bill,
    ) -> Result<Option<OpenWork>, PayRefusal> {
        let old = &work.attempt;
        let mut new = self.new_attempt(network, old.refs.payment, old.attempt_no + 1, bill).await?;
        new.epoch = old.epoch + 1;
        let moved = transact!(self.db, tx => attempt::reroute(tx, old, &new, work.business_date).await)?;
        Ok(moved.then(|| OpenWork { attempt: new, ..work.clone() }))
    }

    async fn find_key(&self, order: &PayOrder) -> Result<Option<PaymentView>, PayRefusal> {
        Ok(switch_store::payment::find_by_key(&self.db, order.client, &order.key).await?)
    }

    /// What a key that was used before is answered.
    async fn repeat(&self, order: &PayOrder, view: PaymentView) -> Result<Paid, PayRefusal> {
        if view.payment.fingerprint != order.fingerprint && !fault::planted(Planted::FingerprintIgnored) {
            return Err(PayRefusal::KeyReused);
        }
        self.counters.replays.fetch_add(1, Relaxed);
        let payment = view.payment.id;
        let (state, answer) = match (view.answer, view.state) {
            (Some(kept), PaymentState::Refused) => {
                let why = BillState::parse(&kept.body).unwrap_or(BillState::InPayment);
                return Err(PayRefusal::RefusedBefore(why));
            }
            (None, PaymentState::Refused) => {
                // Why it was refused is kept under the key: a repeat is told the same,
                // whatever becomes of the bill.
                let why = self.why_taken(order.bill).await?;
                let kept = Answer { status: 0, body: why.as_str().to_owned() };
                let now = self.clock.now();
                transact!(self.db, tx => attempt::keep_answer(tx, payment, &kept, now).await)?;
                return Err(PayRefusal::BillNotPayable(why));
            }
            (Some(answer), state) => (state, answer),
            (None, PaymentState::Processing) => return Err(PayRefusal::InProgress),
            (None, state) => {
                // Its first asker is gone; from now on this is the answer.
                let answer = self.answers.answer(&AnswerFacts {
                    payment: &view.payment,
                    state,
                    reason: view.reason.as_deref(),
                    approval_code: view.approval_code.as_deref(),
                    ended_at: view.ended_at,
                });
                self.keep(payment, answer).await?
            }
        };
        Ok(Paid { payment, state, answer, replayed: true })
    }

    /// Why a bill could not be claimed.
    async fn why_taken(&self, bill: BillId) -> Result<BillState, StoreError> {
        let view = switch_store::bill::find(&self.db, bill).await?;
        Ok(view.map_or(BillState::Cancelled, |view| match view.state(self.clock.now()) {
            // Released since: the stored refusal stands, a new key may try again.
            BillState::Open => BillState::InPayment,
            state => state,
        }))
    }
}

/// What was decided before anything was written.
struct Prepared {
    bill: Bill,
    card: Option<Card>,
    /// Positions of the networks, best first.
    route: Vec<usize>,
}

/// Provably not sent: the next network may have it. Unknown: none may.
fn may_go_elsewhere(error: &SendError) -> bool {
    match error {
        SendError::NotSent(_) => true,
        SendError::Unknown(_) => fault::planted(Planted::SecondNetworkInDoubt),
    }
}

fn payment_of(order: &PayOrder, bill: &Bill, id: PaymentId, now: Timestamp, engine: &Engine) -> Payment {
    Payment {
        id,
        client: order.client,
        key: order.key.clone(),
        fingerprint: order.fingerprint,
        bill: Some(bill.id),
        method: order.method,
        amount: bill.amount,
        channel: Channel::Api,
        card: order.card,
        created_at: now,
        business_date: engine.clock.business_date(now),
    }
}

fn open_work(attempt: OpenAttempt, payment: &Payment, bill: &Bill) -> OpenWork {
    OpenWork {
        attempt,
        owner: Some(bill.client),
        bill: payment.bill,
        card: payment.card,
        business_date: payment.business_date,
    }
}
