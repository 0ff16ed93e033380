//! The style as a test: file sizes, module docs, names, lints, and which crate may know which.
//!
//! It reads the sources as text and the manifests as TOML, and builds nothing.

#![expect(clippy::unwrap_used, reason = "a file that cannot be read fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

const FILE_LINES_MAX: usize = 800;

/// Folders that hold packages; the root package is ".".
const PACKAGES: [&str; 8] =
    [".", "schemas", "error-patterns", "lake", "state", "access", "collector-processor", "query-engine"];

/// Folders below which nothing of ours lies.
const SKIPPED: [&str; 3] = ["target", "node_modules", "errata-data"];

struct Source {
    /// Path from the repository root.
    path: PathBuf,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn collect(folder: &Path, into: &mut Vec<Source>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !name.starts_with('.') && !SKIPPED.contains(&name.as_str()) {
                collect(&path, into);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            into.push(Source { path: path.strip_prefix(root()).unwrap().to_owned(), text });
        }
    }
}

fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    collect(root(), &mut found);
    assert!(found.len() > 5, "only {} Rust files under {}", found.len(), root().display());
    found
}

/// Fails with every offence at once, not with the first.
fn assert_none(rule: &str, offences: &[String]) {
    assert!(offences.is_empty(), "{rule}:\n  {}", offences.join("\n  "));
}

fn manifest(package: &str) -> Table {
    let path = root().join(package).join("Cargo.toml");
    fs::read_to_string(&path).unwrap().parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Lines before the module `tests` that closes a file.
fn product_lines(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let tests = lines.iter().position(|line| line.starts_with("mod tests"));
    let Some(mut end) = tests else { return lines.len() };
    while end > 0 && lines[end - 1].starts_with("#[") {
        end -= 1;
    }
    end
}

#[test]
fn files_are_short() {
    let offences: Vec<String> = sources()
        .iter()
        .filter(|source| !source.path.components().any(|part| part.as_os_str() == "tests"))
        .filter(|source| source.path.file_name().is_some_and(|name| name != "tests.rs"))
        .map(|source| (source, product_lines(&source.text)))
        .filter(|(_, lines)| *lines > FILE_LINES_MAX)
        .map(|(source, lines)| format!("{}: {lines} lines", source.path.display()))
        .collect();
    assert_none("a file has at most 800 lines without its tests", &offences);
}

#[test]
fn modules_open_with_their_purpose() {
    let offences: Vec<String> = sources()
        .iter()
        .filter(|source| !source.text.starts_with("//!"))
        .map(|source| source.path.display().to_string())
        .collect();
    assert_none("a module opens with //!", &offences);
}

#[test]
fn modules_are_named_files() {
    let offences: Vec<String> = sources()
        .iter()
        .filter(|source| source.path.file_name().is_some_and(|name| name == "mod.rs"))
        .map(|source| source.path.display().to_string())
        .collect();
    assert_none("foo.rs beside foo/, no mod.rs", &offences);
}

#[test]
fn sources_are_ascii() {
    let mut offences = Vec::new();
    for source in sources() {
        for (number, line) in source.text.lines().enumerate() {
            if let Some(found) = line.chars().find(|character| !character.is_ascii()) {
                offences.push(format!(
                    "{}:{}: {}",
                    source.path.display(),
                    number + 1,
                    found.escape_unicode()
                ));
            }
        }
    }
    assert_none("Rust sources are ASCII, anything else is escaped", &offences);
}

#[test]
fn open_work_names_its_issue() {
    // Spelled in two parts so that this file passes its own test.
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:")];
    let mut offences = Vec::new();
    for source in sources() {
        for (number, line) in source.text.lines().enumerate() {
            let open = marks.iter().any(|mark| line.contains(mark) && !line.contains(&format!("{mark}(#")));
            if open {
                offences.push(format!("{}:{}: {}", source.path.display(), number + 1, line.trim()));
            }
        }
    }
    assert_none("open work is written with its issue, as in `(#12)`", &offences);
}

#[test]
fn lints_are_expected_with_a_reason() {
    let marks = [concat!("#[al", "low("), concat!("#![al", "low(")];
    let mut offences = Vec::new();
    for source in sources() {
        for (number, line) in source.text.lines().enumerate() {
            if marks.iter().any(|mark| line.contains(mark)) {
                offences.push(format!("{}:{}: {}", source.path.display(), number + 1, line.trim()));
            }
        }
    }
    assert_none("#[expect(lint, reason = ..)] instead of allow", &offences);
}

#[test]
fn packages_inherit_from_the_workspace() {
    let mut offences = Vec::new();
    let inherited = |value: Option<&Value>| {
        value.and_then(|value| value.get("workspace")).and_then(Value::as_bool).unwrap_or(false)
    };
    for package in PACKAGES {
        let manifest = manifest(package);
        if !inherited(manifest.get("lints")) {
            offences.push(format!("{package}: lints"));
        }
        for key in ["version", "edition", "rust-version", "license", "publish"] {
            if !inherited(manifest["package"].get(key)) {
                offences.push(format!("{package}: package.{key}"));
            }
        }
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for (name, value) in manifest.get(section).and_then(Value::as_table).into_iter().flatten() {
                if !inherited(Some(value)) {
                    offences.push(format!("{package}: {section}.{name}"));
                }
            }
        }
    }
    assert_none("`workspace = true`, so that there is one version and one set of lints", &offences);
}

