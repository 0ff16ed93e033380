//! Failures that nothing recorded as an exception.

use super::*;

const JAVASCRIPT: &str = "/srv/jobs/a.js:2\n    total.add(1)\n          ^\n\nTypeError: total.add is not a function\n    at main (/srv/jobs/a.js:2:11)\n    at node:internal/main/run_main_module:23:47\n";

fn all() -> PipelineConfig {
    let unrecorded = UnrecordedConfig {
        attributes: vec!["process.stderr".to_owned(), "process.stdout".to_owned()],
        log_bodies: true,
        status_messages: true,
        exit_codes: true,
    };
    PipelineConfig { unrecorded, ..PipelineConfig::default() }
}

fn int(key: &str, value: i64) -> KeyValue {
    let value = AnyValue { value: Some(Value::IntValue(value)) };
    KeyValue { key: key.to_owned(), value: Some(value), ..KeyValue::default() }
}

fn with(mut span: Span, attributes: Vec<KeyValue>, status: Option<(i32, &str)>) -> Span {
    span.attributes.extend(attributes);
    span.status = status.map(|(code, message)| Status { code, message: message.to_owned() });
    span
}

fn alone(attributes: Vec<KeyValue>, status: Option<(i32, &str)>) -> Bytes {
    traces(vec![with(span(1, 0, Some("s"), Vec::new()), attributes, status)], Vec::new())
}

