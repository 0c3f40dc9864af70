//! The audit log: every entry follows the one before it, and every seal is a signature of a known key
//! over exactly what came before it. `docs/audit.md` has the forms; this is a second reading of them.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::AuditError;
use crate::report::{Check, Report};
use crate::source::{Row, Source};

const ENTRIES: &str =
    "SELECT seq, at, actor, act, subject, detail, previous, hash FROM audit_log ORDER BY seq";

/// An entry as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) seq: i64,
    pub(crate) at: i64,
    pub(crate) actor: String,
    pub(crate) act: String,
    pub(crate) subject: String,
    pub(crate) detail: String,
    pub(crate) previous: Vec<u8>,
    pub(crate) hash: Vec<u8>,
}

impl Entry {
    fn read(row: &Row<'_>) -> Result<Self, AuditError> {
        Ok(Self {
            seq: row.int(0)?,
            at: row.int(1)?,
            actor: row.text(2)?,
            act: row.text(3)?,
            subject: row.text(4)?,
            detail: row.text(5)?,
            previous: row.bytes(6)?,
            hash: row.bytes(7)?,
        })
    }

    /// SHA-256 over the documented form.
    pub(crate) fn hashed(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(b"switchd audit 1\n");
        let (seq, at) = (self.seq.to_string(), self.at.to_string());
        let previous = hex(&self.previous);
        for field in [&seq, &previous, &at, &self.actor, &self.act, &self.subject, &self.detail] {
            digest.update(format!("{}:{field},", field.len()));
        }
        digest.finalize().into()
    }
}

/// The detail of a seal, in this order and without spaces.
#[derive(Deserialize, Serialize)]
struct Seal {
    count: i64,
    head: String,
    key: String,
    signature: String,
}

impl Seal {
    /// What is signed.
    fn message(count: i64, head: &[u8]) -> String {
        format!("switchd seal 1\n{count}\n{}\n", hex(head))
    }
}

/// The chain as far as it was followed.
pub(crate) struct Chain {
    keys: Vec<String>,
    count: i64,
    head: Vec<u8>,
    sealed: i64,
    seals: u64,
}

impl Chain {
    /// A chain whose seals must be of one of these keys; of any key when there is none.
    pub(crate) fn new(keys: &[[u8; 32]]) -> Self {
        let keys = keys.iter().map(|key| hex(key)).collect();
        Self { keys, count: 0, head: vec![0; 32], sealed: 0, seals: 0 }
    }

    /// Follows the whole log.
    pub(crate) async fn check(source: &mut Source, report: &mut Report) -> Result<(), AuditError> {
        let mut chain = Self::new(&report.options.seal_keys);
        let take = |row: &Row<'_>| {
            match Entry::read(row) {
                Ok(entry) => {
                    chain.follow(&entry).into_iter().for_each(|(check, said)| report.found(check, said))
                }
                // Somebody wrote what no code of ours can.
                Err(error) => report
                    .found(Check::Chain, format!("after entry {} of the audit log: {error}", chain.count)),
            }
            Ok(())
        };
        source.each(ENTRIES, &[], take).await?;
        report.counts.entries = chain.count.unsigned_abs();
        report.counts.seals = chain.seals;
        report.counts.unsealed = (chain.count - chain.sealed).unsigned_abs();
        report.counts.head = hex(&chain.head);
        Ok(())
    }

    /// Follows one entry; what is wrong with it.
    pub(crate) fn follow(&mut self, entry: &Entry) -> Vec<(Check, String)> {
        let mut wrong = Vec::new();
        let name = format!("entry {} of the audit log ({} by {})", entry.seq, entry.act, entry.actor);
        if entry.seq != self.count + 1 {
            let said = format!("{name} follows entry {}: entries between them were removed", self.count);
            wrong.push((Check::Chain, said));
        } else if entry.previous != self.head {
            let said = format!("{name} does not follow the entry before it: one of them was changed");
            wrong.push((Check::Chain, said));
        }
        if entry.hash != entry.hashed() {
            wrong.push((
                Check::Chain,
                format!("{name} is not what was hashed when it was written: it was changed"),
            ));
        }
        if entry.act == "seal" {
            self.seals += 1;
            self.sealed = entry.seq;
            if let Err(why) = self.check_seal(entry) {
                wrong.push((Check::Seal, format!("{name} is no seal on what comes before it: {why}")));
            }
        }
        (self.count, self.head) = (entry.seq, entry.hash.clone());
        wrong
    }

    fn check_seal(&self, entry: &Entry) -> Result<(), String> {
        let seal: Seal = serde_json::from_str(&entry.detail).map_err(|error| error.to_string())?;
        if serde_json::to_string(&seal).ok().as_ref() != Some(&entry.detail) {
            return Err("it is not in its one form".into());
        }
        if (seal.count, &*seal.head, &*entry.subject)
            != (self.count, &*hex(&self.head), &*self.count.to_string())
        {
            return Err(format!("it seals {} entries ending in {}", seal.count, seal.head));
        }
        if !self.keys.is_empty() && !self.keys.contains(&seal.key) {
            return Err(format!("the key {} is not known", seal.key));
        }
        let message = Seal::message(self.count, &self.head);
        if is_signed(&seal.key, &seal.signature, message.as_bytes()) {
            Ok(())
        } else {
            Err("its signature is wrong".into())
        }
    }
}

