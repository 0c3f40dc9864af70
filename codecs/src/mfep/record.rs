//! Records: structs that are read and written by one declaration.
//!
//! Each field says how it stands (`req`, `opt`, `list`, or `wrap`: a list in an element of its own), its name in the
//! scheme, and for texts the greatest number of characters; 1,000 where the scheme's tables say nothing. The order of the
//! fields is that in which they are written.

use super::encode::Writer;
use super::fault::{Fault, FaultKind};
use super::source::{Member, Reader, Source};

/// What may stand in a member.
pub(super) trait Value: Sized {
    /// Reads the member one is at. `None` when there is nothing in it.
    fn read<S: Source>(reader: &mut Reader<S>, max: u16) -> Result<Option<Self>, Fault>;

    /// Writes it as the member `name`.
    fn write(&self, name: &'static str, max: u16, out: &mut Writer<'_>) -> Result<(), Fault>;
}

/// A value made of members.
pub(super) trait Record: Value {
    /// Reads the members of an object already entered, of which `first` may have been taken.
    fn members<S: Source>(reader: &mut Reader<S>, first: Option<Member>) -> Result<Self, Fault>;

    /// Writes the members in their order.
    fn write_members(&self, out: &mut Writer<'_>) -> Result<(), Fault>;
}

/// A value on the heap: rare and large parts, so that what they are left out of stays small.
impl<T: Value> Value for Box<T> {
    fn read<S: Source>(reader: &mut Reader<S>, max: u16) -> Result<Option<Self>, Fault> {
        reader.charge(size_of::<T>())?;
        Ok(T::read(reader, max)?.map(Box::new))
    }

    fn write(&self, name: &'static str, max: u16, out: &mut Writer<'_>) -> Result<(), Fault> {
        T::write(self, name, max, out)
    }
}

/// A field on its way: how it stood so far, and what it holds.
pub(super) type Slot<T> = (Stood, T);

/// How a member has stood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stood {
    /// Not yet.
    #[default]
    Not,
    /// As it should.
    Once,
    /// As a record in the place of the element around records, which may repeat.
    AsRecord,
}

