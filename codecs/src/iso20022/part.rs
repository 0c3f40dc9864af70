//! How parts are made: one table a part, from which its struct, its writing, its reading and its specimens follow.
//!
//! `part!` is a sequence of elements, `choice!` one of several, `codes!` a list of codes that stays open. The type of a
//! field says how often an element comes: `T` once, `Option<T>` or `Option<Box<T>>` at most once, `Vec<T>` any number.

use std::io::BufRead;

use super::XmlError;
use super::elem::Elem;
use super::read::{Children, Reading};
use super::rule::Problem;
use super::specimen::Dice;
use super::version::Version;
use super::write::{BuildError, Writer};

/// What one element holds.
pub(crate) trait Content: Sized {
    /// Writes the element with its tags.
    fn write(&self, elem: &'static Elem, to: &mut Writer) -> Result<(), BuildError>;

    /// Reads the element just started up to its end.
    fn read<R: BufRead>(elem: &'static Elem, from: &mut Reading<R>) -> Result<Self, XmlError>;

    /// An invented value the version can carry.
    fn specimen(elem: &'static Elem, version: Version, dice: &mut Dice<'_>) -> Self;
}

/// A sequence of elements, which can be written and read up to some row: a batch before its transactions.
pub(crate) trait Part: Default {
    const ROWS: &'static [Elem];

    /// Writes the children before `stop`.
    fn write_rows(&self, to: &mut Writer, stop: usize) -> Result<(), BuildError>;

    /// Reads the children before `stop`; those from there on are as by default.
    fn read_rows<R: BufRead>(
        children: &mut Children,
        from: &mut Reading<R>,
        stop: usize,
    ) -> Result<Self, XmlError>;
}

/// How often an element comes.
pub(crate) trait Slot: Sized {
    fn write_in(&self, elem: &'static Elem, to: &mut Writer) -> Result<(), BuildError>;
    fn read_in<R: BufRead>(children: &mut Children, from: &mut Reading<R>) -> Result<Self, XmlError>;
    fn specimen_in(elem: &'static Elem, version: Version, dice: &mut Dice<'_>) -> Self;
}

impl<T: Content> Slot for T {
    fn write_in(&self, elem: &'static Elem, to: &mut Writer) -> Result<(), BuildError> {
        Content::write(self, elem, to)
    }

    fn read_in<R: BufRead>(children: &mut Children, from: &mut Reading<R>) -> Result<Self, XmlError> {
        let elem = children.elem();
        let is_here = children.take(from)?;
        children.next_row();
        if is_here { Content::read(elem, from) } else { Err(from.missing(elem)) }
    }

    fn specimen_in(elem: &'static Elem, version: Version, dice: &mut Dice<'_>) -> Self {
        Content::specimen(elem, version, dice)
    }
}

impl<T: Content> Slot for Option<T> {
    fn write_in(&self, elem: &'static Elem, to: &mut Writer) -> Result<(), BuildError> {
        match self {
            None if elem.is_needed(to.version) => Err(to.error(elem, Problem::Missing)),
            None => Ok(()),
            Some(_) if !elem.is_in(to.version) => Err(to.error(elem, Problem::NotInVersion(to.version))),
            Some(value) => Content::write(value, elem, to),
        }
    }

    fn read_in<R: BufRead>(children: &mut Children, from: &mut Reading<R>) -> Result<Self, XmlError> {
        let elem = children.elem();
        let is_here = children.take(from)?;
        children.next_row();
        match is_here {
            true => Content::read(elem, from).map(Some),
            false if elem.is_needed(from.version) => Err(from.missing(elem)),
            false => Ok(None),
        }
    }

    fn specimen_in(elem: &'static Elem, version: Version, dice: &mut Dice<'_>) -> Self {
        let is_there = elem.is_in(version) && (elem.is_needed(version) || dice.is_filled());
        is_there.then(|| Content::specimen(elem, version, dice))
    }
}

impl<T: Content> Content for Box<T> {
    fn write(&self, elem: &'static Elem, to: &mut Writer) -> Result<(), BuildError> {
        T::write(self, elem, to)
    }

    fn read<R: BufRead>(elem: &'static Elem, from: &mut Reading<R>) -> Result<Self, XmlError> {
        T::read(elem, from).map(Box::new)
    }

    fn specimen(elem: &'static Elem, version: Version, dice: &mut Dice<'_>) -> Self {
        Box::new(T::specimen(elem, version, dice))
    }
}

impl<T: Content> Slot for Vec<T> {
    fn write_in(&self, elem: &'static Elem, to: &mut Writer) -> Result<(), BuildError> {
        let version = to.version;
        match self.len() {
            0 if elem.is_needed(version) => return Err(to.error(elem, Problem::Missing)),
            0 => return Ok(()),
            _ if !elem.is_in(version) => return Err(to.error(elem, Problem::NotInVersion(version))),
            many if many > elem.max(version) => {
                return Err(to.error(elem, Problem::TooMany(elem.max(version))));
            }
            _ => {}
        }
        for (number, value) in (1..).zip(self) {
            to.number = number;
            Content::write(value, elem, to)?;
        }
        to.number = 1;
        Ok(())
    }

    fn read_in<R: BufRead>(children: &mut Children, from: &mut Reading<R>) -> Result<Self, XmlError> {
        let elem = children.elem();
        let max = elem.max(from.version);
        let mut many = Vec::new();
        while children.take(from)? {
            if many.len() == max {
                return Err(from.error(Problem::TooMany(max)));
            }
            from.hold::<T>()?;
            many.push(Content::read(elem, from)?);
        }
        children.next_row();
        if many.is_empty() && elem.is_needed(from.version) {
            return Err(from.missing(elem));
        }
        Ok(many)
    }

    fn specimen_in(elem: &'static Elem, version: Version, dice: &mut Dice<'_>) -> Self {
        let least = usize::from(elem.is_needed(version));
        let many = if elem.is_in(version) { dice.many(least, elem.max(version)) } else { 0 };
        (0..many).map(|_| Content::specimen(elem, version, dice)).collect()
    }
}

/// A sequence of elements.
macro_rules! part {
    ($(#[$doc:meta])* $vis:vis struct $name:ident {
        $($(#[$field_doc:meta])* $field:ident: $type:ty = $elem:expr,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        $vis struct $name {
            $($(#[$field_doc])* $vis $field: $type,)*
        }

        impl $crate::iso20022::part::Part for $name {
            const ROWS: &'static [$crate::iso20022::elem::Elem] = &[$($elem),*];

            fn write_rows(
                &self,
                to: &mut $crate::iso20022::write::Writer,
                stop: usize,
            ) -> Result<(), $crate::iso20022::write::BuildError> {
                let mut rows = Self::ROWS.iter().take(stop);
                $(if let Some(row) = rows.next() {
                    $crate::iso20022::part::Slot::write_in(&self.$field, row, to)?;
                })*
                Ok(())
            }

            fn read_rows<R: std::io::BufRead>(
                children: &mut $crate::iso20022::read::Children,
                from: &mut $crate::iso20022::read::Reading<R>,
                stop: usize,
            ) -> Result<Self, $crate::iso20022::XmlError> {
                let mut rows = 0..stop;
                Ok(Self {
                    $($field: match rows.next() {
                        Some(_) => $crate::iso20022::part::Slot::read_in(children, from)?,
                        None => Default::default(),
                    },)*
                })
            }
        }

        impl $crate::iso20022::part::Content for $name {
            fn write(
                &self,
                elem: &'static $crate::iso20022::elem::Elem,
                to: &mut $crate::iso20022::write::Writer,
            ) -> Result<(), $crate::iso20022::write::BuildError> {
                to.open(elem.name(to.version));
                $crate::iso20022::part::Part::write_rows(self, to, usize::MAX)?;
                to.close();
                Ok(())
            }

            fn read<R: std::io::BufRead>(
                _: &'static $crate::iso20022::elem::Elem,
                from: &mut $crate::iso20022::read::Reading<R>,
            ) -> Result<Self, $crate::iso20022::XmlError> {
                let rows = <Self as $crate::iso20022::part::Part>::ROWS;
                let mut children = $crate::iso20022::read::Children::new(rows);
                let part = $crate::iso20022::part::Part::read_rows(&mut children, from, rows.len())?;
                children.finish(from)?;
                Ok(part)
            }

            fn specimen(
                _: &'static $crate::iso20022::elem::Elem,
                version: $crate::iso20022::Version,
                dice: &mut $crate::iso20022::specimen::Dice<'_>,
            ) -> Self {
                let mut rows = <Self as $crate::iso20022::part::Part>::ROWS.iter();
                let mut part = Self::default();
                $(if let Some(row) = rows.next() {
                    part.$field = $crate::iso20022::part::Slot::specimen_in(row, version, dice);
                })*
                part
            }
        }
    };
}

/// One element of several.
macro_rules! choice {
    ($(#[$doc:meta])* pub enum $name:ident {
        $($(#[$variant_doc:meta])* $variant:ident($type:ty) = $elem:expr,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$variant_doc])* $variant($type),)*
        }

        impl $name {
            const ROWS: &'static [$crate::iso20022::elem::Elem] = &[$($elem),*];
        }

        impl $crate::iso20022::part::Content for $name {
            fn write(
                &self,
                elem: &'static $crate::iso20022::elem::Elem,
                to: &mut $crate::iso20022::write::Writer,
            ) -> Result<(), $crate::iso20022::write::BuildError> {
                to.open(elem.name(to.version));
                let mut rows = Self::ROWS.iter();
                $(if let (Some(row), Self::$variant(value)) = (rows.next(), self) {
                    $crate::iso20022::part::Slot::write_in(value, row, to)?;
                })*
                to.close();
                Ok(())
            }

            fn read<R: std::io::BufRead>(
                _: &'static $crate::iso20022::elem::Elem,
                from: &mut $crate::iso20022::read::Reading<R>,
            ) -> Result<Self, $crate::iso20022::XmlError> {
                let mut children = $crate::iso20022::read::Children::new(Self::ROWS);
                let chosen = children.peek(from)?;
                let mut row = 0;
                $(
                    if chosen == Some(row) {
                        let value = Self::$variant($crate::iso20022::part::Slot::read_in(&mut children, from)?);
                        children.finish(from)?;
                        return Ok(value);
                    }
                    children.next_row();
                    row += 1;
                )*
                debug_assert_eq!(row, Self::ROWS.len(), "every variant has a row");
                Err(from.error($crate::iso20022::rule::Problem::Missing))
            }

            fn specimen(
                _: &'static $crate::iso20022::elem::Elem,
                version: $crate::iso20022::Version,
                dice: &mut $crate::iso20022::specimen::Dice<'_>,
            ) -> Self {
                let mut chosen = dice.below(Self::ROWS.len());
                loop {
                    let mut row = 0;
                    $(
                        if row == chosen && Self::ROWS[row].is_in(version) {
                            let value = $crate::iso20022::part::Slot::specimen_in(&Self::ROWS[row], version, dice);
                            return Self::$variant(value);
                        }
                        row += 1;
                    )*
                    debug_assert_eq!(row, Self::ROWS.len(), "every variant has a row");
                    chosen = 0;
                }
            }
        }
    };
}

/// A list of codes: those acted on by name, every other as it stands.
macro_rules! codes {
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$code_doc:meta])* $code:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$code_doc])* $code,)*
            /// Another code, as it stands in the message.
            Other(String),
        }

        impl $name {
            /// The code as it stands in messages.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self { $($name::$code => $text,)* $name::Other(text) => text }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text { $($text => $name::$code,)* other => $name::Other(other.to_owned()) }
            }
        }

        impl Default for $name {
            /// No code: building refuses it.
            fn default() -> Self {
                $name::Other(String::new())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        $crate::iso20022::leaf::leaf!($name);

        impl $crate::iso20022::leaf::Leaf for $name {
            fn put(&self, text: &mut String, _: $crate::iso20022::Version) -> Result<(), $crate::iso20022::rule::Problem> {
                text.push_str(self.as_str());
                Ok(())
            }

            fn take(text: &str, _: $crate::iso20022::Version) -> Result<Self, $crate::iso20022::rule::Problem> {
                Ok(Self::from(text))
            }

            fn invent(
                elem: &'static $crate::iso20022::elem::Elem,
                version: $crate::iso20022::Version,
                dice: &mut $crate::iso20022::specimen::Dice<'_>,
            ) -> Self {
                const ALL: &[&str] = &[$($text),*];
                Self::from(dice.code(ALL, elem, version).as_str())
            }
        }
    };
}

pub(super) use {choice, codes, part};
