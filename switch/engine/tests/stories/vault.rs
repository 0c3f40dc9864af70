//! Cards: a token is its client's, for one payment, for a time.

use switch_core::payment::PaymentState;
use switch_engine::pay::{PayOrder, PayRefusal};

use crate::bed::{Bed, OTHER, ils};
use crate::network::Script;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_its_own_clients_and_ends_with_its_payment() {
    let bed = Bed::new().await;
    let order = bed.order(&bed.bill(15_000).await).await;
    let stolen = PayOrder { card: Some(bed.card(OTHER).await), ..order.clone() };
    assert!(matches!(bed.engine.pay(stolen).await, Err(PayRefusal::UnknownCard)));
    assert_eq!(bed.count("payment").await, 0, "and the key stayed free");

    bed.network().script(ils(15_000), Script::Decline);
    let declined = bed.engine.pay(order.clone()).await.expect("an answer");
    assert_eq!(declined.state, PaymentState::Declined);
    // Its card is gone, and the repeat still gets its answer; a new payment does not.
    let again = bed.engine.pay(order.clone()).await.expect("an answer");
    assert_eq!((again.answer, again.replayed), (declined.answer, true));
    let fresh = bed.order(&bed.bill(15_001).await).await;
    let reused = PayOrder { card: order.card, ..fresh };
    assert!(matches!(bed.engine.pay(reused).await, Err(PayRefusal::UnknownCard)));
    bed.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_whose_time_is_over_is_not_known() {
    let bed = Bed::new().await;
    let order = bed.order(&bed.bill(15_100).await).await;
    let in_time = bed.order(&bed.bill(15_101).await).await;
    bed.world.clock.advance(899_999);
    assert_eq!(bed.engine.pay(in_time).await.expect("an answer").state, PaymentState::Paid);
    bed.world.clock.advance(1);
    assert!(matches!(bed.engine.pay(order).await, Err(PayRefusal::UnknownCard)));
    bed.close().await;
}
