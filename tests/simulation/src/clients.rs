//! Clients of the API: they pay bills with a card, hang up, ask again with the
//! same key at any node, and remember what they were told.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use switch_core::card::{Card, Pan};
use switch_core::connector::Method;
use switch_core::id::{BillId, CardId};
use switch_core::idempotency::{Fingerprint, IdempotencyKey};
use switch_core::payment::PaymentState;
use switch_engine::Engine;
use switch_engine::pay::{Paid, PayOrder, PayRefusal};
use tokio::sync::oneshot;

use crate::scheduler::WORLD;
use crate::weather::Fault;
use crate::world::{FIRST_BILL, MINISTRY, World, lock};

/// How often a client asks before the run calls it stuck.
const TRIES_MAX: u32 = 400;
/// How long a client waits for an answer.
const PATIENCE_US: u64 = 20_000_000;

/// What the client of a key was told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    pub(crate) bill: i64,
    pub(crate) payment: i64,
    /// Status and body of the first answer.
    first: Option<(u16, String)>,
    /// The last state that was final.
    pub(crate) ended: Option<PaymentState>,
}

/// Begins every client of a run.
pub(crate) fn begin(world: &Arc<World>) {
    for number in 0..world.weather.payments {
        let bill = FIRST_BILL + world.sim.choose(|rng| rng.below(world.weather.bills)) as i64;
        let at = world.sim.choose(|rng| rng.below(world.weather.storm_s * 900_000));
        let twice = world.strikes(Fault::HangUps);
        world.busy.fetch_add(1, Relaxed);
        let world = Arc::clone(world);
        world.sim.clone().begin(WORLD, async move {
            world.sim.wait(at).await;
            if let Some(order) = order(&world, number, bill).await {
                if twice {
                    // The same request at the same time, perhaps at another node.
                    let (again, too) = (Arc::clone(&world), order.clone());
                    world.busy.fetch_add(1, Relaxed);
                    world.sim.begin(WORLD, async move {
                        insist(&again, too).await;
                        again.busy.fetch_sub(1, Relaxed);
                    });
                }
                insist(&world, order).await;
            }
            world.busy.fetch_sub(1, Relaxed);
        });
    }
}

/// A card in the vault and the order that names it.
async fn order(world: &Arc<World>, number: u64, bill: i64) -> Option<PayOrder> {
    for _ in 0..TRIES_MAX {
        let kept = at_some_node(world, move |engine| async move {
            let card = Card::new(Pan::parse("4111111111111111").ok()?, "3012").ok()?;
            engine.keep_card(MINISTRY, &card).await.ok().map(|(token, _)| token)
        });
        if let Some(Some(card)) = kept.await {
            let key = format!("simulated-{number:06}");
            lock(&world.told).entry(key.clone()).or_default().bill = bill;
            return Some(pay_order(key, bill, Some(card)));
        }
        pause(world).await;
    }
    world.sim.wrong(format!("stuck: client {number} cannot leave its card with any node"));
    None
}

fn pay_order(key: String, bill: i64, card: Option<CardId>) -> PayOrder {
    PayOrder {
        client: MINISTRY,
        key: IdempotencyKey::parse(&key).expect("a sound key"),
        fingerprint: Fingerprint::of(&["pay", &bill.to_string()]),
        bill: BillId(bill),
        method: Method::Card,
        card,
    }
}

async fn pause(world: &World) {
    let time = world.sim.choose(|rng| rng.between(50_000, 3_000_000));
    world.sim.wait(time).await;
}

/// Runs a request at a node chosen by the seed. `None`: no answer came.
async fn at_some_node<T, W>(
    world: &Arc<World>,
    request: impl FnOnce(Arc<Engine>) -> W + Send + 'static,
) -> Option<T>
where
    T: Send + 'static,
    W: Future<Output = T> + Send + 'static,
{
    let life = world.some_life()?;
    let (reply, told) = oneshot::channel();
    let (engine, pid) = (life.engine, life.pid);
    drop((life.desk, life.links));
    world.sim.begin(pid, async move { drop(reply.send(request(engine).await)) });
    let patience = if world.strikes(Fault::HangUps) {
        world.sim.choose(|rng| rng.between(1_000, 3_000_000))
    } else {
        PATIENCE_US
    };
    let limit = world.sim.wait(patience);
    tokio::select! {
        biased;
        answer = told => answer.ok(),
        () = limit => None,
    }
}

