//! The files pages are drawn with, embedded. An address holds the hash of its file, so that a file is
//! kept by browsers for ever and a new one has a new address.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

#[derive(RustEmbed)]
#[folder = "assets"]
struct Embedded;

struct Asset {
    /// `/assets/page-0123456789abcdef.css`.
    url: String,
    mime: String,
    bytes: Vec<u8>,
}

/// By name, as templates call them.
static ASSETS: LazyLock<BTreeMap<String, Asset>> = LazyLock::new(|| {
    let mut assets = BTreeMap::new();
    // Style sheets last: they hold the addresses of fonts.
    let (sheets, others): (Vec<_>, Vec<_>) = Embedded::iter().partition(|name| name.ends_with(".css"));
    for name in others.into_iter().chain(sheets) {
        let Some(file) = Embedded::get(&name) else { continue };
        let mut bytes = file.data.into_owned();
        if name.ends_with(".css") {
            bytes = addressed(&String::from_utf8_lossy(&bytes), &assets).into_bytes();
        }
        let mime = file.metadata.mimetype().to_owned();
        let url = format!("/assets/{}", hashed(&name, &bytes));
        assets.insert(name.into_owned(), Asset { url, mime, bytes });
    }
    assets
});

/// The address of an embedded file: `url("page.css")`. A name that is none has an address that is not
/// found, and a page with it fails its test.
pub fn url(name: &str) -> &'static str {
    ASSETS.get(name).map_or("/assets/missing", |asset| &asset.url)
}

/// Serves `/assets/...`, for a year and without asking again.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/assets/{file}", get(serve))
}

async fn serve(Path(file): Path<String>) -> Response {
    let asked = format!("/assets/{file}");
    let Some(asset) = ASSETS.values().find(|asset| asset.url == asked) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mime = if asset.mime.starts_with("text/") {
        format!("{}; charset=utf-8", asset.mime)
    } else {
        asset.mime.clone()
    };
    let sent = [
        (header::CONTENT_TYPE, mime.as_str()),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (sent, asset.bytes.as_slice()).into_response()
}

/// `fonts/x.woff2` is `x-<hash>.woff2`: the folder is ours and not the browser's.
fn hashed(name: &str, bytes: &[u8]) -> String {
    let hash: String = Sha256::digest(bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let file = name.rsplit('/').next().unwrap_or(name);
    let (stem, ending) = file.rsplit_once('.').unwrap_or((file, ""));
    format!("{stem}-{hash}.{ending}")
}

/// A style sheet with the addresses of the files it names.
fn addressed(sheet: &str, assets: &BTreeMap<String, Asset>) -> String {
    let mut sheet = sheet.to_owned();
    for (name, asset) in assets {
        sheet = sheet.replace(&format!("url({name})"), &format!("url({})", asset.url));
    }
    sheet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_served_for_ever_under_its_own_address() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for (name, kind) in [
            ("page.css", "text/css"),
            ("page.js", "text/javascript"),
            ("passkey.js", "text/javascript"),
            ("simplewebauthn-browser.umd.min.js", "text/javascript"),
            ("icon.svg", "image/svg+xml"),
            ("fonts/ibm-plex-sans-arabic-arabic-400-normal.woff2", "font/woff2"),
        ] {
            let file = url(name).strip_prefix("/assets/").unwrap().to_owned();
            let answer = runtime.block_on(serve(Path(file)));
            assert_eq!(answer.status(), StatusCode::OK, "{name}");
            let sent = |header| answer.headers()[header].to_str().unwrap().to_owned();
            assert!(sent("content-type").starts_with(kind), "{name}: {}", sent("content-type"));
            assert!(sent("cache-control").ends_with("immutable"));
        }
        for stranger in ["page.css", "missing", "page-0000000000000000.css"] {
            let answer = runtime.block_on(serve(Path(stranger.to_owned())));
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{stranger}");
        }
    }

    #[test]
    fn a_style_sheet_names_only_files_that_are_served() {
        let sheet = String::from_utf8(ASSETS["page.css"].bytes.clone()).unwrap();
        let named: Vec<&str> =
            sheet.split("url(").skip(1).filter_map(|rest| rest.split(')').next()).collect();
        assert!(!named.is_empty());
        for url in named {
            let is_served = ASSETS.values().any(|asset| asset.url == url);
            assert!(is_served || url.starts_with("\"data:"), "{url}");
        }
    }

    #[test]
    fn another_file_has_another_address() {
        assert_ne!(hashed("a.css", b"1"), hashed("a.css", b"2"));
        assert_eq!(hashed("fonts/a.b.woff2", b""), "a.b-e3b0c44298fc1c14.woff2");
        assert_eq!(url("nothing.css"), "/assets/missing");
    }
}
