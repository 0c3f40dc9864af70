//! The pages of the sign-in.

use askama::Template;
use look::{Form, Frame, Page};
use switch_core::clock::Timestamp;

use super::onward::Onward;
use crate::level::Loa;

/// Number and password, or a passkey.
#[derive(Template)]
#[template(path = "sign_in.html")]
pub struct SignIn {
    /// Around it.
    pub frame: Frame,
    /// Where it leads.
    pub onward: Onward,
    /// Somebody is signed in and proves it once more: the number is known.
    pub is_again: bool,
    /// `numeric`, or `text` where documents with letters sign in.
    pub mode: &'static str,
    /// Too many tries: what the owner can do now.
    pub is_waiting: bool,
}

impl Page for SignIn {
    const NAME: &'static str = "sign-in";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let page = |key: &str, form: Form, is_again, is_waiting| Self {
            frame: frame.clone().titled(key).filled(form),
            onward: sample_onward(),
            is_again,
            mode: "numeric",
            is_waiting,
        };
        let mut wrong = Form::new().with("identity", "400000006");
        wrong.refuse("password", frame.say("sign-in-wrong"));
        let mut invalid = Form::new().with("identity", "40000000");
        invalid.refuse("identity", frame.say("sign-in-identity-invalid"));
        vec![
            ("fresh", page("sign-in", Form::new(), false, false)),
            ("refused", page("sign-in", wrong, false, false)),
            ("invalid", page("sign-in", invalid, false, false)),
            ("waiting", page("sign-in", Form::new().with("identity", "400000006"), false, true)),
            ("again", page("sign-in-again", Form::new(), true, false)),
        ]
    }
}

/// The second step: a code, a passkey, or the password for who proved a code first.
#[derive(Template)]
#[template(path = "sign_in_factor.html")]
pub struct Factor {
    /// Around it.
    pub frame: Frame,
    /// Where it leads.
    pub onward: Onward,
    /// What can be proven here.
    pub ways: Ways,
    /// Too many tries.
    pub is_waiting: bool,
}

/// What can be proven.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ways {
    /// The password.
    pub password: bool,
    /// A code of an app, or a recovery code.
    pub code: bool,
    /// A passkey.
    pub passkey: bool,
    /// A code by SMS.
    pub sms: bool,
    /// One was sent.
    pub is_sent: bool,
}

impl Page for Factor {
    const NAME: &'static str = "sign-in-factor";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let page = |ways: Ways, form: Form, is_waiting| Self {
            frame: frame.clone().titled(ways.title()).filled(form),
            onward: sample_onward(),
            ways,
            is_waiting,
        };
        let app = Ways { code: true, passkey: true, ..Ways::default() };
        let sms = Ways { sms: true, ..Ways::default() };
        let mut refused = Form::new();
        refused.refuse("code", frame.say("sign-in-code-wrong"));
        vec![
            ("app", page(app, Form::new(), false)),
            ("refused", page(app, refused, false)),
            ("sms", page(sms, Form::new(), false)),
            ("sms-sent", page(Ways { is_sent: true, ..sms }, Form::new(), false)),
            ("passkey", page(Ways { passkey: true, ..Ways::default() }, Form::new(), false)),
            ("password", page(Ways { password: true, ..Ways::default() }, Form::new(), false)),
            ("waiting", page(app, Form::new(), true)),
        ]
    }
}

impl Ways {
    /// The key of the title.
    #[must_use]
    pub fn title(self) -> &'static str {
        match (self.password, self.code || self.sms) {
            (true, _) => "sign-in-then-password",
            (false, true) => "sign-in-factor",
            (false, false) => "sign-in-with-passkey",
        }
    }
}

/// A code first: for who is held up because somebody else is guessing.
#[derive(Template)]
#[template(path = "sign_in_code_first.html")]
pub struct CodeFirst {
    /// Around it.
    pub frame: Frame,
    /// Where it leads.
    pub onward: Onward,
    /// `numeric` or `text`.
    pub mode: &'static str,
}

impl Page for CodeFirst {
    const NAME: &'static str = "sign-in-code-first";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let page = |form: Form| Self {
            frame: frame.clone().titled("sign-in-code-first").filled(form),
            onward: sample_onward(),
            mode: "numeric",
        };
        let mut refused = Form::new().with("identity", "400000006");
        refused.refuse("code", frame.say("sign-in-code-first-wrong"));
        vec![("fresh", page(Form::new())), ("refused", page(refused))]
    }
}

/// Where the way ends for now, and what to do about it.
#[derive(Template)]
#[template(path = "sign_in_stop.html")]
pub struct Stop {
    /// Around it.
    pub frame: Frame,
    /// The key of what to do.
    pub advice: String,
    /// The key of the link.
    pub onward: String,
    /// Where it leads.
    pub href: String,
}

impl Stop {
    /// The page for a reason.
    #[must_use]
    pub fn new(frame: Frame, why: Why, href: &str) -> Self {
        let key = why.key();
        let (advice, onward) = (format!("{key}-advice"), format!("{key}-onward"));
        Self { frame, advice, onward, href: href.to_owned() }
    }
}

/// Why the way ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Registered, not activated.
    NotActivated,
    /// Locked by an administrator.
    Locked,
    /// Closed for good.
    Closed,
    /// The service needs a second factor, and there is none.
    NoSecond,
    /// The service needs a passkey, and there is none.
    NoPasskey,
    /// The service needs somebody who was seen at a desk.
    NotSeen,
}

impl Why {
    const ALL: [Self; 6] =
        [Self::NotActivated, Self::Locked, Self::Closed, Self::NoSecond, Self::NoPasskey, Self::NotSeen];

    /// The key of the title; `-advice` and `-onward` follow it.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::NotActivated => "stop-not-activated",
            Self::Locked => "stop-locked",
            Self::Closed => "stop-closed",
            Self::NoSecond => "stop-no-second",
            Self::NoPasskey => "stop-no-passkey",
            Self::NotSeen => "stop-not-seen",
        }
    }
}

impl Page for Stop {
    const NAME: &'static str = "sign-in-stop";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let page = |why: Why| Self::new(frame.clone().titled(why.key()), why, "/");
        Why::ALL.into_iter().map(|why| (why.key(), page(why))).collect()
    }
}

/// Signed in, and on at once: a page and not a redirect, because browsers hold the redirects after a form to
/// the form's own policy, and the way may lead out of the house.
#[derive(Template)]
#[template(path = "sign_in_done.html")]
pub struct Done {
    /// Around it.
    pub frame: Frame,
    /// Where to.
    pub next: String,
}

impl Page for Done {
    const NAME: &'static str = "sign-in-done";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let next = "/oidc/authorize?client_id=a&request_uri=b".to_owned();
        vec![("done", Self { frame: frame.titled("sign-in-done"), next })]
    }
}

pub(crate) fn sample_onward() -> Onward {
    Onward { next: "/account".into(), level: Loa::SecondFactor, since: Timestamp(0) }
}
