//! Users' rules from text to effect, and what a bad file is told.

use super::*;
use crate::grouping::{Grouper, Grouping, GroupingConfig};
use crate::ids::Fingerprint;
use crate::mask::{MaskConfig, Masker};
use crate::parse::parse;
use proptest::prelude::*;
use std::sync::LazyLock;

fn rules(text: &str) -> Arc<Rules> {
    Arc::new(Rules::read(text).unwrap_or_else(|problems| panic!("{problems}")))
}

fn raw(text: &str) -> RawException<'_> {
    RawException { stacktrace: Some(text), ..RawException::default() }
}

fn group(rules: &Arc<Rules>, text: &str) -> Grouping {
    let config = GroupingConfig { cache_entries_max: 0, ..GroupingConfig::default() };
    Grouping::clone(&Grouper::with_rules(config, Arc::clone(rules)).group(&raw(text)))
}

const TIMEOUT: &str = "Traceback (most recent call last):
  File \"/srv/shop/orders.py\", line 3, in load
    run(q)
  File \"/srv/shop/db.py\", line 9, in run
    raise TimeoutError(text)
TimeoutError: shard eu-3 did not answer for order ORD-7731
";
const REFUSED: &str = "Traceback (most recent call last):
  File \"<stdin>\", line 1, in <module>
ConnectionRefusedError: [Errno 111] Connection refused
";

#[test]
fn a_fixed_list_replaces_the_grouping() {
    let rules = rules(
        "[[fingerprint]]\nname = 'db'\ntype = ['TimeoutError', 'Connection*']\nfingerprint = 'database'\ntitle = 'database: {{ type }}'\nseverity = 5",
    );
    let (timeout, refused) = (group(&rules, TIMEOUT), group(&rules, REFUSED));
    assert_eq!(timeout.fingerprint, refused.fingerprint);
    assert_eq!(timeout.hashes, [timeout.fingerprint]);
    assert_eq!((timeout.severity, timeout.canonical_message.as_str()), (5, "database: TimeoutError"));
    assert_eq!(timeout.rules_applied, ["fingerprint db"]);
    assert!(timeout.canonical.contains("\nrule db\n"), "{}", timeout.canonical);
    // Another rule with the same list leads to the same pattern, whatever its name.
    let renamed =
        Rules::read("[[fingerprint]]\nmessage_contains = 'DID NOT answer'\nfingerprint = ['database']");
    let renamed = group(&Arc::new(renamed.unwrap()), TIMEOUT);
    assert_eq!(renamed.fingerprint, timeout.fingerprint);
    assert_eq!(renamed.rules_applied, ["fingerprint #1"]);
}

#[test]
fn default_splits_the_grouping() {
    let plain = group(&Arc::default(), TIMEOUT);
    let rules = rules(
        "[[fingerprint]]\nname = 'shard'\nmessage_matches = 'shard (?P<shard>[a-z]+-\\d+)'\nfingerprint = ['{{ default }}', '{{ capture:shard }}']",
    );
    let eu = group(&rules, TIMEOUT);
    let us = group(&rules, &TIMEOUT.replace("eu-3", "us-1"));
    let same = group(&rules, &TIMEOUT.replace("7731", "9001"));
    let all: [Fingerprint; 3] = [plain.fingerprint, eu.fingerprint, us.fingerprint];
    assert!(all[0] != all[1] && all[1] != all[2] && all[0] != all[2]);
    assert_eq!(eu.fingerprint, same.fingerprint);
    // No built-in hash is left that would lead back.
    assert!(eu.hashes.iter().all(|hash| !plain.hashes.contains(hash)));
    assert!(
        eu.canonical.contains("key part eu-3")
            && eu.canonical.contains("/srv") == plain.canonical.contains("/srv")
    );
    assert_eq!(group(&rules, REFUSED), group(&Arc::default(), REFUSED));
}