/// Asks until the answer is definite.
async fn insist(world: &Arc<World>, order: PayOrder) {
    for _ in 0..TRIES_MAX {
        let asked = order.clone();
        let answer = at_some_node(world, move |engine| async move { engine.pay(asked).await }).await;
        match answer {
            Some(Ok(paid)) => {
                let ended = paid.state.is_final();
                heard(world, &order, &paid);
                if ended || !may_ask_again(world) {
                    break;
                }
            }
            Some(Err(PayRefusal::BillNotPayable(_) | PayRefusal::RefusedBefore(_))) => break,
            // A clock that is days ahead sees the card as expired: nothing was written.
            Some(Err(PayRefusal::UnknownCard)) if world.weather.has(Fault::ClockSteps) => break,
            Some(Err(
                refusal @ (PayRefusal::KeyReused | PayRefusal::UnknownCard | PayRefusal::UnknownBill),
            )) => {
                let key = order.key.as_str();
                world.sim.wrong(format!("a repeat of {key} is refused: {refusal}"));
                return;
            }
            Some(Err(_)) | None => {}
        }
        pause(world).await;
    }
    if world.weather.has(Fault::ReusedKeys) {
        reuse(world, &order).await;
    }
}

/// A pending answer is repeated for ever; a client asks for it now and then.
fn may_ask_again(world: &World) -> bool {
    world.sim.choose(|rng| rng.chance(700))
}

/// The same key for another bill must be refused.
async fn reuse(world: &Arc<World>, order: &PayOrder) {
    let other = pay_order(order.key.as_str().to_owned(), order.bill.0 + 1, order.card);
    let known = lock(&world.told).get(order.key.as_str()).is_some_and(|told| told.payment != 0);
    if !known {
        return;
    }
    let answer = at_some_node(world, move |engine| async move { engine.pay(other).await }).await;
    if let Some(Ok(paid)) = answer {
        world.sim.wrong(format!(
            "Q1: the key {} of bill {} was given for bill {}, and is answered {} of payment {}",
            order.key.as_str(),
            order.bill.0,
            order.bill.0 + 1,
            paid.state.as_str(),
            paid.payment.0
        ));
    }
}

/// What a client is told must be durable, and must not change.
fn heard(world: &World, order: &PayOrder, paid: &Paid) {
    let (key, state, payment) = (order.key.as_str(), paid.state, paid.payment.0);
    world.sim.say(format_args!("the client of {key} hears {} of {payment}", state.as_str()));
    if state == PaymentState::Paid && !world.is_paid(payment) {
        world.sim.wrong(format!(
            "I5: the client of {key} was told that payment {payment} is PAID, which is not durable"
        ));
    }
    let mut all = lock(&world.told);
    let told = all.entry(key.to_owned()).or_default();
    told.payment = payment;
    let now = (paid.answer.status, paid.answer.body.clone());
    match &told.first {
        // An answer that could not be written down is given once and not repeated.
        Some(before) if *before != now && !store_fails(world) => world.sim.wrong(format!(
            "I4: the client of {key} was told {} {:?} and then {} {:?}",
            before.0, before.1, now.0, now.1
        )),
        Some(_) => {}
        None => told.first = Some(now),
    }
    if let Some(before) = told.ended
        && before != state
        && state.is_final()
    {
        world.sim.wrong(format!(
            "I4: the client of {key} was told {} and then {}",
            before.as_str(),
            state.as_str()
        ));
    }
    if state.is_final() {
        told.ended = Some(state);
    }
}

fn store_fails(world: &World) -> bool {
    [Fault::BusyStore, Fault::LostStore, Fault::UnheardCommits].iter().any(|fault| world.weather.has(*fault))
}
