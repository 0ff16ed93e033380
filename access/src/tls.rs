//! Certificates: read from files, read again when the files change.
//!
//! A renewal needs no restart: connections that are open keep the old certificate, new ones get the new one. A changed
//! file that cannot be used changes nothing, and is told in the log and at `/metrics`.

use crate::metrics::TlsMetrics;
use arc_swap::ArcSwap;
use opentelemetry::metrics::Meter;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Longest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Where the certificates are, and the bounds of handshakes.
#[derive(Clone, Debug)]
pub struct TlsConfig {
    /// The server's certificate and those between it and its authority, in PEM.
    pub cert: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
    /// Authorities whose clients may connect, in PEM; `None` lets any client connect.
    pub client_ca: Option<PathBuf>,
    /// Longest time for a handshake.
    pub handshake_timeout: Duration,
    /// Handshakes under way at once, on each port; beyond it the oldest is closed.
    pub handshakes_max: usize,
    /// How often the files are looked at.
    pub reload_interval: Duration,
}

/// Why certificates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file cannot be read.
    #[error("{setting}: cannot read {}", path.display())]
    Read {
        /// The setting that names it.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
    /// The file holds something else.
    #[error("{setting}: {} {problem}", path.display())]
    Content {
        /// The setting that names it.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

/// The certificates in use. Clones share them.
#[derive(Clone, Debug)]
pub struct Tls {
    pub(crate) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: TlsConfig,
    pub(crate) current: ArcSwap<ServerConfig>,
    pub(crate) metrics: TlsMetrics,
}

/// The bytes of the files, to tell whether they changed.
#[derive(PartialEq, Eq)]
struct Files {
    cert: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
}

impl Tls {
    /// Reads the certificates, and keeps looking at the files until the last clone is dropped.
    ///
    /// # Errors
    /// [`TlsError`] names the file.
    pub async fn start(config: TlsConfig, meter: &Meter) -> Result<Self, TlsError> {
        let (files, server) = load(&config).await?;
        let current = ArcSwap::from_pointee(server);
        let shared = Arc::new(Shared { config, current, metrics: TlsMetrics::new(meter) });
        tokio::spawn(keep_looking(Arc::downgrade(&shared), files));
        Ok(Self { shared })
    }
}

async fn keep_looking(shared: Weak<Shared>, mut known: Files) {
    let mut told = String::new();
    loop {
        let Some(interval) = shared.upgrade().map(|shared| shared.config.reload_interval) else { return };
        tokio::time::sleep(interval).await;
        let Some(shared) = shared.upgrade() else { return };
        match load(&shared.config).await {
            Ok((files, _)) if files == known => told.clear(),
            Ok((files, server)) => {
                shared.current.store(Arc::new(server));
                shared.metrics.reload(true);
                tracing::info!(file = %shared.config.cert.display(), "new connections get the new certificate");
                known = files;
                told.clear();
            }
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                let problem = format!("{error} {cause}");
                // Each problem once, not every few seconds.
                if problem != told {
                    shared.metrics.reload(false);
                    tracing::error!(%error, cause, "the certificate files cannot be used; the old ones stay in use");
                    told = problem;
                }
            }
        }
    }
}

async fn load(config: &TlsConfig) -> Result<(Files, ServerConfig), TlsError> {
    let files = Files {
        cert: read("tls.cert", &config.cert).await?,
        key: read("tls.key", &config.key).await?,
        client_ca: match &config.client_ca {
            Some(path) => Some(read("tls.client_ca", path).await?),
            None => None,
        },
    };
    let server = server(config, &files)?;
    Ok((files, server))
}

async fn read(setting: &'static str, path: &Path) -> Result<Vec<u8>, TlsError> {
    let failed = |source| TlsError::Read { setting, path: path.to_owned(), source };
    let size = tokio::fs::metadata(path).await.map_err(failed)?.len();
    if size > FILE_BYTES_MAX {
        let problem = format!("has {size} bytes, limit is {FILE_BYTES_MAX}");
        return Err(TlsError::Content { setting, path: path.to_owned(), problem });
    }
    tokio::fs::read(path).await.map_err(failed)
}

fn server(config: &TlsConfig, files: &Files) -> Result<ServerConfig, TlsError> {
    let wrong = |setting: &'static str, path: &Path, problem: String| TlsError::Content {
        setting,
        path: path.to_owned(),
        problem,
    };
    let chain = certificates("tls.cert", &config.cert, &files.cert)?;
    let key = PrivateKeyDer::from_pem_slice(&files.key)
        .map_err(|error| wrong("tls.key", &config.key, format!("has no private key in PEM: {error}")))?;
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong("tls.cert", &config.cert, error.to_string()))?;
    let builder = match (&config.client_ca, &files.client_ca) {
        (Some(path), Some(bytes)) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates("tls.client_ca", path, bytes)? {
                let added = roots.add(certificate);
                added.map_err(|error| wrong("tls.client_ca", path, format!("has no authority: {error}")))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(
                verifier.map_err(|error| wrong("tls.client_ca", path, error.to_string()))?,
            )
        }
        _ => builder.with_no_client_auth(),
    };
    let mut server = builder.with_single_cert(chain, key).map_err(|error| {
        wrong("tls.key", &config.key, format!("does not go with {}: {error}", config.cert.display()))
    })?;
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(server)
}

fn certificates(
    setting: &'static str,
    path: &Path,
    bytes: &[u8],
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let wrong = |problem| TlsError::Content { setting, path: path.to_owned(), problem };
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes).collect();
    match found {
        Ok(found) if found.is_empty() => Err(wrong("has no certificate in PEM".to_owned())),
        Ok(found) => Ok(found),
        Err(error) => Err(wrong(format!("is not PEM: {error}"))),
    }
}
