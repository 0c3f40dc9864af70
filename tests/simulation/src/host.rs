//! A card processor as a pure model: it keeps its own book, by its own rules, and
//! knows nothing of the switch but its messages.

use std::collections::BTreeMap;

use switch_core::connector::{
    Approval, AttemptRef, Decline, DeclineReason, Enquiry, Outcome, ReversalAnswer,
};
use switch_core::money::Money;

use crate::rng::Rng;
use crate::weather::{Fault, Weather};

/// One line of the book.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) payment: i64,
    pub(crate) attempt: i64,
    pub(crate) stan: u32,
    /// What the card was charged.
    pub(crate) amount: Money,
    pub(crate) stands: Stands,
    /// Its reversal is refused for good.
    poison: bool,
    /// Reversals that were accepted and not booked.
    forwarded: u64,
}

/// How a line of the book stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stands {
    /// The card is charged.
    Approved,
    /// It is not.
    Declined,
    /// It was, and is not any more.
    Reversed,
    /// Never taken, and never will be.
    Tombstone,
}

/// A processor and its book, by reference and trace number.
pub(crate) struct Host {
    pub(crate) id: String,
    pub(crate) book: BTreeMap<(i64, u32), Line>,
    /// It takes an original even after it said that there is none.
    pub(crate) forgetful: bool,
    /// It takes an original even after it proved that there is none.
    breaks_proofs: bool,
}

impl Host {
    pub(crate) fn new(id: String, weather: &Weather, rng: &mut Rng) -> Self {
        let forgetful = weather.has(Fault::ForgetfulHosts) && rng.chance(500);
        let breaks_proofs = weather.has(Fault::BrokenProofs) && rng.chance(500);
        Self { id, book: BTreeMap::new(), forgetful, breaks_proofs }
    }

    /// A request for money (0200).
    pub(crate) fn request(
        &mut self,
        refs: &AttemptRef,
        weather: &Weather,
        calm: bool,
        rng: &mut Rng,
    ) -> Outcome {
        let key = (refs.attempt.0, refs.stan);
        let taken_after_all = self.breaks_proofs && self.stands(refs) == Some(Stands::Tombstone);
        if taken_after_all {
            self.book.remove(&key);
        }
        if let Some(line) = self.book.get(&key) {
            // A duplicate gets what the first one got, and moves nothing.
            return match line.stands {
                Stands::Approved => approved(refs, line.amount),
                Stands::Declined => declined("51"),
                Stands::Reversed | Stands::Tombstone => declined("94"),
            };
        }
        let on = |fault| !calm && weather.has(fault);
        let mut line = Line {
            payment: refs.payment.0,
            attempt: refs.attempt.0,
            stan: refs.stan,
            amount: refs.amount,
            stands: if rng.chance(750) { Stands::Approved } else { Stands::Declined },
            poison: !taken_after_all && on(Fault::PoisonReversals) && rng.chance(weather.per_mille),
            forwarded: if on(Fault::SlowReversals) { rng.below(4) } else { 0 },
        };
        if on(Fault::PartialApprovals) && rng.chance(weather.per_mille) {
            line.amount = Money::new((refs.amount.minor() / 2).max(1), refs.amount.currency());
        }
        let answer = match line.stands {
            Stands::Approved => approved(refs, line.amount),
            _ => declined("51"),
        };
        self.book.insert(key, line);
        if taken_after_all {
            return answer;
        }
        if on(Fault::Undecided) && rng.chance(weather.per_mille) {
            return Outcome::Pending { code: "09".into() };
        }
        answer
    }

    /// A request to take an original back (0420).
    pub(crate) fn reverse(&mut self, refs: &AttemptRef) -> ReversalAnswer {
        let key = (refs.attempt.0, refs.stan);
        let forgetful = self.forgetful;
        let Some(line) = self.book.get_mut(&key) else {
            if forgetful {
                return ReversalAnswer::Retry { code: "25".into() };
            }
            self.never(refs);
            return ReversalAnswer::Absent { code: "25".into() };
        };
        if self.breaks_proofs && line.stands == Stands::Tombstone {
            // Also to a copy: what it may yet take it has not given back.
            return ReversalAnswer::Absent { code: "25".into() };
        }
        if line.poison {
            return ReversalAnswer::Refused { code: "30".into() };
        }
        if line.forwarded > 0 {
            // Accepted for forwarding: not booked.
            line.forwarded -= 1;
            return ReversalAnswer::Retry { code: "09".into() };
        }
        if line.stands == Stands::Approved {
            line.stands = Stands::Reversed;
        }
        ReversalAnswer::Reversed { code: "00".into() }
    }

    /// A question what became of a request.
    pub(crate) fn enquire(&mut self, refs: &AttemptRef) -> Enquiry {
        match self.book.get(&(refs.attempt.0, refs.stan)) {
            Some(line) => Enquiry::Found(match line.stands {
                Stands::Approved => approved(refs, line.amount),
                Stands::Declined | Stands::Reversed | Stands::Tombstone => declined("51"),
            }),
            None => {
                if !self.forgetful {
                    self.never(refs);
                }
                Enquiry::Absent { code: "25".into() }
            }
        }
    }

    /// Who proves that it has no original must not take it afterwards.
    fn never(&mut self, refs: &AttemptRef) {
        let line = Line {
            payment: refs.payment.0,
            attempt: refs.attempt.0,
            stan: refs.stan,
            amount: refs.amount,
            stands: Stands::Tombstone,
            poison: false,
            forwarded: 0,
        };
        self.book.insert((refs.attempt.0, refs.stan), line);
    }

    /// How a request stands in the book.
    pub(crate) fn stands(&self, refs: &AttemptRef) -> Option<Stands> {
        self.book.get(&(refs.attempt.0, refs.stan)).map(|line| line.stands.clone())
    }

    /// Lines that charge a card now.
    pub(crate) fn charges(&self) -> impl Iterator<Item = &Line> {
        self.book.values().filter(|line| line.stands == Stands::Approved)
    }

    /// Whether a reversal of this attempt can never be booked.
    pub(crate) fn refuses(&self, attempt: i64) -> bool {
        self.book.values().any(|line| line.attempt == attempt && line.poison)
    }

    /// Whether it denies an attempt for good, in every answer.
    pub(crate) fn denies(&self, attempt: i64) -> bool {
        let mut lines = self.book.values().filter(|line| line.attempt == attempt).peekable();
        self.breaks_proofs && lines.peek().is_some() && lines.all(|line| line.stands == Stands::Tombstone)
    }

    /// Whether it has never seen an attempt.
    pub(crate) fn knows(&self, attempt: i64) -> bool {
        self.book.values().any(|line| line.attempt == attempt)
    }
}

pub(crate) fn approved(refs: &AttemptRef, amount: Money) -> Outcome {
    Outcome::Approved(Approval {
        amount,
        stan: refs.stan,
        rrn: refs.rrn().as_str().to_owned(),
        approval_code: format!("{:06}", refs.stan),
        code: "00".into(),
    })
}

pub(crate) fn declined(code: &str) -> Outcome {
    Outcome::Declined(Decline { reason: DeclineReason::InsufficientFunds, code: code.into() })
}
