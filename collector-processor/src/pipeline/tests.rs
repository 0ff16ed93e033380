//! The pipeline against requests built with prost: what is tagged, masked, counted once, left alone.

mod unrecorded;

use super::*;
use crate::columns::{LoggedRequest, RowContext, Rows, Wanted};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use error_patterns::mask::MaskConfig;
use error_patterns::rules::Rules;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message;
use schemas::tables::Table;
use std::time::Duration;

const NOW: u64 = 1_795_000_000_000_000_000;
const STACK: &str = "Traceback (most recent call last):\n  File \"/home/maria/job.py\", line 3, in <module>\n    f()\nKeyError: 'price'\n";

fn text(key: &str, value: &str) -> KeyValue {
    let value = AnyValue { value: Some(Value::StringValue(value.to_owned())) };
    KeyValue { key: key.to_owned(), value: Some(value), ..KeyValue::default() }
}

fn exception(message: &str) -> Event {
    Event {
        time_unix_nano: NOW - 500,
        name: "exception".to_owned(),
        attributes: vec![
            text("exception.type", "KeyError"),
            text("exception.message", message),
            text("exception.stacktrace", STACK),
        ],
        ..Event::default()
    }
}

fn span(id: u8, parent: u8, session: Option<&str>, events: Vec<Event>) -> Span {
    Span {
        trace_id: vec![7; 16],
        span_id: vec![id; 8],
        parent_span_id: if parent == 0 { Vec::new() } else { vec![parent; 8] },
        name: "run_code".to_owned(),
        start_time_unix_nano: NOW - 1000,
        end_time_unix_nano: NOW - 100,
        attributes: session.map(|s| text("http.request.header.x-exec-session", s)).into_iter().collect(),
        events,
        ..Span::default()
    }
}

fn traces(spans: Vec<Span>, resource: Vec<KeyValue>) -> Bytes {
    let scope = ScopeSpans { spans, ..ScopeSpans::default() };
    let resource = Some(Resource { attributes: resource, ..Resource::default() });
    let all = ResourceSpans { resource, scope_spans: vec![scope], ..ResourceSpans::default() };
    ExportTraceServiceRequest { resource_spans: vec![all] }.encode_to_vec().into()
}

fn logs(records: Vec<LogRecord>) -> Bytes {
    let scope = ScopeLogs { log_records: records, ..ScopeLogs::default() };
    let all = ResourceLogs { scope_logs: vec![scope], ..ResourceLogs::default() };
    ExportLogsServiceRequest { resource_logs: vec![all] }.encode_to_vec().into()
}

fn spans_of(payload: &[u8]) -> Vec<Span> {
    let request = ExportTraceServiceRequest::decode(payload).unwrap();
    request.resource_spans.into_iter().flat_map(|r| r.scope_spans).flat_map(|s| s.spans).collect()
}

fn attribute<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Value> {
    let found: Vec<_> = attributes.iter().filter(|a| a.key == key).collect();
    assert!(found.len() < 2, "{key} is there {} times", found.len());
    found.first()?.value.as_ref()?.value.as_ref()
}

fn attribute_text<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    match attribute(attributes, key)? {
        Value::StringValue(text) => Some(text),
        other => panic!("{key} is {other:?}"),
    }
}

fn pipeline(config: PipelineConfig) -> Pipeline {
    let names = Arc::new(Names::new(schemas::attributes::SESSION_HEADER, &[], &config.unrecorded.attributes));
    let masking = Arc::new(Masking::new(MaskConfig::default(), Arc::clone(&names)));
    Pipeline::new(config, names, masking, 1)
}

fn tag(pipeline: &Pipeline, request: &Bytes) -> Tagged {
    pipeline.tag(Signal::Traces, request, None, NOW).unwrap()
}

#[test]
fn a_span_of_a_session_is_masked_and_tagged_and_the_others_stay_byte_for_byte() {
    let outside = span(9, 0, None, vec![exception("mail bob@example.com")]);
    let inside = span(1, 0, Some("s-1"), vec![exception("mail bob@example.com")]);
    let request = traces(vec![outside.clone(), inside], Vec::new());
    let tagged = tag(&pipeline(PipelineConfig::default()), &request);
    let spans = spans_of(&tagged.payload);
    assert_eq!(spans[0], outside);
    assert!(tagged.payload.windows(outside.encoded_len()).any(|w| w == outside.encode_to_vec()));
    let attributes = &spans[1].attributes;
    assert_eq!(attribute_text(attributes, "exec.session.id"), Some("s-1"));
    assert_eq!(attribute_text(attributes, "errata.taxonomy.runtime"), Some("python"));
    assert_eq!(attribute_text(attributes, "errata.taxonomy.type"), Some("KeyError"));
    assert_eq!(attribute_text(attributes, "errata.fingerprint").map(str::len), Some(32));
    assert!(matches!(attribute(attributes, "errata.pattern.new"), Some(Value::BoolValue(_))));
    assert!(matches!(attribute(attributes, "errata.severity"), Some(Value::IntValue(1..=5))));
    let event = &spans[1].events[0].attributes;
    assert_eq!(attribute_text(event, "exception.message"), Some("mail <email>"));
    assert!(attribute_text(event, "exception.stacktrace").unwrap().contains("/home/<user>/job.py"));
    assert_eq!(tagged.counts.with_session, 1);
}

