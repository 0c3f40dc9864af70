//! A place between two records at which writing or reading may stop, and from which it goes on.

use serde::{Deserialize, Serialize};

use super::record::{Sum, Totals};
use crate::iso4217::Currency;

/// Where a settlement file was left. Kept as JSON by the caller, beside its own work on the records up to there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Bytes of the file up to here: the end of a line.
    pub offset: u64,
    /// Lines of the file up to here.
    pub line: u64,
    /// Records up to here.
    pub count: u64,
    /// Currency, credits and debits up to here, in minor units.
    sums: Vec<(String, i64, i64)>,
    /// SHA-256 of the bytes up to here, so that another file, or a changed one, is noticed.
    sha256: String,
}

impl Checkpoint {
    pub(super) fn at(offset: u64, line: u64, totals: &Totals, sha256: [u8; 32]) -> Self {
        let sum = |sum: &Sum| (sum.currency.code().to_owned(), sum.credits_minor, sum.debits_minor);
        let sums = totals.sums.iter().map(sum).collect();
        Self { offset, line, count: totals.count, sums, sha256: crate::hex::encode(&sha256) }
    }

    /// The totals, if they are of exactly these currencies.
    pub(super) fn totals(&self, currencies: &[Currency]) -> Option<Totals> {
        if !self.sums.iter().map(|sum| &*sum.0).eq(currencies.iter().map(|currency| currency.code())) {
            return None;
        }
        let sums = self.sums.iter().zip(currencies);
        let sums = sums.map(|((_, credits_minor, debits_minor), currency)| Sum {
            currency: *currency,
            credits_minor: *credits_minor,
            debits_minor: *debits_minor,
        });
        Some(Totals { count: self.count, sums: sums.collect() })
    }

    pub(super) fn is_of(&self, sha256: &[u8]) -> bool {
        self.sha256 == crate::hex::encode(sha256)
    }
}
