//! The page of a request that led nowhere: what happened, and where to go from here. No dead ends.

use askama::Template;
use axum::body::Body;
use axum::http::{Response, StatusCode};

use crate::{Frame, Page, answer};

/// Why there is no other page to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No page has this address.
    NotFound,
    /// The request cannot be understood; whoever sent the visitor here made the mistake.
    Malformed,
    /// This visitor may not see or do this.
    NotAllowed,
    /// The form or the visit is too old to go on with.
    Expired,
    /// Too many tries: wait.
    TooMany,
    /// Something broke here.
    Failed,
    /// Something we need does not answer.
    Unavailable,
}

impl Fault {
    /// Each of them.
    pub const ALL: [Self; 7] = [
        Self::NotFound,
        Self::Malformed,
        Self::NotAllowed,
        Self::Expired,
        Self::TooMany,
        Self::Failed,
        Self::Unavailable,
    ];

    /// What browsers and logs are told.
    pub fn status(self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Malformed | Self::Expired => StatusCode::BAD_REQUEST,
            Self::NotAllowed => StatusCode::FORBIDDEN,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Failed => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The keys of its words: `fault-<key>` is the title and `fault-<key>-text` the next step.
    fn key(self) -> &'static str {
        match self {
            Self::NotFound => "not-found",
            Self::Malformed => "malformed",
            Self::NotAllowed => "not-allowed",
            Self::Expired => "expired",
            Self::TooMany => "too-many",
            Self::Failed => "failed",
            Self::Unavailable => "unavailable",
        }
    }

    /// The page as an answer. `reference` is what the help desk finds the request by; `again` is where the
    /// visitor can begin once more.
    pub fn answer(self, frame: Frame, reference: Option<&str>, again: Option<&str>) -> Response<Body> {
        let page = FaultPage::new(self, frame, reference, again);
        answer(self.status(), &page, &page.frame)
    }
}

/// The page of a [`Fault`].
#[derive(Template)]
#[template(path = "fault.html")]
pub struct FaultPage {
    frame: Frame,
    text: String,
    reference: Option<String>,
    again: Option<String>,
}

impl FaultPage {
    fn new(fault: Fault, frame: Frame, reference: Option<&str>, again: Option<&str>) -> Self {
        Self {
            text: frame.say(&format!("fault-{}-text", fault.key())),
            frame: frame.titled(&format!("fault-{}", fault.key())),
            reference: reference.map(str::to_owned),
            again: again.map(str::to_owned),
        }
    }
}

impl Page for FaultPage {
    const NAME: &'static str = "fault";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let sample = |fault: Fault| {
            let again = (fault != Fault::NotFound).then_some("/sign-in");
            let reference = (fault == Fault::Failed).then_some("HK-7F3K-2M9Q");
            (fault.key(), Self::new(fault, frame.clone(), reference, again))
        };
        Fault::ALL.map(sample).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Language;
    use crate::words::OWN;

    #[test]
    fn every_fault_has_a_page() {
        crate::golden::check_pages::<FaultPage>(env!("CARGO_MANIFEST_DIR"), &OWN);
    }

    #[test]
    fn a_fault_is_answered_with_its_status_and_the_headers_of_a_page() {
        for (fault, status) in Fault::ALL.into_iter().zip([404, 400, 403, 400, 429, 500, 503]) {
            let answer = fault.answer(Frame::sample(Language::Arabic, &OWN), None, None);
            assert_eq!(answer.status().as_u16(), status, "{fault:?}");
            assert_eq!(answer.headers()["cache-control"], "no-store");
        }
    }
}
