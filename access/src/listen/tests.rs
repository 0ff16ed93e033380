//! Ports with certificates that are made for the test.

use super::*;
use crate::tls::TlsConfig;
use axum::Router;
use axum::routing::get;
use opentelemetry::metrics::MeterProvider;
use opentelemetry::metrics::noop::NoopMeterProvider;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// Certificate and key in PEM.
fn leaf(authority: &Authority) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    (params.signed_by(&key, authority).unwrap().pem(), key.serialize_pem())
}

fn write(folder: &Path, (cert, key): &(String, String)) {
    std::fs::write(folder.join("cert.pem"), cert).unwrap();
    std::fs::write(folder.join("key.pem"), key).unwrap();
}

fn config(folder: &Path) -> TlsConfig {
    TlsConfig {
        cert: folder.join("cert.pem"),
        key: folder.join("key.pem"),
        client_ca: None,
        handshake_timeout: Duration::from_secs(30),
        handshakes_max: 4,
        reload_interval: Duration::from_millis(50),
    }
}

async fn start(config: TlsConfig) -> Result<Tls, crate::TlsError> {
    Tls::start(config, &NoopMeterProvider::new().meter("test")).await
}

async fn serve(tls: &Tls) -> SocketAddr {
    let incoming = Incoming::bind(SocketAddr::from(([127, 0, 0, 1], 0)), Some(tls)).await.unwrap();
    let addr = incoming.addr();
    let routes = Router::new().route("/", get(|| async { "hello" }));
    tokio::spawn(async move { axum::serve(incoming, routes).await.unwrap() });
    addr
}

/// The answer to a request over TLS, from a client that trusts one authority and may have a certificate itself.
async fn ask(addr: SocketAddr, trusted: &Authority, own: Option<&(String, String)>) -> io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let client = match own {
        None => builder.with_no_client_auth(),
        Some((cert, key)) => builder
            .with_client_auth_cert(
                vec![CertificateDer::from_pem_slice(cert.as_bytes()).unwrap()],
                PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
            )
            .unwrap(),
    };
    let stream = TcpStream::connect(addr).await?;
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(client)).connect(name, stream).await?;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn new_certificates_are_taken_and_bad_ones_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (authority(), authority());
    write(folder.path(), &leaf(&old));
    let tls = start(config(folder.path())).await.unwrap();
    let addr = serve(&tls).await;
    assert!(ask(addr, &old, None).await.unwrap().ends_with("hello"));
    assert!(ask(addr, &new, None).await.is_err());

    std::fs::write(folder.path().join("cert.pem"), "half a fi").unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(ask(addr, &old, None).await.unwrap().ends_with("hello"));

    write(folder.path(), &leaf(&new));
    let began = std::time::Instant::now();
    while ask(addr, &new, None).await.is_err() {
        assert!(began.elapsed() < Duration::from_secs(10), "the new certificate is not used");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn silent_clients_hold_up_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let trusted = authority();
    write(folder.path(), &leaf(&trusted));
    let tls = start(config(folder.path())).await.unwrap();
    let addr = serve(&tls).await;
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(TcpStream::connect(addr).await.unwrap());
    }
    let answer = tokio::time::timeout(Duration::from_secs(10), ask(addr, &trusted, None)).await;
    assert!(answer.expect("held up").unwrap().ends_with("hello"));
    // The first ones were crowded out: their connections are closed.
    let mut byte = [0];
    let closed = tokio::time::timeout(Duration::from_secs(10), silent[0].read(&mut byte)).await;
    assert!(matches!(closed.expect("still open"), Ok(0) | Err(_)));
}

#[tokio::test]
async fn slow_handshakes_end() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &leaf(&authority()));
    let short = TlsConfig { handshake_timeout: Duration::from_millis(100), ..config(folder.path()) };
    let tls = start(short).await.unwrap();
    let addr = serve(&tls).await;
    let mut silent = TcpStream::connect(addr).await.unwrap();
    let closed = tokio::time::timeout(Duration::from_secs(10), silent.read(&mut [0])).await;
    assert!(matches!(closed.expect("still open"), Ok(0) | Err(_)));
}

#[tokio::test]
async fn clients_need_a_certificate_where_an_authority_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (authority(), authority());
    write(folder.path(), &leaf(&ours));
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, ours.pem()).unwrap();
    let tls = start(TlsConfig { client_ca: Some(ca), ..config(folder.path()) }).await.unwrap();
    let addr = serve(&tls).await;
    assert!(ask(addr, &ours, Some(&leaf(&ours))).await.unwrap().ends_with("hello"));
    assert!(ask(addr, &ours, Some(&leaf(&theirs))).await.is_err());
    assert!(ask(addr, &ours, None).await.is_err());
}

#[tokio::test]
async fn files_that_cannot_be_used_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let trusted = authority();
    let told = async |config: TlsConfig| start(config).await.unwrap_err().to_string();
    let missing = told(config(folder.path())).await;
    assert!(missing.starts_with("tls.cert: cannot read ") && missing.ends_with("cert.pem"), "{missing}");

    write(folder.path(), &("no certificate".to_owned(), leaf(&trusted).1));
    let empty = told(config(folder.path())).await;
    assert!(empty.starts_with("tls.cert: ") && empty.ends_with("has no certificate in PEM"), "{empty}");

    write(folder.path(), &(leaf(&trusted).0, "no key".to_owned()));
    let keyless = told(config(folder.path())).await;
    assert!(keyless.contains("key.pem has no private key in PEM"), "{keyless}");

    write(folder.path(), &(leaf(&trusted).0, leaf(&trusted).1));
    let strangers = told(config(folder.path())).await;
    assert!(strangers.contains("key.pem does not go with "), "{strangers}");
}