#[test]
fn one_exception_on_three_spans_is_one_row_and_three_tags() {
    let (child, parent, root) = (
        span(3, 2, Some("s"), vec![exception("x")]),
        span(2, 1, Some("s"), vec![exception("x")]),
        span(1, 0, Some("s"), vec![exception("x")]),
    );
    let pipeline = pipeline(PipelineConfig::default());
    // The parent stands before the child, and the root comes with a later request.
    let first = tag(&pipeline, &traces(vec![parent, child], Vec::new()));
    let second = tag(&pipeline, &traces(vec![root], Vec::new()));
    let counted: Vec<(u32, bool)> = first.facts.exceptions.iter().map(|e| (e.item, e.counted)).collect();
    assert_eq!(counted, [(0, false), (1, true)], "the deepest copy counts");
    assert_eq!((second.counts.exceptions, second.counts.duplicates), (0, 1));
    for span in spans_of(&first.payload).iter().chain(&spans_of(&second.payload)) {
        assert!(attribute_text(&span.attributes, "errata.pattern.id").is_some());
    }
}

#[test]
fn siblings_that_fail_alike_are_two_exceptions() {
    let spans =
        vec![span(2, 1, Some("s"), vec![exception("x")]), span(3, 1, Some("s"), vec![exception("x")])];
    assert_eq!(tag(&pipeline(PipelineConfig::default()), &traces(spans, Vec::new())).counts.exceptions, 2);
}

#[test]
fn an_exception_on_a_span_and_in_a_log_record_is_one() {
    let pipeline = pipeline(PipelineConfig::default());
    assert_eq!(
        tag(&pipeline, &traces(vec![span(2, 1, Some("s"), vec![exception("x")])], Vec::new()))
            .counts
            .exceptions,
        1
    );
    let record = |span: u8| LogRecord {
        trace_id: vec![7; 16],
        span_id: vec![span; 8],
        attributes: [vec![text("session.id", "s")], exception("x").attributes].concat(),
        ..LogRecord::default()
    };
    let tagged = pipeline.tag(Signal::Logs, &logs(vec![record(2), record(8)]), None, NOW).unwrap();
    let counted: Vec<bool> = tagged.facts.exceptions.iter().map(|e| e.counted).collect();
    assert_eq!(counted, [false, true]);
}

#[test]
fn a_refused_request_that_comes_again_is_counted() {
    let pipeline = pipeline(PipelineConfig::default());
    let request = traces(vec![span(1, 0, Some("s"), vec![exception("x")])], Vec::new());
    let refused = tag(&pipeline, &request);
    let made = refused.facts.patterns.len();
    assert!(made > 0);
    pipeline.undo(refused);
    let again = tag(&pipeline, &request);
    assert_eq!(again.counts.exceptions, 1);
    assert_eq!(again.facts.patterns.len(), made, "the pattern's facts are not lost with the request");
}

#[test]
fn sessions_come_from_all_places_in_their_order() {
    let pipeline = pipeline(PipelineConfig::default());
    let session =
        |mut span: Span, attributes: Vec<KeyValue>, resource: Vec<KeyValue>, header: Option<&str>| {
            span.attributes = attributes;
            let tagged = pipeline.tag(Signal::Traces, &traces(vec![span], resource), header, NOW).unwrap();
            let spans = spans_of(&tagged.payload);
            attribute_text(&spans[0].attributes, "exec.session.id").map(str::to_owned)
        };
    let plain = || span(1, 0, None, Vec::new());
    let three = || vec![text("enduser.id", "a"), text("container.id", "b"), text("start_time", "c")];
    let old = vec![text("rpc.grpc.request.metadata.x_exec_session", "m"), text("session.id", "n")];
    assert_eq!(session(plain(), old, vec![text("exec.session.id", "r")], Some("h")).as_deref(), Some("m"));
    assert_eq!(session(plain(), three(), vec![text("session.id", "r")], Some("h")).as_deref(), Some("r"));
    assert_eq!(session(plain(), three(), Vec::new(), Some("h")).as_deref(), Some("h"));
    let computed = session(plain(), three(), Vec::new(), None);
    assert_eq!(computed.as_deref(), Some("a9993e364706816aba3e25717850c26c9cd0d89d"));
    assert_eq!(session(plain(), Vec::new(), Vec::new(), None), None);
    let both = vec![text("http.request.header.x-exec-session", "A"), text("exec.session.id", "B")];
    assert_eq!(
        session(plain(), both, Vec::new(), None).as_deref(),
        Some("A"),
        "one attribute, the header's value"
    );
}

