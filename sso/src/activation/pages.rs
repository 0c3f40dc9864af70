//! The pages of activation.

use askama::Template;
use look::{Form, Frame, Page};

/// The code from the desk.
#[derive(Template)]
#[template(path = "activate.html")]
pub struct CodePage {
    pub(crate) frame: Frame,
}

impl Page for CodePage {
    const NAME: &'static str = "activate";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let frame = frame.titled("activation-title");
        let mut form = Form::new().with("who", "400000006");
        form.refuse("code", frame.say("activation-wrong"));
        vec![("fresh", Self { frame: frame.clone() }), ("wrong", Self { frame: frame.filled(form) })]
    }
}

/// The code by SMS.
#[derive(Template)]
#[template(path = "activate-sms.html")]
pub struct SmsPage {
    pub(crate) frame: Frame,
    /// The last two digits of the number.
    pub(crate) end: String,
}

impl Page for SmsPage {
    const NAME: &'static str = "activate-sms";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let frame = frame.titled("activation-sms-title");
        let mut form = Form::new();
        form.refuse("code", frame.say("activation-sms-wrong"));
        let page = |frame| Self { frame, end: "56".into() };
        vec![("fresh", page(frame.clone())), ("wrong", page(frame.filled(form)))]
    }
}

/// The password.
#[derive(Template)]
#[template(path = "activate-password.html")]
pub struct PasswordPage {
    pub(crate) frame: Frame,
    /// What a password manager keeps it under.
    pub(crate) number: String,
}

impl Page for PasswordPage {
    const NAME: &'static str = "activate-password";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        let frame = frame.titled("activation-password-title");
        let mut form = Form::new();
        form.refuse("again", frame.say("activation-password-differs"));
        let page = |frame| Self { frame, number: "400000006".into() };
        vec![("fresh", page(frame.clone())), ("differs", page(frame.filled(form)))]
    }
}
