//! Our own settlement file: a header, one record a movement, a trailer that proves them complete, and a detached
//! signature that proves whose they are. As CSV for people and as JSON Lines for programs; the same content.
//!
//! ```text
//! header,1,HKM-20261122-MOI,Ministry of Interior,2026-11-22,ILS JOD,2026-11-22T22:05:00Z
//! kind,reference,counterparty_reference,rrn,stan,amount,currency,fee,commission,business_date,occurred_at,service,bill,status
//! payment,HKM-ORD-7F3A-030,PMA0001,632612000010,000010,50.00,ILS,0.00,0.30,2026-11-22,2026-11-22T10:31:10Z,PASS-NEW,900123458,posted
//! trailer,1,ILS,50.00,0.00,JOD,0.000,0.000,<SHA-256 of every byte before this line, in capitals>
//! ```
//!
//! **When may a record be believed?** Not before the trailer. [`Reader::next`] gives records as they come, for a caller
//! who keeps its own work pending until [`Reader::summary`] is there (verify at the end). [`verify`] reads a whole file and
//! gives nothing but its summary; [`import`] verifies first and gives the records in a second pass, so that nothing of a
//! file that is torn, changed or unsigned is ever seen.
//!
//! Written with `\n` after every line; `\r\n` is read as well. The order of JSON keys is free except for `kind`, which
//! comes first; all keys must be there.

mod checkpoint;
mod csv;
mod jsonl;
mod reader;
mod record;
mod signature;
mod value;
mod writer;

use std::io::{Read, Seek, SeekFrom};

pub use checkpoint::Checkpoint;
pub use reader::Reader;
pub use record::{COLUMNS, Header, Kind, Record, Status, Sum, Summary, Totals, VERSION};
pub use signature::{Signature, SigningKey, VerifyingKey};
pub use writer::Writer;

use super::error::{FaultKind, FileError};

/// How the file is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Comma-separated values.
    Csv {
        /// With a byte order mark, which Excel needs to show Arabic.
        bom: bool,
    },
    /// One JSON object a line.
    Jsonl,
}

/// A signature that must be right: the text of its file, and the key that is expected.
#[derive(Debug, Clone, Copy)]
pub struct Proof<'a> {
    /// The signature's file.
    pub signature: &'a str,
    /// Whose it must be.
    pub key: &'a VerifyingKey,
}

/// Reads a whole file and accepts or refuses it, every field, count, sum and hash, and the signature when a proof is
/// asked for.
///
/// # Errors
/// The first fault.
pub fn verify(source: impl Read, proof: Option<Proof<'_>>) -> Result<Summary, FileError> {
    let mut reader = Reader::new(source)?;
    while reader.next()?.is_some() {}
    let summary = reader.summary().cloned();
    let summary =
        summary.ok_or_else(|| FileError::new(FaultKind::Torn, 0, "trailer", "the file has no trailer"))?;
    if let Some(proof) = proof {
        Signature::parse(proof.signature)?.verify(&summary, proof.key)?;
    }
    Ok(summary)
}

/// Why [`import`] ended early.
#[derive(Debug, thiserror::Error)]
pub enum ImportError<E> {
    /// The file is refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// The caller did not take a record.
    #[error("a record was not taken")]
    Taker(E),
}

/// Verifies a file, then goes back to its beginning and hands every record to `take`. A file that changes between the
/// passes is refused at its end.
///
/// # Errors
/// The first fault, before any record was handed over; what `take` says.
pub fn import<E>(
    mut source: impl Read + Seek,
    proof: Option<Proof<'_>>,
    mut take: impl FnMut(&Record<'_>) -> Result<(), E>,
) -> Result<Summary, ImportError<E>> {
    let io = |error: std::io::Error| FileError::io(0, &error);
    let start = source.stream_position().map_err(io)?;
    let summary = verify(&mut source, proof)?;
    source.seek(SeekFrom::Start(start)).map_err(io)?;
    let mut reader = Reader::new(source)?;
    while let Some(record) = reader.next()? {
        take(&record).map_err(ImportError::Taker)?;
    }
    match reader.summary() {
        Some(again) if *again == summary => Ok(summary),
        _ => Err(FileError::new(FaultKind::Hash, 0, "file", "the file changed while it was read").into()),
    }
}

/// Bytes of a digest, key or signature as an array of their length.
fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    for (to, from) in array.iter_mut().zip(bytes) {
        *to = *from;
    }
    array
}