#[test]
fn conditions_ask_one_exception_and_one_frame() {
    let fits = |text: &str, conditions: &str| {
        let rules = rules(&format!("[[fingerprint]]\n{conditions}\nfingerprint = 'x'"));
        !group(&rules, text).rules_applied.is_empty()
    };
    let check =
        |conditions: &str, expected: bool| assert_eq!(fits(TIMEOUT, conditions), expected, "{conditions}");
    check("type = 'TimeoutError'", true);
    check("type = 'Timeout'", false);
    check("type = '*Error'\nruntime = 'python'", true);
    check("type = '*Error'\nruntime = ['java', 'go']", false);
    check("message_contains = ['nothing', 'SHARD']", true);
    check("message_contains = ['nothing']", false);
    check("message_matches = '(?i)ord-[0-9]+$'", true);
    check("message_matches = '^ORD'", false);
    check("file = 'shop/*.py'\nfunction = 'load'", true);
    check("file = 'shop/db.py'\nfunction = 'load'", false);
    check("frame_contains = 'orders'", true);
    check("type = 'TimeoutError'\nmessage_contains = 'refused'", false);
    check("module = 'x'", false);
    // A cause is asked as well, and type and message must be of one exception.
    let both = "java.lang.IllegalStateException: no cart\n\tat com.acme.Shop.sell(Shop.java:12)\nCaused by: java.io.IOException: no disk\n\tat com.acme.Store.put(Store.java:3)\n";
    assert!(fits(both, "type = 'java.io.IOException'\nmessage_contains = 'disk'\nmodule = 'com.acme.S*'"));
    assert!(!fits(both, "type = 'IOException'\nmessage_contains = 'cart'"));
}

#[test]
fn variables_are_filled_in() {
    let check = |part: &str, expected: &str| {
        let rules = rules(&format!("[[fingerprint]]\ntype = 'TimeoutError'\nfingerprint = [\"{part}\"]"));
        let canonical = group(&rules, TIMEOUT).canonical;
        assert!(canonical.contains(&format!("key part {expected}\n")), "{part}: {canonical}");
    };
    check("{{ type }}-{{ runtime }}", "TimeoutError-python");
    check("{{function}}@{{ file }}", "run@db.py");
    check("{{ message }}", "shard eu-<num> did not answer for order ORD-<num>");
}

#[test]
fn frame_marks_go_before_the_built_in_rules() {
    let marked = |text: &str| {
        let rules = rules(text);
        let mut parsed = parse(&raw(TIMEOUT));
        rules.mark_frames(&raw(TIMEOUT), &mut parsed, &mut Applied::default());
        parsed.exceptions[0]
            .frames
            .iter()
            .map(|frame| crate::frames::origin_name(frame.origin))
            .collect::<Vec<_>>()
    };
    assert_eq!(marked(""), ["application", "application"]);
    assert_eq!(marked("[[frame]]\nfile = 'db.py'\norigin = 'carrier'"), ["carrier", "application"]);
    assert_eq!(marked("[[frame]]\nfunction = 'run'\nin_app = false"), ["library", "application"]);
    // The first that fits wins; what is marked as a program makes its neighbours one, but not what is marked too.
    assert_eq!(marked("[[frame]]\nfile = 'orders.py'\norigin = 'program'"), ["program", "program"]);
    assert_eq!(
        marked("[[frame]]\nfile = 'db.py'\nin_app = true\n[[frame]]\nfile = '/srv/**'\norigin = 'program'"),
        ["application", "program"]
    );
    let rules = rules("[[frame]]\nname = 'shop'\nfile = '/srv/shop/'\norigin = 'program'");
    let grouping = group(&rules, TIMEOUT);
    assert_eq!(grouping.rules_applied, ["frame shop"]);
    assert_ne!(grouping.fingerprint, group(&Arc::default(), TIMEOUT).fingerprint);
}

#[test]
fn messages_are_parameterized() {
    let rules = rules(
        "[[message]]\nname = 'shards'\nmatches = '\\b[a-z]{2}-\\d+\\b'\nreplace = '<shard>'\ntype = 'TimeoutError'\n[[message]]\nmatches = 'order (ORD-\\d+)'\ngroup = 1\nreplace = '<order_id>'",
    );
    let text = TIMEOUT.replace("/srv/shop/orders.py", "/tmp/a.py").replace("/srv/shop/db.py", "/tmp/b.py");
    let grouping = group(&rules, &text);
    assert_eq!(grouping.canonical_message, "shard <shard> did not answer for order <order_id>");
    assert_eq!(grouping.rules_applied, ["message shards", "message #2"]);
    let other = group(&rules, &text.replace("eu-3", "ap-12"));
    assert_eq!(grouping.fingerprint, other.fingerprint);
}

