//! The pages of the forgotten password.

use askama::Template;
use look::{Form, Frame, Page};

/// Whose it is.
#[derive(Template)]
#[template(path = "recover.html")]
pub struct Recover {
    /// Around it.
    pub frame: Frame,
    /// `numeric`, or `text` where documents with letters sign in.
    pub mode: &'static str,
}

impl Page for Recover {
    const NAME: &'static str = "recover";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let page = |form: Form| Self { frame: frame.clone().titled("recover").filled(form), mode: "numeric" };
        let mut refused = Form::new().with("identity", "40000000");
        refused.refuse("identity", frame.say("sign-in-identity-invalid"));
        vec![("fresh", page(Form::new())), ("refused", page(refused))]
    }
}

/// Two codes.
#[derive(Template)]
#[template(path = "recover_proof.html")]
pub struct Proof {
    /// Around it.
    pub frame: Frame,
}

impl Page for Proof {
    const NAME: &'static str = "recover-proof";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let page = |form: Form| Self { frame: frame.clone().titled("recover-proof").filled(form) };
        let mut refused = Form::new();
        refused.refuse("sms", frame.say("recover-proof-wrong"));
        vec![("fresh", page(Form::new())), ("refused", page(refused))]
    }
}

/// The new password, twice.
#[derive(Template)]
#[template(path = "recover_password.html")]
pub struct NewPassword {
    /// Around it.
    pub frame: Frame,
    /// So many characters at least.
    pub count: usize,
}

impl Page for NewPassword {
    const NAME: &'static str = "recover-password";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let page =
            |form: Form| Self { frame: frame.clone().titled("recover-password").filled(form), count: 15 };
        let mut short = Form::new();
        short.refuse("password", frame.fill("password-too-short", &[("count", 15)]));
        let mut different = Form::new();
        different.refuse("again", frame.say("password-different"));
        vec![("fresh", page(Form::new())), ("short", page(short)), ("different", page(different))]
    }
}

/// It is changed.
#[derive(Template)]
#[template(path = "recover_done.html")]
pub struct Recovered {
    /// Around it.
    pub frame: Frame,
}

impl Page for Recovered {
    const NAME: &'static str = "recover-done";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        vec![("done", Self { frame: frame.titled("recover-done") })]
    }
}
