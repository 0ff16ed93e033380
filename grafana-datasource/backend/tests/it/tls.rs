//! An engine behind a certificate of the organisation's own authority.

use crate::engine::Engine;
use crate::host::Host;
use serde_json::json;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

fn openssl(folder: &Path, arguments: &[&str]) {
    let done = Command::new("openssl").args(arguments).current_dir(folder).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// An authority, and a certificate of it for this machine.
fn certificates(folder: &Path) {
    let ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    let ca = [
        &["req", "-x509"],
        &ec[..],
        &["-days", "2", "-subj", "/CN=ca", "-keyout", "ca.key", "-out", "ca.pem"],
    ];
    openssl(folder, &ca.concat());
    openssl(
        folder,
        &[&["req"], &ec[..], &["-subj", "/CN=errata", "-keyout", "tls.key", "-out", "tls.csr"]].concat(),
    );
    std::fs::write(folder.join("ext"), "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n").unwrap();
    openssl(
        folder,
        &[
            "x509",
            "-req",
            "-in",
            "tls.csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-days",
            "2",
            "-extfile",
            "ext",
            "-out",
            "tls.crt",
        ],
    );
}

#[tokio::test]
async fn certificates_are_checked() {
    let folder = TempDir::new().unwrap();
    certificates(folder.path());
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (cert, key) = (file("tls.crt"), file("tls.key"));
    let engine = Engine::start_with_tls(&[("ERRATA_TLS_CERT", &cert), ("ERRATA_TLS_KEY", &key)]).await;
    let mut host = Host::start(&engine.http).await;
    let unknown = host.health().await;
    assert_eq!(unknown.status, 2);
    assert!(unknown.message.contains("certificate"), "{}", unknown.message);
    let pem = std::fs::read_to_string(folder.path().join("ca.pem")).unwrap();
    host.source.decrypted_secure_json_data.insert("tlsCaCert".to_owned(), pem);
    let known = host.health().await;
    assert_eq!(known.status, 1, "{}", known.message);
    host.source.decrypted_secure_json_data.clear();
    let host = host.settings(&json!({ "tlsSkipVerify": true }));
    assert_eq!(host.health().await.status, 1);
}
