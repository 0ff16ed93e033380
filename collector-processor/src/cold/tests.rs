//! Found again after eviction, a flush, merges, a restart and a crash; never more than the bound; broken files
//! start anew.

use super::*;
use error_patterns::canonical::{Canonical, Comparable};
use error_patterns::grouping::Grouping;
use error_patterns::ids::Fingerprint;
use error_patterns::likeness::Likeness;
use error_patterns::store::{Matched, PatternStore, StoreConfig};
use std::fs;

/// A message of its own for each number; with `changed`, one word more.
fn event(number: usize, changed: bool) -> Grouping {
    let more = changed.then(|| "more".to_owned());
    let canonical = Canonical {
        strategy: "2026-12-01".to_owned(),
        runtime: "python".to_owned(),
        types: vec!["ValueError".to_owned()],
        tokens: (0..20).map(|word| format!("w{number}_{word}")).chain(more).collect(),
        ..Canonical::default()
    };
    let comparable = Comparable::of(&canonical);
    let mixed = (number as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    let fingerprint = Fingerprint(mixed ^ if changed { mixed.rotate_left(64) } else { 0 });
    Grouping {
        fingerprint,
        hashes: vec![fingerprint],
        signature: comparable.minima.signature(),
        likeness: Likeness::of(&comparable),
        canonical: canonical.text(),
        strategy: "2026-12-01",
        ..Grouping::default()
    }
}

fn config(folder: &tempfile::TempDir, bytes_max: u64) -> ColdConfig {
    let folder = folder.path().join("patterns");
    ColdConfig { table_patterns_max: 200, ..ColdConfig::new(folder, "here".to_owned(), bytes_max) }
}

fn store(cold: &Arc<ColdStore>) -> PatternStore {
    let bounds = StoreConfig { patterns_max: 100, ..StoreConfig::default() };
    PatternStore::with_cold(bounds, Arc::clone(cold) as Arc<dyn ColdPatterns>)
}

fn fill(cold: &Arc<ColdStore>, numbers: std::ops::Range<usize>) {
    let mut patterns = store(cold);
    for number in numbers {
        patterns.assign(&event(number, false), number as i64);
        if number % 150 == 0 {
            cold.flush().unwrap();
        }
    }
    patterns.freeze_changed(usize::MAX);
}

/// How many of these are known, as they were and a little changed.
fn known(cold: &Arc<ColdStore>, numbers: std::ops::Range<usize>) -> (usize, usize) {
    let (mut patterns, mut exact, mut near) = (store(cold), 0, 0);
    for number in numbers.clone() {
        exact += usize::from(!patterns.assign(&event(number, false), 9_000).new);
    }
    let mut patterns = store(cold);
    for number in numbers {
        let assigned = patterns.assign(&event(number, true), 9_000);
        let id = PatternId::of(event(number, false).fingerprint);
        near += usize::from(assigned.pattern_id == id && matches!(assigned.matched, Matched::Near { .. }));
    }
    (exact, near)
}

#[test]
fn patterns_are_found_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let cold = Arc::new(ColdStore::open(config(&folder, 1 << 30)).unwrap());
    fill(&cold, 0..3_000);
    assert_eq!(cold.forgotten(), 0);
    cold.checkpoint(vec!["a.parquet".to_owned()]).unwrap();
    assert_eq!(cold.records(), 3_000);
    assert!(cold.inner.tables.read().stored.runs.len() < 3 * MERGED_AT, "runs are merged");
    drop(cold);
    let cold = Arc::new(ColdStore::open(config(&folder, 1 << 30)).unwrap());
    assert_eq!(cold.applied(), ["a.parquet"]);
    assert_eq!(known(&cold, 0..3_000), (3_000, 3_000));
    assert_eq!(known(&cold, 3_000..3_100), (0, 0));
}

#[test]
fn who_makes_patterns_faster_than_the_disk_takes_them_waits() {
    let folder = tempfile::tempdir().unwrap();
    let small = ColdConfig { table_patterns_max: 20, ..config(&folder, 1 << 30) };
    let cold = Arc::new(ColdStore::open(small).unwrap());
    let mut patterns = store(&cold);
    for number in 0..2_000 {
        patterns.assign(&event(number, false), number as i64);
    }
    assert_eq!(cold.forgotten(), 0);
}

#[test]
fn keys_that_lead_to_few_come_first_and_a_look_up_is_bounded() {
    let crowd = |first: u32| (first..first + 1_000).collect::<Vec<u32>>();
    let chosen = rarest_first(vec![crowd(0), vec![5_000, 7], crowd(500), vec![6_000]]);
    assert_eq!(chosen.len(), RECORDS_MAX);
    assert_eq!(chosen[..5], [6_000, 5_000, 7, 0, 1]);
    assert_eq!(rarest_first(vec![vec![1, 2], vec![2, 3], vec![]]), [1, 2, 3]);
}