#[test]
fn masks_come_after_the_built_in_ones() {
    let rules = rules(
        "[[mask]]\nname = 'staff'\nmatches = '(?i)\\bemp-\\d{4,6}\\b'\nreplace = '<employee>'\n[[mask]]\nmatches = 'customer=(\\S+)'\ngroup = 1\nreplace = '<customer>'\n[[mask]]\nattribute = ['app.tenant', 'x.*']\nreplace = '<tenant>'",
    );
    let masker = Masker::with_rules(MaskConfig::default(), &rules);
    let check = |text: &str, expected: &str| {
        let masked = masker.mask(text).into_owned();
        assert_eq!(masked, expected);
        assert_eq!(masker.mask(&masked), expected, "masked twice");
    };
    check("EMP-12345 and emp-9876 by a@b.example", "<employee> and <employee> by <email>");
    check("customer=Kim customer=a@b.example", "customer=<customer> customer=<email>");
    check("customer=a@b.example!", "customer=<customer>");
    check("nothing here", "nothing here");
    assert_eq!(masker.mask_attribute("app.tenant", "Acme"), "<tenant>");
    assert_eq!(masker.mask_attribute("x.y", "customer=1"), "<tenant>");
    assert_eq!(masker.mask_attribute("app.name", "Acme"), "Acme");
    assert_eq!(masker.mask_told("EMP-1234").1, ["mask rule staff: a text has <employee>"]);
    assert_ne!(masker.pseudonym("emp-1234"), "emp-1234");
}

#[test]
fn placeholders_are_not_matched_again() {
    let check = |matches: &str, text: &str, expected: &str| {
        let rules = rules(&format!("[[mask]]\nmatches = '{matches}'\nreplace = '<word>'"));
        let masker = Masker::with_rules(MaskConfig::default(), &rules);
        let masked = masker.mask(text).into_owned();
        assert_eq!(masked, expected, "{matches}");
        assert_eq!(masker.mask(&masked), expected, "{matches} twice");
    };
    check("[a-z]+", "ab <email> cd", "<word> <email> <word>");
    check("ail> c", "ab <email> cd", "ab <word>d");
    check("secret is .*", "secret is x <email> y", "<word>");
    check("secret is (?:.*)", "secret is <word>", "<word>");
}

#[test]
fn too_many_finds_mask_the_rest() {
    let rules = rules("[[mask]]\nmatches = 'k\\d'\nreplace = '<key>'");
    let masked = Masker::with_rules(MaskConfig::default(), &rules).mask(&"k1,".repeat(5000)).into_owned();
    assert!(!masked.contains("k1"), "{}", &masked[masked.len() - 40..]);
}

#[test]
fn taxonomy_rules_go_before_the_built_in_ones() {
    let rules = rules(
        "[[taxonomy]]\nname = 'shards'\nruntime = 'python'\ntype = ['TimeoutError']\nmessage_contains = ['shard']\ncause = 'ResourceExhausted'\nphase = 'deploy'\nseverity = 5\n[[taxonomy]]\nmessage_contains = ['connection refused']\ncause = 'PathIssue'",
    );
    let timeout = group(&rules, TIMEOUT);
    assert_eq!((timeout.taxonomy.cause.as_str(), timeout.severity), ("ResourceExhausted", 5));
    assert_eq!(timeout.rules_applied, ["taxonomy shards"]);
    let refused = group(&rules, REFUSED);
    assert_eq!(refused.taxonomy.cause, "PathIssue");
    assert_eq!(refused.rules_applied, ["taxonomy #2"]);
}

