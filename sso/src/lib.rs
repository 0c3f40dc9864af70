//! Who is acting: the OpenID Provider, accounts, registration and the verification desks, credentials,
//! sessions, roles and clients, with their pages.
//!
//! One folder a room: [`oidc`] speaks to relying parties, [`sign_in`] to people at the door, [`account`]
//! to people at home, [`registration`] and [`desk`] to those who are not known yet, [`admin`] to those
//! who answer for all of it. Every room has its SQL in [`store`], its pages beside its handlers and its
//! words in `locales/`. Deliberately absent: payments, the engine, message formats.
#![forbid(unsafe_code)]

pub mod activation;
pub mod activity;
pub mod admin;
pub mod audit;
pub mod bootstrap;
pub mod chance;
pub mod change;
pub mod client;
pub mod credential;
pub mod desk;
pub mod fault;
pub mod jose;
pub mod key;
pub mod level;
pub mod oidc;
pub mod person;
pub mod phone;
pub mod post;
pub mod recover;
pub mod registration;
pub mod registry;
pub mod role;
pub mod seal;
pub mod session;
pub mod settings;
pub mod sign_in;
pub mod store;
pub mod throttle;
pub mod trouble;
pub mod urgent;
pub mod visit;
#[expect(missing_docs, reason = "the macro of the library documents nothing")]
pub mod words;

use std::sync::Arc;

use switch_core::clock::{Clock, Timestamp};
use switch_core::id::PublicIds;
use switch_store::Db;

use chance::Chance;
use credential::password::Hasher;
use key::KeyVault;
use seal::Sealer;
use settings::Settings;

/// What every room shares. Made once, in the daemon's wiring.
pub struct Sso {
    /// The database.
    pub db: Db,
    /// The only clock.
    pub clock: Arc<dyn Clock>,
    /// The only source of random bytes.
    pub chance: Arc<dyn Chance>,
    /// Seals what is personal and indexes it without showing it.
    pub sealer: Arc<Sealer>,
    /// Where signing keys live.
    pub vault: Arc<dyn KeyVault>,
    /// The numbers people see.
    pub public_ids: PublicIds,
    /// Issuer, lifetimes, limits.
    pub settings: Settings,
    /// The signing keys as they were read last.
    pub(crate) keys: oidc::keys::Keys,
    /// Where passwords are hashed, so many at once.
    pub hasher: credential::password::Hasher,
    /// The writer of what many requests write at one moment.
    pub(crate) together: store::together::Together,
    /// What was revoked of late, as it was read last.
    pub(crate) revoked: oidc::access_token::RevokedOfLate,
}

/// What [`Sso`] is made of.
pub struct Parts {
    /// The database, its schema up to date.
    pub db: Db,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of random bytes.
    pub chance: Arc<dyn Chance>,
    /// The sealer.
    pub sealer: Arc<Sealer>,
    /// The vault of signing keys.
    pub vault: Arc<dyn KeyVault>,
    /// The permutation of public numbers.
    pub public_ids: PublicIds,
    /// The settings.
    pub settings: Settings,
}

impl Sso {
    /// Puts it together.
    #[must_use]
    pub fn new(parts: Parts) -> Arc<Self> {
        let Parts { db, clock, chance, sealer, vault, public_ids, settings } = parts;
        let hasher =
            Hasher::new(settings.password_memory_kib, settings.password_passes, settings.passwords_at_once);
        let (keys, together, revoked) = Default::default();
        Arc::new(Self {
            db,
            clock,
            chance,
            sealer,
            vault,
            public_ids,
            settings,
            keys,
            hasher,
            together,
            revoked,
        })
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A number for a new row: 41 bits of milliseconds since 2025 and 22 random ones. It sorts by time and
    /// needs no number of a node; a collision meets the primary key and the act is asked for again.
    #[must_use]
    pub fn new_id(&self) -> i64 {
        let mut random = [0; 4];
        self.chance.fill(&mut random);
        let ms = self.now().ms_since(ID_EPOCH).max(0);
        (ms << ID_RANDOM_BITS) | i64::from(u32::from_be_bytes(random) >> (32 - ID_RANDOM_BITS))
    }

    /// Random bytes.
    #[must_use]
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.chance.fill(&mut bytes);
        bytes
    }

    /// A new bearer secret of 256 bits in base64url, 43 characters. Only [`seal::digest`] of it is kept.
    #[must_use]
    pub fn new_token(&self) -> String {
        jose::base64url(&self.random::<32>())
    }

    /// The routes of every room, and the embedded files of the pages.
    pub fn router(self: &Arc<Self>) -> axum::Router {
        let rooms = axum::Router::new()
            .merge(oidc::routes())
            .merge(oidc::token_routes())
            .merge(registration::routes())
            .merge(desk::routes())
            .merge(activation::routes())
            .merge(admin::routes())
            .merge(recover::routes())
            .merge(sign_in::routes());
        rooms
            .fallback(trouble::nothing_here)
            .layer(axum::middleware::from_fn_with_state(Arc::clone(self), trouble::tell_faults))
            .with_state(Arc::clone(self))
            .merge(look::assets::router())
    }
}

/// 2025-01-01T00:00:00Z.
const ID_EPOCH: Timestamp = Timestamp(1_735_689_600_000);
const ID_RANDOM_BITS: u32 = 22;