#[test]
fn results_that_a_client_claims_are_replaced() {
    let mut span = span(1, 0, Some("s"), vec![exception("x")]);
    span.attributes.push(text("errata.pattern.id", "made-up"));
    let tagged = tag(&pipeline(PipelineConfig::default()), &traces(vec![span], Vec::new()));
    let spans = spans_of(&tagged.payload);
    assert_ne!(attribute_text(&spans[0].attributes, "errata.pattern.id"), Some("made-up"));
}

#[test]
fn a_span_without_ids_is_rejected_and_the_others_are_kept() {
    let mut bad = span(1, 0, Some("s"), vec![exception("x")]);
    bad.trace_id = vec![1; 3];
    let tagged = tag(
        &pipeline(PipelineConfig::default()),
        &traces(vec![bad, span(2, 0, Some("s"), Vec::new())], Vec::new()),
    );
    assert_eq!(tagged.counts.rejected, 1);
    assert!(tagged.rejection.contains("trace_id '010101'"), "{}", tagged.rejection);
    assert_eq!(spans_of(&tagged.payload).len(), 1);
}

#[test]
fn the_status_repeats_the_message_and_is_masked_too() {
    let mut span = span(1, 0, Some("s"), Vec::new());
    span.status = Some(Status { message: "KeyError: bob@example.com".to_owned(), code: 2 });
    let tagged = tag(
        &pipeline(PipelineConfig::default()),
        &traces(vec![span], vec![text("user.email", "eve@example.com")]),
    );
    let spans = spans_of(&tagged.payload);
    assert_eq!(spans[0].status.as_ref().map(|s| s.message.as_str()), Some("KeyError: <email>"));
    assert!(
        !tagged.payload.windows(15).any(|w| w == b"eve@example.com"),
        "the resource of a session is masked"
    );
}

#[test]
fn a_value_that_is_masked_whole_is_replaced() {
    let mut span = span(1, 0, Some("s"), Vec::new());
    span.attributes.push(text("password", "hunter2"));
    let tagged = tag(&pipeline(PipelineConfig::default()), &traces(vec![span], Vec::new()));
    assert_eq!(attribute_text(&spans_of(&tagged.payload)[0].attributes, "password"), Some("<token>"));
    assert_eq!(tagged.counts.masked, 1);
}

#[test]
fn personal_data_stands_nowhere_in_what_a_session_sends() {
    const MAIL: &str = "bob@example.com";
    let bytes = |key: &str| KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(Value::BytesValue(format!("to {MAIL}").into_bytes())) }),
        ..KeyValue::default()
    };
    let number = |key: &str| KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(Value::IntValue(7)) }),
        ..KeyValue::default()
    };
    let mut span = span(1, 0, Some("s"), vec![exception(MAIL)]);
    span.trace_state = format!("vendor={MAIL}");
    span.links = vec![Link { trace_state: format!("vendor={MAIL}"), ..Link::default() }];
    let binary = AnyValue { value: Some(Value::BytesValue(vec![0, 0xff, b'@'])) };
    span.attributes.push(KeyValue { key: "app.raw".to_owned(), value: Some(binary), ..KeyValue::default() });
    span.attributes.extend([bytes("app.body"), number(&format!("sent.{MAIL}")), text(MAIL, MAIL)]);
    let nested = KeyValueList { values: vec![number(MAIL), bytes("inner")] };
    span.attributes.push(KeyValue {
        key: "app.map".to_owned(),
        value: Some(AnyValue { value: Some(Value::KvlistValue(nested)) }),
        ..KeyValue::default()
    });
    let scope = InstrumentationScope {
        name: format!("lib of {MAIL}"),
        version: format!("1 by {MAIL}"),
        ..InstrumentationScope::default()
    };
    let resource = Resource { attributes: vec![text("service.name", MAIL)], ..Resource::default() };
    let traces = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(resource),
            scope_spans: vec![ScopeSpans { scope: Some(scope), spans: vec![span], ..ScopeSpans::default() }],
            ..ResourceSpans::default()
        }],
    };
    let pipeline = pipeline(PipelineConfig::default());
    let tagged = tag(&pipeline, &traces.encode_to_vec().into());
    let sent = String::from_utf8_lossy(&tagged.payload);
    assert!(!sent.contains(MAIL), "{sent}");
    let raw = attribute(&spans_of(&tagged.payload)[0].attributes, "app.raw").cloned();
    assert_eq!(raw, Some(Value::BytesValue(vec![0, 0xff, b'@'])), "what is no text stays");
    assert!(!tagged.facts.patterns.is_empty());
    assert!(!format!("{:?}", tagged.facts).contains(MAIL), "{:?}", tagged.facts);
    let record = LogRecord {
        severity_text: format!("WARN {MAIL}"),
        body: bytes("").value,
        attributes: vec![text("session.id", "s")],
        ..LogRecord::default()
    };
    let tagged = pipeline.tag(Signal::Logs, &logs(vec![record]), None, NOW).unwrap();
    let sent = String::from_utf8_lossy(&tagged.payload);
    assert!(!sent.contains(MAIL), "{sent}");
}

