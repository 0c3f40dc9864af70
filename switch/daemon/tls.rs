//! The certificate of the API: TLS 1.3 only, read again on SIGHUP.

use std::sync::Arc;

use axum_server::tls_rustls::RustlsConfig;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::secrets;
use crate::settings::{Loaded, SettingsError};

/// The TLS of the API; `None` when none is named.
///
/// # Errors
/// [`SettingsError`] names the key and the file.
pub(crate) fn config(loaded: &Loaded) -> Result<Option<RustlsConfig>, SettingsError> {
    Ok(server_config(loaded)?.map(RustlsConfig::from_config))
}

/// Reads the files again for connections to come.
///
/// # Errors
/// [`SettingsError`]; the certificate in use stays.
pub(crate) fn reload(config: &RustlsConfig, loaded: &Loaded) -> Result<(), SettingsError> {
    if let Some(fresh) = server_config(loaded)? {
        config.reload_from_config(fresh);
    }
    Ok(())
}

fn server_config(loaded: &Loaded) -> Result<Option<Arc<ServerConfig>>, SettingsError> {
    let tls = &loaded.settings.http.tls;
    let (Some(cert), Some(key)) = (&tls.cert, &tls.key) else { return Ok(None) };
    let file = loaded.path(cert);
    let wrong = |problem: String| loaded.wrong("http.tls.cert", format!("{} {problem}", file.display()));
    let pem = std::fs::read(&file).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let chain = chain.ok().filter(|chain| !chain.is_empty());
    let chain = chain.ok_or_else(|| wrong("holds no certificate in PEM".into()))?;

    let text = secrets::read(loaded, "http.tls.key", key)?;
    let private = PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| {
        loaded.wrong("http.tls.key", format!("{} holds no private key in PEM", key.display()))
    })?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| wrong(error.to_string()))?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(|error| wrong(format!("does not fit its key: {error}")))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some(Arc::new(config)))
}
