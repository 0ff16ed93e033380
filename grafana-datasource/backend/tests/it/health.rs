//! Health checks say what is wrong and what to do.

use crate::engine::Engine;
use crate::host::{Host, TOKEN};

const OK: i32 = 1;
const ERROR: i32 = 2;

#[tokio::test]
async fn a_healthy_engine_is_told_as_such() {
    let engine = Engine::with_exceptions().await;
    let host = Host::start(&engine.http).await;
    let health = host.health().await;
    assert_eq!(health.status, OK, "{}", health.message);
    assert!(health.message.contains("7 exceptions in the last 24 hours"), "{}", health.message);
    engine.stop().await;
    let health = host.health().await;
    assert_eq!(health.status, ERROR);
    assert!(health.message.contains("cannot reach the engine at http://127.0.0.1"), "{}", health.message);
    assert!(health.message.contains("errata serve"), "{}", health.message);
}

#[tokio::test]
async fn tokens_are_checked() {
    let engine = Engine::start(&[("ERRATA_AUTH_MODE", "token")]).await;
    let host = Host::start(&engine.http).await;
    let missing = host.health().await;
    assert_eq!(missing.status, ERROR);
    assert!(missing.message.contains("errata token create"), "{}", missing.message);
    let host = host.token(TOKEN);
    let wrong = host.health().await;
    assert_eq!(wrong.status, ERROR);
    assert!(wrong.message.contains("does not accept the token"), "{}", wrong.message);
    let reader = engine.create_token(&["--role", "read", "--name", "reader"]).await;
    let host = host.token(&reader);
    let reads = host.health().await;
    assert_eq!(reads.status, OK, "{}", reads.message);
    assert!(reads.message.contains("may read, not triage"), "{}", reads.message);
    assert!(reads.message.contains("There are no exceptions yet"), "{}", reads.message);
    let triager = engine.create_token(&["--role", "triage", "--act-as", "--name", "triager"]).await;
    let host = host.token(&triager);
    let triages = host.health().await;
    assert!(triages.message.contains("may read and triage"), "{}", triages.message);
    for secret in [TOKEN, &reader, &triager] {
        assert!(!host.log().contains(secret));
        for answer in [&missing, &wrong, &reads, &triages] {
            assert!(
                !answer.message.contains(secret)
                    && !String::from_utf8_lossy(&answer.json_details).contains(secret)
            );
        }
    }
}
