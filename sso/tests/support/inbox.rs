//! The messages people got, as a courier that keeps them.

use std::sync::{Mutex, PoisonError};

use futures_util::future::BoxFuture;
use sso::post::{Courier, NotSent, Outgoing, Reach};

use super::bed::Bed;

/// A courier that keeps what it is given, or says why not.
#[derive(Default)]
pub(crate) struct Inbox {
    kept: Mutex<Vec<Outgoing>>,
    /// What it says; nothing is kept then.
    pub(crate) refuses: Mutex<Option<NotSent>>,
}

impl Courier for Inbox {
    fn send<'a>(&'a self, letter: &'a Outgoing) -> BoxFuture<'a, Result<(), NotSent>> {
        Box::pin(async move {
            if let Some(why) = *self.refuses.lock().unwrap_or_else(PoisonError::into_inner) {
                return Err(why);
            }
            self.kept.lock().unwrap_or_else(PoisonError::into_inner).push(letter.clone());
            Ok(())
        })
    }
}

impl Inbox {
    /// The texts that went to a number or address, the oldest first.
    pub(crate) fn texts(&self, to: &str) -> Vec<String> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let is_to = |letter: &&Outgoing| match &letter.to {
            Reach::Mobile(address) | Reach::Email(address) => address == to,
        };
        kept.iter().filter(is_to).map(|letter| letter.text.clone()).collect()
    }

    /// Whatever was sent, delivered now; the six digits of the last code to a number.
    pub(crate) async fn code(&self, bed: &Bed, to: &str) -> String {
        bed.sso.deliver_due(self).await.expect("delivered");
        let texts = self.texts(to);
        let mut codes = texts.iter().filter_map(|text| {
            let digits = text.split(|c: char| !c.is_ascii_digit()).find(|part| part.len() == 6);
            digits.map(str::to_owned)
        });
        codes.next_back().unwrap_or_else(|| panic!("no code among {texts:?}"))
    }
}
