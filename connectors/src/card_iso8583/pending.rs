//! Requests that wait for their answer: found by their whole key, ended by answer, time or loss of the link.
//!
//! A key that is taken is refused, never overwritten: with a trace number used twice, both callers get their own
//! answer or a clear refusal. Slots are used again, so a request costs no allocation here.

use std::collections::{HashMap, VecDeque};
use std::task::{Poll, Waker};

use switch_core::connector::{AttemptRef, Cause, Enquiry, Outcome, ReversalAnswer, SendError};
use tokio::time::Instant;

use crate::transport::iso8583::MatchKey;

/// What was asked, with what is needed to read the answer.
#[derive(Debug, Clone)]
pub(crate) enum Asked {
    Sale(AttemptRef),
    Reversal,
    Enquiry(AttemptRef),
}

/// What was answered.
#[derive(Debug)]
pub(crate) enum Answer {
    Sale(Outcome),
    Reversal(ReversalAnswer),
    Enquiry(Enquiry),
}

pub(crate) type Ending = Result<Answer, SendError>;

/// A claim on one slot; the generation tells its owners apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket {
    slot: u32,
    generation: u32,
}

/// The requests of one link.
#[derive(Default)]
pub(crate) struct Pending {
    slots: Vec<Slot>,
    free: Vec<u32>,
    by_key: HashMap<MatchKey, u32>,
    /// All requests wait equally long, so the oldest is at the front. Ended ones are left in and skipped.
    deadlines: VecDeque<(Instant, Ticket)>,
}

struct Slot {
    generation: u32,
    state: State,
}

enum State {
    Free,
    Waiting(Waiting),
    Ended(Ending),
}

struct Waiting {
    key: MatchKey,
    asked: Asked,
    /// Offset of the frame's first byte in all that was queued on this connection.
    offset: u64,
    /// An answer came that was not believed.
    distrusted: Option<&'static str>,
    waker: Option<Waker>,
}

