//! Every recovery fact a card profile claims, proved against its twin.

use connectors::card_iso8583::sandbox::Fault;
use switch_core::connector::{
    Cause, Connector, Enquiry, Outcome, Reversal, ReversalAnswer, ReversalReason, SendError,
};

use crate::support::{Pair, attempt, pay};

const GOOD: &str = "4111111111111111";

fn take_back(n: u32, repeat: bool) -> Reversal {
    Reversal { original: attempt(n), card: None, repeat, reason: ReversalReason::Timeout }
}

/// The claims of one profile, each acted out.
async fn recovery_facts_hold(pair: &Pair) {
    let payments = pair.card.payments();
    let reversed = |code: &str| Ok(ReversalAnswer::Reversed { code: code.into() });

    // An approval is taken back; so is its repeat; nothing is taken back twice.
    assert!(matches!(payments.send(&pay(1, GOOD)).await, Ok(Outcome::Approved(_))));
    assert_eq!(payments.reverse(&take_back(1, false)).await, reversed("00"));
    assert_eq!(payments.reverse(&take_back(1, true)).await, reversed("00"));
    assert_eq!(pair.host.book().summary().reversed, 1);

    // "Not found" means what the profile says, and a late original stays declined.
    let absent = Ok(ReversalAnswer::Absent { code: "25".into() });
    assert_eq!(payments.reverse(&take_back(2, false)).await, absent);
    assert!(matches!(payments.send(&pay(2, GOOD)).await, Ok(Outcome::Declined(_))));

    // An unanswered approval is found by its repeat as well.
    pair.host.faults().script.push_back(Some(Fault::Mute));
    assert_eq!(payments.send(&pay(3, GOOD)).await, Err(SendError::Unknown(Cause::Timeout)));
    assert_eq!(payments.reverse(&take_back(3, true)).await, reversed("00"));

    if pair.card.profile().enquiry {
        enquiry_tells_the_truth(pair).await;
    }
    assert_eq!(pair.host.book().summary().standing(), if pair.card.profile().enquiry { 1 } else { 0 });
}

async fn enquiry_tells_the_truth(pair: &Pair) {
    let payments = pair.card.payments();
    pair.host.faults().script.push_back(Some(Fault::Mute));
    assert_eq!(payments.send(&pay(11, GOOD)).await, Err(SendError::Unknown(Cause::Timeout)));
    let found = payments.enquire(&attempt(11)).await;
    let Ok(Enquiry::Found(Outcome::Approved(approval))) = found else { panic!("{found:?}") };
    assert_eq!((approval.amount, approval.stan), (attempt(11).amount, attempt(11).stan));

    assert!(matches!(payments.send(&pay(12, "4000000000000002")).await, Ok(Outcome::Declined(_))));
    let found = payments.enquire(&attempt(12)).await;
    assert!(
        matches!(&found, Ok(Enquiry::Found(Outcome::Declined(decline))) if decline.code == "51"),
        "{found:?}"
    );

    pair.host.faults().script.push_back(Some(Fault::Drop));
    assert_eq!(payments.send(&pay(13, GOOD)).await, Err(SendError::Unknown(Cause::Timeout)));
    assert_eq!(payments.enquire(&attempt(13)).await, Ok(Enquiry::Absent { code: "25".into() }));

    let found = payments.enquire(&attempt(1)).await;
    assert!(matches!(found, Ok(Enquiry::Found(Outcome::Declined(_)))), "taken back: {found:?}");
}

#[tokio::test]
async fn with_advices_and_enquiry() {
    recovery_facts_hold(&Pair::start(|_| {}).await).await;
}

#[tokio::test]
async fn with_requests_and_without_enquiry_or_mac() {
    let pair = Pair::start(|settings| {
        settings.reversal.mti = "0400".parse().expect("a literal");
        settings.enquiry = None;
        settings.profile.enquiry = false;
        settings.mac = None;
    })
    .await;
    recovery_facts_hold(&pair).await;
}
