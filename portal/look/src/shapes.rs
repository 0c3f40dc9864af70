//! The shape of each state, so that none is told by its colour alone. Paths of SVG on a field of 20 by 20.

/// The outline for a state or a kind of panel; a square with an "i" for any other word.
pub(crate) fn shape(kind: &str) -> &'static str {
    match kind {
        "done" | "success" => TICK,
        "waiting" | "warning" => TRIANGLE,
        "refused" | "error" => OCTAGON,
        "off" => BAR,
        _ => SQUARE,
    }
}

const TICK: &str = "M10 1a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm-1.2 13.2-3.9-3.9 1.4-1.4 2.5 2.5 4.9-4.9 1.4 1.4z";
const TRIANGLE: &str = "M10 1.5 19.5 18H.5zM9 7.5v5h2v-5zM9 14v2h2v-2z";
const OCTAGON: &str = "M6.3 1h7.4L19 6.3v7.4L13.7 19H6.3L1 13.7V6.3zm.3 4.2L5.2 6.6 8.6 10l-3.4 \
    3.4 1.4 1.4L10 11.4l3.4 3.4 1.4-1.4L11.4 10l3.4-3.4-1.4-1.4L10 8.6z";
const BAR: &str = "M10 1a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM5 9h10v2H5z";
const SQUARE: &str = "M2 2h16v16H2zm7 3v2h2V5zm0 3.5V15h2V8.5z";
