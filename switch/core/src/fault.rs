//! Where tests make the switch stumble. Without the feature `faults`, which only
//! tests turn on, every call here is an empty function.
//!
//! A *kill point* is a place between two durable steps at which a test may end
//! the process. A *planted bug* is a mistake that payment systems have really
//! made; the simulation must notice each of them, or it proves nothing.

/// Whether this build can stumble on purpose.
pub const COMPILED: bool = cfg!(feature = "faults");

/// An enum whose variants have a word each: all of them, the word, and back.
#[macro_export]
macro_rules! with_words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its word on the command line and in reports.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The one of a word.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == word)
            }
        }
    };
}

with_words! {
    /// A place at which a test may end the process.
    KillPoint {
        /// A payment is prepared, nothing is written.
        PayPrepared = "pay.prepared",
        /// The intake is durable, nothing was sent.
        PayTaken = "pay.taken",
        /// A payment that was not sent has moved to the next network.
        PayRerouted = "pay.rerouted",
        /// The counterparty answered, or its time is over; nothing of it is durable.
        PayAnswered = "pay.answered",
        /// How it ended is durable, the client has not heard.
        PayEnded = "pay.ended",
        /// A group is formed, and on SQLite written; nothing of it is committed.
        JournalWritten = "journal.written",
        /// The group is committed, nobody has heard.
        JournalCommitted = "journal.committed",
        /// An open step is written, not committed.
        StepWritten = "step.written",
        /// An open step is durable.
        StepCommitted = "step.committed",
        /// An enquiry was answered.
        ReverseEnquired = "reverse.enquired",
        /// A reversal is due and durable, it has not left.
        ReverseDue = "reverse.due",
        /// A reversal was answered; nothing of it is durable.
        ReverseAnswered = "reverse.answered",
        /// A reversal's answer is durable.
        ReverseEnded = "reverse.ended",
        /// What a former life was sending is in doubt.
        Recovered = "recover.taken_over",
        /// A late answer was read; nothing of it is durable.
        LateRead = "late.read",
        /// An ended attempt is armed again to take the money back.
        LateRearmed = "late.rearmed",
        /// A cash payment is written, not committed.
        CashWritten = "cash.written",
        /// A cash payment is durable, the terminal has not heard.
        CashTaken = "cash.taken",
        /// A cash reversal is written, not committed.
        UnwindWritten = "cash.unwind_written",
        /// A cash reversal is durable, the terminal has not heard.
        Unwound = "cash.unwound",
        /// Events are claimed, nothing was delivered.
        NewsClaimed = "outbox.claimed",
        /// An event was delivered and not marked.
        NewsDelivered = "outbox.delivered",
        /// An event was marked.
        NewsMarked = "outbox.marked",
    }
}

with_words! {
    /// A mistake the simulation must find.
    Planted {
        /// After a crash the request is sent again under a new trace number.
        ResendAfterCrash = "resend-after-crash",
        /// A reversal that is to be repeated counts as booked.
        ReversalAckIsBooking = "reversal-ack-is-booking",
        /// The key is committed apart from its payment.
        KeyApartFromEffect = "key-apart-from-effect",
        /// The event is committed apart from the outcome.
        EventApartFromOutcome = "event-apart-from-outcome",
        /// A late answer of one attempt ends the next one.
        OlderAttemptEnds = "older-attempt-ends",
        /// A late refusal takes a paid payment back.
        LateDeclineDowngrades = "late-decline-downgrades",
        /// Answers are matched by trace number alone.
        StanOnlyMatching = "stan-only-matching",
        /// The approved amount is not compared.
        AmountNotCompared = "amount-not-compared",
        /// A reversal that is open for too long is dropped.
        ExpiredReversalDropped = "expired-reversal-dropped",
        /// A promise is voided twice.
        HoldVoidedTwice = "hold-voided-twice",
        /// No answer in time is a refusal.
        SilenceIsDecline = "silence-is-decline",
        /// "I do not know yet" is an approval.
        PendingIsApproval = "pending-is-approval",
        /// "I do not know yet" is a refusal.
        PendingIsDecline = "pending-is-decline",
        /// An unanswered payment is tried on the next network.
        SecondNetworkInDoubt = "second-network-in-doubt",
        /// The request leaves before its attempt is durable.
        SentBeforeCommit = "sent-before-commit",
        /// An intake without a verdict is sent all the same.
        UnknownCommitIsDone = "unknown-commit-is-done",
        /// The client is told before the outcome is durable.
        ToldBeforeCommit = "told-before-commit",
        /// Who loses the race writes the decision it made before.
        StaleDecisionWins = "stale-decision-wins",
        /// A late approval ends an attempt whose reversal has left.
        ApprovalStopsReversal = "approval-stops-reversal",
        /// The reversal leaves before its step is durable.
        ReversalBeforeCommit = "reversal-before-commit",
        /// The reversal does not name the original.
        ReversalOfAnother = "reversal-of-another",
        /// What a former life was sending counts as not sent.
        RestartIsNotSent = "restart-is-not-sent",
        /// An approval after the end is noted and left.
        LateApprovalLeft = "late-approval-left",
        /// An answer that finds its attempt ended by another node is dropped.
        AnswerAfterEndDropped = "answer-after-end-dropped",
        /// A proof of absence is believed while the request may be on its way.
        AbsentTooEarly = "absent-too-early",
        /// A key is not compared with what it was used for.
        FingerprintIgnored = "fingerprint-ignored",
        /// The answer that was given is not kept for the repeat.
        AnswerNotKept = "answer-not-kept",
        /// An event is marked before it is delivered.
        MarkedBeforeDelivery = "marked-before-delivery",
        /// An event that was refused a few times is dropped.
        EventGivenUp = "event-given-up",
        /// A reversal of cash that overtakes its payment leaves no tombstone.
        NoTombstone = "no-tombstone",
        /// A repeated reversal of cash gives the float back again.
        UnwoundTwice = "unwound-twice",
        /// Who was replaced writes on beside its successor.
        NoFence = "no-fence",
    }
}

#[cfg(feature = "faults")]
mod active {
    use super::{KillPoint, Planted};
    use std::cell::Cell;
    use std::sync::OnceLock;

    static KILLER: OnceLock<fn(KillPoint)> = OnceLock::new();
    thread_local! { static PLANTED: Cell<Option<Planted>> = const { Cell::new(None) }; }

    /// Sets what happens at kill points, once for a process.
    pub fn arm(killer: fn(KillPoint)) {
        let _ = KILLER.set(killer);
    }

    /// Plants one bug in this thread, or none.
    pub fn plant(bug: Option<Planted>) {
        PLANTED.set(bug);
    }

    /// The process reaches a kill point.
    pub fn at(point: KillPoint) {
        if let Some(killer) = KILLER.get() {
            killer(point);
        }
    }

    /// Whether a bug is planted in this thread.
    #[must_use]
    pub fn planted(bug: Planted) -> bool {
        PLANTED.get() == Some(bug)
    }
}

#[cfg(not(feature = "faults"))]
mod active {
    use super::{KillPoint, Planted};

    /// Without the feature nothing can be armed.
    pub fn arm(_: fn(KillPoint)) {}

    /// Without the feature nothing can be planted.
    pub fn plant(_: Option<Planted>) {}

    /// Nothing happens here.
    #[inline(always)]
    pub fn at(_: KillPoint) {}

    /// Never.
    #[must_use]
    #[inline(always)]
    pub fn planted(_: Planted) -> bool {
        false
    }
}

pub use active::{arm, at, plant, planted};
