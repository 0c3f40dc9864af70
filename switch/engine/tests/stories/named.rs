//! Bugs that others had in public, told in our words: each must never be ours.
//!
//! | story | public issue | test |
//! |---|---|---|
//! | a late "failed" takes "paid" back | NEARBuilders/nearmerch.com#209 | `a_late_decline_leaves_paid_what_is_paid` |
//! | "failed" of a first try after the second has paid | 202-ecommerce/stripe_official#79 | `a_decline_of_the_first_payment_leaves_the_second_paid` |
//! | "failed" of a given-up try while the next is on its way | themeum/tutor#2360 | `a_decline_of_a_payment_given_up_leaves_the_next_one_open` |
//! | "failed" of an older attempt opens or closes the newer | polarsource/polar#14274 | `an_answer_to_the_first_attempt_leaves_the_second_alone`, `an_answer_that_meets_the_move_to_another_network_does_not_go_with_it` |
//! | one event delivered many times at once counts twice | mollie/laravel-cashier-mollie#321 | `a_hundred_late_approvals_at_once_pay_once` |
//! | the asker and the event arrive together | woocommerce/woocommerce-gateway-stripe#542 | `an_answer_in_time_and_the_same_one_late_are_one_payment` |
//! | two different events at once leave a wrong state | opengovsg/FormSG#6022 | `yes_and_no_at_once_end_in_one_of_the_two` |
//! | a time-out keeps what was reserved | mojaloop/project#868 | `a_time_out_gives_back_the_promise_and_the_bill` |
//! | reading what has timed out is an error | mojaloop/project#3078 | `a_payment_that_timed_out_is_read_as_what_it_is` |
//! | a time-out is announced again and again | mojaloop/project#2810 | `nothing_more_is_said_of_what_is_final` |
//! | a state of the inside is shown outside | mojaloop/project#684 | `the_words_of_the_inside_stay_inside` |
//! | one time-out has several errors | mojaloop/project#1877 | `a_time_out_is_told_in_one_way_whenever_it_is_seen` |
//!
//! A rail whose news come another way (callbacks, files) adds its own row and its
//! own test for a story that it can repeat: the row says what went wrong there.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use switch_core::bill::{Bill, BillState};
use switch_core::connector::AttemptRef;
use switch_engine::pay::{Paid, PayOrder};

use crate::bed::{Bed, World, until};
use crate::network::{Network, profile};

/// Runs each story on both engines.
macro_rules! on_both {
    ($($story:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                super::$story(crate::named::Place::Sqlite).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                super::$story(crate::named::Place::Postgres).await;
            })+
        }
    };
}

mod late;
mod time_out;

/// Where a story is told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Sqlite,
    Postgres,
}

impl Place {
    async fn world(self, networks: Vec<Arc<Network>>) -> World {
        match self {
            Self::Sqlite => World::sqlite(networks),
            Self::Postgres => World::postgres(networks).await,
        }
    }

    async fn bed(self) -> Bed {
        self.world(vec![Network::new(profile("card"))]).await.live(1).await
    }

    /// The nodes of this place, whose background work waits: one that owns its file,
    /// or two on one server.
    async fn nodes(self) -> (Bed, Option<Bed>) {
        let world = self.world(vec![Network::new(profile("card"))]).await;
        let two = match self {
            Self::Sqlite => None,
            Self::Postgres => Some(world.live_with(2, false).await),
        };
        (world.live_with(1, false).await, two)
    }
}

/// Ends the second life in order; the first one's end lets the auditor in.
async fn close(one: Bed, two: Option<Bed>) {
    if let Some(two) = two {
        two.engine.drain().await;
        two.db.close().await;
    }
    one.close().await;
}

/// Payments that the nodes ended in this way, by their own count: paid 0, declined 1.
fn ended(one: &Bed, two: Option<&Bed>, how: usize) -> u64 {
    let count = |bed: &Bed| bed.engine.counters().ended[how].load(Relaxed);
    count(one) + two.map_or(0, count)
}

async fn bill_state(bed: &Bed, bill: &Bill) -> BillState {
    let view = switch_store::bill::find(&bed.db, bill.id).await.expect("read").expect("is there");
    view.state(bed.engine.clock().now())
}

/// Begins a payment whose answer the network holds back.
async fn at_the_network(bed: &Bed, order: PayOrder) -> (AttemptRef, tokio::task::JoinHandle<Option<Paid>>) {
    let before = requests(bed);
    let engine = Arc::clone(&bed.engine);
    let story = tokio::spawn(async move { engine.pay(order).await.ok() });
    until("it is at the network", async || requests(bed) == before + 1).await;
    (bed.network().requests().pop().expect("the last one"), story)
}

fn requests(bed: &Bed) -> usize {
    bed.network().requests().len()
}