#[test]
fn a_session_id_that_is_too_long_is_a_session() {
    let long = "x".repeat(300);
    let spans = vec![span(1, 0, Some(&long), vec![exception("mail bob@example.com")])];
    let tagged = tag(&pipeline(PipelineConfig::default()), &traces(spans, Vec::new()));
    let spans = spans_of(&tagged.payload);
    // printf 'x%.0s' {1..300} | sha1sum
    let hash = Some("02fd68253071f895718c8d41f7ff665abe1a6290");
    assert_eq!(attribute_text(&spans[0].attributes, "exec.session.id"), hash);
    assert_eq!(attribute_text(&spans[0].events[0].attributes, "exception.message"), Some("mail <email>"));
}

#[test]
fn text_that_is_not_utf_8_spoils_nothing_else() {
    let spans = vec![
        span(1, 0, Some("s"), vec![exception("mail bob@example.com")]),
        span(2, 1, Some("s"), Vec::new()),
    ];
    let mut request = traces(spans, Vec::new()).to_vec();
    let name = request.windows(8).rposition(|at| at == b"run_code").unwrap();
    request[name] = 0xff;
    let tagged = tag(&pipeline(PipelineConfig::default()), &request.into());
    let names: Vec<String> = spans_of(&tagged.payload).into_iter().map(|span| span.name).collect();
    assert_eq!(names, ["run_code", "\u{fffd}un_code"]);
    assert_eq!((tagged.counts.exceptions, tagged.counts.rejected), (1, 0));
}

#[test]
fn what_nests_too_deep_is_left_out_and_spoils_nothing_else() {
    let deep = (1..200).fold(text("k", "x").value, |value, _| {
        let entry = KeyValue { key: "k".to_owned(), value, ..KeyValue::default() };
        let list = KeyValueList { values: vec![entry] };
        Some(AnyValue { value: Some(Value::KvlistValue(list)) })
    });
    let mut odd = span(1, 0, Some("s"), vec![exception("mail bob@example.com")]);
    odd.attributes.push(KeyValue { key: "deep".to_owned(), value: deep, ..KeyValue::default() });
    odd.attributes.push(text("after", "it"));
    // prost itself would not read it.
    let request = traces(vec![odd, span(2, 1, Some("s"), Vec::new())], Vec::new());
    let tagged = tag(&pipeline(PipelineConfig::default()), &request);
    let spans = spans_of(&tagged.payload);
    assert_eq!((spans.len(), tagged.counts.exceptions, tagged.counts.rejected), (2, 1, 0));
    assert_eq!(attribute_text(&spans[0].attributes, "after"), Some("it"));
    let left = format!("{:?}", attribute(&spans[0].attributes, "deep").unwrap());
    assert!((20..40).contains(&left.matches("KvlistValue").count()), "{left}");
}

#[test]
fn a_rule_for_an_attribute_masks_numbers_too() {
    let pipeline = pipeline(PipelineConfig::default());
    let rules = Rules::read("[[mask]]\nattribute = 'app.customer.*'\nreplace = '<customer>'");
    pipeline.set_rules(&Arc::new(rules.unwrap()));
    let mut span = span(1, 0, Some("s"), Vec::new());
    for (key, value) in [
        ("app.customer.age", Value::IntValue(41)),
        ("app.customer.vip", Value::BoolValue(true)),
        ("card.number", Value::IntValue(4_111_111_111_111_111)),
        ("card.count", Value::IntValue(3)),
    ] {
        let value = Some(AnyValue { value: Some(value) });
        span.attributes.push(KeyValue { key: key.to_owned(), value, ..KeyValue::default() });
    }
    let tagged = tag(&pipeline, &traces(vec![span], Vec::new()));
    let attributes = &spans_of(&tagged.payload)[0].attributes;
    assert_eq!(attribute_text(attributes, "app.customer.age"), Some("<customer>"));
    assert_eq!(attribute_text(attributes, "app.customer.vip"), Some("<customer>"));
    assert_eq!(attribute_text(attributes, "card.number"), Some("<card>"));
    assert_eq!(attribute(attributes, "card.count"), Some(&Value::IntValue(3)));
}

