//! Keys from files. A secret is never in the settings and never in the environment, which children
//! and core dumps inherit.

use std::path::{Path, PathBuf};

use switch_core::id::PublicIds;
use switch_engine::vault::Vault;
use zeroize::Zeroizing;

use crate::seal::SealKeys;
use crate::settings::{Loaded, SettingsError};

/// Where a secret lies: what systemd handed over (`LoadCredential=` of a folder puts the folder's
/// name before the file's), else beside the settings.
pub(crate) fn place(loaded: &Loaded, path: &Path) -> PathBuf {
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    let handed_over = credentials.into_iter().flat_map(|folder| {
        let with_unit = format!("switchd_{}", path.display());
        [folder.join(with_unit), folder.join(path)]
    });
    let is_bare = path.file_name() == Some(path.as_os_str());
    handed_over.filter(|_| is_bare).find(|place| place.exists()).unwrap_or_else(|| loaded.path(path))
}

/// The text of a secret file, which only its owner and group may read.
///
/// # Errors
/// [`SettingsError`] names the key and the file.
pub(crate) fn read(loaded: &Loaded, key: &str, path: &Path) -> Result<Zeroizing<String>, SettingsError> {
    let place = place(loaded, path);
    let wrong = |problem: String| loaded.wrong(key, format!("the secret {} {problem}", place.display()));
    let text = std::fs::read_to_string(&place).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&place).map_or(0, |meta| meta.permissions().mode());
        if mode & 0o007 != 0 {
            return Err(wrong("can be read by every user of the machine: chmod 600".into()));
        }
    }
    Ok(Zeroizing::new(text))
}

fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    codecs::hex::decode(text.trim().as_bytes())?.try_into().ok()
}

/// The key of public numbers.
///
/// # Errors
/// [`SettingsError`] names the key and the file.
pub(crate) fn ids_key(loaded: &Loaded) -> Result<[u8; 16], SettingsError> {
    let (key, path) = ("ids.key_file", &loaded.settings.ids.key_file);
    let bytes = hex(&read(loaded, key, path)?);
    let wrong = || loaded.wrong(key, format!("the secret {} must be 32 hexadecimal digits", path.display()));
    bytes.ok_or_else(wrong)
}

/// The permutation of public numbers.
///
/// # Errors
/// [`SettingsError`] names the key and the file.
pub(crate) fn public_ids(loaded: &Loaded) -> Result<PublicIds, SettingsError> {
    ids_key(loaded).map(PublicIds::new)
}

/// A key with its name.
type Named = (String, [u8; 32]);

/// Keys in lines of a name and 64 hexadecimal digits.
fn named_keys(loaded: &Loaded, key: &str, path: &Path) -> Result<Vec<Named>, SettingsError> {
    let text = read(loaded, key, path)?;
    let wrong = || {
        let problem = "must have lines of a name and 64 hexadecimal digits, each name once";
        loaded.wrong(key, format!("the secret {} {problem}", path.display()))
    };
    let mut keys: Vec<Named> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let (name, digits) = line.trim().split_once(char::is_whitespace).ok_or_else(wrong)?;
        if keys.iter().any(|(known, _)| known == name) {
            return Err(wrong());
        }
        keys.push((name.to_owned(), hex(digits).ok_or_else(wrong)?));
    }
    if keys.is_empty() { Err(wrong()) } else { Ok(keys) }
}

/// The card vault; `None` when no card number may enter.
///
/// # Errors
/// [`SettingsError`] names the key and the file.
pub(crate) fn vault(loaded: &Loaded) -> Result<Option<Vault>, SettingsError> {
    let Some(path) = &loaded.settings.vault.key_file else { return Ok(None) };
    let keys = named_keys(loaded, "vault.key_file", path)?;
    let vault = Vault::new(&keys);
    vault.map(Some).map_err(|_| loaded.wrong("vault.key_file", "the vault takes none of the keys"))
}

/// The keys of seals and statements.
///
/// # Errors
/// [`SettingsError`] names the key and the file.
pub(crate) fn seal_keys(loaded: &Loaded) -> Result<SealKeys, SettingsError> {
    let (key, path) = ("audit.key_file", &loaded.settings.audit.key_file);
    let keys = named_keys(loaded, key, path)?;
    SealKeys::new(&keys).ok_or_else(|| loaded.wrong(key, "the library takes no key of Ed25519 from it"))
}

/// The keys of personal data and of signing keys.
///
/// # Errors
/// [`SettingsError`] names the key and the file.
pub(crate) fn sealer(loaded: &Loaded) -> Result<sso::seal::Sealer, SettingsError> {
    let (key, path) = ("sso.key_file", &loaded.settings.sso.key_file);
    let keys = named_keys(loaded, key, path)?;
    sso::seal::Sealer::new(&keys).map_err(|_| loaded.wrong(key, "the cipher takes none of the keys in it"))
}

/// The address of the database, with its password where it has one.
///
/// # Errors
/// [`SettingsError`] names the key and the file.
pub(crate) fn database_url(loaded: &Loaded) -> Result<String, SettingsError> {
    let database = &loaded.settings.database;
    if let Some(path) = database.url.strip_prefix("sqlite:") {
        return Ok(format!("sqlite:{}", loaded.path(Path::new(path)).display()));
    }
    let Some(file) = &database.password_file else { return Ok(database.url.clone()) };
    let password = read(loaded, "database.password_file", file)?;
    let whole = database.url.split_once("://").and_then(|(scheme, rest)| {
        let (user, host) = rest.split_once('@')?;
        Some(format!("{scheme}://{user}:{}@{host}", percent_encoded(password.trim())))
    });
    whole.ok_or_else(|| {
        loaded.wrong("database.url", "names no user for the password of database.password_file")
    })
}

fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { (b as char).to_string() } else { format!("%{b:02X}") })
        .collect()
}