/// Reads a member that may stand once.
pub(super) fn read_once<T: Value, S: Source>(
    slot: &mut Slot<Option<T>>,
    reader: &mut Reader<S>,
    (name, max): (&'static str, u16),
) -> Result<(), Fault> {
    if std::mem::replace(&mut slot.0, Stood::Once) != Stood::Not {
        return Err(Fault::at(FaultKind::Duplicate, name));
    }
    slot.1 = T::read(reader, max).map_err(|fault| fault.within(name))?;
    Ok(())
}

/// Reads a member that may repeat.
pub(super) fn read_again<T: Value, S: Source>(
    slot: &mut Slot<Vec<T>>,
    reader: &mut Reader<S>,
    (name, max): (&'static str, u16),
    member: Member,
) -> Result<(), Fault> {
    // A JSON list under one key twice: the second might replace the first or follow it, and nobody can know.
    if std::mem::replace(&mut slot.0, Stood::Once) != Stood::Not && !member.again {
        return Err(Fault::at(FaultKind::Duplicate, name));
    }
    push(&mut slot.1, reader, (name, max))
}

/// Reads a list that stands in an element of its own. Some JSON has the records where that element should be: they are
/// then known by their members.
pub(super) fn read_wrapped<T: Record, S: Source>(
    slot: &mut Slot<Vec<T>>,
    reader: &mut Reader<S>,
    (outer, inner): (&'static str, &'static str),
    member: Member,
) -> Result<(), Fault> {
    let before = std::mem::replace(&mut slot.0, Stood::Once);
    let duplicate = || Fault::at(FaultKind::Duplicate, outer);
    if before == Stood::Once || before == Stood::AsRecord && !member.again {
        return Err(duplicate());
    }
    if !reader.source.enter().map_err(|fault| fault.within(outer))? {
        return Ok(());
    }
    let mut stood = false;
    while let Some(member) = reader.source.next().map_err(|fault| fault.within(outer))? {
        match member.name {
            Some(name) if name == inner => {
                if before != Stood::Not {
                    return Err(duplicate());
                }
                if std::mem::replace(&mut stood, true) && !member.again {
                    return Err(Fault::at(FaultKind::Duplicate, inner).within(outer));
                }
                push(&mut slot.1, reader, (inner, 0)).map_err(|fault| fault.within(outer))?;
            }
            Some(_) if !stood => {
                let index = slot.1.len();
                let within = |fault: Fault| fault.within_nth(outer, index);
                slot.0 = Stood::AsRecord;
                reserve(&mut slot.1, reader).map_err(within)?;
                slot.1.push(T::members(reader, Some(member)).map_err(within)?);
                return Ok(());
            }
            _ => reader.skip_unknown().map_err(|fault| fault.within(outer))?,
        }
    }
    Ok(())
}

/// Reads one more record.
pub(super) fn push<T: Value, S: Source>(
    list: &mut Vec<T>,
    reader: &mut Reader<S>,
    (name, max): (&'static str, u16),
) -> Result<(), Fault> {
    let index = list.len();
    let within = |fault: Fault| fault.within_nth(name, index);
    reserve(list, reader).map_err(within)?;
    list.extend(T::read(reader, max).map_err(within)?);
    Ok(())
}

/// Makes room for one more. The list grows by eighths, and is held twice while it is copied: that is charged.
fn reserve<T, S: Source>(list: &mut Vec<T>, reader: &mut Reader<S>) -> Result<(), Fault> {
    reader.charge(size_of::<T>() * 17 / 8)?;
    if list.len() == list.capacity() {
        list.reserve_exact(list.len() / 8 + 1);
    }
    Ok(())
}

macro_rules! record {
    (
        $(#[$doc:meta])*
        $vis:vis struct $Name:ident {
            $( $(#[$fdoc:meta])* $how:ident $field:ident: $Type:ty = $wire:literal $(max $max:literal)? $(of $inner:literal)?; )*
        }
    ) => {
        $(#[$doc])*
        $vis struct $Name {
            $( $(#[$fdoc])* pub $field: record!(@type $how $Type), )*
        }

        impl Record for $Name {
            fn members<S: Source>(reader: &mut Reader<S>, first: Option<Member>) -> Result<Self, Fault> {
                $( let mut $field: Slot<record!(@slot $how $Type)> = Default::default(); )*
                let mut first = first;
                while let Some(member) = match first.take() {
                    Some(member) => Some(member),
                    None => reader.source.next()?,
                } {
                    match member.name {
                        $( Some($wire) => record!(@read $how $field, reader, ($wire, record!(@max $($max)? $($inner)?)), member), )*
                        _ => reader.skip_unknown()?,
                    }
                }
                Ok(Self { $( $field: record!(@take $how $field, $wire), )* })
            }

            fn write_members(&self, out: &mut Writer<'_>) -> Result<(), Fault> {
                $( record!(@write $how self.$field, out, ($wire, record!(@max $($max)? $($inner)?))); )*
                Ok(())
            }
        }

        impl Value for $Name {
            fn read<S: Source>(reader: &mut Reader<S>, _max: u16) -> Result<Option<Self>, Fault> {
                if !reader.source.enter()? {
                    return Ok(None);
                }
                Self::members(reader, None).map(Some)
            }

            fn write(&self, name: &'static str, _max: u16, out: &mut Writer<'_>) -> Result<(), Fault> {
                out.begin(name);
                self.write_members(out).map_err(|fault| fault.within(name))?;
                out.end(name);
                Ok(())
            }
        }
    };

    (@max) => { 1000 };
    (@max $max:literal) => { $max };
    (@type req $Type:ty) => { $Type };
    (@type opt $Type:ty) => { Option<$Type> };
    (@type list $Type:ty) => { Vec<$Type> };
    (@type wrap $Type:ty) => { Vec<$Type> };
    (@slot wrap $Type:ty) => { Vec<$Type> };
    (@slot req $Type:ty) => { Option<$Type> };
    (@slot opt $Type:ty) => { Option<$Type> };
    (@slot list $Type:ty) => { Vec<$Type> };
    (@read req $($rest:tt)*) => { record!(@read opt $($rest)*) };
    (@read opt $field:ident, $reader:ident, $wire:expr, $member:ident) => {
        crate::mfep::record::read_once(&mut $field, $reader, $wire)?
    };
    (@read list $field:ident, $reader:ident, $wire:expr, $member:ident) => {
        crate::mfep::record::read_again(&mut $field, $reader, $wire, $member)?
    };
    (@read wrap $field:ident, $reader:ident, $wire:expr, $member:ident) => {
        crate::mfep::record::read_wrapped(&mut $field, $reader, $wire, $member)?
    };
    (@take wrap $field:ident, $wire:literal) => { $field.1 };
    (@take req $field:ident, $wire:literal) => { $field.1.ok_or_else(|| Fault::at(FaultKind::Missing, $wire))? };
    (@take opt $field:ident, $wire:literal) => { $field.1 };
    (@take list $field:ident, $wire:literal) => { $field.1 };
    (@write req $self:ident.$field:ident, $out:ident, ($wire:literal, $max:expr)) => {
        Value::write(&$self.$field, $wire, $max, $out)?
    };
    (@write opt $self:ident.$field:ident, $out:ident, ($wire:literal, $max:expr)) => {
        if let Some(value) = &$self.$field {
            Value::write(value, $wire, $max, $out)?;
        }
    };
    (@write wrap $self:ident.$field:ident, $out:ident, ($outer:literal, $inner:expr)) => {
        $out.wrapped(($outer, $inner), &$self.$field)?
    };
    (@write list $self:ident.$field:ident, $out:ident, ($wire:literal, $max:expr)) => {
        $out.list($wire, &$self.$field)?
    };
}
pub(super) use record;
