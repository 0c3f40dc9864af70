//! Agents at their terminals: they take cash, repeat what was not answered, take
//! back what they are unsure of, and believe what they were told.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use switch_core::agent::{CashDesk, CashOrder, CashRefusal, CashReversal, Terminal};
use switch_core::idempotency::IdempotencyKey;
use switch_core::money::{Currency, Money};
use tokio::sync::oneshot;

use crate::scheduler::WORLD;
use crate::weather::Fault;
use crate::world::{AGENT, FIRST_BILL, TERMINAL, World, lock};

const TRIES_MAX: u32 = 400;

/// What a terminal believes of one of its operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Belief {
    /// The receipt is printed, the cash is in the drawer.
    Paid,
    /// The citizen has the cash.
    NotPaid,
    /// The switch would not say: the day is over.
    Open,
}

/// Begins every operation of the terminals.
pub(crate) fn begin(world: &Arc<World>) {
    for number in 0..world.weather.cash {
        let bill = world.sim.choose(|rng| rng.below(world.weather.bills)) as i64;
        let at = world.sim.choose(|rng| rng.below(world.weather.storm_s * 900_000));
        world.busy.fetch_add(1, Relaxed);
        let world = Arc::clone(world);
        world.sim.clone().begin(WORLD, async move {
            world.sim.wait(at).await;
            operate(&world, format!("terminal-{number:08}"), bill).await;
            world.busy.fetch_sub(1, Relaxed);
        });
    }
}

fn terminal() -> Terminal {
    Terminal { id: TERMINAL.into(), agent: AGENT, amount_max_minor: 100_000_000 }
}

/// What the terminal sends.
#[derive(Clone)]
enum Message {
    Pay(CashOrder),
    Reverse(CashReversal),
}

/// What it hears.
enum Heard {
    Paid,
    TakenBack,
    Refused(CashRefusal),
}

async fn operate(world: &Arc<World>, key: String, bill: i64) {
    let amount = Money::new(world.amount_of(bill), Currency::Ils);
    let parsed = IdempotencyKey::parse(&key).expect("a sound key");
    let order = CashOrder {
        terminal: terminal(),
        key: parsed.clone(),
        bill: world.public_ids.show("bil", FIRST_BILL + bill),
        amount,
    };
    let back = CashReversal { terminal: terminal(), original: parsed, amount };
    let mut reverses = world.strikes(Fault::OvertakingReversals);
    if reverses {
        // The payment is on its way and nobody waits for it any more.
        let (late, order) = (Arc::clone(world), order.clone());
        world.sim.begin(WORLD, async move {
            let way = late.sim.choose(|rng| rng.between(0, 8_000_000));
            late.sim.wait(way).await;
            let _ = send(&late, Message::Pay(order)).await;
        });
    }
    for _ in 0..TRIES_MAX {
        let message = if reverses { Message::Reverse(back.clone()) } else { Message::Pay(order.clone()) };
        let belief = match send(world, message).await {
            Some(Heard::Paid) => Some(Belief::Paid),
            Some(Heard::TakenBack | Heard::Refused(CashRefusal::AlreadyReversed)) => Some(Belief::NotPaid),
            Some(Heard::Refused(CashRefusal::Unavailable)) => None,
            Some(Heard::Refused(CashRefusal::TooLateToReverse)) => Some(Belief::Open),
            Some(Heard::Refused(refusal)) if !reverses => {
                world.sim.say(format_args!("{key} is refused: {refusal}"));
                Some(Belief::NotPaid)
            }
            Some(Heard::Refused(refusal)) => {
                world.sim.wrong(format!("the reversal of {key} is refused: {refusal}"));
                return;
            }
            None => None,
        };
        // Now and then a paid bill is taken back on the spot, and a taken-back one again.
        let mind_changes = world.sim.choose(|rng| rng.chance(200));
        match belief {
            Some(Belief::Paid) if mind_changes && !world.sim.is_calm() => reverses = true,
            Some(Belief::NotPaid) if mind_changes && reverses && !world.sim.is_calm() => {}
            Some(belief) => {
                world.sim.say(format_args!("the terminal of {key} believes {belief:?}"));
                lock(&world.beliefs).insert(key, belief);
                return;
            }
            None if !reverses && world.sim.choose(|rng| rng.chance(300)) => reverses = true,
            None => {}
        }
        let pause = world.sim.choose(|rng| rng.between(50_000, 4_000_000));
        world.sim.wait(pause).await;
    }
    world.sim.wrong(format!("stuck: the terminal of {key} gets no definite answer"));
}

/// One message to a node chosen by the seed. `None`: no answer came.
async fn send(world: &Arc<World>, message: Message) -> Option<Heard> {
    let life = world.some_life()?;
    let (reply, told) = oneshot::channel();
    world.sim.begin(life.pid, async move {
        let heard = match message {
            Message::Pay(order) => life.desk.pay(order).await.map(|_| Heard::Paid),
            Message::Reverse(back) => life.desk.reverse(back).await.map(|_| Heard::TakenBack),
        };
        drop(reply.send(heard.unwrap_or_else(Heard::Refused)));
    });
    let patience = if world.strikes(Fault::HangUps) {
        world.sim.choose(|rng| rng.between(1_000, 500_000))
    } else {
        20_000_000
    };
    let limit = world.sim.wait(patience);
    tokio::select! {
        biased;
        heard = told => heard.ok(),
        () = limit => None,
    }
}
