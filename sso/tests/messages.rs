//! Messages: once, in time, and not too many.

use look::{Language, Value};
use sso::post::{Delivered, Kind, Message, NotSent, Reach, queue};
use switch_core::clock::Timestamp;
use switch_store::transact;

use crate::support::bed::Bed;
use crate::support::inbox::Inbox;

suite! {
    two_nodes_send_a_message_once,
    an_old_code_is_not_sent,
    a_courier_that_fails_is_asked_again_later,
    a_number_has_so_many_codes_a_day,
}

const NUMBER: &str = "+970590000001";

async fn send(bed: &Bed, to: Reach, kind: Kind, language: Language) -> bool {
    let values = [("code", Value::Text("123456".into()))];
    let key = "message-sms-code";
    let message = Message { to, account: None, language, kind, key, values: &values };
    let letter = bed.sso.compose(&message).expect("written");
    transact!(bed.sso.db, tx => queue(tx, &letter).await).expect("queued")
}

fn code(until: Timestamp) -> Kind {
    Kind::Code { until }
}

async fn two_nodes_send_a_message_once(bed: &Bed) {
    let other = bed.another_node();
    let until = bed.sso.now().plus_ms(600_000);
    for n in 0..20 {
        let (to, language) = match n % 2 {
            0 => (Reach::Mobile(format!("{NUMBER}{n}")), Language::English),
            _ => (Reach::Email(format!("a{n}@example.ps")), Language::Arabic),
        };
        assert!(send(bed, to, code(until), language).await);
    }
    let inbox = Inbox::default();
    let (here, there) = tokio::join!(bed.sso.deliver_due(&inbox), other.deliver_due(&inbox));
    assert_eq!(here.expect("delivered").sent + there.expect("delivered").sent, 20);
    for n in 0..20 {
        let to = if n % 2 == 0 { format!("{NUMBER}{n}") } else { format!("a{n}@example.ps") };
        let texts = inbox.texts(&to);
        assert_eq!(texts.len(), 1, "{to}");
        assert!(texts[0].contains("123456"), "{texts:?}");
        let is_plain = !texts[0].contains('\u{2068}');
        assert_eq!(is_plain, n % 2 == 0, "an SMS has no marks of direction: they cost it half its letters");
    }
    assert_eq!(bed.sso.deliver_due(&inbox).await.expect("delivered"), Delivered::default());
}

async fn an_old_code_is_not_sent(bed: &Bed) {
    let until = bed.sso.now().plus_ms(600_000);
    send(bed, Reach::Mobile(NUMBER.into()), code(until), Language::Arabic).await;
    bed.clock.pass_ms(600_000);
    let inbox = Inbox::default();
    let delivered = bed.sso.deliver_due(&inbox).await.expect("delivered");
    assert_eq!(delivered, Delivered { expired: 1, ..Delivered::default() });
    assert!(inbox.texts(NUMBER).is_empty());
}

async fn a_courier_that_fails_is_asked_again_later(bed: &Bed) {
    let inbox = Inbox::default();
    send(bed, Reach::Mobile(NUMBER.into()), Kind::Notice, Language::Arabic).await;
    *inbox.refuses.lock().expect("ours") = Some(NotSent::Later);
    let delivered = bed.sso.deliver_due(&inbox).await.expect("delivered");
    assert_eq!(delivered.postponed, 1);
    assert_eq!(bed.sso.deliver_due(&inbox).await.expect("delivered"), Delivered::default(), "not at once");
    bed.clock.pass_ms(4_000);
    assert_eq!(bed.sso.deliver_due(&inbox).await.expect("delivered").postponed, 1);
    *inbox.refuses.lock().expect("ours") = None;
    bed.clock.pass_ms(300_000);
    assert_eq!(bed.sso.deliver_due(&inbox).await.expect("delivered").sent, 1);
    assert_eq!(inbox.texts(NUMBER).len(), 1);
    // A number that does not exist is asked for once.
    send(bed, Reach::Mobile(NUMBER.into()), Kind::Notice, Language::Arabic).await;
    *inbox.refuses.lock().expect("ours") = Some(NotSent::Never);
    assert_eq!(bed.sso.deliver_due(&inbox).await.expect("delivered").refused, 1);
    bed.clock.pass_ms(300_000);
    assert_eq!(bed.sso.deliver_due(&inbox).await.expect("delivered"), Delivered::default());
}

async fn a_number_has_so_many_codes_a_day(bed: &Bed) {
    let mut queued = Vec::new();
    for _ in 0..12 {
        let until = bed.sso.now().plus_ms(600_000);
        queued.push(send(bed, Reach::Mobile(NUMBER.into()), code(until), Language::Arabic).await);
        bed.clock.pass_ms(60_000);
    }
    assert_eq!(queued.iter().filter(|queued| **queued).count(), 10);
    assert!(!queued[10] && !queued[11]);
    // Notices are another budget, other numbers have their own, and a day later it begins again.
    assert!(send(bed, Reach::Mobile(NUMBER.into()), Kind::Notice, Language::Arabic).await);
    let until = bed.sso.now().plus_ms(600_000);
    assert!(send(bed, Reach::Mobile("+970590000002".into()), code(until), Language::Arabic).await);
    bed.clock.pass_ms(86_400_000);
    let until = bed.sso.now().plus_ms(600_000);
    assert!(send(bed, Reach::Mobile(NUMBER.into()), code(until), Language::Arabic).await);
}
