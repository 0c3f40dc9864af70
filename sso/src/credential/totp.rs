//! Codes of an app: TOTP (RFC 6238) with SHA-1, six digits and thirty seconds, because that is what every
//! app does. A code is taken once, on whichever node it comes.

use qrcode::QrCode;
use qrcode::render::svg;
use serde::{Deserialize, Serialize};
use switch_core::clock::Timestamp;
use switch_store::transact;
use totp_rs::{Algorithm, Builder, Totp};
use zeroize::Zeroizing;

use super::ceremony::Kind;
use crate::Sso;
use crate::activity::What;
use crate::fault::Fault;
use crate::seal::Place;
use crate::store::account::Account;
use crate::store::one_time as rows;

const STEP_S: u64 = 30;
/// 160 bits (RFC 4226 section 4).
const SECRET_BYTES: usize = 20;

/// Connecting an app: half an hour to find the telephone.
pub const ENROLMENT: Kind = Kind { word: "totp enrolment", cookie: "__Host-totp", seconds: 1_800, tries: 20 };

#[derive(Serialize, Deserialize)]
struct Begun {
    account: i64,
    secret: Vec<u8>,
}

/// What somebody needs to connect an app.
pub struct Offer {
    /// For the browser, under [`ENROLMENT`].
    pub token: String,
    /// To type into an app that has no camera: base32, in groups of four.
    pub secret: Zeroizing<String>,
    /// The drawing to scan, SVG.
    pub qr: Zeroizing<String>,
}

fn place(account: i64) -> Place {
    Place { field: "totp.secret", row: account }
}

/// The generator of a secret. `name` is what the app shows beside ours.
fn generator(secret: &[u8], name: &str) -> Result<Totp, Fault> {
    // The label of the address ends at a colon.
    let name = name.replace(':', " ");
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_skew(1)
        .with_step_duration(STEP_S)
        .with_secret(secret.to_vec().into_boxed_slice())
        .with_issuer(Some("Hukumati"))
        .with_account_name(name)
        .build()
        .map_err(|_| Fault::Corrupt("totp.secret"))
}

/// The step a code is of; one step before and after the present one are taken (RFC 6238 section 5.2).
fn step_of(generator: &Totp, code: &str, now: Timestamp) -> Option<i64> {
    let is_code = code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit());
    let seconds = u64::try_from(now.0 / 1_000).ok().filter(|_| is_code)?;
    generator.check(code, seconds).and_then(|step| i64::try_from(step).ok())
}

fn drawn(address: &str) -> Result<String, Fault> {
    let code = QrCode::new(address).map_err(|_| Fault::Internal("a QR code was not drawn".into()))?;
    let drawing = code.render::<svg::Color<'_>>().min_dimensions(220, 220).build();
    // Without the declaration, which has no place inside a page.
    Ok(drawing.find("<svg").map_or(drawing.clone(), |at| drawing[at..].to_owned()))
}

