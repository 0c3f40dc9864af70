//! The ministry that wants to hear of its bills, as the outbox reaches it.

use std::sync::Arc;

use switch_core::connector::Reply;
use switch_engine::outbox::{Courier, Delivery, DeliveryError};

use crate::weather::Fault;
use crate::world::{World, lock};

pub(crate) struct Subscriber(Arc<World>);

impl Subscriber {
    pub(crate) fn new(world: &Arc<World>) -> Self {
        Self(Arc::clone(world))
    }
}

impl Courier for Subscriber {
    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> Reply<'a, Result<(), DeliveryError>> {
        Box::pin(async move {
            let world = &self.0;
            let way = world.sim.choose(|rng| rng.between(500, 200_000));
            world.sim.wait(way).await;
            if world.strikes(Fault::DeafSubscribers) {
                return Err(DeliveryError("503".into()));
            }
            let (payment, state) = (delivery.payment.id.0, delivery.state);
            world.sim.say(format_args!("the ministry hears that {payment} is {}", state.as_str()));
            // I5: what is told has happened. Cash that went back keeps its outcome.
            let sql = "SELECT state FROM outcome WHERE payment_id = ?1
                       UNION SELECT 'REVERSED' FROM unwind WHERE payment_id = ?1";
            if !world.words(sql, &[payment]).iter().any(|durable| durable == state.as_str()) {
                world.sim.wrong(format!(
                    "I5: the ministry was told that payment {payment} is {}, which is not durable",
                    state.as_str()
                ));
            }
            *lock(&world.news).entry((payment, state.as_str())).or_default() += 1;
            if world.strikes(Fault::DeafSubscribers) {
                return Err(DeliveryError("the answer was lost".into()));
            }
            Ok(())
        })
    }
}