#[test]
fn all_problems_are_told_at_once() {
    let text = "
[[fingerprint]]
name = 'one'
type = 'X'
fingerprnt = ['a']
severity = 9
[[fingerprint]]
type = 'X'
fingerprint = ['{{ defualt }}']
[[fingerprint]]
runtime = 'python'
fingerprint = ['a']
[[fingerprint]]
message_matches = 'a(b'
fingerprint = ['{{ capture:c }}']
[[frame]]
file = 'x'
origin = 'librarian'
[[frame]]
origin = 'library'
[[mask]]
name = 'two'
matches = 'x*'
replace = '<x y>'
[[mask]]
matches = 'x'
group = 1
replace = '<xx>'
[[message]]
matches = 3
[[taxonomy]]
runtime = 'cobol'
cause = 'PathIssue'
type = ['A']
[[taxonomy]]
type = ['A']
cause = 'Bad luck'
[[taxonomy]]
type = ['A']
cause = 'PathIssue'
colour = 'red'
[[nope]]
";
    let problems = Rules::read(text).unwrap_err();
    insta::assert_snapshot!(problems);
    assert_eq!(Rules::read("a = [").unwrap_err().0.len(), 1);
    let many = "[[mask]]\nmatches='ab'\nreplace='<ab>'\n".repeat(257);
    assert_eq!(Rules::read(&many).unwrap_err().to_string(), "mask: has 257 rules, limit is 256");
}

#[test]
fn slow_rules_are_told() {
    let rules = rules("[[mask]]\nname = 'digits'\nmatches = '\\d{9}'\nreplace = '<number>'");
    let warnings: Vec<String> = rules.warnings().iter().map(ToString::to_string).collect();
    let expected = "line 1: mask rule 1 (digits): matches: has no literal that every match needs, so it runs on every text";
    assert_eq!(warnings, [expected]);
}

/// The example that users copy is valid, and has every section.
#[test]
fn the_example_is_valid() {
    let rules = rules(include_str!("../../../examples/rules/errata-rules.toml"));
    assert!(rules.counts().iter().all(|count| *count > 0), "{:?}", rules.counts());
    assert_eq!(rules.warnings(), []);
}

const HOSTILE: &str = "
[[fingerprint]]
message_matches = '(?P<word>[a-z]+).*(?:error|fehler)'
frame_contains = 'a'
fingerprint = ['{{ default }}', '{{ capture:word }}', '{{ message }}', '{{ function }} {{ module }} {{ file }}']
[[frame]]
file = '**/*.py'
origin = 'program'
[[frame]]
function = '*a*'
origin = 'library'
[[message]]
matches = '[a-z]*\\d'
replace = '<num>'
[[mask]]
matches = '(?:x+x+)+y|k(.*)'
replace = '<mask_ed>'
[[mask]]
matches = 'p\\w*'
group = 0
replace = '<word>'
";

/// The same rules, read twice.
static HOSTILE_RULES: LazyLock<[Arc<Rules>; 2]> = LazyLock::new(|| [rules(HOSTILE), rules(HOSTILE)]);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Any text is grouped and masked; what is masked is masked no more, and the same rules group alike.
    #[test]
    fn any_text_is_met(text in "(?s)([a-z]{1,4}|[ \n<>_:.\"k]|error|  File \"/a/x.py\", line 1, in a\n|<email>|p1|\\PC){0,60}") {
        let [rules, again] = &*HOSTILE_RULES;
        let masker = Masker::with_rules(MaskConfig::default(), rules);
        let masked = masker.mask(&text).into_owned();
        prop_assert_eq!(masker.mask(&masked), masked.as_str());
        let grouping = group(rules, &masked);
        prop_assert_eq!(&group(again, &masked), &grouping);
        let canonical = crate::canonical::Canonical::parse(&grouping.canonical);
        prop_assert_eq!(canonical.text(), grouping.canonical.clone());
        prop_assert_eq!(crate::canonical::Comparable::of(&canonical).minima.signature(), grouping.signature);
    }

    /// Any text is read as rules or refused.
    #[test]
    fn any_rules_are_read(text in "(?s)(\\[\\[(fingerprint|frame|mask|message|taxonomy)\\]\\]\n|(matches|replace|type|file|fingerprint|cause) = ('[^'\n]{0,12}'|\\['[^'\n]{0,9}'\\]|1)\n){0,12}") {
        if let Err(problems) = Rules::read(&text) {
            prop_assert!(!problems.0.is_empty());
        }
    }
}