#[test]
fn other_rules_are_used_at_once() {
    let pipeline = pipeline(PipelineConfig::default());
    let request = || {
        let mut span = span(1, 0, Some("s"), vec![exception("emp-12 has no price")]);
        span.attributes.push(text("app.tenant", "Acme"));
        traces(vec![span], Vec::new())
    };
    let fingerprint = |tagged: &Tagged| {
        attribute_text(&spans_of(&tagged.payload)[0].attributes, "errata.fingerprint").unwrap().to_owned()
    };
    let before = tag(&pipeline, &request());
    let rules = Rules::read(
        "[[mask]]\nmatches = 'emp-\\d+'\nreplace = '<employee>'
        [[mask]]\nattribute = 'app.tenant'\nreplace = '<tenant>'
        [[fingerprint]]\ntype = 'KeyError'\nfingerprint = 'prices'",
    );
    pipeline.set_rules(&Arc::new(rules.unwrap()));
    let after = tag(&pipeline, &request());
    assert_ne!(fingerprint(&before), fingerprint(&after));
    let spans = spans_of(&after.payload);
    assert_eq!(attribute_text(&spans[0].attributes, "app.tenant"), Some("<tenant>"));
    assert_eq!(
        attribute_text(&spans[0].events[0].attributes, "exception.message"),
        Some("<employee> has no price")
    );
    pipeline.set_rules(&Arc::default());
    assert_eq!(fingerprint(&tag(&pipeline, &request())), fingerprint(&before));
}

fn no_rows(pipeline: &Pipeline, repeated_bytes_max: usize) -> Rows {
    Rows::new(context(pipeline, repeated_bytes_max))
}

fn context(pipeline: &Pipeline, repeated_bytes_max: usize) -> RowContext {
    RowContext {
        names: Arc::clone(&pipeline.names),
        masking: Arc::clone(&pipeline.masking),
        future_max: Duration::from_secs(86_400),
        past_max: Duration::from_secs(86_400),
        repeated_bytes_max,
        session_spans_only: false,
        writer: "w".to_owned(),
    }
}

fn add(rows: &mut Rows, tagged: &Tagged) {
    let (payload, facts) = (&tagged.payload, &tagged.facts);
    let request = LoggedRequest { signal: Signal::Traces, received_unix_nano: NOW, payload, facts };
    rows.add(&request, Wanted { spans: true, errors: true, patterns: true });
}

fn rows_of(
    pipeline: &Pipeline,
    tagged: &Tagged,
    repeated_bytes_max: usize,
) -> Vec<(Table, Vec<RecordBatch>)> {
    let mut rows = no_rows(pipeline, repeated_bytes_max);
    add(&mut rows, tagged);
    rows.finish().unwrap()
}

#[test]
fn a_large_resource_over_many_spans_is_repeated_within_a_bound() {
    let pipeline = pipeline(PipelineConfig::default());
    let spans = (1..=100).map(|id| span(id, 0, None, Vec::new())).collect();
    let tagged =
        tag(&pipeline, &traces(spans, vec![text("service.name", "s"), text("big", &"x".repeat(10_000))]));
    let batches = rows_of(&pipeline, &tagged, 150_000);
    let (_, all) = batches.iter().find(|(table, _)| *table == Table::Spans).unwrap();
    let [all] = &all[..] else { panic!("one batch") };
    assert_eq!(all.num_rows(), 100);
    assert_eq!(all.column_by_name("service_name").unwrap().null_count(), 86);
    assert!(all.get_array_memory_size() < 1_000_000);
}

#[test]
fn rows_are_the_same_at_every_replay_and_never_hold_what_is_masked() {
    let config = PipelineConfig::default();
    let pipeline = pipeline(config);
    let spans = vec![
        span(1, 0, Some("s"), vec![exception("mail bob@example.com")]),
        span(2, 0, None, vec![exception("mail eve@example.com"), exception("another")]),
    ];
    let tagged =
        tag(&pipeline, &traces(spans, vec![text("service.name", "runner"), text("enduser.id", "u-1")]));
    let batches = rows_of(&pipeline, &tagged, usize::MAX);
    let mut again = no_rows(&pipeline, usize::MAX);
    for commit in 0..3 {
        add(&mut again, &tagged);
        assert_eq!(batches, again.finish().unwrap(), "commit {commit}");
    }
    let of = |table| batches.iter().find(|(t, _)| *t == table).map(|(_, b)| &b[0]).unwrap();
    let (errors, all) = (of(Table::Errors), of(Table::Spans));
    assert_eq!((errors.num_rows(), all.num_rows()), (3, 2));
    let plain = |name| cast(errors.column_by_name(name).unwrap(), &DataType::Utf8).unwrap();
    let message = plain("message");
    let message = message.as_string::<i32>();
    assert_eq!(message.value(0), "mail <email>");
    assert_eq!(message.value(1), "mail <email>", "outside a session the lake's copy is masked");
    assert_eq!(plain("user_id").as_string::<i32>().value(2), "u-1");
    for (table, batch) in &batches {
        let shown = arrow::util::pretty::pretty_format_batches(batch).unwrap().to_string();
        assert!(!shown.contains("example.com") && !shown.contains("maria"), "{table:?}: {shown}");
    }
}

