//! What is kept of files: answers are those of an engine that keeps nothing, whatever was asked before and whatever
//! changed since.

use crate::support::{Place, config, csv, error};
use query_engine::{Engine, QueryConfig};
use schemas::tables::Table;
use serde_json::{Value, json};

const QUERIES: &[&str] = &[
    "SELECT error_type, count(*) AS n FROM errors GROUP BY error_type ORDER BY error_type",
    "SELECT count(*) AS n, min(timestamp) AS a, max(time_unix_nano) AS b, count(DISTINCT user_id) AS u, \
     distinct_estimate(user_id) AS e FROM errors",
    "SELECT count(*) AS n, count(user_id) AS u FROM errors WHERE timestamp >= '2026-11-22T12:00:00Z' AND severity < 3",
    "SELECT pattern_id, count(*) FILTER (WHERE timestamp >= '2026-11-22T12:00:00Z') AS late, \
     count(*) FILTER (WHERE timestamp < '2026-11-22T12:00:00Z' AND severity > 1) AS early, \
     count(*) FILTER (WHERE timestamp >= '2027-01-01T00:00:00Z') AS none FROM errors GROUP BY 1 ORDER BY 1",
    "SELECT date_trunc('hour', timestamp) AS h, severity + 1 AS s, avg(severity) AS a, sum(severity) AS t FROM errors \
     WHERE date >= '2026-11-21' GROUP BY 1, 2 ORDER BY 1, 2",
    "SELECT pattern_of(pattern_id, fingerprint) AS p, count(*) AS n, min(message) AS m FROM errors GROUP BY 1 ORDER BY 1",
    "SELECT * FROM pattern_recurrence ORDER BY pattern_id",
    "SELECT * FROM execution_hourly ORDER BY hour, service_name, user_id",
    "SELECT * FROM session_first_errors ORDER BY session_id",
    "SELECT upper(pattern_of(pattern_id, fingerprint)) AS p, count(*) AS n FROM errors GROUP BY 1 ORDER BY 1",
    "SELECT service_name, count(DISTINCT pattern_of(pattern_id, fingerprint)) AS p FROM errors GROUP BY 1 ORDER BY 1",
    "SELECT p, s, count(*) AS n FROM (SELECT pattern_of(pattern_id, fingerprint) AS p, severity AS s FROM errors) \
     GROUP BY 1, 2 ORDER BY 1, 2",
    "SELECT count(*) AS n FROM errors WHERE pattern_of(pattern_id, fingerprint) = 'p1'",
    "SELECT * EXCEPT (recent, trend, score) FROM pattern_report ORDER BY pattern_id",
    "SELECT * EXCEPT (recent, trend, score) FROM pattern_report WHERE pattern_id = 'p1'",
    "SELECT * FROM pattern_hourly ORDER BY hour, pattern_id",
    "SELECT last_value(message ORDER BY time_unix_nano) AS m, first_value(message ORDER BY time_unix_nano) AS f \
     FROM errors WHERE error_type = 'KeyError'",
    "SELECT error_type, severity, count(*) AS n FROM errors GROUP BY GROUPING SETS ((error_type), (severity)) ORDER BY 1, 2",
    "SELECT a.error_type, b.n FROM (SELECT error_type, count(*) AS n FROM errors GROUP BY 1) a \
     JOIN (SELECT error_type, count(*) AS n FROM errors WHERE severity > 2 GROUP BY 1) b USING (error_type) ORDER BY 1",
    "SELECT error_type, count(*) AS n FROM errors GROUP BY 1 HAVING count(*) > 3 ORDER BY n DESC, 1 LIMIT 2",
];

/// Exceptions of one commit: four a day on `days` days.
fn rows(commit: usize, days: std::ops::Range<u32>) -> Vec<Value> {
    let mut rows = Vec::new();
    for day in days {
        for hour in [1, 11, 13, 23] {
            let nth = commit * 7 + day as usize * 3 + hour;
            let user = (!nth.is_multiple_of(3)).then(|| format!("u{}", nth % 5));
            let kind = ["KeyError", "TypeError", "ValueError"][nth % 3];
            rows.push(error(
                &format!("2026-11-{day:02}T{hour:02}:{:02}:00Z", commit % 60),
                &format!("p{}", nth % 4),
                "x",
                json!({
                    "event_id": format!("e{commit}-{day}-{hour}"), "user_id": user, "severity": 1 + nth % 5,
                    "error_type": kind, "service_name": format!("s{}", nth % 2),
                    "message": format!("m{nth}"), "fingerprint": format!("f{}", nth % 6), "trace_id": format!("t{nth}"),
                    "session_id": format!("session-{}", nth % 3),
                }),
            ));
        }
    }
    rows
}

