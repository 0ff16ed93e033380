//! Changes of patterns: each once, in one order, whichever engines make them.

use crate::support::{Place, config, error, rows};
use futures::future::join_all;
use query_engine::Engine;
use query_engine::lifecycle::{Change, ChangeError, Changed, Decision, Refusal, Status};
use schemas::tables::Table;
use serde_json::{Value, json};

/// A lake in which `count` patterns occurred: p0, p1, ...
pub(crate) async fn place(count: usize) -> Place {
    let place = Place::new().await;
    if count == 0 {
        return place;
    }
    let rows: Vec<Value> =
        (0..count).map(|n| error("2026-11-23T10:00:00Z", &format!("p{n}"), "u1", json!({}))).collect();
    place.append(Table::Errors, &rows).await;
    place
}

pub(crate) fn change(pattern: &str, decision: Decision) -> Change {
    Change {
        pattern_id: pattern.to_owned(),
        event_id: None,
        actor: "ada".to_owned(),
        reason: None,
        if_match: None,
        decision,
    }
}

fn named(event_id: &str, change: Change) -> Change {
    Change { event_id: Some(event_id.to_owned()), ..change }
}

async fn history(engine: &Engine, pattern: &str) -> Vec<Value> {
    let sql = format!(
        "SELECT * FROM pattern_history WHERE pattern_id = '{pattern}' ORDER BY time_unix_nano, event_id"
    );
    rows(engine, &sql).await
}

/// Each row goes on from where the one before ended.
fn check_chain(history: &[Value]) {
    for pair in history.windows(2) {
        assert_eq!(pair[1]["from_value"], pair[0]["to_value"], "{pair:?}");
        assert!(pair[0]["time_unix_nano"].as_i64() < pair[1]["time_unix_nano"].as_i64(), "{pair:?}");
    }
}

pub(crate) fn refusal(answer: Result<Changed, ChangeError>) -> Refusal {
    match answer {
        Err(ChangeError::Refused(refusal)) => refusal,
        other => panic!("{other:?} is no refusal"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_changes_share_commits_and_are_each_there_once() {
    let place = place(50).await;
    let engine = place.engine(config());
    let lifecycle = place.lifecycle(&engine);
    let before = place.lake.snapshot(Table::PatternEvents).await.unwrap().version;
    let decisions = [Status::Resolved, Status::Ignored, Status::Open];
    let wishes = (0..600).map(|n| {
        let wish = change(&format!("p{}", n % 50), Decision::Status(decisions[n % 3]));
        lifecycle.change(named(&format!("id-{n}"), wish))
    });
    let made = join_all(wishes).await;
    assert!(made.iter().all(Result::is_ok), "{made:?}");
    let commits = place.lake.snapshot(Table::PatternEvents).await.unwrap().version - before;
    assert!(commits < 60, "{commits} commits for 600 changes");
    let stored =
        rows(&engine, "SELECT count(*) AS n, count(DISTINCT event_id) AS d FROM pattern_events").await;
    assert_eq!(stored, [json!({"n": 600, "d": 600})]);
    for pattern in ["p0", "p49"] {
        let history = history(&engine, pattern).await;
        assert_eq!(history.len(), 12);
        assert_eq!(history[0]["from_value"], "open");
        check_chain(&history);
    }
}

/// Two engines with handles of their own on one lake: what one decides the other sees before it decides.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn decisions_of_two_engines_do_not_lose_one_another() {
    let place = place(1).await;
    let other = place.reopened().await;
    let (engine, second) = (place.engine(config()), other.engine(config()));
    let (left, right) = (place.lifecycle(&engine), other.lifecycle(&second));
    let wishes = (0..40).map(|n| {
        let status = if n % 3 == 0 { Status::Resolved } else { Status::Open };
        let lifecycle = if n % 2 == 0 { &left } else { &right };
        // Every id is asked for twice, of both.
        let id = format!("id-{}", n / 2);
        let wish =
            named(&id, change("p0", Decision::Status(if n / 2 % 2 == 0 { status } else { Status::Ignored })));
        async move { (n, lifecycle.change(wish).await) }
    });
    let made = join_all(wishes).await;
    for (n, answer) in &made {
        // The same id with another wish is refused, with the same one it is answered as made.
        assert!(
            matches!(answer, Ok(_) | Err(ChangeError::Refused(Refusal::EventIdUsed(_)))),
            "{n}: {answer:?}"
        );
    }
    let history = history(&engine, "p0").await;
    assert_eq!(history.len(), 20);
    check_chain(&history);
    let stored = rows(&engine, "SELECT count(*) AS n FROM pattern_events").await;
    assert_eq!(stored, [json!({"n": 20})]);
}

#[tokio::test]
async fn only_what_is_there_is_changed() {
    let place = place(2).await;
    let engine = place.engine(config());
    let lifecycle = place.lifecycle(&engine);
    let resolve = || change("p0", Decision::Status(Status::Resolved));
    assert_eq!(
        refusal(lifecycle.change(change("p9", Decision::Severity(None))).await),
        Refusal::UnknownPattern("p9".to_owned())
    );
    let first = lifecycle.change(named("once", resolve())).await.unwrap();
    assert_eq!(lifecycle.change(named("once", resolve())).await.unwrap(), first);
    for wish in
        [change("p0", Decision::Status(Status::Open)), change("p1", Decision::Status(Status::Resolved))]
    {
        assert_eq!(
            refusal(lifecycle.change(named("once", wish)).await),
            Refusal::EventIdUsed("once".to_owned())
        );
    }
    let (_, state) = lifecycle.state("p0").await.unwrap().unwrap();
    assert_eq!(state.etag(), first.state.etag());
    let stale = Change { if_match: Some(vec!["\"0-\"".to_owned()]), ..resolve() };
    assert!(matches!(refusal(lifecycle.change(stale).await), Refusal::Changed { .. }));
    let fresh = Change { if_match: Some(vec![state.etag()]), ..resolve() };
    lifecycle.change(fresh).await.unwrap();
}

/// A decision about a pattern that was merged away counts for the one that it was merged into.
#[tokio::test]
async fn a_decision_about_an_alias_counts_for_the_pattern() {
    let place = place(2).await;
    let engine = place.engine(config());
    let lifecycle = place.lifecycle(&engine);
    lifecycle.change(change("p1", Decision::Assignee(Some("bob".to_owned())))).await.unwrap();
    let alias = json!({"fact": "alias", "pattern_id": "p1", "alias_of": "p0"});
    place.append(Table::Patterns, &[alias]).await;
    let made = lifecycle.change(change("p1", Decision::Status(Status::Ignored))).await.unwrap();
    assert_eq!((made.pattern_id.as_str(), made.state.assignee.as_deref()), ("p0", Some("bob")));
    let report = rows(&engine, "SELECT pattern_id, status FROM pattern_report").await;
    assert_eq!(report, [json!({"pattern_id": "p0", "status": "ignored"})]);
}