#[test]
fn every_package_is_checked() {
    let manifest = manifest(".");
    let mut members: BTreeSet<&str> =
        manifest["workspace"]["members"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    members.insert(".");
    assert_eq!(members, PACKAGES.into_iter().collect());
}

/// Everything a package of the lock file needs, directly or not, tests of workspace packages included.
fn needs(package: &str) -> BTreeSet<String> {
    let lock: Table = fs::read_to_string(root().join("Cargo.lock")).unwrap().parse().unwrap();
    let mut graph: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for entry in lock["package"].as_array().unwrap() {
        let dependencies = entry.get("dependencies").and_then(Value::as_array).into_iter().flatten();
        let names = dependencies.filter_map(|text| text.as_str()?.split(' ').next());
        // Several versions of one name are taken together.
        graph.entry(entry["name"].as_str().unwrap()).or_default().extend(names);
    }
    assert!(graph.contains_key(package), "{package} is not in Cargo.lock");
    let mut seen = BTreeSet::new();
    let mut open = vec![package];
    while let Some(name) = open.pop() {
        for &next in graph.get(name).into_iter().flatten() {
            if seen.insert(next.to_owned()) {
                open.push(next);
            }
        }
    }
    seen
}

fn assert_free_of(package: &str, banned: &[&str]) {
    let offences: Vec<String> = needs(package)
        .into_iter()
        .filter(|name| {
            banned
                .iter()
                .any(|ban| ban.strip_suffix('*').map_or(name == ban, |start| name.starts_with(start)))
        })
        .map(|name| format!("{package} needs {name}"))
        .collect();
    assert_none("a part knows only what it must", &offences);
}

#[test]
fn the_domain_is_pure() {
    assert_free_of(
        "error-patterns",
        &[
            "tokio",
            "hyper",
            "tonic",
            "prost",
            "arrow*",
            "parquet",
            "datafusion*",
            "deltalake*",
            "object_store",
            "opentelemetry*",
        ],
    );
}

#[test]
fn schemas_do_no_io() {
    assert_free_of(
        "errata-schemas",
        &["tokio", "hyper", "tonic", "parquet", "datafusion*", "deltalake*", "object_store"],
    );
}

#[test]
fn the_lake_knows_neither_side() {
    assert_free_of("errata-lake", &["collector-processor", "query-engine", "error-patterns"]);
}

#[test]
fn processor_and_engine_meet_only_in_the_lake() {
    assert_free_of("collector-processor", &["query-engine"]);
    assert_free_of("query-engine", &["collector-processor"]);
}

#[test]
fn nothing_needs_the_binary() {
    for package in ["errata-schemas", "error-patterns", "errata-lake", "collector-processor", "query-engine"]
    {
        assert_free_of(package, &["errata"]);
    }
}
