//! The evaluation's measures are those that the labelled data's own scorer prints.

#[path = "../examples/eval/score.rs"]
mod score;

use score::{Scores, score};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

fn check(labels: &str, groups: &str, expected: Scores) {
    let found = score(&labels.chars().zip(groups.chars()).collect::<Vec<_>>());
    for ((name, found), (_, expected)) in measures(&found).into_iter().zip(measures(&expected)) {
        assert!((found - expected).abs() < 1e-6, "{labels} {groups}: {name} is {found}, not {expected}");
    }
}

fn measures(s: &Scores) -> [(&'static str, f64); 15] {
    [
        ("records", s.records as f64),
        ("true_groups", s.labels as f64),
        ("groups", s.groups as f64),
        ("pairwise_precision", s.pairwise_precision),
        ("pairwise_recall", s.pairwise_recall),
        ("pairwise_f1", s.pairwise_f1),
        ("bcubed_precision", s.bcubed_precision),
        ("bcubed_recall", s.bcubed_recall),
        ("bcubed_f1", s.bcubed_f1),
        ("ari", s.ari),
        ("homogeneity", s.homogeneity),
        ("completeness", s.completeness),
        ("v_measure", s.v_measure),
        ("ga", s.ga),
        ("fga", s.fga),
    ]
}

/// Worked by hand.
#[test]
fn scores_small_groupings() {
    check(
        "aaabb",
        "xxyyy",
        Scores {
            records: 5,
            labels: 2,
            groups: 2,
            pairwise_precision: 0.5,
            pairwise_recall: 0.5,
            pairwise_f1: 0.5,
            bcubed_precision: 11.0 / 15.0,
            bcubed_recall: 11.0 / 15.0,
            bcubed_f1: 11.0 / 15.0,
            ari: 1.0 / 6.0,
            homogeneity: 0.432_538_067_766_312_6,
            completeness: 0.432_538_067_766_312_6,
            v_measure: 0.432_538_067_766_312_6,
            ga: 0.0,
            fga: 0.0,
        },
    );
    let whole = Scores {
        records: 5,
        labels: 3,
        groups: 3,
        pairwise_precision: 1.0,
        pairwise_recall: 1.0,
        pairwise_f1: 1.0,
        bcubed_precision: 1.0,
        bcubed_recall: 1.0,
        bcubed_f1: 1.0,
        ari: 1.0,
        homogeneity: 1.0,
        completeness: 1.0,
        v_measure: 1.0,
        ga: 1.0,
        fga: 1.0,
    };
    check("aabbc", "xxyyz", whole);
    assert_eq!(score::<char, char>(&[]), Scores::default());
}

/// Where the labelled data lies beside the project, its scorer must agree on groupings made at random.
#[test]
fn agrees_with_the_scorer_of_the_labelled_data() {
    let scorer = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/eval/score_groups.py");
    if !scorer.exists() {
        return;
    }
    let folder = std::env::temp_dir().join(format!("errata-score-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (truth, groups) = (folder.join("truth.jsonl"), folder.join("groups.jsonl"));
    let mut state = 0x2026_u64;
    for spread in [2, 7, 40] {
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % spread
        };
        // Half of the groups follow the labels.
        let records: Vec<(u64, u64)> =
            (0..200).map(|_| (next(), next())).map(|(l, g)| (l, if g % 2 == 0 { l } else { g })).collect();
        let mut files = (std::fs::File::create(&truth).unwrap(), std::fs::File::create(&groups).unwrap());
        for (id, (label, group)) in records.iter().enumerate() {
            writeln!(files.0, r#"{{"id": "{id}", "label": "{label}"}}"#).unwrap();
            writeln!(files.1, r#"{{"id": "{id}", "group": "{group}"}}"#).unwrap();
        }
        let output =
            Command::new("python3").arg(&scorer).args([&truth, &groups]).arg("--json").output().unwrap();
        let theirs: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        for (name, ours) in measures(&score(&records)) {
            let theirs = theirs[name].as_f64().unwrap();
            assert!((ours - theirs).abs() < 1e-9, "{name}: {ours}, not {theirs}");
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