#[test]
fn what_no_checkpoint_named_is_as_if_it_never_was() {
    let folder = tempfile::tempdir().unwrap();
    let cold = Arc::new(ColdStore::open(config(&folder, 1 << 30)).unwrap());
    fill(&cold, 0..300);
    cold.checkpoint(vec!["a".to_owned()]).unwrap();
    let manifest = fs::read(folder.path().join("patterns/manifest")).unwrap();
    fill(&cold, 300..600);
    cold.checkpoint(vec!["a".to_owned(), "b".to_owned()]).unwrap();
    drop(cold);
    // As after a crash before the last step of the second checkpoint, but for a run merged away meanwhile.
    fs::write(folder.path().join("patterns/manifest"), manifest).unwrap();
    let cold = Arc::new(ColdStore::open(config(&folder, 1 << 30)).unwrap());
    let found = known(&cold, 0..300);
    assert!(found == (300, 300) && cold.applied() == ["a"] || cold.applied().is_empty(), "{found:?}");
    fill(&cold, 600..900);
    assert_eq!(known(&cold, 600..900), (300, 300));
}

#[test]
fn broken_files_start_anew() {
    for (name, cut) in [("manifest", false), ("manifest", true), ("run-", true), ("records-", true)] {
        let folder = tempfile::tempdir().unwrap();
        let cold = Arc::new(ColdStore::open(config(&folder, 1 << 30)).unwrap());
        fill(&cold, 0..300);
        cold.checkpoint(vec!["a".to_owned()]).unwrap();
        drop(cold);
        for entry in fs::read_dir(folder.path().join("patterns")).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_string_lossy().starts_with(name) {
                let mut bytes = fs::read(&path).unwrap();
                bytes[20] ^= 1;
                bytes.truncate(if cut { 40 } else { bytes.len() });
                fs::write(path, bytes).unwrap();
            }
        }
        let cold = Arc::new(ColdStore::open(config(&folder, 1 << 30)).unwrap());
        assert!(cold.applied().is_empty(), "{name}: told as read what is lost");
        assert_eq!(cold.bytes(), 0);
        fill(&cold, 0..300);
        assert_eq!(known(&cold, 0..300), (300, 300), "{name}");
    }
}

#[test]
fn a_broken_record_is_forgotten_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let cold = Arc::new(ColdStore::open(config(&folder, 1 << 30)).unwrap());
    fill(&cold, 0..300);
    cold.checkpoint(Vec::new()).unwrap();
    let path = folder.path().join("patterns").join(log::file_name(0));
    let mut bytes = fs::read(&path).unwrap();
    bytes[100] ^= 1;
    fs::write(&path, bytes).unwrap();
    drop(cold);
    let cold = Arc::new(ColdStore::open(config(&folder, 1 << 30)).unwrap());
    assert_eq!(known(&cold, 0..300).0, 299);
}

#[test]
fn patterns_of_another_source_are_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let cold = Arc::new(ColdStore::open(config(&folder, 1 << 30)).unwrap());
    fill(&cold, 0..300);
    cold.checkpoint(vec!["a".to_owned()]).unwrap();
    drop(cold);
    let elsewhere = ColdConfig { source: "there".to_owned(), ..config(&folder, 1 << 30) };
    let cold = Arc::new(ColdStore::open(elsewhere).unwrap());
    assert_eq!((cold.applied().len(), cold.bytes()), (0, 0));
}

#[test]
fn the_oldest_patterns_go_when_the_disk_is_full() {
    let folder = tempfile::tempdir().unwrap();
    // Two files of records, and what leads to them.
    let bound = 160 << 20;
    let cold = Arc::new(
        ColdStore::open(ColdConfig { table_patterns_max: 4_096, ..config(&folder, bound) }).unwrap(),
    );
    let pattern = |number: u64| Frozen {
        pattern_id: PatternId(number << 32 | 7),
        keys: Vec::new(),
        class: None,
        bytes: vec![number as u8; 64 << 10],
    };
    for number in 0..4_000 {
        cold.put(pattern(number));
        if number % 100 == 0 {
            cold.flush().unwrap();
            assert!(cold.bytes() <= bound, "{} bytes", cold.bytes());
        }
    }
    cold.flush().unwrap();
    assert!(cold.bytes() <= bound);
    let on_disk: u64 = fs::read_dir(folder.path().join("patterns"))
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    assert!(on_disk <= bound + (1 << 20), "{on_disk} bytes");
}
