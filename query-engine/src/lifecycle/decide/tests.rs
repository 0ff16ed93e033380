//! Changes on histories, without a table.

use super::*;

fn change(decision: Decision) -> Change {
    Change {
        pattern_id: "p".to_owned(),
        event_id: None,
        actor: "ada".to_owned(),
        reason: Some("why".to_owned()),
        if_match: None,
        decision,
    }
}

/// A history of changes, each a second after the one before.
fn after(decisions: &[Decision]) -> Vec<PatternEvent> {
    let mut history = Vec::new();
    for (index, decision) in decisions.iter().enumerate() {
        let now = (index as i64 + 1) * 1_000_000_000;
        history.extend(decide(&history, &change(decision.clone()), &format!("e{index}"), now).unwrap());
    }
    history
}

/// from, to of what a decision adds.
fn turns(history: &[PatternEvent], decision: Decision) -> Vec<(Option<String>, Option<String>)> {
    let events = decide(history, &change(decision), "new", 0).unwrap();
    events.into_iter().map(|event| (event.from_value, event.to_value)).collect()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn labels(add: &[&str], remove: &[&str]) -> Decision {
    let owned = |labels: &[&str]| labels.iter().map(|label| (*label).to_owned()).collect();
    Decision::Labels { add: owned(add), remove: owned(remove) }
}

#[test]
fn each_change_says_what_was_before() {
    let history = after(&[Decision::Status(Status::Resolved), Decision::Severity(Some(2))]);
    assert_eq!(history[0].from_value, some("open"));
    assert_eq!(turns(&history, Decision::Status(Status::Ignored)), [(some("resolved"), some("ignored"))]);
    assert_eq!(turns(&history, Decision::Severity(None)), [(some("2"), None)]);
    assert_eq!(turns(&history, Decision::Assignee(some("bob"))), [(None, some("bob"))]);
    assert_eq!(turns(&history, Decision::Status(Status::Resolved)), [(some("resolved"), some("resolved"))]);
}

#[test]
fn labels_change_only_where_they_differ() {
    let history = after(&[labels(&["a", "b", "a"], &[])]);
    assert_eq!(history.len(), 2);
    assert_eq!(history[1].event_id, "e0.1");
    assert_eq!(turns(&history, labels(&["b", "c"], &["a", "z"])), [(some("a"), None), (None, some("c"))]);
    let many: Vec<String> = (0..=LABELS_MAX).map(|n| n.to_string()).collect();
    let many = Decision::Labels { add: many, remove: Vec::new() };
    assert_eq!(decide(&[], &change(many), "e", 0), Err(Refusal::TooManyLabels(LABELS_MAX + 1)));
}

#[test]
fn an_undo_goes_back_unless_a_later_change_stands() {
    let undo = |id: &str| Decision::Undo { event_id: id.to_owned() };
    let history =
        after(&[Decision::Status(Status::Resolved), labels(&["a"], &[]), Decision::Status(Status::Ignored)]);
    assert_eq!(turns(&history, undo("e2")), [(some("ignored"), some("resolved"))]);
    assert_eq!(turns(&history, undo("e1")), [(some("a"), None)]);
    assert_eq!(decide(&history, &change(undo("e0")), "n", 0), Err(Refusal::Superseded("e0".to_owned())));
    assert!(matches!(decide(&history, &change(undo("e9")), "n", 0), Err(Refusal::UnknownEvent { .. })));
    let undone = after(&[Decision::Severity(Some(1)), undo("e0")]);
    assert_eq!(PatternState::of(&undone).severity, None);
    assert_eq!(turns(&undone, undo("e1")), [(None, some("1"))]);
}

#[test]
fn a_reopening_is_for_one_resolving_event() {
    let reopen = |id: &str| Decision::Reopen { resolving: id.to_owned() };
    let history = after(&[Decision::Status(Status::Resolved)]);
    assert_eq!(turns(&history, reopen("e0")), [(some("resolved"), some("open"))]);
    let again = after(&[Decision::Status(Status::Resolved), Decision::Status(Status::Resolved)]);
    assert_eq!(decide(&again, &change(reopen("e0")), "n", 0), Err(Refusal::NotResolved("e0".to_owned())));
    let ignored = after(&[Decision::Status(Status::Resolved), Decision::Status(Status::Ignored)]);
    assert!(decide(&ignored, &change(reopen("e0")), "n", 0).is_err());
}

#[test]
fn times_rise_whatever_the_clock_says() {
    let history = after(&[Decision::Status(Status::Resolved)]);
    let event = &decide(&history, &change(Decision::Status(Status::Open)), "n", 5).unwrap()[0];
    assert_eq!(event.time_unix_nano, 1_000_000_001);
    let mut all = history.clone();
    all.push(event.clone());
    all.reverse();
    assert_eq!(PatternState::of(&all).status, Status::Open);
}

#[test]
fn a_state_has_its_own_tag() {
    let history = after(&[Decision::Status(Status::Resolved)]);
    let tag = PatternState::of(&history).etag();
    let mut wish = change(Decision::Status(Status::Open));
    wish.if_match = Some(vec![tag.clone()]);
    let added = decide(&history, &wish, "n", 0).unwrap();
    let longer: Vec<PatternEvent> = history.into_iter().chain(added).collect();
    assert!(matches!(decide(&longer, &wish, "n2", 0), Err(Refusal::Changed { etag }) if etag != tag));
}

#[test]
fn a_change_is_known_by_its_events() {
    let history = after(&[labels(&["a", "b"], &[])]);
    assert!(history.iter().all(|event| change_of(&event.event_id) == "e0"));
    assert!(is_repeat(&history, &change(labels(&["a", "b"], &[]))));
    assert!(!is_repeat(&history, &change(labels(&["a"], &[]))));
    assert!(!is_repeat(&history, &change(Decision::Status(Status::Open))));
}

#[test]
fn merges_splits_and_pairs_are_taken_back() {
    let undo = |id: &str| Decision::Undo { event_id: id.to_owned() };
    let merge = Decision::Merge { into: "q".to_owned() };
    let history = after(&[merge]);
    assert_eq!(history[0].to_value, some("q"));
    assert_eq!(turns(&history, undo("e0")), [(some("q"), None)]);
    let apart = Decision::KeepApart { from: "q".to_owned() };
    assert_eq!(decide(&history, &change(apart.clone()), "n", 0), Err(Refusal::Merged));
    let history = after(&[apart]);
    let merge = Decision::Merge { into: "q".to_owned() };
    assert_eq!(decide(&history, &change(merge.clone()), "n", 0), Err(Refusal::KeptApart));
    let history = after(&[Decision::KeepApart { from: "q".to_owned() }, undo("e0")]);
    assert_eq!(turns(&history, merge), [(None, some("q"))]);

    let fingerprint = "0123456789abcdef0123456789abcdef".to_owned();
    let history = after(&[Decision::Split { fingerprints: vec![fingerprint.clone(), fingerprint.clone()] }]);
    assert_eq!(history.len(), 1);
    let own = history[0].to_value.clone().unwrap();
    assert_eq!((own.len(), history[0].from_value.clone()), (16, Some(fingerprint.clone())));
    assert_eq!(turns(&history, undo("e0")), [(Some(own.clone()), Some(fingerprint.clone()))]);
    let again =
        Change { pattern_id: own.clone(), ..change(Decision::Split { fingerprints: vec![fingerprint] }) };
    assert_eq!(decide(&[], &again, "n", 0), Err(Refusal::Same(own)));
}

#[test]
fn an_undo_of_a_merge_is_about_the_name_that_was_merged() {
    let merged = after(&[Decision::Merge { into: "q".to_owned() }]);
    let mut undo = change(Decision::Undo { event_id: "e0".to_owned() });
    undo.pattern_id = "q".to_owned();
    let event = decide(&merged, &undo, "n", 0).unwrap().remove(0);
    assert_eq!((event.pattern_id.as_str(), event.to_value), ("p", None));
}