impl Pending {
    /// Requests that wait.
    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Registers a request whose frame begins at `offset`; `None` when its key is already waiting.
    pub(crate) fn insert(
        &mut self,
        key: MatchKey,
        asked: Asked,
        offset: u64,
        deadline: Instant,
    ) -> Option<Ticket> {
        if self.by_key.contains_key(&key) {
            return None;
        }
        let state =
            State::Waiting(Waiting { key: key.clone(), asked, offset, distrusted: None, waker: None });
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize].state = state;
                slot
            }
            None => {
                self.slots.push(Slot { generation: 0, state });
                (self.slots.len() - 1) as u32
            }
        };
        self.by_key.insert(key, slot);
        let ticket = Ticket { slot, generation: self.slots[slot as usize].generation };
        self.deadlines.push_back((deadline, ticket));
        self.drop_ended_deadlines();
        Some(ticket)
    }

    /// What was asked under this key, when it still waits.
    pub(crate) fn asked(&self, key: &MatchKey) -> Option<&Asked> {
        let slot = self.by_key.get(key)?;
        match &self.slots[*slot as usize].state {
            State::Waiting(waiting) => Some(&waiting.asked),
            State::Free | State::Ended(_) => None,
        }
    }

    /// Ends the request under this key; the waker of who waits for it.
    pub(crate) fn end(&mut self, key: &MatchKey, ending: Ending) -> Option<Waker> {
        let slot = self.by_key.remove(key)?;
        self.end_slot(slot, ending)
    }

    /// Notes that an answer came that was not believed. The request goes on waiting for a true one.
    pub(crate) fn distrust(&mut self, key: &MatchKey, why: &'static str) {
        if let Some(slot) = self.by_key.get(key)
            && let State::Waiting(waiting) = &mut self.slots[*slot as usize].state
        {
            waiting.distrusted = Some(why);
        }
    }

    /// The ending of a request, once; until then `waker` is remembered.
    pub(crate) fn poll(&mut self, ticket: Ticket, waker: &Waker) -> Poll<Ending> {
        let slot = &mut self.slots[ticket.slot as usize];
        if slot.generation != ticket.generation {
            return Poll::Ready(Err(SendError::Unknown(Cause::LinkLost)));
        }
        match &mut slot.state {
            State::Waiting(waiting) => {
                waiting.waker.get_or_insert_with(|| waker.clone()).clone_from(waker);
                Poll::Pending
            }
            State::Ended(_) | State::Free => match self.free_slot(ticket.slot) {
                State::Ended(ending) => Poll::Ready(ending),
                State::Free | State::Waiting(_) => Poll::Ready(Err(SendError::Unknown(Cause::LinkLost))),
            },
        }
    }

    /// Gives a request up: nobody waits for it any more.
    pub(crate) fn release(&mut self, ticket: Ticket) {
        if self.slots[ticket.slot as usize].generation != ticket.generation {
            return;
        }
        if let State::Waiting(waiting) = self.free_slot(ticket.slot) {
            self.by_key.remove(&waiting.key);
        }
    }

    /// When the oldest request runs out of time.
    pub(crate) fn next_deadline(&mut self) -> Option<Instant> {
        while let Some((deadline, ticket)) = self.deadlines.front() {
            if self.is_waiting(*ticket) {
                return Some(*deadline);
            }
            self.deadlines.pop_front();
        }
        None
    }

    /// Ends what ran out of time; the wakers, and how many it were.
    pub(crate) fn expire(&mut self, now: Instant, wakers: &mut Vec<Waker>) -> usize {
        let mut expired = 0;
        while self.next_deadline().is_some_and(|deadline| deadline <= now) {
            let Some((_, ticket)) = self.deadlines.pop_front() else { break };
            expired += 1;
            let State::Waiting(waiting) = &self.slots[ticket.slot as usize].state else { continue };
            let cause = waiting.distrusted.map_or(Cause::Timeout, |why| Cause::Untrusted(why.to_owned()));
            let key = waiting.key.clone();
            wakers.extend(self.end(&key, Err(SendError::Unknown(cause))));
        }
        expired
    }

    /// Ends everything because the connection is gone. `handed` bytes were taken by the socket: a frame that begins
    /// there or later has provably not left.
    pub(crate) fn lose(&mut self, handed: u64) -> Vec<Waker> {
        let mut wakers = Vec::new();
        for slot in std::mem::take(&mut self.by_key).into_values() {
            let State::Waiting(waiting) = &self.slots[slot as usize].state else { continue };
            let ending = if waiting.offset >= handed {
                Err(SendError::NotSent(Cause::LinkDown))
            } else {
                Err(SendError::Unknown(Cause::LinkLost))
            };
            wakers.extend(self.end_slot(slot, ending));
        }
        self.deadlines.clear();
        wakers
    }

    /// The queue of deadlines stays within twice what waits, however slow the oldest request is.
    fn drop_ended_deadlines(&mut self) {
        if self.deadlines.len() > 2 * self.by_key.len() + 1024 {
            let (slots, deadlines) = (&self.slots, &mut self.deadlines);
            deadlines.retain(|(_, ticket)| is_waiting(slots, *ticket));
        }
    }

    fn is_waiting(&self, ticket: Ticket) -> bool {
        is_waiting(&self.slots, ticket)
    }

    fn end_slot(&mut self, slot: u32, ending: Ending) -> Option<Waker> {
        let state = &mut self.slots[slot as usize].state;
        match std::mem::replace(state, State::Ended(ending)) {
            State::Waiting(waiting) => waiting.waker,
            State::Free | State::Ended(_) => None,
        }
    }

    fn free_slot(&mut self, slot: u32) -> State {
        let entry = &mut self.slots[slot as usize];
        entry.generation = entry.generation.wrapping_add(1);
        self.free.push(slot);
        std::mem::replace(&mut entry.state, State::Free)
    }
}