#[test]
fn where_only_sessions_get_rows_requests_without_one_have_but_their_exceptions() {
    let config = PipelineConfig { mask_without_session: false, ..PipelineConfig::default() };
    let pipeline = pipeline(config);
    let rows_of = |tagged: &Tagged| -> Vec<(Table, usize)> {
        let mut rows = Rows::new(RowContext { session_spans_only: true, ..context(&pipeline, usize::MAX) });
        add(&mut rows, tagged);
        let batches = rows.finish().unwrap();
        batches.iter().map(|(table, batches)| (*table, batches[0].num_rows())).collect()
    };
    for (session, events, expected) in [
        (None, vec![], vec![]),
        (None, vec![exception("a")], vec![(Table::Patterns, 1), (Table::Errors, 1)]),
        (Some("s"), vec![], vec![(Table::Spans, 1)]),
    ] {
        let spans = vec![span(1, 0, session, events), span(2, 0, None, vec![])];
        let mut tagged = tag(&pipeline, &traces(spans, vec![text("service.name", "runner")]));
        assert_eq!(tagged.facts.without_session, session.is_none());
        assert_eq!(rows_of(&tagged), expected);
        tagged.facts.without_session = false;
        assert_eq!(rows_of(&tagged), expected, "as an older version logged it");
    }
}

#[test]
fn rows_heed_masks_that_change_while_a_commit_is_gathered() {
    let config = PipelineConfig { mask_without_session: false, ..PipelineConfig::default() };
    let pipeline = pipeline(config);
    let mut outside = span(1, 0, None, Vec::new());
    outside.attributes.push(text("app.tenant", "acme-12"));
    let tagged = tag(&pipeline, &traces(vec![outside], vec![text("service.name", "runner")]));
    let mut rows = no_rows(&pipeline, usize::MAX);
    add(&mut rows, &tagged);
    let rules = Rules::read("[[mask]]\nmatches = 'acme-\\d+'\nreplace = '<tenant>'");
    pipeline.set_rules(&Arc::new(rules.unwrap()));
    add(&mut rows, &tagged);
    let batches = rows.finish().unwrap();
    let shown = arrow::util::pretty::pretty_format_batches(&batches[0].1).unwrap().to_string();
    assert_eq!((shown.matches("acme-12").count(), shown.matches("<tenant>").count()), (1, 1), "{shown}");
}

proptest::proptest! {
    /// Whether a request is checked at once or on the way, and whatever came before, the outcome is the same.
    #[test]
    fn a_request_is_tagged_alike_checked_before_or_on_the_way(
        changes in proptest::collection::vec((0..4000usize, proptest::prelude::any::<u8>()), 0..3),
        header in proptest::prelude::any::<bool>(),
        forwards in proptest::prelude::any::<bool>(),
    ) {
        let mut spans = Vec::new();
        for n in 1..9u8 {
            let session = (n % 3 > 0).then_some("s-1");
            let mut span = span(n, n / 2, session, if n % 2 == 0 { vec![exception("at 10.0.0.7")] } else { vec![] });
            span.attributes.push(text("password", "hunter2"));
            span.attributes.push(text("server.address", if n % 4 == 0 { "bob@example.com" } else { "db-1" }));
            span.attributes.push(text("http.route", "/runs/{id}"));
            span.attributes.push(text("errata.severity", "9"));
            span.status = Some(Status { message: "failed for bob@example.com".to_owned(), code: 2 });
            spans.push(span);
        }
        let mut request = traces(spans, vec![text("service.name", "runner")]).to_vec();
        let config = || PipelineConfig { mask_without_session: !forwards, ..PipelineConfig::default() };
        let header = header.then_some("s-2");
        let teacher = pipeline(config());
        let mut taught = teacher.seen.take(&teacher.masking);
        for _ in 0..2 {
            let earlier = Bytes::from(request.clone());
            teacher.tag_seen(Signal::Traces, &earlier, header, NOW, &mut taught).unwrap();
        }
        for (at, byte) in changes {
            let at = at % request.len();
            request[at] = byte;
        }
        let request = Bytes::from(request);
        let on_the_way = pipeline(config()).tag_seen(Signal::Traces, &request, header, NOW, &mut taught);
        let knows_nothing = pipeline(config());
        let mut nothing = knows_nothing.seen.take(&knows_nothing.masking);
        let before = knows_nothing.tag_checked(Signal::Traces, &request, header, NOW, &mut nothing);
        match (on_the_way, before) {
            (Ok(on_the_way), Ok(before)) => {
                proptest::prop_assert_eq!(on_the_way.payload, before.payload);
                proptest::prop_assert_eq!(on_the_way.facts, before.facts);
                proptest::prop_assert_eq!(on_the_way.counts, before.counts);
                proptest::prop_assert_eq!(on_the_way.rejection, before.rejection);
            }
            (Err(on_the_way), Err(before)) => proptest::prop_assert_eq!(on_the_way, before),
            (on_the_way, before) => panic!("{on_the_way:?} on the way, {before:?} before"),
        }
    }
}

