//! What stays of messages and what goes.

use super::*;

fn check(names: Names, message: &str, expect: &str) {
    assert_eq!(parameterize(message, names).text, expect, "{message}");
}

#[test]
fn values_go_and_meaning_stays() {
    for (message, expect) in [
        ("[Errno 98] Address already in use", "[Errno 98] Address already in use"),
        (
            "Unable to allocate 1.27 TiB for an array with shape (418000, 327000)",
            "Unable to allocate <num> for an array with shape (<num>)",
        ),
        ("can only concatenate str (not \"int\") to str", "can only concatenate str (not '<type>') to str"),
        ("'DataFrame' object has no attribute 'amout'", "'DataFrame' object has no attribute <str>"),
        ("name 'tmp_vl' is not defined", "name <str> is not defined"),
        ("';' expected", "';' expected"),
        (
            "ENOENT: no such file or directory, open '/home/<user>/omega.env'",
            "ENOENT: no such file or directory, open <str>",
        ),
        ("connect ECONNREFUSED <ip>:21131", "connect ECONNREFUSED <ip>:<num>"),
        ("Cannot find module 'mongoose'", "Cannot find module 'mongoose'"),
        ("unexpected indent (app_21.py, line 8)", "unexpected indent (<path>, line <num>)"),
        ("object at 0x559bfb0816eb failed", "object at <hex> failed"),
        ("cannot identify image file <_io.BytesIO object at 0x7f3a>", "cannot identify image file <str>"),
        ("at 2026-11-23T10:00:00Z run 17807757-c6bf-4669-a42e-04c062692012", "at <time> run <id>"),
        (
            "401 Client Error: Unauthorized for url: http://127.0.0.1:22323/items/3461?a=b",
            "401 Client Error: Unauthorized for url: http://<url>",
        ),
        ("can't open it, won't", "cannot open it, won't"),
        ("For input string: \"orangeax\"", "For input string: <str>"),
        ("Cannot find module './pricing'", "Cannot find module '<path>'"),
        ("Command '['git', '-C', '.']' returned", "Command <str> returned"),
        ("ELF header of /home/<user>/a/b.node is bad", "ELF header of <path> is bad"),
        ("", ""),
    ] {
        check(Names::Drop, message, expect);
    }
}

#[test]
fn shared_code_keeps_its_names() {
    for (message, expect) in [
        (
            "module 'my_turtle' has no attribute 'something'",
            "module 'my_turtle' has no attribute 'something'",
        ),
        ("cannot read '/srv/app/conf/site.toml'", "cannot read '<path>/site.toml'"),
        ("/srv/app/x.py:12:5: bad", "<path>/x.py: bad"),
        ("worker-17 stopped", "worker-<num> stopped"),
        ("user user48213 unknown", "user <name> unknown"),
    ] {
        check(Names::Keep, message, expect);
    }
}

#[test]
fn numbers_that_mean_something_become_keys() {
    let keys = |message| parameterize(message, Names::Drop).keys;
    assert_eq!(keys("request failed with status code 404"), ["code 404"]);
    assert_eq!(keys("HTTP 503 from upstream after 17 tries"), ["status 503"]);
    assert_eq!(keys("returned non-zero exit status 128."), ["status 128"]);
    assert_eq!(keys("Command failed with exit code 1"), [""; 0]);
    assert_eq!(keys("17 of 404 rows"), [""; 0]);
}

#[test]
fn tokens_leave_punctuation_out() {
    let text = parameterize("[Errno 2] No such file: '/a/b' (x < 3)", Names::Drop).text;
    assert_eq!(
        tokens(&text).collect::<Vec<_>>(),
        ["Errno", "2", "No", "such", "file", "<str>", "x", "<num>"]
    );
}

proptest::proptest! {
    #[test]
    fn any_text_is_bounded_and_stable(message in "\\PC{0,200}|[ -~]{0,200}|([a-z]{1,8}[ '\"/:.=<>(),0-9-]{0,3}){0,40}") {
        for names in [Names::Keep, Names::Drop] {
            let once = parameterize(&message, names);
            proptest::prop_assert!(once.text.len() <= TEXT_BYTES_MAX);
            proptest::prop_assert!(tokens(&once.text).count() <= once.text.len());
        }
    }
}
