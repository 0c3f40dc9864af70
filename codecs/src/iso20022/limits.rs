//! How much of a document is taken. What is beyond is refused, never cut.

/// The sizes a [`Reader`](super::Reader) takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole document; `None` for files that are read in a stream.
    pub bytes_max: Option<u64>,
    /// Elements inside each other.
    pub depth_max: u16,
    /// Elements of the whole document.
    pub elements_max: Option<u64>,
    /// Bytes of one text, one tag or one comment: what has to be held at once.
    pub text_max: usize,
    /// Attributes of one element, namespace declarations included.
    pub attributes_max: u16,
    /// Bytes of the input that may become one [`Element`](super::Element) with all inside it.
    pub tree_max: u64,
}

impl Limits {
    /// For a message that is held as a whole: 16 MiB, a million elements.
    #[must_use]
    pub const fn message() -> Self {
        Self {
            bytes_max: Some(16 << 20),
            depth_max: 64,
            elements_max: Some(1_000_000),
            text_max: 256 << 10,
            attributes_max: 32,
            tree_max: 16 << 20,
        }
    }

    /// For a statement of any size, read in a stream and in constant memory.
    #[must_use]
    pub const fn statement() -> Self {
        Self {
            bytes_max: None,
            depth_max: 64,
            elements_max: None,
            text_max: 64 << 10,
            attributes_max: 32,
            tree_max: 16 << 20,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::message()
    }
}
