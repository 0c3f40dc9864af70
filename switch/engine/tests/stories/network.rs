//! A counterparty that follows a script and keeps a book of its own. Which script
//! a payment follows is told by its amount.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use switch_core::connector::{
    Approval, AttemptRef, Cause, Connector, Decline, DeclineReason, Enquiry, Evidence, Instruction, Method,
    Outcome, Payments, Profile, Reply, Reversal, ReversalAnswer, ReversalReason, SendError, Session,
};
use switch_core::id::AttemptId;
use switch_core::money::{Currency, Money};
use tokio::sync::Semaphore;

use crate::bed::StoryClock;

/// What happens to a request for money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Script {
    Approve,
    /// Approves, and the answer comes a second time.
    ApproveTwice,
    Decline,
    /// "Ask me later."
    PendingCode,
    /// Approves something that was not asked for.
    OtherAmount,
    OtherRrn,
    /// Takes the money; the answer is lost.
    ApproveSilently,
    /// Never sees the request.
    Lost,
    /// The link is down before a byte leaves.
    NotSent,
    /// The same, when [`Network::let_go`] says so.
    NotSentHeld,
    /// Approves when [`Network::let_go`] says so.
    Held,
    /// Says nothing, and is given up when [`Network::let_go`] says so.
    LostHeld,
}

/// What happens to a reversal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Undo {
    Accept,
    /// The answer is lost, and with it the request.
    Lost,
    Retry,
    Refuse,
    /// Accepts when [`Network::let_go`] says so.
    Held,
}

/// A message as the network saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Seen {
    Request,
    Enquiry,
    Reversal { repeat: bool, reason: ReversalReason, with_card: bool },
}

#[derive(Default)]
struct Book {
    scripts: HashMap<i64, Script>,
    undo: HashMap<i64, VecDeque<Undo>>,
    enquiries: HashMap<i64, Enquiry>,
    seen: Vec<(AttemptRef, Seen)>,
    /// Approved and not taken back.
    charged: HashMap<AttemptId, Money>,
    up: bool,
    closed: bool,
}

pub(crate) struct Network {
    profile: Profile,
    book: Mutex<Book>,
    gate: Semaphore,
    evidence: Mutex<Option<Arc<dyn Evidence>>>,
    clock: Mutex<Option<Arc<StoryClock>>>,
}

pub(crate) fn profile(id: &str) -> Profile {
    Profile {
        id: id.to_owned(),
        methods: vec![Method::Card],
        currencies: vec![Currency::Ils, Currency::Jod],
        amount_max_minor: 1_000_000_000,
        response_timeout_ms: 30_000,
        enquiry: false,
        reversal_backoff_ms: vec![5_000, 15_000, 60_000],
        review_after_ms: 3_600_000,
        priority: 10,
    }
}

impl Network {
    pub(crate) fn new(profile: Profile) -> Arc<Self> {
        let book = Mutex::new(Book { up: true, ..Book::default() });
        Arc::new(Self {
            profile,
            book,
            gate: Semaphore::new(0),
            evidence: Mutex::default(),
            clock: Mutex::default(),
        })
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn reports_to(&self, evidence: &Arc<dyn Evidence>) {
        *self.evidence.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(evidence));
    }

    /// An answer to a reversal takes a millisecond of this clock, which tells the
    /// wait that is set with the answer from the one that was set before it.
    pub(crate) fn takes_time_of(&self, clock: &Arc<StoryClock>) {
        *self.clock.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(clock));
    }

    pub(crate) fn script(&self, amount: Money, script: Script) {
        self.book().scripts.insert(amount.minor(), script);
    }

    /// What its reversals meet, one after the other; the last one stays.
    pub(crate) fn undo(&self, amount: Money, script: &[Undo]) {
        self.book().undo.insert(amount.minor(), script.iter().copied().collect());
    }

    pub(crate) fn answer_enquiries(&self, amount: Money, answer: Enquiry) {
        self.book().enquiries.insert(amount.minor(), answer);
    }

    pub(crate) fn set_up(&self, up: bool) {
        self.book().up = up;
    }

    pub(crate) fn let_go(&self, held: usize) {
        self.gate.add_permits(held);
    }

    /// Every message of a payment of this amount, in order.
    pub(crate) fn seen(&self, amount: Money) -> Vec<Seen> {
        let book = self.book();
        book.seen.iter().filter(|(r, _)| r.amount == amount).map(|(_, seen)| seen.clone()).collect()
    }

    pub(crate) fn requests(&self) -> Vec<AttemptRef> {
        let book = self.book();
        book.seen.iter().filter(|(_, s)| *s == Seen::Request).map(|(refs, _)| refs.clone()).collect()
    }

    /// The references of every message of a payment of this amount.
    pub(crate) fn references(&self, amount: Money) -> Vec<AttemptRef> {
        let book = self.book();
        book.seen.iter().filter(|(r, _)| r.amount == amount).map(|(refs, _)| refs.clone()).collect()
    }

    pub(crate) fn charged(&self) -> HashMap<AttemptId, Money> {
        self.book().charged.clone()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.book().closed
    }

    /// An answer that comes when nobody waits for it. An approval is in the book.
    pub(crate) fn late(&self, refs: &AttemptRef, outcome: Outcome) {
        if let Outcome::Approved(approval) = &outcome {
            self.book().charged.insert(refs.attempt, approval.amount);
        }
        let evidence = self.evidence.lock().unwrap_or_else(PoisonError::into_inner).clone();
        evidence.expect("it was told where to report").late_response(&self.profile.id, refs.attempt, outcome);
    }
}

