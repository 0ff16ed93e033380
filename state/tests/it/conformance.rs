//! What holds for both databases.

use crate::cluster::Cluster;
use errata_state::{Added, SavedView, State, StateError, Token, Updated};

const HOUR_MS: i64 = 3_600_000;

fn token(id: &str) -> Token {
    Token {
        id: id.to_owned(),
        name: "grafana".to_owned(),
        secret_sha256: "00ff".to_owned(),
        roles: "read,triage".to_owned(),
        acts_for_others: true,
        items_per_second: Some(1_000),
        bytes_per_second: None,
        created_ms: 10,
        expires_ms: Some(HOUR_MS),
        revoked_ms: None,
        last_used_ms: None,
    }
}

fn view(id: &str, kind: &str, name: &str) -> SavedView {
    SavedView {
        id: id.to_owned(),
        owner: "ada".to_owned(),
        kind: kind.to_owned(),
        name: name.to_owned(),
        body: "{\"filter\": \"\u{fc}'; DROP TABLE views; --\"}".to_owned(),
        version: 1,
        created_ms: 5,
        updated_ms: 5,
    }
}

/// Every property, on a database of its own each.
async fn conforms(mut database: impl AsyncFnMut(&'static str) -> String) {
    tokens_are_kept(&database("tokens").await).await;
    tokens_are_bounded(&database("bounds").await).await;
    views_are_kept(&database("kept_views").await).await;
    many_open_at_once(&database("migrations").await).await;
    newer_databases_are_refused(&database("newer").await).await;
}

async fn tokens_are_kept(location: &str) {
    let state = State::open(location).await.unwrap();
    let first = token("first");
    let second = Token { created_ms: 20, expires_ms: None, acts_for_others: false, ..token("second") };
    assert_eq!(state.add_token(&first, 10).await.unwrap(), Added::Stored);
    assert_eq!(state.add_token(&second, 10).await.unwrap(), Added::Stored);
    assert!(state.add_token(&first, 10).await.is_err(), "an id is there once");
    assert_eq!(state.tokens(10).await.unwrap(), [second.clone(), first.clone()]);
    assert_eq!(state.live_tokens(0, 10).await.unwrap(), [first.clone(), second.clone()]);
    assert_eq!(state.live_tokens(0, 1).await.unwrap(), std::slice::from_ref(&first));
    assert_eq!(state.live_tokens(HOUR_MS, 10).await.unwrap(), std::slice::from_ref(&second));

    state.token_used("second", 500).await.unwrap();
    state.token_used("second", 400).await.unwrap();
    let used = Token { last_used_ms: Some(500), ..second };
    assert_eq!(state.live_tokens(HOUR_MS, 10).await.unwrap(), std::slice::from_ref(&used));

    assert!(state.revoke_token("first", 30).await.unwrap());
    assert!(!state.revoke_token("first", 31).await.unwrap(), "revoked once");
    assert!(!state.revoke_token("third", 31).await.unwrap());
    assert_eq!(state.live_tokens(0, 10).await.unwrap(), std::slice::from_ref(&used));
    state.close().await;

    let again = State::open(location).await.unwrap();
    let revoked = Token { revoked_ms: Some(30), ..first };
    assert_eq!(again.tokens(10).await.unwrap(), [used, revoked]);
}

async fn tokens_are_bounded(location: &str) {
    let state = State::open(location).await.unwrap();
    let first = Token { expires_ms: Some(100), ..token("first") };
    assert_eq!(state.add_token(&first, 1).await.unwrap(), Added::Stored);
    let second = Token { created_ms: 50, ..token("second") };
    assert_eq!(state.add_token(&second, 1).await.unwrap(), Added::Full);
    let late = Token { created_ms: 100, ..token("second") };
    assert_eq!(state.add_token(&late, 1).await.unwrap(), Added::Stored, "what expired does not count");
}

async fn views_are_kept(location: &str) {
    let state = State::open(location).await.unwrap();
    let (one, two, other) = (view("1", "patterns", "b"), view("2", "patterns", "a"), view("3", "feed", "c"));
    for each in [&one, &two, &other] {
        assert!(state.add_view(each, 3).await.unwrap());
    }
    assert!(!state.add_view(&view("4", "feed", "d"), 3).await.unwrap(), "three are the limit");
    assert_eq!(state.views(Some("patterns"), 10).await.unwrap(), [two.clone(), one.clone()]);
    assert_eq!(state.views(None, 10).await.unwrap(), [other.clone(), two, one.clone()]);
    assert_eq!(state.views(None, 1).await.unwrap(), [other]);
    assert_eq!(state.view("1").await.unwrap(), Some(one.clone()));
    assert_eq!(state.view("9").await.unwrap(), None);

    let changed = SavedView { name: "z".to_owned(), version: 2, updated_ms: 9, ..one };
    assert_eq!(state.update_view(&changed).await.unwrap(), Updated::Done);
    assert_eq!(state.update_view(&changed).await.unwrap(), Updated::Overtaken);
    assert_eq!(state.view("1").await.unwrap(), Some(changed));
    assert_eq!(state.delete_view("1", 1).await.unwrap(), Updated::Overtaken);
    assert_eq!(state.delete_view("1", 2).await.unwrap(), Updated::Done);
    assert_eq!(state.view("1").await.unwrap(), None);
}

/// Several processes that start on an empty database at once.
async fn many_open_at_once(location: &str) {
    let opening: Vec<_> = (0..6)
        .map(|_| {
            let location = location.to_owned();
            tokio::spawn(async move { State::open(&location).await.map(drop) })
        })
        .collect();
    for opened in opening {
        opened.await.unwrap().unwrap();
    }
}

async fn newer_databases_are_refused(location: &str) {
    State::open(location).await.unwrap().close().await;
    sqlx::any::install_default_drivers();
    let url = if location.contains("://") { location.to_owned() } else { format!("sqlite://{location}") };
    let pool = sqlx::AnyPool::connect(&url).await.unwrap();
    sqlx::raw_sql("INSERT INTO errata_schema (version) VALUES (99)").execute(&pool).await.unwrap();
    pool.close().await;
    let refused = State::open(location).await.unwrap_err();
    assert!(matches!(refused, StateError::Newer { found: 99, .. }), "{refused}");
    let told = refused.to_string();
    assert!(told.contains("has version 99") && told.contains("--state"), "{told}");
}

#[tokio::test]
async fn sqlite_conforms() {
    let folder = tempfile::tempdir().unwrap();
    conforms(async |name| folder.path().join(name).join("state.db").display().to_string()).await;
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(folder.path().join("tokens/state.db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "nobody else reads the file");
}

#[tokio::test]
async fn postgresql_conforms() {
    let cluster = Cluster::start();
    conforms(async |name| cluster.database(name).await).await;
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.db");
    std::fs::write(&file, "no database at all, but long enough to be looked at closely").unwrap();
    let refused = State::open(&file.display().to_string()).await.unwrap_err();
    assert!(matches!(refused, StateError::Unavailable(_)), "{refused}");
}
