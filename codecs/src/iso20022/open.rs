//! Which elements are open, and which of their names they are: the place an error names.

use std::fmt::Write;

/// The names of the open elements, one after the other in one text.
#[derive(Debug, Default)]
pub(super) struct Open {
    names: String,
    frames: Vec<Frame>,
}

#[derive(Debug)]
struct Frame {
    begin: usize,
    end: usize,
    /// Which of its name it is among its neighbours, from one.
    number: u64,
    /// The end of the name of its last child, which stays in `names` until the next one comes, and its number.
    child: Option<(usize, u64)>,
}

impl Open {
    pub(super) fn depth(&self) -> usize {
        self.frames.len()
    }

    pub(super) fn push(&mut self, name: &str) {
        let begin = self.frames.last().map_or(0, |parent| parent.end);
        let number = match self.frames.last().and_then(|parent| parent.child) {
            Some((end, number)) if &self.names[begin..end] == name => number + 1,
            _ => 1,
        };
        self.names.truncate(begin);
        self.names.push_str(name);
        let end = self.names.len();
        if let Some(parent) = self.frames.last_mut() {
            parent.child = Some((end, number));
        }
        self.frames.push(Frame { begin, end, number, child: None });
    }

    pub(super) fn pop(&mut self) {
        self.frames.pop();
    }

    pub(super) fn path(&self) -> String {
        let mut path = String::with_capacity(self.names.len() + self.frames.len());
        for frame in &self.frames {
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(&self.names[frame.begin..frame.end]);
            if frame.number > 1 {
                write!(path, "[{}]", frame.number).expect("a text takes more text");
            }
        }
        path
    }
}
