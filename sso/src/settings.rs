//! The settings of identity, as values: the daemon reads them from its file.

/// Issuer, lifetimes and limits. Times are in seconds unless the name says otherwise.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The issuer: an origin such as `https://id.example.ps`, without a slash at the end. From here only,
    /// never from a request's headers.
    pub issuer: String,
    /// How long a session lives without a request: 1,800 for citizens.
    pub session_idle_s: i64,
    /// How long a staff session lives without a request: 900 (PCI DSS 8.2.8).
    pub staff_idle_s: i64,
    /// How long a session lives at most: 43,200.
    pub session_max_s: i64,
    /// How long an authorization code lives: at most 60.
    pub code_s: i64,
    /// How long a pushed authorization request lives: below 600.
    pub pushed_request_s: i64,
    /// How long an access token lives: 300.
    pub access_token_s: i64,
    /// How long an ID token lives: 300.
    pub id_token_s: i64,
    /// How long a refresh family lives at most, whatever was rotated.
    pub refresh_s: i64,
    /// How long a device code lives.
    pub device_code_s: i64,
    /// How long an activation code from a desk lives.
    pub activation_code_s: i64,
    /// How long an application waits for its applicant at a desk: 16 days.
    pub application_s: i64,
    /// How long an application that ended is kept before it is erased: 90 days.
    pub application_kept_s: i64,
    /// Identity documents other than the national ID may register.
    pub passports: bool,
    /// Clients of FAPI 2.0 and all resources ask for a nonce of ours in DPoP proofs (RFC 9449 section 8).
    pub dpop_nonces: bool,
    /// How far a client's clock may differ.
    pub clock_skew_s: i64,
    /// Signing keys are replaced after this long; the old one stays published for `key_overlap_s` more.
    pub key_lifetime_s: i64,
    /// How long a key is published before it signs and after it has signed.
    pub key_overlap_s: i64,
    /// The memory one password takes to hash, KiB: 19,456 (OWASP). It may rise: passwords follow at the next
    /// sign-in.
    pub password_memory_kib: u32,
    /// How often it is gone over: 2.
    pub password_passes: u32,
    /// How many are hashed at one moment. Times the memory, this is what a flood can take.
    pub passwords_at_once: usize,
    /// The departments of the catalogue: what roles and clients may belong to.
    pub departments: Vec<Department>,
}

/// A department of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Department {
    /// Its code.
    pub code: String,
    /// Its name in Arabic.
    pub ar: String,
    /// Its name in English.
    pub en: String,
}

impl Settings {
    /// The defaults under an issuer.
    #[must_use]
    pub fn new(issuer: &str) -> Self {
        const DAY: i64 = 86_400;
        Self {
            issuer: issuer.to_owned(),
            session_idle_s: 1_800,
            staff_idle_s: 900,
            session_max_s: 43_200,
            code_s: 60,
            pushed_request_s: 90,
            access_token_s: 300,
            id_token_s: 300,
            refresh_s: 30 * DAY,
            device_code_s: 600,
            activation_code_s: DAY,
            application_s: 16 * DAY,
            application_kept_s: 90 * DAY,
            passports: true,
            dpop_nonces: false,
            clock_skew_s: 10,
            key_lifetime_s: 90 * DAY,
            key_overlap_s: DAY,
            password_memory_kib: 19_456,
            password_passes: 2,
            passwords_at_once: 4,
            departments: Vec::new(),
        }
    }

    /// An address below the issuer.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }
}