pub(crate) fn approved(refs: &AttemptRef) -> Approval {
    Approval {
        amount: refs.amount,
        stan: refs.stan,
        rrn: refs.rrn().as_str().to_owned(),
        approval_code: "A12345".into(),
        code: "00".into(),
    }
}

pub(crate) fn declined() -> Outcome {
    Outcome::Declined(Decline { reason: DeclineReason::InsufficientFunds, code: "51".into() })
}

impl Connector for Network {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn payments(&self) -> &dyn Payments {
        self
    }

    fn session(&self) -> Option<&dyn Session> {
        Some(self)
    }
}

impl Session for Network {
    fn is_up(&self) -> bool {
        self.book().up
    }

    fn close(&self) -> Reply<'_, ()> {
        self.book().closed = true;
        Box::pin(async {})
    }
}

impl Payments for Network {
    fn send<'a>(&'a self, instruction: &'a Instruction) -> Reply<'a, Result<Outcome, SendError>> {
        Box::pin(async move {
            let refs = &instruction.refs;
            assert!(instruction.card.is_some(), "a card payment carries its card");
            let script = {
                let mut book = self.book();
                let script = *book.scripts.get(&refs.amount.minor()).unwrap_or(&Script::Approve);
                if script == Script::NotSent {
                    return Err(SendError::NotSent(Cause::LinkDown));
                }
                assert!(!book.closed, "a request after the sign-off");
                if script != Script::NotSentHeld {
                    book.seen.push((refs.clone(), Seen::Request));
                }
                script
            };
            if script == Script::NotSentHeld {
                self.gate.acquire().await.expect("the gate stays").forget();
                return Err(SendError::NotSent(Cause::LinkDown));
            }
            if matches!(script, Script::Held | Script::LostHeld) {
                self.gate.acquire().await.expect("the gate stays").forget();
            }
            let mut approval = approved(refs);
            match script {
                Script::OtherAmount => approval.amount = Money::new(1, refs.amount.currency()),
                Script::OtherRrn => approval.rrn = "000000000001".into(),
                _ => {}
            }
            let loses = matches!(script, Script::Lost | Script::LostHeld);
            let takes = !loses && !matches!(script, Script::Decline | Script::PendingCode);
            if takes {
                self.book().charged.insert(refs.attempt, approval.amount);
            }
            match script {
                Script::Decline => Ok(declined()),
                Script::PendingCode => Ok(Outcome::Pending { code: "09".into() }),
                Script::ApproveSilently | Script::Lost | Script::LostHeld => {
                    Err(SendError::Unknown(Cause::Timeout))
                }
                Script::ApproveTwice => {
                    self.late(refs, Outcome::Approved(approval.clone()));
                    Ok(Outcome::Approved(approval))
                }
                _ => Ok(Outcome::Approved(approval)),
            }
        })
    }

    fn enquire<'a>(&'a self, attempt: &'a AttemptRef) -> Reply<'a, Result<Enquiry, SendError>> {
        Box::pin(async move {
            let mut book = self.book();
            book.seen.push((attempt.clone(), Seen::Enquiry));
            let answer = book.enquiries.get(&attempt.amount.minor()).cloned();
            answer.ok_or(SendError::Unknown(Cause::Timeout))
        })
    }

    fn reverse<'a>(&'a self, reversal: &'a Reversal) -> Reply<'a, Result<ReversalAnswer, SendError>> {
        Box::pin(async move {
            let refs = &reversal.original;
            let undo = {
                let mut book = self.book();
                let seen = Seen::Reversal {
                    repeat: reversal.repeat,
                    reason: reversal.reason,
                    with_card: reversal.card.is_some(),
                };
                book.seen.push((refs.clone(), seen));
                let script = book.undo.entry(refs.amount.minor()).or_default();
                if script.len() > 1 { script.pop_front() } else { script.front().copied() }
            };
            if let Some(clock) = &*self.clock.lock().unwrap_or_else(PoisonError::into_inner) {
                clock.advance(1);
            }
            match undo.unwrap_or(Undo::Accept) {
                Undo::Lost => return Err(SendError::Unknown(Cause::Timeout)),
                Undo::Retry => return Ok(ReversalAnswer::Retry { code: "91".into() }),
                Undo::Refuse => return Ok(ReversalAnswer::Refused { code: "30".into() }),
                Undo::Held => self.gate.acquire().await.expect("the gate stays").forget(),
                Undo::Accept => {}
            }
            self.book().charged.remove(&refs.attempt);
            Ok(ReversalAnswer::Reversed { code: "00".into() })
        })
    }
}
