//! The pages of a desk that show nobody's data: offices, the queue, the look-up.

use askama::Template;
use look::{Form, Frame, Page};

use crate::registration::pages::OfficeLine;

/// Which desk?
#[derive(Template)]
#[template(path = "desk-offices.html")]
pub struct OfficesPage {
    pub(crate) frame: Frame,
    pub(crate) offices: Vec<OfficeLine>,
}

impl Page for OfficesPage {
    const NAME: &'static str = "desk-offices";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let frame = frame.titled("desk-title");
        let one = OfficeLine::sample(&frame);
        let two = OfficeLine { code: "interior-example".into(), kind: "office-interior", ..one.clone() };
        vec![
            ("two", Self { frame: frame.clone(), offices: vec![one, two] }),
            ("none", Self { frame, offices: Vec::new() }),
        ]
    }
}

/// One who waits: nothing about the person.
#[derive(Clone)]
pub(crate) struct QueueLine {
    /// As it is stored.
    pub(crate) reference: String,
    /// As it is read aloud.
    pub(crate) shown: String,
    pub(crate) since: String,
    pub(crate) until: String,
    /// A tag and its key.
    pub(crate) state: (&'static str, &'static str),
}

/// The queue of an office.
#[derive(Template)]
#[template(path = "desk.html")]
pub struct DeskPage {
    pub(crate) frame: Frame,
    pub(crate) office: OfficeLine,
    pub(crate) lines: Vec<QueueLine>,
}

impl Page for DeskPage {
    const NAME: &'static str = "desk";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let frame = frame.titled("desk-title");
        let line = |reference: &str, state| QueueLine {
            reference: reference.to_owned(),
            shown: crate::registration::shown_reference(reference),
            since: "22/11/2026".into(),
            until: "8/12/2026".into(),
            state,
        };
        let lines = vec![
            line("7F3K290X1T", ("done", "desk-match-matched")),
            line("5T8W6R1X2M", ("waiting", "desk-match-due")),
            line("9B4D0C6V3N", ("refused", "desk-match-mismatch")),
            line("2M9Q7F3K8P", ("new", "desk-queue-proposed")),
        ];
        let office = OfficeLine::sample(&frame);
        vec![
            ("busy", Self { frame: frame.clone(), office: office.clone(), lines }),
            ("empty", Self { frame, office, lines: Vec::new() }),
        ]
    }
}

/// Whom are you looking for, and why?
#[derive(Template)]
#[template(path = "desk-find.html")]
pub struct FindPage {
    pub(crate) frame: Frame,
    pub(crate) office: OfficeLine,
    pub(crate) reasons: &'static [&'static str],
}

impl FindPage {
    fn reason_key(&self, reason: &&str) -> String {
        format!("desk-why-{reason}")
    }
}

impl Page for FindPage {
    const NAME: &'static str = "desk-find";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let frame = frame.titled("desk-find-title");
        let mut form = Form::new().with("what", "7F3K2-90X1T");
        form.refuse("what", frame.say("desk-find-nobody"));
        form.refuse("why", frame.say("desk-why-missing"));
        let page = |frame: Frame| {
            let office = OfficeLine::sample(&frame);
            Self { frame, office, reasons: super::queue::WHY }
        };
        vec![("fresh", page(frame.clone())), ("refused", page(frame.filled(form)))]
    }
}
