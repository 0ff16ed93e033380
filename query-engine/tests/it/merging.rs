//! Merges, splits and pairs kept apart: seen in the views, also for what is stored already, and taken back.

use crate::lifecycle::{change, place, refusal};
use crate::support::{Place, config, error, rows};
use query_engine::Engine;
use query_engine::lifecycle::{Changed, Decision, Lifecycle, Refusal, Status};
use schemas::tables::Table;
use serde_json::json;

/// Pattern ids of the report with their occurrences.
async fn counts(engine: &Engine) -> Vec<(String, i64)> {
    let found = rows(engine, "SELECT pattern_id, occurrences FROM pattern_report ORDER BY pattern_id").await;
    found
        .iter()
        .map(|row| (row["pattern_id"].as_str().unwrap().to_owned(), row["occurrences"].as_i64().unwrap()))
        .collect()
}

fn owned(expected: &[(&str, i64)]) -> Vec<(String, i64)> {
    expected.iter().map(|(id, count)| ((*id).to_owned(), *count)).collect()
}

fn merge(into: &str) -> Decision {
    Decision::Merge { into: into.to_owned() }
}

fn apart(from: &str) -> Decision {
    Decision::KeepApart { from: from.to_owned() }
}

async fn make(lifecycle: &Lifecycle, pattern: &str, decision: Decision) -> Changed {
    lifecycle.change(change(pattern, decision)).await.unwrap()
}

async fn undo(lifecycle: &Lifecycle, of: &Changed) -> Changed {
    make(lifecycle, &of.pattern_id, Decision::Undo { event_id: of.events[0].event_id.clone() }).await
}

async fn alias(place: &Place, pattern: &str, of: &str) {
    let fact = json!({"fact": "alias", "pattern_id": pattern, "alias_of": of});
    place.append(Table::Patterns, &[fact]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merge_joins_what_is_stored_and_can_be_taken_back() {
    let place = place(4).await;
    let engine = place.engine(config());
    let lifecycle = place.lifecycle(&engine);
    make(&lifecycle, "p1", Decision::Assignee(Some("bob".to_owned()))).await;
    let merged = make(&lifecycle, "p1", merge("p0")).await;
    assert_eq!((merged.pattern_id.as_str(), merged.state.assignee.as_deref()), ("p0", Some("bob")));
    assert_eq!(counts(&engine).await, owned(&[("p0", 2), ("p2", 1), ("p3", 1)]));
    for (pattern, into) in [("p1", "p0"), ("p0", "p1"), ("p0", "p0")] {
        let again = lifecycle.change(change(pattern, merge(into))).await;
        assert_eq!(refusal(again), Refusal::Same("p0".to_owned()), "{pattern} into {into}");
    }
    assert_eq!(
        refusal(lifecycle.change(change("p0", merge("p9"))).await),
        Refusal::UnknownPattern("p9".to_owned())
    );
    // What the processors find later, the other way round, changes nothing.
    alias(&place, "p0", "p1").await;
    assert_eq!(counts(&engine).await, owned(&[("p0", 2), ("p2", 1), ("p3", 1)]));
    make(&lifecycle, "p0", merge("p2")).await;
    assert_eq!(counts(&engine).await, owned(&[("p2", 3), ("p3", 1)]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undone_merge_leaves_two_patterns() {
    let place = place(2).await;
    let engine = place.engine(config());
    let lifecycle = place.lifecycle(&engine);
    for (pattern, who) in [("p0", "ada"), ("p1", "bob")] {
        make(&lifecycle, pattern, Decision::Assignee(Some(who.to_owned()))).await;
    }
    // Both ways at once: one of them comes first.
    let (left, right) = tokio::join!(
        lifecycle.change(change("p0", merge("p1"))),
        lifecycle.change(change("p1", merge("p0")))
    );
    let (made, refused) = if left.is_ok() { (left, right) } else { (right, left) };
    let made = made.unwrap();
    assert_eq!(refusal(refused), Refusal::Same(made.pattern_id.clone()));
    assert_eq!(counts(&engine).await.len(), 1);
    let undone = undo(&lifecycle, &made).await;
    assert_eq!(counts(&engine).await, owned(&[("p0", 1), ("p1", 1)]));
    assert_eq!(undone.events[0].pattern_id, made.events[0].pattern_id);
    let of = |pattern: &str| Some(if pattern == "p0" { "ada" } else { "bob" }.to_owned());
    assert_eq!(
        undone.state.assignee,
        of(&undone.pattern_id),
        "the answer is about the pattern as it is then"
    );
    make(&lifecycle, "p0", Decision::Status(Status::Ignored)).await;
    let found = rows(&engine, "SELECT status FROM pattern_report ORDER BY pattern_id").await;
    assert_eq!(found, [json!({"status": "ignored"}), json!({"status": "open"})]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn patterns_kept_apart_stay_apart_until_that_is_undone() {
    let place = place(2).await;
    let engine = place.engine(config());
    let lifecycle = place.lifecycle(&engine);
    alias(&place, "p1", "p0").await;
    assert_eq!(counts(&engine).await, owned(&[("p0", 2)]));
    make(&lifecycle, "p1", apart("p0")).await;
    assert_eq!(counts(&engine).await, owned(&[("p0", 1), ("p1", 1)]));
    for (pattern, into) in [("p1", "p0"), ("p0", "p1")] {
        let wish = lifecycle.change(change(pattern, merge(into))).await;
        assert_eq!(refusal(wish), Refusal::KeptApart, "{pattern} into {into}");
    }
    let sql = "SELECT event_id FROM pattern_events WHERE action = 'apart'";
    let event_id = rows(&engine, sql).await[0]["event_id"].as_str().unwrap().to_owned();
    make(&lifecycle, "p1", Decision::Undo { event_id }).await;
    assert_eq!(counts(&engine).await, owned(&[("p0", 2)]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_split_goes_by_the_fingerprint() {
    let place = place(0).await;
    let (kept, split) = ("0".repeat(32), "1".repeat(32));
    let seen = |fingerprint: &str, user: &str| {
        error("2026-11-23T10:00:00Z", "p0", user, json!({"fingerprint": fingerprint}))
    };
    place.append(Table::Errors, &[seen(&kept, "u1"), seen(&split, "u2"), seen(&split, "u3")]).await;
    let engine = place.engine(config());
    let lifecycle = place.lifecycle(&engine);
    let made = make(&lifecycle, "p0", Decision::Split { fingerprints: vec![split.clone()] }).await;
    let own = made.events[0].to_value.clone().unwrap();
    let mut expected = owned(&[("p0", 1), (&own, 2)]);
    expected.sort();
    assert_eq!(counts(&engine).await, expected);
    // It is a pattern like others.
    let ignored = make(&lifecycle, &own, Decision::Status(Status::Ignored)).await;
    assert_eq!(ignored.pattern_id, own);
    let hourly = rows(&engine, "SELECT pattern_id FROM pattern_hourly").await;
    assert_eq!(hourly.len(), 2);
    let merged = make(&lifecycle, &own, merge("p0")).await;
    assert_eq!(counts(&engine).await, owned(&[("p0", 3)]));
    undo(&lifecycle, &merged).await;
    undo(&lifecycle, &made).await;
    assert_eq!(counts(&engine).await, owned(&[("p0", 3)]));
}
