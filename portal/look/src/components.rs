//! A page with every part in use, for those who write pages: what there is, and how it looks in both
//! directions. It is served, so that it can be looked at in a browser; it reads nothing and changes nothing.

use askama::Template;
use axum::Router;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use axum::routing::get;

use crate::words::OWN;
use crate::{Digits, Form, Frame, Language, Page, Place, Words, answer};

/// Every part on one page.
#[derive(Template)]
#[template(path = "components.html")]
pub struct Components {
    frame: Frame,
    /// Invented rows: reference, amount, state.
    rows: Vec<(&'static str, &'static str, &'static str)>,
}

/// Serves `/components`.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/components", get(serve))
}

async fn serve(uri: Uri, headers: HeaderMap) -> Response {
    let words = Words::new(Language::of_request(&uri, &headers), Digits::Western, &OWN);
    let here = uri.path_and_query().map_or("/components", |path| path.as_str());
    let mut frame = Frame::new(words, "components-title", here);
    frame.csrf = Some("none: this page changes nothing".to_owned());
    let page = Components::new(frame);
    answer(StatusCode::OK, &page, &page.frame)
}

impl Components {
    /// Everything, once refused so that errors are seen too.
    fn new(frame: Frame) -> Self {
        let mut form = Form::new()
            .with("name", &frame.say("components-person"))
            .with("id_number", "400000007")
            .with("office", "2")
            .with("by", "message")
            .with("services", "licence");
        form.refuse("id_number", frame.say("components-id-wrong"));
        form.refuse("born", frame.say("components-born-wrong"));
        let service = Place { name: frame.say("components-service"), href: "/components".to_owned() };
        let person = frame.say("components-person");
        let mut frame = frame.visited(&person, 2).filled(form);
        frame.banner = Some(frame.say("components-banner"));
        frame.service = Some(service);
        let rows = vec![
            ("HK-7F3K-2M9Q", "125.50", "done"),
            ("HK-5T8W-6R1X", "1,234.50", "waiting"),
            ("HK-9B4D-0C6V", "40.00", "refused"),
        ];
        Self { frame, rows }
    }
}

impl Page for Components {
    const NAME: &'static str = "components";

    fn samples(frame: Frame) -> Vec<(&'static str, Self)> {
        vec![("all", Self::new(frame.titled("components-title")))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_drawn_in_both_directions() {
        crate::golden::check_pages::<Components>(env!("CARGO_MANIFEST_DIR"), &OWN);
    }

    #[test]
    fn the_page_speaks_the_language_it_is_asked_for() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for (uri, language) in [("/components", "ar-PS"), ("/components?lang=en", "en")] {
            let answer = runtime.block_on(serve(uri.parse().unwrap(), HeaderMap::new()));
            assert_eq!(answer.status(), StatusCode::OK);
            assert_eq!(answer.headers()["content-language"], language);
            assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
        }
    }
}
