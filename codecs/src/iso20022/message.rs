//! Whole messages: built as bytes of one version, read from bytes of any version known.

use std::io::BufRead;

use super::elem::Elem;
use super::error::Fault;
use super::part::Content;
use super::read::{PassedOver, Reading};
use super::rule::Problem;
use super::specimen::{Chance, Dice, Filling};
use super::version::{Family, Version};
use super::write::{BuildError, Writer};
use super::xml::{Event, Reader};
use super::{Layer, Limits, XmlError};

/// A family of messages as a struct. Implemented here only.
#[expect(private_bounds, reason = "no other crate makes messages")]
pub trait Message: Content {
    /// Which family.
    const FAMILY: Family;
    /// The element that holds the message.
    #[doc(hidden)]
    const ELEMENT: &'static Elem;
}

/// Names the family and the element of a message.
macro_rules! message {
    ($message:ident, $family:ident, $name:literal) => {
        impl $crate::iso20022::message::Message for $message {
            const FAMILY: $crate::iso20022::Family = $crate::iso20022::Family::$family;
            const ELEMENT: &'static $crate::iso20022::elem::Elem = &$crate::iso20022::elem::elem($name);
        }
    };
}
pub(super) use message;