fn event(seconds: u32, pattern: &str, action: &str, from: Option<&str>, to: Option<&str>) -> Value {
    json!({
        "at": format!("2026-11-24T00:00:{seconds:02}Z"), "event_id": format!("c{seconds}"), "pattern_id": pattern,
        "action": action, "from_value": from, "to_value": to, "actor": "ada",
    })
}

async fn agree(keeps: &Engine, keeps_none: &Engine, when: &str) {
    for sql in QUERIES {
        let expected = csv(keeps_none, sql).await.unwrap();
        // Computed, found, and found as sums.
        for round in 0..3 {
            assert_eq!(csv(keeps, sql).await.unwrap(), expected, "{when}, round {round}: {sql}");
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_are_those_of_an_engine_that_keeps_nothing() {
    let place = Place::new().await;
    let keeps_none = place.engine(QueryConfig { partials_bytes_max: 0, ..config() });
    let keeps = place.engine(config());
    agree(&keeps, &keeps_none, "without rows").await;
    for commit in 0..4 {
        place.append(Table::Errors, &rows(commit, 20..24)).await;
    }
    agree(&keeps, &keeps_none, "at first").await;
    place.append(Table::Errors, &rows(4, 21..25)).await;
    agree(&keeps, &keeps_none, "after more rows").await;
    let split = "f".repeat(32);
    let events = [
        event(1, "p2", "merge", None, Some("p1")),
        event(2, "p3", "split", Some(&split), Some("p9")),
        event(3, "p1", "status", Some("open"), Some("resolved")),
        event(4, "p1", "severity", None, Some("1")),
    ];
    place.append(Table::PatternEvents, &events).await;
    let of_split = error("2026-11-20T05:00:00Z", "p3", "u1", json!({ "fingerprint": split }));
    place.append(Table::Errors, &[of_split]).await;
    agree(&keeps, &keeps_none, "after a merge and a split").await;
    place.append(Table::PatternEvents, &[event(5, "p2", "merge", Some("p1"), None)]).await;
    agree(&keeps, &keeps_none, "after the merge was undone").await;
    let compaction =
        lake::CompactionConfig { settle_ms: 0, merge_files_min: 2, ..lake::CompactionConfig::default() };
    let report = place.lake.compact(Table::Errors, &compaction, chrono::Utc::now()).await.unwrap();
    assert!(report.merges > 0);
    agree(&keeps, &keeps_none, "after a compaction").await;
    place
        .lake
        .retain(Table::Errors, 3, chrono::NaiveDate::from_ymd_opt(2026, 11, 24).unwrap())
        .await
        .unwrap();
    agree(&keeps, &keeps_none, "after retention").await;
}

/// Files, and those kept, by the plan.
async fn kept(engine: &Engine, sql: &str) -> Vec<String> {
    let plan = csv(engine, &format!("EXPLAIN {sql}")).await.unwrap();
    plan.split("KeptPartials: ").skip(1).map(|rest| rest.lines().next().unwrap().trim().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_time_only_new_files_are_read() {
    let place = Place::new().await;
    let engine = place.engine(config());
    place.append(Table::Errors, &rows(0, 20..24)).await;
    for sql in [
        "SELECT * FROM pattern_report",
        "SELECT * FROM pattern_hourly",
        "SELECT pattern_id, count(*) FILTER (WHERE timestamp >= now() - INTERVAL '1 hour') FROM errors GROUP BY 1",
        "SELECT error_type, count(*) FROM errors WHERE timestamp >= now() - INTERVAL '10 years' GROUP BY 1",
        "SELECT distinct_estimate(execution_id) FROM errors",
    ] {
        let files = place.lake.snapshot(Table::Errors).await.unwrap().files.len();
        assert_eq!(kept(&engine, sql).await, [format!("files={files}, kept=0")], "{sql}");
        csv(&engine, sql).await.unwrap();
        assert_eq!(kept(&engine, sql).await, [format!("files={files}, kept={files}")], "{sql}");
        place.append(Table::Errors, &rows(files, 23..24)).await;
        assert_eq!(kept(&engine, sql).await, [format!("files={}, kept={files}", files + 1)], "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn states_that_take_too_much_room_are_not_kept() {
    let place = Place::new().await;
    let keeps_none = place.engine(QueryConfig { partials_bytes_max: 0, ..config() });
    let keeps_little = place.engine(QueryConfig { partials_bytes_max: 4_096, ..config() });
    for commit in 0..3 {
        place.append(Table::Errors, &rows(commit, 20..24)).await;
    }
    agree(&keeps_little, &keeps_none, "with little room").await;
}

/// Exceptions of one day that make a file of more than a MiB: its states are worth their place on disk.
fn many(day: u32) -> Vec<Value> {
    let mut rows = rows(0, day..day + 1);
    let mut state = u64::from(day) + 1;
    rows.extend((0..6_000).map(|nth| {
        let noise: String = (0..32)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                format!("{:016x}", state ^ (state >> 29))
            })
            .collect();
        let (pattern, user) = (format!("p{}", nth % 4), format!("u{}", nth % 1_000));
        let more = json!({ "message": noise, "event_id": format!("many-{day}-{nth}"), "fingerprint": format!("f{}", nth % 6) });
        error(&format!("2026-11-{day:02}T12:30:00Z"), &pattern, &user, more)
    }));
    rows
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_begins_with_what_was_kept() {
    const ASKED: &[&str] = &[
        "SELECT * EXCEPT (recent, trend, score) FROM pattern_report ORDER BY pattern_id",
        "SELECT * FROM pattern_hourly ORDER BY hour, pattern_id",
        "SELECT count(*) AS n, distinct_estimate(user_id) AS u, max(message) AS m FROM errors",
        "SELECT pattern_id, count(*) FILTER (WHERE timestamp < '2026-11-21T12:00:00Z') AS n FROM errors GROUP BY 1 ORDER BY 1",
    ];
    let place = Place::new().await;
    let folder = place.folder.path().join("partials");
    let on_disk = || place.engine(QueryConfig { partials_dir: Some(folder.clone()), ..config() });
    let keeps_none = place.engine(QueryConfig { partials_bytes_max: 0, ..config() });
    for day in 20..24 {
        place.append(Table::Errors, &many(day)).await;
    }
    let first = on_disk();
    let mut expected = Vec::new();
    for sql in ASKED {
        expected.push(csv(&first, sql).await.unwrap());
        assert_eq!(expected.last(), csv(&keeps_none, sql).await.as_ref().ok(), "{sql}");
    }
    // The last one has a condition of time that cuts one of the files through.
    let wanted = ["files=4, kept=4", "files=4, kept=4", "files=4, kept=4", "files=4, kept=3"];
    let mut second = on_disk();
    for (sql, wanted) in ASKED.iter().zip(wanted) {
        // It is written beside the answer.
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while kept(&second, sql).await != [wanted] {
            assert!(
                std::time::Instant::now() < deadline,
                "{:?}, not {wanted}: {sql}",
                kept(&second, sql).await
            );
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            second = on_disk();
        }
    }
    for (sql, expected) in ASKED.iter().zip(&expected) {
        assert_eq!(csv(&second, sql).await.unwrap(), *expected, "{sql}");
    }
    // What a crash or a faulty disk left is computed anew.
    let mut spoilt = 0;
    for version in std::fs::read_dir(&folder).unwrap() {
        for entry in std::fs::read_dir(version.unwrap().path()).unwrap() {
            let path = entry.unwrap().path();
            let mut bytes = std::fs::read(&path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0x55;
            std::fs::write(&path, bytes).unwrap();
            spoilt += 1;
        }
    }
    assert!(spoilt >= 4 * 3, "{spoilt}");
    let third = on_disk();
    for (sql, expected) in ASKED.iter().zip(&expected) {
        assert_eq!(csv(&third, sql).await.unwrap(), *expected, "{sql}");
    }
    // Of another lake whose files have the same names nothing is taken.
    let other = Place::new().await;
    other.append(Table::Errors, &rows(0, 20..21)).await;
    let elsewhere = other.engine(QueryConfig { partials_dir: Some(folder.clone()), ..config() });
    assert_eq!(kept(&elsewhere, ASKED[2]).await, ["files=1, kept=0"]);
}
