//! What the twin does wrong, on purpose: by script, by test card, or at random from a seed.

use std::collections::VecDeque;
use std::time::Duration;

/// One misbehaviour towards one sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Refuses with this response code.
    Decline(String),
    /// Approves and never answers.
    Mute,
    /// Neither books nor answers, as if the message had never come.
    Drop,
    /// Approves and answers after the plan's late time.
    Late,
    /// Approves and answers after so long.
    LateBy(Duration),
    /// Answers two times.
    Twice,
    /// Approves and echoes another amount.
    OtherAmount,
    /// Approves a part of the amount (response code 10).
    Partial,
    /// Approves and answers with a MAC of zeros.
    WrongMac,
    /// Approves and answers with bytes that are no message.
    Garbage,
    /// Approves, sends half of the answer and closes.
    CloseMidFrame,
    /// Approves, answers and closes.
    DisconnectAfter,
    /// Approves and closes without an answer.
    DisconnectBefore,
    /// Approves and answers only after the answer to the next message.
    OutOfOrder,
    /// Approves, never answers, and refuses its reversal with this response code.
    MuteAndRefuseReversal(String),
}

/// A test card and what the twin does with it.
pub struct TestCard {
    /// The number.
    pub pan: &'static str,
    /// The fault; `None` approves.
    pub fault: Option<fn() -> Fault>,
    /// What to expect, for people.
    pub what: &'static str,
}

const fn card(pan: &'static str, fault: Option<fn() -> Fault>, what: &'static str) -> TestCard {
    TestCard { pan, fault, what }
}

/// Test cards and what the twin does with them. All pass the Luhn check; all are published test numbers.
#[rustfmt::skip]
pub const TEST_CARDS: [TestCard; 25] = [
    card("4111111111111111", None,                                          "approved"),
    card("4242424242424242", None,                                          "approved"),
    card("5555555555554444", None,                                          "approved"),
    card("5105105105105100", None,                                          "approved"),
    card("4000000000000002", Some(|| Fault::Decline("51".into())),          "declined: not sufficient funds"),
    card("4000000000000127", Some(|| Fault::Decline("05".into())),          "declined: do not honour"),
    card("4000000000000069", Some(|| Fault::Decline("54".into())),          "declined: expired card"),
    card("4000000000009987", Some(|| Fault::Decline("41".into())),          "declined: lost card"),
    card("4000000000009979", Some(|| Fault::Decline("43".into())),          "declined: stolen card"),
    card("4000000000006975", Some(|| Fault::Decline("61".into())),          "declined: amount limit"),
    card("4000000000009235", Some(|| Fault::Decline("ZZ".into())),          "declined with a code of no table"),
    card("4000000000000119", Some(|| Fault::Decline("96".into())),          "not approved, system malfunction: unknown"),
    card("4000000000004954", Some(|| Fault::Decline("91".into())),          "not approved, issuer inoperative: unknown"),
    card("4000000000000010", Some(|| Fault::Mute),                          "approved, never answered"),
    card("4000000000000028", Some(|| Fault::Drop),                          "neither booked nor answered"),
    card("4000000000000036", Some(|| Fault::Late),                          "approved, answered too late"),
    card("4000000000000044", Some(|| Fault::Twice),                         "approved, answered twice"),
    card("4000000000000101", Some(|| Fault::OtherAmount),                   "approved, another amount echoed"),
    card("4000000000001976", Some(|| Fault::Partial),                       "approved for half of the amount"),
    card("4000000000000341", Some(|| Fault::WrongMac),                      "approved, answered with a wrong MAC"),
    card("4100000000000019", Some(|| Fault::Garbage),                       "approved, answered with garbage"),
    card("4000000000000259", Some(|| Fault::CloseMidFrame),                 "approved, closed in the middle of the answer"),
    card("4000000000002685", Some(|| Fault::DisconnectAfter),               "approved, answered, then closed"),
    card("4000000000005126", Some(|| Fault::OutOfOrder),                    "approved, answered after the next answer"),
    card("4000000000000077", Some(|| Fault::MuteAndRefuseReversal("30".into())), "approved, never answered, reversal refused"),
];

/// What to do with the sales to come. May be changed at any time.
#[derive(Debug, Clone)]
pub struct FaultPlan {
    /// For the next sales, one each; `None` is a sale without a fault. Comes before everything else.
    pub script: VecDeque<Option<Fault>>,
    /// For every sale the script does not cover.
    pub always: Option<Fault>,
    /// Whether [`TEST_CARDS`] decide.
    pub test_cards: bool,
    /// Faults at random, with their share of a thousand sales each.
    pub random: Vec<(u32, Fault)>,
    /// State of the random sequence; the seed at first.
    pub seed: u64,
    /// Time every message takes.
    pub service_time: Duration,
    /// Delay of [`Fault::Late`].
    pub late: Duration,
    /// All reversals are answered with this code and change nothing.
    pub refuse_reversals: Option<String>,
    /// So many reversals to come are booked and not answered.
    pub mute_reversals: u32,
    /// Sign-on is answered with this code.
    pub refuse_sign_on: Option<String>,
    /// Network management is not answered.
    pub mute_network: bool,
}

impl Default for FaultPlan {
    fn default() -> Self {
        Self {
            script: VecDeque::new(),
            always: None,
            test_cards: true,
            random: Vec::new(),
            seed: 1,
            service_time: Duration::ZERO,
            late: Duration::from_secs(35),
            refuse_reversals: None,
            mute_reversals: 0,
            refuse_sign_on: None,
            mute_network: false,
        }
    }
}

impl FaultPlan {
    /// What to do with the next sale.
    pub(super) fn next(&mut self, pan: Option<&str>) -> Option<Fault> {
        if let Some(scripted) = self.script.pop_front() {
            return scripted;
        }
        if self.always.is_some() {
            return self.always.clone();
        }
        if self.test_cards
            && let Some(pan) = pan
            && let Some(fault) = TEST_CARDS.iter().find(|card| card.pan == pan).and_then(|card| card.fault)
        {
            return Some(fault());
        }
        self.draw()
    }

    fn draw(&mut self) -> Option<Fault> {
        if self.random.is_empty() {
            return None;
        }
        // SplitMix64: one seed, one sequence, on every machine.
        self.seed = self.seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.seed;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        let mut drawn = ((z ^ z >> 31) % 1000) as u32;
        for (share, fault) in &self.random {
            if drawn < *share {
                return Some(fault.clone());
            }
            drawn -= share;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_cards_are_card_numbers_that_stand_once() {
        for (i, TestCard { pan, .. }) in TEST_CARDS.iter().enumerate() {
            assert!(switch_core::card::Pan::parse(pan).is_ok(), "{pan}");
            assert!(TEST_CARDS[..i].iter().all(|other| other.pan != *pan), "{pan}");
        }
    }

    #[test]
    fn one_seed_gives_one_sequence() {
        let plan = FaultPlan {
            random: vec![(100, Fault::Mute), (50, Fault::Twice)],
            seed: 7,
            ..FaultPlan::default()
        };
        let draw = |mut plan: FaultPlan| (0..10_000).map(|_| plan.next(None)).collect::<Vec<_>>();
        let (first, second) = (draw(plan.clone()), draw(plan));
        assert_eq!(first, second);
        let mute = first.iter().filter(|fault| **fault == Some(Fault::Mute)).count();
        let twice = first.iter().filter(|fault| **fault == Some(Fault::Twice)).count();
        assert!((900..1100).contains(&mute) && (400..600).contains(&twice), "{mute} {twice}");
    }
}