/// Type, message and stack trace of the rows, after a replay.
fn rows(pipeline: &Pipeline, tagged: &Tagged) -> Vec<[Option<String>; 3]> {
    if !tagged.facts.exceptions.iter().any(|fact| fact.counted) {
        return Vec::new();
    }
    let batches = rows_of(pipeline, tagged, usize::MAX);
    let columns = ["error_type", "message", "stack_trace"].map(|c| by_span(&batches, Table::Errors, c));
    (0..columns[0].len()).map(|row| [0, 1, 2].map(|column| columns[column][row].1.clone())).collect()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn nothing_is_read_unless_it_is_named() {
    let attributes = vec![text("process.stderr", STACK), int("process.exit.code", 1)];
    let tagged =
        tag(&pipeline(PipelineConfig::default()), &alone(attributes, Some((2, "KeyError: 'price'"))));
    assert_eq!((tagged.facts.exceptions.len(), tagged.counts.exceptions), (0, 0));
}

#[test]
fn what_a_program_printed_is_its_exception() {
    let pipeline = pipeline(all());
    let recorded =
        tag(&pipeline, &traces(vec![span(1, 0, Some("s"), vec![exception("'price'")])], Vec::new()));
    // Another trace, so that it is not the same exception.
    let mut printed = with(
        span(1, 0, Some("s"), Vec::new()),
        vec![
            text("process.stdout", "Traceback of nothing"),
            text("process.stderr", STACK),
            int("process.exit.code", 1),
        ],
        None,
    );
    printed.trace_id = vec![8; 16];
    let tagged = tag(&pipeline, &traces(vec![printed], Vec::new()));
    let (one, other) = (&recorded.facts.exceptions[0], &tagged.facts.exceptions[0]);
    assert_eq!(other.fingerprint, one.fingerprint);
    assert!(other.counted && !other.pattern_new);
    let masked = STACK.replace("maria", "<user>");
    assert_eq!(rows(&pipeline, &tagged), [[some("KeyError"), some("'price'"), Some(masked)]]);
    let spans = spans_of(&tagged.payload);
    assert_eq!(attribute_text(&spans[0].attributes, "errata.pattern.id"), Some(&*one.pattern_id));
}

#[test]
fn the_first_report_counts_else_the_first_text_of_what_failed() {
    let shown = |attributes: Vec<KeyValue>, status| {
        let pipeline = pipeline(all());
        let tagged = tag(&pipeline, &alone(attributes, status));
        rows(&pipeline, &tagged).pop().map(|[error_type, message, _]| (error_type.unwrap(), message.unwrap()))
    };
    let row = |error_type: &str, message: &str| Some((error_type.to_owned(), message.to_owned()));
    let script = || text("process.stdout", JAVASCRIPT);
    let words = || text("process.stderr", "something odd happened");
    let (one, killed) = (int("process.exit.code", 1), int("process.exit.code", 137));
    let is_script = row("TypeError", "total.add is not a function");
    assert_eq!(shown(vec![words(), script(), one.clone()], None), is_script, "after other words");
    assert_eq!(shown(vec![script()], None), is_script, "where nothing is said of the end");
    assert_eq!(shown(vec![script()], Some((1, ""))), None, "status Ok");
    assert_eq!(shown(vec![script(), int("process.exit.code", 0)], None), None);
    assert_eq!(shown(vec![words()], None), None, "not known to have failed");
    assert_eq!(shown(vec![words()], Some((2, ""))), row("Error", "something odd happened"));
    assert_eq!(shown(vec![words(), one.clone()], None), row("Error", "something odd happened"));
    assert_eq!(
        shown(vec![text("process.stderr", " \n"), one.clone()], None),
        row("Error", "exited with code 1")
    );
    let answer = text("process.stdout", "42");
    assert_eq!(
        shown(vec![answer.clone(), one.clone()], None),
        row("Error", "exited with code 1"),
        "an answer"
    );
    let wrong = Some((2, "Wrong answer on test 3"));
    let judged = row("Error", "Wrong answer on test 3");
    assert_eq!(shown(vec![script(), answer, int("process.exit.code", 0)], wrong), judged, "a judge's word");
    assert_eq!(shown(vec![words(), one.clone()], wrong), judged, "says more than words");
    assert_eq!(shown(vec![script(), killed.clone()], None), row("Error", "Killed"), "it went on from that");
    assert_eq!(
        shown(vec![text("process.stderr", "Traceback (most recent call last):")], None),
        None,
        "a line"
    );
    assert_eq!(shown(vec![words(), killed], None), row("Error", "Killed"), "a signal tells more");
    assert_eq!(shown(vec![one.clone()], Some((2, "ValueError: bad"))), row("ValueError", "bad"));
    assert_eq!(shown(vec![text("process.stderr", "UserWarning: slow")], None), None, "a warning is no end");
    assert_eq!(shown(Vec::new(), Some((2, ""))), None, "nothing is said");
}

#[test]
fn an_outer_span_that_only_failed_is_what_failed_within() {
    let pipeline = pipeline(all());
    let code = || vec![int("process.exit.code", 1)];
    let of = |spans: Vec<Span>| {
        let counts = tag(&pipeline, &traces(spans, Vec::new())).counts;
        (counts.exceptions, counts.duplicates)
    };
    let printed = || with(span(3, 2, Some("s"), Vec::new()), vec![text("process.stderr", STACK)], None);
    let outer = || with(span(2, 1, Some("s"), Vec::new()), code(), None);
    let root = || with(span(1, 0, Some("s"), Vec::new()), Vec::new(), Some((2, "the job failed")));
    assert_eq!(of(vec![printed(), outer(), root()]), (1, 2));
    assert_eq!(of(vec![root()]), (0, 1), "in a later request too");
    // The code below, the report above.
    let with_code = |id, parent| {
        let span = with(span(id, parent, Some("s"), Vec::new()), code(), None);
        Span { trace_id: vec![9; 16], ..span }
    };
    let with_report = |id, parent| {
        let printed = vec![text("process.stderr", STACK)];
        Span { trace_id: vec![9; 16], ..with(span(id, parent, Some("s"), Vec::new()), printed, None) }
    };
    assert_eq!(of(vec![with_code(6, 5), with_report(5, 0)]), (1, 1));
    assert_eq!(of(vec![with_code(16, 15), with_code(17, 15), with_report(15, 0)]), (3, 0), "of one run only");
    // Another run beside it failed by itself.
    assert_eq!(of(vec![with(span(4, 1, Some("s"), Vec::new()), code(), None)]), (1, 0));
}

#[test]
fn what_a_program_printed_says_more_than_its_runner() {
    let mut event = exception("Command '['python', 'job.py']' returned non-zero exit status 1.");
    event.attributes[0] = text("exception.type", "subprocess.CalledProcessError");
    event.attributes.truncate(2);
    let runner = |id, parent| span(id, parent, Some("s"), vec![event.clone()]);
    let printed = || vec![text("process.stderr", STACK), int("process.exit.code", 1)];
    let tagged_by = |config, spans| {
        let pipeline = pipeline(config);
        let tagged = tag(&pipeline, &traces(spans, Vec::new()));
        let types: Vec<_> =
            rows(&pipeline, &tagged).into_iter().map(|[error_type, ..]| error_type.unwrap()).collect();
        (types, tagged.counts.duplicates)
    };
    let on_both = || vec![with(runner(2, 1), printed(), None), runner(1, 0)];
    assert_eq!(tagged_by(all(), on_both()), (vec!["KeyError".to_owned()], 2));
    let called = "subprocess.CalledProcessError".to_owned();
    assert_eq!(tagged_by(all(), vec![runner(1, 0)]), (vec![called.clone()], 0), "nothing was printed");
    assert_eq!(tagged_by(PipelineConfig::default(), on_both()), (vec![called], 1), "nothing is read");
    // An exception of another kind is the failure.
    let other = with(span(2, 1, Some("s"), vec![exception("'price'")]), printed(), None);
    assert_eq!(tagged_by(all(), vec![other]), (vec!["KeyError".to_owned()], 0));
}

#[test]
fn a_log_records_body_counts_where_it_holds_a_report() {
    let record = |body: &str, severity_number: i32| LogRecord {
        time_unix_nano: NOW,
        severity_number,
        body: Some(AnyValue { value: Some(Value::StringValue(body.to_owned())) }),
        attributes: vec![text("exec.session.id", "s")],
        ..LogRecord::default()
    };
    let pipeline = pipeline(all());
    for (body, severity, count) in [
        (STACK, 17, 1),
        (STACK, 0, 1),
        (STACK, 9, 0),
        ("upload of 3 files failed", 17, 0),
        ("bash: line 1: pytest: command not found", 0, 1),
    ] {
        let tagged =
            pipeline.tag(Signal::Logs, &logs(vec![record(body, severity)]), None, NOW).expect("a request");
        assert_eq!(tagged.counts.exceptions, count, "{body:?} {severity}");
    }
    let tagged = pipeline.tag(Signal::Logs, &logs(vec![record(STACK, 17)]), None, NOW).unwrap();
    let (payload, facts) = (&tagged.payload, &tagged.facts);
    let mut rows = no_rows(&pipeline, usize::MAX);
    rows.add(
        &LoggedRequest { signal: Signal::Logs, received_unix_nano: NOW, payload, facts },
        Wanted { spans: true, errors: true, patterns: true },
    );
    let batches = rows.finish().unwrap();
    let (_, errors) = batches.iter().find(|(table, _)| *table == Table::Errors).unwrap();
    let shown = |name| cast(errors[0].column_by_name(name).unwrap(), &DataType::Utf8).unwrap();
    assert_eq!(shown("message").as_string::<i32>().value(0), "'price'");
    assert_eq!(shown("stack_trace").as_string::<i32>().value(0), STACK.replace("maria", "<user>"));
}

#[test]
fn a_span_and_a_log_record_of_one_failure_are_one() {
    let pipeline = pipeline(all());
    let printed = with(span(2, 1, Some("s"), Vec::new()), vec![text("process.stderr", STACK)], None);
    let logged = LogRecord {
        time_unix_nano: NOW,
        trace_id: vec![7; 16],
        span_id: vec![2; 8],
        severity_number: 17,
        attributes: vec![text("exception.type", "KeyError"), text("exception.message", "'price'")],
        ..LogRecord::default()
    };
    assert_eq!(tag(&pipeline, &traces(vec![printed], Vec::new())).counts.exceptions, 1);
    let of_record = pipeline.tag(Signal::Logs, &logs(vec![logged]), None, NOW).unwrap();
    assert_eq!((of_record.counts.exceptions, of_record.counts.duplicates), (0, 1));
}

#[test]
fn lines_that_came_as_a_list_are_one_text() {
    let lines = STACK.lines().map(|line| AnyValue { value: Some(Value::StringValue(line.to_owned())) });
    let array = opentelemetry_proto::tonic::common::v1::ArrayValue { values: lines.collect() };
    let value = Some(AnyValue { value: Some(Value::ArrayValue(array)) });
    let attribute = KeyValue { key: "process.stderr".to_owned(), value, ..KeyValue::default() };
    let pipeline = pipeline(all());
    let tagged = tag(&pipeline, &alone(vec![attribute], None));
    let stack = STACK.trim_end().replace("maria", "<user>");
    assert_eq!(rows(&pipeline, &tagged), [[some("KeyError"), some("'price'"), Some(stack)]]);
}

#[test]
fn without_a_session_the_row_is_masked_on_its_way() {
    let config = PipelineConfig { mask_without_session: false, ..all() };
    let pipeline = pipeline(config);
    let printed = with(
        span(1, 0, None, Vec::new()),
        vec![text("process.stderr", STACK), text("enduser.id", "u")],
        Some((2, "")),
    );
    let tagged = tag(&pipeline, &traces(vec![printed], Vec::new()));
    assert_eq!(rows(&pipeline, &tagged)[0][2], Some(STACK.replace("maria", "<user>")));
}
