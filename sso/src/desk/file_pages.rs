//! The pages of one application at the desk: the comparison, the slip with the code, the end.

use askama::Template;
use look::{Form, Frame, Page};

use crate::person::Person;
use crate::registration::pages::{OfficeLine, sample_person};
use crate::registration::{day, shown_reference};
use crate::registry::{Match, Part, Record, is_same_name};
use crate::store::proposal::Findings;

/// One line of the comparison.
#[derive(Clone)]
pub(crate) struct Compared {
    pub(crate) label: &'static str,
    pub(crate) typed: String,
    pub(crate) known: String,
    /// A tag and its key.
    pub(crate) state: (&'static str, &'static str),
}

/// What was typed beside what the registry has.
pub(crate) fn compared(person: &Person, record: Option<&Record>, matched: Option<&Match>) -> Vec<Compared> {
    let (typed, name) = (&person.name, record.map(|record| &record.name));
    let line = |label, typed: &str, known: Option<&str>, is_same: bool| {
        let state = match known {
            Some(_) if is_same => ("done", "desk-same"),
            Some(_) => ("refused", "desk-different"),
            None if matched.is_none() => ("waiting", "desk-match-due"),
            None => ("off", "desk-absent"),
        };
        Compared { label, typed: typed.to_owned(), known: known.unwrap_or("").to_owned(), state }
    };
    let part = |label, typed: &str, known: Option<&str>| {
        line(label, typed, known, known.is_some_and(|known| is_same_name(typed, known)))
    };
    let number = record.map(|record| record.number.as_str());
    let born = record.map(|record| day(record.born));
    vec![
        line("registration-number", &person.identity_number, number, number == Some(&person.identity_number)),
        part("registration-given", &typed.given, name.map(|name| name.given.as_str())),
        part("registration-father", &typed.father, name.map(|name| name.father.as_str())),
        part("registration-grandfather", &typed.grandfather, name.map(|name| name.grandfather.as_str())),
        part("registration-family", &typed.family, name.map(|name| name.family.as_str())),
        line(
            "registration-born",
            &day(person.born),
            born.as_deref(),
            record.is_some_and(|record| record.born == person.born),
        ),
    ]
}

/// The tag and the sentence for what the registry said.
pub(crate) fn verdict(matched: Option<&Match>) -> (&'static str, &'static str) {
    match matched {
        None => ("waiting", "desk-match-due"),
        Some(Match::Matched) => ("done", "desk-match-matched"),
        Some(Match::Mismatch(_)) => ("refused", "desk-match-mismatch"),
        Some(Match::Unknown) => ("refused", "desk-match-unknown"),
        Some(Match::Deceased) => ("refused", "desk-match-deceased"),
    }
}

/// What this clerk can do now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Approve or refuse: the registry agrees.
    Approve,
    /// Propose an override or refuse: it does not, or has not answered.
    Propose,
    /// Confirm or decline what another person proposed, under the digest of all that is shown.
    Confirm(Findings, String),
    /// Wait for another person.
    Wait,
    /// Print another code: the first one was lost before it was used.
    NewCode,
    /// Look: a supervisor's part comes when a clerk proposes.
    Look,
    /// Nothing: it was decided.
    Approved,
    /// Nothing: it was decided.
    Refused,
    /// Nothing: its time is over.
    Expired,
}

/// One application, beside the registry.
#[derive(Template)]
#[template(path = "desk-file.html")]
pub struct FilePage {
    pub(crate) frame: Frame,
    pub(crate) office: OfficeLine,
    pub(crate) reference: String,
    pub(crate) lines: Vec<Compared>,
    pub(crate) mobile: String,
    pub(crate) email: String,
    pub(crate) verdict: (&'static str, &'static str),
    pub(crate) has_account: bool,
    pub(crate) next: Next,
    pub(crate) overrides: &'static [&'static str],
    pub(crate) refusals: &'static [&'static str],
}

impl FilePage {
    fn shown(&self) -> String {
        shown_reference(&self.reference)
    }

    fn path(&self, act: &str) -> String {
        format!("/desk/application/{}/{act}", self.reference)
    }

    fn override_key(&self, reason: &str) -> String {
        format!("desk-reason-{reason}")
    }

    fn refuse_key(&self, reason: &str) -> String {
        format!("desk-refuse-{reason}")
    }

    fn advice(&self) -> String {
        format!("{}-advice", self.verdict.1)
    }