fn is_waiting(slots: &[Slot], ticket: Ticket) -> bool {
    let slot = &slots[ticket.slot as usize];
    slot.generation == ticket.generation && matches!(slot.state, State::Waiting(_))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use codecs::iso8583::{Draft, Profile, decode};

    use super::*;

    fn key(stan: u64) -> MatchKey {
        let dialect = Profile::by_name("iso87-ascii").expect("built in");
        let mut draft = Draft::new("0200".parse().expect("a literal"));
        draft.set_number(11, stan);
        let mut bytes = Vec::new();
        draft.encode(&dialect, &mut bytes).expect("a number");
        MatchKey::of(&decode(&dialect, &bytes, codecs::iso8583::Mode::Strict).expect("just written"), &[11])
    }

    fn reversed() -> Ending {
        Ok(Answer::Reversal(ReversalAnswer::Reversed { code: "00".into() }))
    }

    fn is_pending(pending: &mut Pending, ticket: Ticket) -> bool {
        pending.poll(ticket, Waker::noop()).is_pending()
    }

    #[test]
    fn a_taken_key_is_refused_and_free_again_afterwards() {
        let (mut pending, now) = (Pending::default(), Instant::now());
        let first = pending.insert(key(1), Asked::Reversal, 0, now).expect("a new key");
        assert!(pending.insert(key(1), Asked::Reversal, 9, now).is_none());
        assert!(is_pending(&mut pending, first));
        pending.end(&key(1), reversed());
        assert!(matches!(pending.poll(first, Waker::noop()), Poll::Ready(Ok(Answer::Reversal(_)))));
        let second = pending.insert(key(1), Asked::Reversal, 9, now).expect("free again");
        assert_ne!(first, second, "the same slot, another generation");
        // Who held the slot before cannot disturb who holds it now.
        pending.release(first);
        assert!(!is_pending(&mut pending, first) && is_pending(&mut pending, second));
    }

    #[test]
    fn a_lost_link_tells_what_may_have_left_from_what_has_not() {
        let (mut pending, now) = (Pending::default(), Instant::now());
        let tickets: Vec<Ticket> = [(1, 0), (2, 100), (3, 200), (4, 300)]
            .map(|(stan, offset)| pending.insert(key(stan), Asked::Reversal, offset, now).expect("a new key"))
            .into();
        pending.lose(201);
        let endings: Vec<String> = tickets
            .into_iter()
            .map(|ticket| match pending.poll(ticket, Waker::noop()) {
                Poll::Ready(Err(error)) => error.to_string(),
                other => format!("{other:?}"),
            })
            .collect();
        let unknown = "no usable answer: the link broke";
        assert_eq!(endings, [unknown, unknown, unknown, "not sent: the link is down"]);
        assert_eq!(pending.len(), 0);
    }

    #[test]
    fn time_ends_the_oldest_first_and_forgets_the_rest() {
        let (mut pending, start) = (Pending::default(), Instant::now());
        let at = |ms| start + Duration::from_millis(ms);
        let tickets: Vec<Ticket> = (0..5000)
            .map(|n| pending.insert(key(n), Asked::Reversal, n, at(n)).expect("a new key"))
            .collect();
        for n in 1..4000 {
            pending.end(&key(n), reversed());
        }
        pending.insert(key(9999), Asked::Reversal, 0, at(9999)).expect("a new key");
        assert!(pending.deadlines.len() < 3100, "{}", pending.deadlines.len());
        assert_eq!(pending.next_deadline(), Some(at(0)));
        pending.distrust(&key(0), "the MAC of an answer is wrong");
        let mut wakers = Vec::new();
        assert_eq!(pending.expire(at(4000), &mut wakers), 2);
        assert_eq!(pending.next_deadline(), Some(at(4001)));
        let ending = pending.poll(tickets[0], Waker::noop());
        assert!(matches!(ending, Poll::Ready(Err(SendError::Unknown(Cause::Untrusted(_))))), "{ending:?}");
        let ending = pending.poll(tickets[4000], Waker::noop());
        assert!(matches!(ending, Poll::Ready(Err(SendError::Unknown(Cause::Timeout)))), "{ending:?}");
    }

    #[test]
    fn who_gives_up_leaves_nothing_behind() {
        let (mut pending, now) = (Pending::default(), Instant::now());
        let ticket = pending.insert(key(1), Asked::Reversal, 0, now).expect("a new key");
        pending.release(ticket);
        assert!(pending.asked(&key(1)).is_none() && pending.next_deadline().is_none());
        assert_eq!((pending.len(), pending.slots.len(), pending.free.len()), (0, 1, 1));
    }
}
