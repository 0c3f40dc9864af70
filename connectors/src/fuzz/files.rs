//! What operators write (settings files), and what the sandbox reads back (its book).

use codecs::iso8583::Draft;

use super::open_wire;
use super::pos::is_answered;
use crate::card_iso8583::messages as card;
use crate::card_iso8583::sandbox::{Book, State};
use crate::card_iso8583::settings::CardSettings;
use crate::pos_iso8583::messages::one_of_each;
use crate::pos_iso8583::settings::PosSettings;
use crate::transport::settings::SettingsError;
use crate::{Kind, Start};

/// Reads `bytes` as the file of a card host. True when it is one: then every message the host may be sent, above all
/// the one that takes a payment back, can be written and framed.
pub fn card_settings(bytes: &[u8]) -> bool {
    let Some(text) = settings_text(bytes) else { return false };
    match CardSettings::from_toml(text) {
        Ok(settings) => {
            assert!(matches!(Kind::of(text).map(|kind| &kind.start), Ok(Start::Outbound(_))));
            assert_eq!(card::rehearse(&settings), Ok(()), "accepted settings that cannot be used");
            assert!(settings.link.match_key.contains(&11) && !settings.profile.currencies.is_empty());
            let mac = settings.mac.is_some();
            let keyless = text.split("key_hex").nth(1).and_then(|rest| rest.split(['"', '\'']).nth(1));
            let printed = format!("{settings:?}").to_lowercase();
            assert!(
                !mac || keyless.is_none_or(|key| key.len() < 32 || !printed.contains(&key.to_lowercase()))
            );
            true
        }
        Err(error) => said(&error),
    }
}

/// Reads `bytes` as the file of a port for terminals. True when it is one: then every answer can be written.
pub fn pos_settings(bytes: &[u8]) -> bool {
    let Some(text) = settings_text(bytes) else { return false };
    match PosSettings::from_toml(text) {
        Ok(settings) => {
            assert!(matches!(Kind::of(text).map(|kind| &kind.start), Ok(Start::Inbound(_))));
            can_answer(&settings);
            assert!(settings.match_key.contains(&41) && settings.connections_max > 0);
            true
        }
        Err(error) => said(&error),
    }
}

/// A payment in the dialect of the port, with no more than it needs, and every answer to it.
fn can_answer(settings: &PosSettings) {
    let wire = open_wire(&settings.dialect);
    let mut draft = Draft::new("0200".parse().expect("a message type"));
    draft.set_number(3, settings.payment_code).set_number(4, 5000).set_number(7, 1_122_103_105);
    draft.set_number(11, 1).set_number(12, 123_105).set_number(13, 1122).set_padded(41, "TERM0001");
    draft.set(49, "376").set(settings.bill_field, "bil_0123456789ABCD");
    let mut payment = Vec::new();
    assert_eq!(wire.write(&draft, &mut payment), Ok(()), "an accepted port cannot be paid at");
    let payment = wire.read(&payment).expect("just written");
    for answer in one_of_each() {
        is_answered(settings, &wire, &payment, &answer);
    }
}

/// Text that names no file and no variable: those are the machine's, not the input's.
fn settings_text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|text| !text.contains("key_file") && !text.contains("key_env"))
}

/// A refusal has words, and names a key where it is not the syntax that is wrong.
fn said(error: &SettingsError) -> bool {
    match error {
        SettingsError::Syntax(text) => assert!(!text.trim().is_empty()),
        SettingsError::Value { key, problem } => assert!(!key.is_empty() && !problem.is_empty()),
    }
    false
}

/// Reads `bytes` as the book of the sandbox, one entry a line. True when it has one. What was read is written and
/// read again as the same; nothing is taken back more often than it was approved.
pub fn sandbox_book(bytes: &[u8]) -> bool {
    let mut book = Book::in_memory(64);
    book.restore_all(bytes).expect("memory can be read");
    let (entries, summary) = (book.entries(), book.summary());
    assert!(entries.len() <= 64, "a book keeps as many entries as it was told");
    assert!(
        summary.reversed <= summary.approved && summary.reversed_minor <= summary.approved_minor,
        "{summary:?}"
    );
    assert_eq!(summary.standing(), summary.approved - summary.reversed);
    assert_eq!(summary.sales, summary.approved + summary.declined);

    let mut lines = Vec::new();
    for entry in &entries {
        serde_json::to_writer(&mut lines, entry).expect("an entry can be written");
        lines.push(b'\n');
    }
    let mut again = Book::in_memory(64);
    again.restore_all(&lines[..]).expect("memory can be read");
    assert_eq!(again.entries(), entries);
    let standing = entries.iter().filter(|entry| entry.state == State::Approved).count() as u64;
    assert_eq!(again.summary().standing(), standing, "the summary counts what the entries say");
    !entries.is_empty()
}