    fn valid(&self, findings: &Findings) -> String {
        self.frame.show(day(findings.valid_until))
    }

    fn of(frame: &Frame, matched: Option<Match>, next: Next) -> Self {
        let person = sample_person();
        let mut record = Record {
            number: person.identity_number.clone(),
            name: person.name.clone(),
            born: person.born,
            is_deceased: false,
        };
        if let Some(Match::Mismatch(_)) = matched {
            record.name.father = "يونس".into();
            record.born = jiff::civil::date(1990, 7, 15);
        }
        let record = matched.as_ref().filter(|m| **m != Match::Unknown).map(|_| record);
        Self {
            frame: frame.clone(),
            office: OfficeLine::sample(frame),
            reference: "7F3K290X1T".into(),
            lines: compared(&person, record.as_ref(), matched.as_ref()),
            mobile: person.mobile,
            email: person.email.unwrap_or_default(),
            verdict: verdict(matched.as_ref()),
            has_account: false,
            next,
            overrides: super::findings::OVERRIDE,
            refusals: super::findings::REFUSE,
        }
    }
}

impl Page for FilePage {
    const NAME: &'static str = "desk-file";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let frame = frame.titled("desk-file-title");
        let findings = Findings {
            document: "A1234567".into(),
            valid_until: jiff::civil::date(2030, 1, 31),
            reason: "spelling".into(),
            note: "حرف واحد".into(),
        };
        let mut form = Form::new().with("document", "1");
        for (field, key) in
            [("document", "desk-document-wrong"), ("valid", "desk-valid-over"), ("face", "desk-face-missing")]
        {
            form.refuse(field, frame.say(key));
        }
        let differs = || Some(Match::Mismatch(vec![Part::Father, Part::Born]));
        let page = |matched, next| Self::of(&frame, matched, next);
        let refused = Self::of(&frame.clone().filled(form), Some(Match::Matched), Next::Approve);
        let again = Self { has_account: true, ..page(Some(Match::Matched), Next::Approve) };
        vec![
            ("matched", page(Some(Match::Matched), Next::Approve)),
            ("has-account", again),
            ("refused", refused),
            ("mismatch", page(differs(), Next::Propose)),
            ("due", page(None, Next::Propose)),
            ("unknown", page(Some(Match::Unknown), Next::Propose)),
            ("deceased", page(Some(Match::Deceased), Next::Propose)),
            ("confirm", page(differs(), Next::Confirm(findings, "sample-digest".into()))),
            ("waits", page(differs(), Next::Wait)),
            ("look", page(differs(), Next::Look)),
            ("new-code", page(Some(Match::Matched), Next::NewCode)),
            ("approved", page(Some(Match::Matched), Next::Approved)),
            ("turned-away", page(differs(), Next::Refused)),
            ("expired", page(Some(Match::Matched), Next::Expired)),
        ]
    }
}

/// The slip with the code: the only time it is shown.
#[derive(Template)]
#[template(path = "desk-hand-over.html")]
pub struct HandOverPage {
    pub(crate) frame: Frame,
    pub(crate) office: OfficeLine,
    pub(crate) reference: String,
    /// As it is typed: five characters, a hyphen, five characters.
    pub(crate) code: String,
    /// Where it is typed.
    pub(crate) address: String,
    /// Until when.
    pub(crate) until: String,
}

impl Page for HandOverPage {
    const NAME: &'static str = "desk-hand-over";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let frame = frame.titled("desk-hand-over-title");
        let page = Self {
            office: OfficeLine::sample(&frame),
            frame,
            reference: "7F3K2-90X1T".into(),
            code: "K4M7R-2W9XD".into(),
            address: "https://id.example.ps/activate".into(),
            until: "23/11/2026 12:00".into(),
        };
        vec![("code", page)]
    }
}

/// What ended without a code, or cannot be done.
#[derive(Template)]
#[template(path = "desk-end.html")]
pub struct RefusedPage {
    pub(crate) frame: Frame,
    /// The key of the sentence.
    pub(crate) advice: &'static str,
    /// A kind of panel.
    pub(crate) kind: &'static str,
    /// The code of the office to go on at.
    pub(crate) office: String,
}

impl Page for RefusedPage {
    const NAME: &'static str = "desk-end";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        super::decide::ENDS
            .into_iter()
            .map(|(case, title, kind, advice)| {
                let page =
                    Self { frame: frame.clone().titled(title), advice, kind, office: "post-example".into() };
                (case, page)
            })
            .collect()
    }
}
