//! Recovery codes: ten, each good once, shown once. They are for the day the telephone is lost, and stand
//! in for the code of an app. Eighty bits: nobody guesses one.

use switch_store::transact;
use zeroize::Zeroizing;

use crate::Sso;
use crate::activity::What;
use crate::fault::Fault;
use crate::store::account::Account;
use crate::store::one_time as rows;

/// How many there are.
pub const COUNT: usize = 10;
const LETTERS: usize = 16;
/// Without I, L, O and U, which people read as other letters (Crockford's base 32).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A code as it is shown: `7K3M-Q2RD-…`.
fn drawn(random: [u8; LETTERS]) -> String {
    let letters: Vec<char> = random.iter().map(|byte| ALPHABET[usize::from(byte & 31)].into()).collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// The one form of what was typed; `None` when it is no recovery code.
#[must_use]
pub fn read(typed: &str) -> Option<String> {
    let letters = typed.chars().filter(|c| !c.is_whitespace() && !"-–—_.".contains(*c));
    let letters = letters.map(|c| match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        c => c,
    });
    let code: String = letters.collect();
    (code.len() == LETTERS && code.bytes().all(|b| ALPHABET.contains(&b))).then_some(code)
}

impl Sso {
    /// Makes ten new codes in place of all others. They are shown now and never again.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn make_recovery_codes(
        &self,
        account: &Account,
        device: &str,
    ) -> Result<Vec<Zeroizing<String>>, Fault> {
        let codes: Vec<_> = (0..COUNT).map(|_| Zeroizing::new(drawn(self.random()))).collect();
        let indices: Vec<_> = codes.iter().map(|code| self.code_index(account.id, code)).collect();
        let (trace, now) = (self.trace(account, device, What::RecoveryCodesMade)?, self.now());
        transact!(self.db, tx => {
            rows::replace_codes(tx, account.id, &indices, now).await?;
            trace.leave(tx).await
        })?;
        Ok(codes)
    }

    fn code_index(&self, account: i64, code: &str) -> Vec<u8> {
        let code = read(code).unwrap_or_default();
        self.sealer.index("recovery code", &format!("{account}:{code}"))
    }

    /// Whether it is one of the account's codes, not used yet; it is used up with the answer, and its owner
    /// is told.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn verify_recovery_code(
        &self,
        account: &Account,
        typed: &str,
        device: &str,
    ) -> Result<bool, Fault> {
        let Some(code) = read(typed) else { return Ok(false) };
        let (index, now) = (self.code_index(account.id, &code), self.now());
        let trace = self.trace(account, device, What::RecoveryCodeUsed)?;
        Ok(transact!(self.db, tx => {
            let is_right = rows::use_code(tx, account.id, index.clone(), now).await?;
            if is_right {
                trace.leave(tx).await?;
            }
            Ok(is_right)
        })?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = drawn([31, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 255]);
        assert_eq!(code, "Z012-3456-789A-BCDZ");
        for typed in ["Z012-3456-789A-BCDZ", " zo12 3456 789a bcdz ", "zOl2–3456–789a–bcdz"] {
            assert_eq!(read(typed).as_deref(), Some("Z0123456789ABCDZ"), "{typed}");
        }
        for none in ["", "Z012-3456-789A-BCD", "Z012-3456-789A-BCDU", "123456"] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
