//! A page, and how it is answered.

use askama::Template;
use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;

use crate::{Frame, headers};

/// One page: a struct with its values, a template that draws it, samples that tests draw.
pub trait Page: Template + Sized {
    /// Names the files of the samples: `sign-in`.
    const NAME: &'static str;

    /// One of each case that looks different, with a short name: `fresh`, `refused`, `locked`. The people
    /// in samples are invented.
    fn samples(frame: Frame) -> Vec<(&'static str, Self)>;
}

/// Draws a page. What cannot be drawn is an empty 500, because half a page would lie; a template fails
/// only where a value refuses to be shown, and the samples show that none does.
pub fn answer<P: Template>(status: StatusCode, page: &P, frame: &Frame) -> Response<Body> {
    let Ok(text) = page.render() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut response = (status, text).into_response();
    let sent = response.headers_mut();
    sent.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    for (name, value) in headers(frame) {
        sent.insert(name, value);
    }
    response
}
