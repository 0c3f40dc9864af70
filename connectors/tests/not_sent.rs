//! `NotSent` is a proof, not a guess: a host that stops reading, and then leaves, has not received one byte of what
//! was reported as not sent.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use codecs::Frame;
use codecs::iso8583::{Mode, decode};
use connectors::card_iso8583::CardIso8583;
use switch_core::connector::{Cause, Connector, SendError, Session};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::{KeptEvidence, StandingClock, card_settings, pay, until};

#[tokio::test]
async fn what_the_socket_never_took_is_not_sent_and_all_else_is_unknown() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let settings = card_settings(|settings| {
        settings.link.address = vec![listener.local_addr().expect("bound").to_string()];
        settings.link.response_timeout = Duration::from_secs(30);
        settings.link.in_flight_max = 100_000;
        settings.mac = None;
    });
    let (framing, dialect) = (settings.link.framing, settings.dialect.clone());
    let card = CardIso8583::start(settings, Arc::new(StandingClock), Arc::new(KeptEvidence::default()));

    // A host that answers the sign-on and then reads nothing.
    let (mut host, _) = listener.accept().await.expect("the client");
    let mut received = BytesMut::new();
    let sign_on = loop {
        host.read_buf(&mut received).await.expect("a sign-on");
        if let Some(Frame::Message { payload, .. }) = framing.decode(&mut received).expect("a frame") {
            break payload;
        }
    };
    let message = decode(&dialect, &sign_on, Mode::Strict).expect("a message");
    let mut answer = message.to_draft();
    answer.set_mti(message.mti().response_of().expect("a request")).set(39, "00");
    let (mut bytes, mut frame) = (Vec::new(), BytesMut::new());
    answer.encode(&dialect, &mut bytes).expect("valid");
    framing.encode(&bytes, None, &mut frame).expect("small");
    host.write_all(&frame).await.expect("sent");
    until("the link is up", || card.is_up()).await;

    // Payments until the link says it is full: the socket's buffers and ours are.
    let mut waiting = Vec::new();
    for n in 0.. {
        let sender = Arc::clone(&card);
        let mut payment = Box::pin(async move { sender.payments().send(&pay(n, "4111111111111111")).await });
        match futures_util::poll!(&mut payment) {
            std::task::Poll::Pending => waiting.push(payment),
            std::task::Poll::Ready(refused) => {
                assert_eq!(refused, Err(SendError::NotSent(Cause::LinkFull)));
                break;
            }
        }
        tokio::task::yield_now().await;
    }

    // The host says goodbye, then counts what it had received.
    host.shutdown().await.expect("half closed");
    let (mut not_sent, mut unknown) = (0, 0);
    for payment in waiting {
        match payment.await {
            Err(SendError::NotSent(Cause::LinkDown)) => not_sent += 1,
            Err(SendError::Unknown(Cause::LinkLost)) => {
                unknown += 1;
                assert_eq!(not_sent, 0, "what was queued later cannot have left earlier");
            }
            other => panic!("{other:?}"),
        }
    }
    let mut rest = received;
    while host.read_buf(&mut rest).await.unwrap_or(0) > 0 {}
    let mut arrived = 0;
    while let Ok(Some(Frame::Message { .. })) = framing.decode(&mut rest) {
        arrived += 1;
    }
    let begun = arrived + usize::from(!rest.is_empty());
    assert!(not_sent > 1000, "{not_sent} not sent, {unknown} unknown");
    assert!(begun <= unknown, "{begun} began to arrive, only {unknown} are unknown");
}