fn in_groups(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

impl Sso {
    /// Begins to connect an app: a new secret, kept nowhere but in the ceremony until a code proves that
    /// the app has it.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn begin_totp(&self, account: &Account) -> Result<Offer, Fault> {
        let secret = Zeroizing::new(self.random::<SECRET_BYTES>());
        let token =
            self.begin_ceremony(&ENROLMENT, &Begun { account: account.id, secret: secret.to_vec() }).await?;
        self.offer(account, &*secret, token)
    }

    /// The same offer again, for a form that is shown again.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn totp_offer(&self, account: &Account, token: &str) -> Result<Option<Offer>, Fault> {
        let begun: Option<Begun> = self.look_at_ceremony(&ENROLMENT, token).await?;
        let Some(begun) = begun.filter(|begun| begun.account == account.id) else { return Ok(None) };
        self.offer(account, &begun.secret, token.to_owned()).map(Some)
    }

    fn offer(&self, account: &Account, secret: &[u8], token: String) -> Result<Offer, Fault> {
        let name = &account.person.name;
        let generator = generator(secret, &format!("{} {}", name.given, name.family))?;
        let address = generator.to_url().map_err(|_| Fault::Internal("an otpauth address".into()))?;
        Ok(Offer {
            token,
            secret: Zeroizing::new(in_groups(&generator.secret().to_base32())),
            qr: Zeroizing::new(drawn(&address)?),
        })
    }

    /// Connects the app when its code is right. `false`: it is not, or the ceremony is over.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn finish_totp(
        &self,
        account: &Account,
        token: &str,
        code: &str,
        device: &str,
    ) -> Result<bool, Fault> {
        let begun: Option<Begun> = self.try_ceremony(&ENROLMENT, token).await?;
        let Some(begun) = begun.filter(|begun| begun.account == account.id) else { return Ok(false) };
        let (generator, now) = (generator(&begun.secret, "")?, self.now());
        let Some(step) = step_of(&generator, code, now) else { return Ok(false) };
        // Of two answers at one moment one connects the app.
        if self.finish_ceremony::<Begun>(&ENROLMENT, token).await?.is_none() {
            return Ok(false);
        }
        let sealed = self.sealer.seal(place(account.id), &begun.secret)?;
        let trace = self.trace(account, device, What::TotpAdded)?;
        transact!(self.db, tx => {
            rows::set_totp(tx, account.id, sealed.clone(), step, now).await?;
            trace.leave(tx).await
        })?;
        Ok(true)
    }

    /// Whether a code is of the account's app and was not used: the step is used up with it, in one
    /// statement, so that a second node is told no. `None` is for somebody unknown, and takes as long.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn verify_totp(&self, account: Option<i64>, code: &str) -> Result<bool, Fault> {
        let account = account.unwrap_or(0);
        let kept = rows::find_totp(&self.db, account).await?;
        let secret = match &kept {
            Some(kept) => self.sealer.open(place(account), &kept.secret)?,
            // Nobody's: an account without an app takes as long.
            None => Zeroizing::new(vec![0x5a; SECRET_BYTES]),
        };
        let now = self.now();
        let step = step_of(&generator(&secret, "")?, code, now).filter(|_| kept.is_some());
        let Some(step) = step else { return Ok(false) };
        Ok(transact!(self.db, tx => rows::use_step(tx, account, step, now).await)?)
    }

    /// Disconnects the app. `false`: there was none. Ask [`super::Factors::may_lose_one`] first.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn remove_totp(&self, account: &Account, device: &str) -> Result<bool, Fault> {
        let trace = self.trace(account, device, What::TotpRemoved)?;
        Ok(transact!(self.db, tx => {
            let is_removed = rows::remove_totp(tx, account.id).await?;
            if is_removed {
                trace.leave(tx).await?;
            }
            Ok(is_removed)
        })?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_standard() {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../../golden/otp-vectors.json")).expect("JSON");
        let mut checked = 0;
        for vector in vectors["rfc6238"].as_array().expect("vectors") {
            if vector["alg"] != "SHA1" {
                continue;
            }
            let hex = vector["key_hex"].as_str().expect("a key");
            let key: Vec<u8> = (0..hex.len() / 2)
                .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("hex"))
                .collect();
            let (at, code) = (vector["time"].as_i64().expect("s"), vector["code"].as_str().expect("a code"));
            // The vectors have eight digits; ours are the last six of them (RFC 4226 section 5.3).
            let (now, ours) = (Timestamp(at * 1_000), &code[2..]);
            let generator = generator(&key, "").expect("a generator");
            assert_eq!(step_of(&generator, ours, now), Some(at / 30), "{at}");
            assert_eq!(step_of(&generator, ours, now.plus_ms(61_000)), None, "{at}: too late");
            assert_eq!(step_of(&generator, code, now), None, "eight digits");
            checked += 1;
        }
        assert_eq!(checked, 6);
    }

    #[test]
    fn a_drawing_fits_into_a_page() {
        let drawing = drawn("otpauth://totp/Hukumati:x?secret=A").expect("drawn");
        assert!(drawing.starts_with("<svg") && drawing.ends_with("</svg>"), "{drawing}");
        assert_eq!(in_groups("ABCDEFGHIJ"), "ABCD EFGH IJ");
    }
}