/// What `column` of `table` has for each span, by the first byte of its id.
fn by_span(batches: &[(Table, Vec<RecordBatch>)], table: Table, column: &str) -> Vec<(u8, Option<String>)> {
    let (_, batches) = batches.iter().find(|(t, _)| *t == table).unwrap();
    let plain = |name| cast(batches[0].column_by_name(name).unwrap(), &DataType::Utf8).unwrap();
    let (ids, values) = (plain("span_id"), plain(column));
    let pairs = ids.as_string::<i32>().iter().zip(values.as_string::<i32>().iter());
    pairs.map(|(id, v)| (u8::from_str_radix(&id.unwrap()[..2], 16).unwrap(), v.map(str::to_owned))).collect()
}

#[test]
fn a_span_has_from_those_above_it_what_it_does_not_say_itself() {
    let pipeline = pipeline(PipelineConfig { mask_without_session: false, ..PipelineConfig::default() });
    let named = |mut span: Span, id: &str, user: &str| {
        let code = "import pandas\n\nf()\n";
        span.attributes.extend([
            text("exec.id", id),
            text("enduser.id", user),
            text("exec.code.snippet", code),
        ]);
        span
    };
    let failed = vec![exception("'price'")];
    // Children end first, so they come first.
    let spans = vec![
        span(3, 2, Some("s"), failed.clone()),
        span(2, 1, Some("s"), failed.clone()),
        named(span(1, 0, Some("s"), failed), "e-1", "u-1"),
        // An execution that was started by another one, with a span of its own.
        span(5, 4, Some("s"), Vec::new()),
        named(span(4, 1, Some("s"), Vec::new()), "e-2", "u-2"),
        // Other sessions are none of its business.
        span(6, 1, Some("t"), Vec::new()),
        span(7, 1, None, Vec::new()),
        span(9, 8, Some("s"), Vec::new()),
        named(span(8, 0, None, Vec::new()), "e-3", "bob@example.com"),
    ];
    let tagged = tag(&pipeline, &traces(spans, vec![text("enduser.id", "of-resource")]));
    assert_eq!((tagged.counts.exceptions, tagged.counts.duplicates), (1, 2));
    let deepest = &tagged.facts.exceptions[0];
    assert_eq!((deepest.item, deepest.counted), (0, true));
    assert_ne!(deepest.ast_statement, "", "the snippet is looked at where the exception is");
    let batches = rows_of(&pipeline, &tagged, usize::MAX);
    let trace = Some("07".repeat(16));
    let some = |text: &str| Some(text.to_owned());
    let executions = by_span(&batches, Table::Spans, "execution_id");
    let expected = [
        (3, some("e-1")),
        (2, some("e-1")),
        (1, some("e-1")),
        (5, some("e-2")),
        (4, some("e-2")),
        (6, trace.clone()),
        (7, some("e-1")),
        (9, trace),
        (8, some("e-3")),
    ];
    assert_eq!(executions, expected);
    assert_eq!(by_span(&batches, Table::Errors, "execution_id"), [(3, some("e-1"))]);
    assert_eq!(
        by_span(&batches, Table::Errors, "user_id"),
        [(3, some("of-resource"))],
        "the resource comes first"
    );
    assert_eq!(by_span(&batches, Table::Errors, "snippet"), [(3, some("import pandas\n\nf()\n"))]);
    assert!(by_span(&batches, Table::Errors, "code_hash")[0].1.is_some());
}

#[test]
fn a_session_knows_what_failed_in_it_though_an_inner_span_is_outside_of_it() {
    let inner = || span(2, 1, None, vec![exception("'price'")]);
    let outer = || span(1, 0, Some("s"), vec![exception("'price'")]);
    let sessions = |batches: &[(Table, Vec<RecordBatch>)]| by_span(batches, Table::Errors, "session_id");
    let in_session = Some("s".to_owned());
    for spans in [vec![inner(), outer()], vec![outer(), inner()]] {
        let pipeline = pipeline(PipelineConfig { mask_without_session: false, ..PipelineConfig::default() });
        let tagged = tag(&pipeline, &traces(spans, Vec::new()));
        let batches = rows_of(&pipeline, &tagged, usize::MAX);
        assert_eq!(sessions(&batches), [(2, in_session.clone())], "one row, of the deepest span");
    }
}