/// Whether a signature of Ed25519 is that of a key; both hexadecimal.
pub(crate) fn is_signed(key: &str, signature: &str, message: &[u8]) -> bool {
    let Some((key, signature)) = unhex(key).zip(unhex(signature)) else { return false };
    UnparsedPublicKey::new(&ED25519, key).verify(message, &signature).is_ok()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of lower-case digits.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
    bytes.collect::<Option<Vec<u8>>>().filter(|_| rest.is_empty())
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};

    use super::*;

    fn pair() -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a seed")
    }

    fn known() -> [u8; 32] {
        pair().public_key().as_ref().try_into().expect("32 bytes")
    }

    /// Twenty entries, every fifth a seal, and a seal at the end.
    fn log() -> Vec<Entry> {
        let (mut log, mut previous): (Vec<Entry>, Vec<u8>) = (Vec::new(), vec![0; 32]);
        for seq in 1..=20 {
            let mut entry = Entry {
                seq,
                at: 1_795_343_465_250 + seq,
                actor: "node 1".into(),
                act: "alarm".into(),
                subject: format!("pay_{seq:013}X"),
                detail: "open_too_long".into(),
                previous: previous.clone(),
                hash: Vec::new(),
            };
            if seq % 5 == 0 {
                let (count, head) = (seq - 1, hex(&previous));
                let signature = pair().sign(Seal::message(count, &previous).as_bytes());
                let seal = Seal { count, head, key: hex(&known()), signature: hex(signature.as_ref()) };
                entry.act = "seal".into();
                entry.subject = count.to_string();
                entry.detail = serde_json::to_string(&seal).expect("plain values");
            }
            entry.hash = entry.hashed().to_vec();
            previous.clone_from(&entry.hash);
            log.push(entry);
        }
        log
    }

    fn said(log: &[Entry]) -> Vec<(Check, String)> {
        let mut chain = Chain::new(&[known()]);
        log.iter().flat_map(|entry| chain.follow(entry)).collect()
    }

    /// Every byte of an entry, in the order of its columns.
    fn bytes(entry: &Entry) -> Vec<u8> {
        let texts = [&entry.actor, &entry.act, &entry.subject, &entry.detail];
        let fixed = [entry.seq.to_be_bytes(), entry.at.to_be_bytes()].concat();
        [
            fixed,
            texts.map(|text| text.clone().into_bytes()).concat(),
            entry.previous.clone(),
            entry.hash.clone(),
        ]
        .concat()
    }

    /// The entry with one bit of one byte flipped; `None` when a text column could not hold it.
    fn flipped(entry: &Entry, place: usize, bit: u32) -> Option<Entry> {
        let mut all = bytes(entry);
        all[place] ^= 1 << bit;
        let mut rest = all.as_slice();
        let mut take = |length: usize| {
            let (taken, left) = rest.split_at(length);
            rest = left;
            taken.to_vec()
        };
        let number = |bytes: Vec<u8>| i64::from_be_bytes(bytes.try_into().expect("eight bytes"));
        Some(Entry {
            seq: number(take(8)),
            at: number(take(8)),
            actor: String::from_utf8(take(entry.actor.len())).ok()?,
            act: String::from_utf8(take(entry.act.len())).ok()?,
            subject: String::from_utf8(take(entry.subject.len())).ok()?,
            detail: String::from_utf8(take(entry.detail.len())).ok()?,
            previous: take(32),
            hash: take(32),
        })
    }

    #[test]
    fn any_flipped_byte_of_an_entry_or_a_seal_is_found() {
        let log = log();
        assert_eq!(said(&log), []);
        let mut flips = 0;
        for at in 0..log.len() {
            for place in 0..bytes(&log[at]).len() {
                let Some(changed) = flipped(&log[at], place, (place % 7) as u32) else { continue };
                let mut log = log.clone();
                log[at] = changed;
                assert_ne!(said(&log), [], "entry {at}, byte {place}");
                flips += 1;
            }
        }
        assert!(flips > 1_000, "{flips} flips");
    }

    /// Who can write the table can hash it again from the changed entry on; the seals tell.
    #[test]
    fn a_chain_that_was_hashed_again_breaks_its_seals() {
        for at in 0..log().len() - 1 {
            let mut log = log();
            log[at].actor = "node 2".into();
            for i in at..log.len() {
                if i > at {
                    log[i].previous = log[i - 1].hash.clone();
                }
                log[i].hash = log[i].hashed().to_vec();
            }
            let said = said(&log);
            assert!(said.iter().any(|(check, _)| *check == Check::Seal), "entry {at}: {said:?}");
        }
    }

    #[test]
    fn what_is_removed_put_in_or_sealed_by_a_stranger_is_found() {
        let mut removed = log();
        removed.remove(17);
        assert!(
            said(&removed)[0].1.starts_with("entry 19 of the audit log (alarm by node 1) follows entry 17")
        );
        let mut twice = log();
        twice.insert(3, twice[3].clone());
        assert_ne!(said(&twice), []);
        let mut stranger = Chain::new(&[[1; 32]]);
        let found: Vec<_> = log().iter().flat_map(|entry| stranger.follow(entry)).collect();
        assert_eq!(found.len(), 4);
        assert!(found[0].1.contains("is not known"), "{}", found[0].1);
    }
}
