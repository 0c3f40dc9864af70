//! The pages of registration.

use askama::Template;
use look::{Form, Frame, Page};

use crate::person::{Name, Person};
use crate::store::office::{Both, Office, OfficeKind};

/// An office, in the visitor's language.
#[derive(Clone)]
pub struct OfficeLine {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The key of whose it is.
    pub kind: &'static str,
    /// Where it is.
    pub address: String,
    /// When it is open.
    pub hours: String,
}

impl OfficeLine {
    pub(crate) fn of(office: &Office, frame: &Frame) -> Self {
        let said = |both: &Both| both.of(frame.words.language).to_owned();
        let kind = match office.kind {
            OfficeKind::Interior => "office-interior",
            OfficeKind::Post => "office-post",
        };
        let (name, address, hours) = (said(&office.name), said(&office.address), said(&office.hours));
        Self { code: office.code.clone(), name, kind, address, hours }
    }

    /// Name and place, for lists.
    fn line(&self) -> String {
        format!("{} – {}", self.name, self.address)
    }

    pub(crate) fn sample(frame: &Frame) -> Self {
        let both = |ar: &str, en: &str| Both { ar: ar.into(), en: en.into() };
        let office = Office {
            code: "post-example".into(),
            kind: OfficeKind::Post,
            name: both("مكتب بريد المثال", "Example Post Office"),
            address: both("شارع المثال، رام الله", "Example Street, Ramallah"),
            hours: both("من الأحد إلى الخميس، 8:00 إلى 15:00", "Sunday to Thursday, 8:00 to 15:00"),
            is_open: true,
            version: 1,
        };
        Self::of(&office, frame)
    }
}

/// Who somebody is.
#[derive(Template)]
#[template(path = "register-about.html")]
pub struct AboutPage {
    pub(crate) frame: Frame,
    pub(crate) passports: bool,
}

impl Page for AboutPage {
    const NAME: &'static str = "register-about";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let frame = frame.titled("registration-title");
        let mut form =
            Form::new().with("kind", "national_id").with("number", "400000007").with("given", "Salma");
        for (field, key) in [
            ("number", "registration-number-wrong"),
            ("given", "registration-given-letters"),
            ("father", "registration-father-missing"),
            ("born", "registration-born-wrong"),
        ] {
            form.refuse(field, frame.say(key));
        }
        vec![
            ("fresh", Self { frame: frame.clone(), passports: true }),
            ("one-document", Self { frame: frame.clone(), passports: false }),
            ("refused", Self { frame: frame.filled(form), passports: true }),
        ]
    }
}

/// How somebody is reached, and where they will come.
#[derive(Template)]
#[template(path = "register-contact.html")]
pub struct ContactPage {
    pub(crate) frame: Frame,
    pub(crate) offices: Vec<OfficeLine>,
}

impl Page for ContactPage {
    const NAME: &'static str = "register-contact";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let frame = frame.titled("registration-contact-title");
        let offices = vec![OfficeLine::sample(&frame)];
        let mut form = Form::new().with("mobile", "02 299 9999").with("email", "salma@example");
        for (field, key) in [
            ("mobile", "registration-mobile-operator"),
            ("email", "registration-email-wrong"),
            ("office", "registration-office-missing"),
            ("terms", "registration-terms-missing"),
        ] {
            form.refuse(field, frame.say(key));
        }
        vec![
            ("fresh", Self { frame: frame.clone(), offices: offices.clone() }),
            ("no-office", Self { frame: frame.clone(), offices: Vec::new() }),
            ("refused", Self { frame: frame.filled(form), offices }),
        ]
    }
}

/// Everything once more before it is sent.
#[derive(Template)]
#[template(path = "register-check.html")]
pub struct CheckPage {
    pub(crate) frame: Frame,
    pub(crate) person: Person,
    pub(crate) office: OfficeLine,
}

impl CheckPage {
    fn born(&self) -> String {
        self.frame.show(super::slip::day(self.person.born))
    }
}

/// An invented person of samples.
pub(crate) fn sample_person() -> Person {
    let part = str::to_owned;
    Person {
        identity_kind: part("national_id"),
        identity_number: part("400000006"),
        name: Name {
            given: part("سلمى"),
            father: part("يوسف"),
            grandfather: part("كمال"),
            family: part("النجار"),
        },
        name_latin: None,
        born: jiff::civil::date(1990, 5, 17),
        mobile: part("+970590000001"),
        email: Some(part("salma@example.ps")),
    }
}

impl Page for CheckPage {
    const NAME: &'static str = "register-check";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let frame = frame.titled("registration-check-title");
        let office = OfficeLine::sample(&frame);
        let mut person = sample_person();
        let full = Self { frame: frame.clone(), person: person.clone(), office: office.clone() };
        person.email = None;
        person.identity_kind = "passport".into();
        person.identity_number = "N1234567".into();
        vec![("national", full), ("passport", Self { frame, person, office })]
    }
}

/// What is on a slip.
#[derive(Clone)]
pub struct Slip {
    /// As it is read aloud.
    pub reference: String,
    /// The same as a drawing.
    pub qr: String,
    /// Where.
    pub office: OfficeLine,
    /// Until when: the last day.
    pub until: String,
    /// What to bring is a passport.
    pub has_passport: bool,
}

impl Slip {
    fn sample(frame: &Frame) -> Self {
        let reference = "7F3K290X1T";
        Self {
            reference: super::shown_reference(reference),
            qr: super::slip::drawn(reference).unwrap_or_default(),
            office: OfficeLine::sample(frame),
            until: "8/12/2026".into(),
            has_passport: false,
        }
    }
}

/// The slip, right after sending.
#[derive(Template)]
#[template(path = "register-slip.html")]
pub struct SlipPage {
    pub(crate) frame: Frame,
    pub(crate) slip: Slip,
}

impl Page for SlipPage {
    const NAME: &'static str = "register-slip";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let frame = frame.titled("registration-slip-title");
        let slip = Slip::sample(&frame);
        let passport = Slip { has_passport: true, ..slip.clone() };
        vec![("national", Self { frame: frame.clone(), slip }), ("passport", Self { frame, slip: passport })]
    }
}

/// Asks for the reference.
#[derive(Template)]
#[template(path = "register-status-ask.html")]
pub struct StatusAskPage {
    pub(crate) frame: Frame,
}

impl Page for StatusAskPage {
    const NAME: &'static str = "register-status-ask";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let frame = frame.titled("registration-status-title");
        let mut form = Form::new().with("reference", "7F3K2-90X1T");
        form.refuse("reference", frame.say("registration-status-unknown"));
        vec![("fresh", Self { frame: frame.clone() }), ("unknown", Self { frame: frame.filled(form) })]
    }
}

/// How it stands.
#[derive(Clone)]
pub enum Told {
    /// Come to the desk.
    Waiting(Box<Slip>),
    /// Begin again.
    Expired,
    /// Use the code.
    Approved,
    /// Somebody said why.
    Refused,
}

/// How an application stands.
#[derive(Template)]
#[template(path = "register-status.html")]
pub struct StatusPage {
    pub(crate) frame: Frame,
    pub(crate) told: Told,
}

impl Page for StatusPage {
    const NAME: &'static str = "register-status";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let frame = frame.titled("registration-status-title");
        let waiting = Told::Waiting(Box::new(Slip::sample(&frame)));
        let page = |told| Self { frame: frame.clone(), told };
        vec![
            ("waiting", page(waiting)),
            ("expired", page(Told::Expired)),
            ("approved", page(Told::Approved)),
            ("refused", page(Told::Refused)),
        ]
    }
}