#[test]
fn records_of_one_exception_name_it_differently() {
    let named = |id, parent, error_type: &str, message: &str| {
        let mut event = exception(message);
        event.attributes[0] = text("exception.type", error_type);
        span(id, parent, Some("s"), vec![event])
    };
    for (one, other, alike) in [
        (("json.decoder.JSONDecodeError", "Expecting value"), ("JSONDecodeError", "Expecting value"), true),
        (("KeyError", "'price'"), ("KeyError", "price"), true),
        (("ENOENT", "no such file"), ("Error", "no such file"), true),
        (("ERR_INVALID_ARG_TYPE", "must be a string"), ("TypeError", "must be a string"), true),
        (("Main$InsufficientFunds", "5 short"), ("Main.InsufficientFunds", "5 short"), true),
        (("KeyError", "'price'"), ("KeyError", "'name'"), false),
        (("KeyError", "1"), ("IndexError", "1"), false),
    ] {
        let pipeline = pipeline(PipelineConfig::default());
        let spans = vec![named(2, 1, one.0, one.1), named(1, 0, other.0, other.1)];
        let counts = tag(&pipeline, &traces(spans, Vec::new())).counts;
        assert_eq!(counts.exceptions, if alike { 1 } else { 2 }, "{one:?} {other:?}");
    }
}

#[test]
fn a_stack_that_is_indented_as_a_whole_is_read_as_any_other() {
    let pipeline = pipeline(PipelineConfig::default());
    let shown = |stack: &str| {
        let mut event = exception("");
        event.attributes = vec![text("exception.stacktrace", stack)];
        tag(&pipeline, &traces(vec![span(1, 0, Some("s"), vec![event])], Vec::new()))
            .facts
            .exceptions
            .remove(0)
    };
    let indented: String = STACK.lines().flat_map(|line| ["    ", line, "\n"]).collect();
    assert_eq!(shown(&indented).fingerprint, shown(STACK).fingerprint);
    assert_eq!(shown(&indented).error_type, "KeyError");
}

#[test]
fn a_message_that_only_the_stack_has_is_a_message() {
    let pipeline = pipeline(PipelineConfig::default());
    let shown = |stack: &str| {
        let mut event = exception("");
        event.attributes = vec![text("exception.stacktrace", stack)];
        let tagged = tag(&pipeline, &traces(vec![span(1, 0, Some("s"), vec![event])], Vec::new()));
        by_span(&rows_of(&pipeline, &tagged, usize::MAX), Table::Errors, "message").remove(0).1
    };
    assert_eq!(shown(STACK).as_deref(), Some("'price'"));
    let node = "TypeError: x is not a function\n    at main (/app/a.js:1:1)\n    at node:internal/main:1:1\n";
    assert_eq!(shown(node).as_deref(), Some("x is not a function"));
    let java = "java.lang.IllegalStateException: closed\n\tat a.B.c(B.java:1)\nCaused by: java.lang.RuntimeException: x\n";
    assert_eq!(shown(java).as_deref(), Some("closed"));
    assert_eq!(
        shown("Traceback (most recent call last):\n  File \"a.py\", line 1, in <module>\nMemoryError\n"),
        None
    );
}

#[test]
fn spans_that_all_say_the_same_kind_of_things_are_not_looked_at_twice() {
    let pipeline = pipeline(PipelineConfig::default());
    let alike = |id, execution: &str| {
        let mut span = span(id, 0, Some("s"), Vec::new());
        span.attributes.push(text("exec.id", execution));
        span
    };
    let facts = |spans| tag(&pipeline, &traces(spans, Vec::new())).facts;
    let none: [u32; 0] = [];
    let telling = |spans| facts(spans).telling;
    let failed = |session| span(2, 1, session, vec![exception("'a'")]);
    assert_eq!(telling(vec![alike(1, "a"), alike(2, "b")]), none);
    assert_eq!(telling(vec![span(1, 0, Some("s"), Vec::new()), failed(None)]), none);
    assert_eq!(telling(vec![alike(1, "a"), span(2, 1, Some("s"), Vec::new())]), [0_u32]);
    let mut of_user = span(1, 0, Some("s"), Vec::new());
    of_user.attributes.push(text("enduser.id", "u"));
    assert_eq!(
        telling(vec![of_user.clone(), span(2, 1, Some("s"), Vec::new())]),
        none,
        "only exceptions ask for a user"
    );
    let facts = facts(vec![span(3, 0, Some("s"), Vec::new()), of_user, failed(Some("s"))]);
    assert_eq!((facts.telling, facts.all_inherit), (vec![1], false));
}

#[test]
fn spans_that_are_each_others_parents_end() {
    let pipeline = pipeline(PipelineConfig::default());
    let mut telling = span(1, 2, Some("s"), Vec::new());
    telling.attributes.push(text("exec.id", "e"));
    let spans =
        vec![telling, span(2, 1, Some("s"), vec![exception("'a'")]), span(3, 3, Some("s"), Vec::new())];
    let batches = rows_of(&pipeline, &tag(&pipeline, &traces(spans, Vec::new())), usize::MAX);
    assert_eq!(by_span(&batches, Table::Errors, "execution_id"), [(2, Some("e".to_owned()))]);
}
