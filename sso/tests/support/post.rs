//! What people receive: the messages of the queue, as a courier is handed them.

use std::sync::Mutex;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sso::post::{Courier, NotSent, Outgoing, Reach};

use super::bed::Bed;

/// A courier that keeps everything.
#[derive(Default)]
struct Kept(Mutex<Vec<(String, String)>>);

impl Courier for Kept {
    fn send<'a>(&'a self, letter: &'a Outgoing) -> BoxFuture<'a, Result<(), NotSent>> {
        let to = match &letter.to {
            Reach::Mobile(to) | Reach::Email(to) => to.clone(),
        };
        self.0.lock().expect("one story").push((to, letter.text.clone()));
        async { Ok(()) }.boxed()
    }
}

impl Bed {
    /// Delivers what is due; number or address, and text.
    pub(crate) async fn delivered(&self) -> Vec<(String, String)> {
        let courier = Kept::default();
        self.sso.deliver_due(&courier).await.expect("a round");
        courier.0.into_inner().expect("one story")
    }

    /// The last code of six digits that came to a telephone.
    pub(crate) async fn sms_code(&self, mobile: &str) -> String {
        let texts = self.delivered().await.into_iter().filter(|(to, _)| to == mobile);
        let mut codes = texts.filter_map(|(_, text)| {
            let mut runs = text.split(|c: char| !c.is_ascii_digit());
            runs.find(|run| run.len() == 6).map(str::to_owned)
        });
        codes.next_back().expect("no code came")
    }
}
