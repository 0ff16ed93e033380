//! Chunks keep what a span says, and never mix traces.

use super::*;
use std::sync::Arc;

fn row(trace: u8, span: u8) -> SpanRow {
    SpanRow {
        time_unix_nano: 1_000,
        span_id: format!("{span:016x}"),
        trace_id: format!("{trace:032x}"),
        parent_span_id: Some("not hex".to_owned()),
        name: "run".to_owned(),
        kind: "server".to_owned(),
        duration_ns: 5,
        status_code: "ERROR".to_owned(),
        status_message: None,
        service_name: None,
        attributes: vec![("k".to_owned(), "v".to_owned())],
        resource_attributes: Arc::new(vec![("host.name".to_owned(), "box".to_owned())]),
        events: Some(
            r#"[{"name":"e","time_unix_nano":7,"attributes":{"n":1,"x":[true,null,0.5]}}]"#.to_owned(),
        ),
        links: Some("[{".to_owned()),
        scope_name: None,
        scope_version: None,
    }
}

fn trace(id: u8, spans: u8) -> Trace {
    Trace { id: format!("{id:032x}"), spans: (0..spans).map(|span| row(id, span)).collect() }
}

fn spans(chunk: &TracesData) -> Vec<&Span> {
    let scopes = chunk.resource_spans.iter().flat_map(|group| &group.scope_spans);
    scopes.flat_map(|scope| &scope.spans).collect()
}

#[test]
fn chunks_are_bounded_and_of_one_trace() {
    let bytes = row(1, 1).whole_bytes();
    let traces = || vec![trace(1, 5), trace(2, 0), trace(3, 1)];
    for (bytes_max, expected) in [(0, vec![1; 6]), (2 * bytes, vec![2, 2, 1, 1]), (usize::MAX, vec![5, 1])] {
        let chunks: Vec<TracesData> = Chunks::new(traces(), bytes_max).collect();
        let counts: Vec<usize> = chunks.iter().map(|chunk| spans(chunk).len()).collect();
        assert_eq!(counts, expected);
        for chunk in &chunks {
            let spans = spans(chunk);
            assert!(spans.iter().all(|span| span.trace_id == spans[0].trace_id));
        }
    }
}

#[test]
fn a_span_keeps_what_the_lake_has() {
    let chunk = Chunks::new(vec![trace(9, 1)], 1 << 20).next().unwrap();
    let span = spans(&chunk)[0];
    assert_eq!((span.trace_id.len(), span.span_id.len(), span.parent_span_id.len()), (16, 8, 0));
    assert_eq!((span.kind, span.start_time_unix_nano, span.end_time_unix_nano), (2, 1_000, 1_005));
    assert_eq!(span.status.as_ref().unwrap().code, 2);
    assert!(span.links.is_empty());
    let event = &span.events[0];
    assert_eq!(event.attributes[0], pair("n".to_owned(), Some(Any::IntValue(1))));
    let resource = chunk.resource_spans[0].resource.as_ref().unwrap();
    let keys: Vec<&str> = resource.attributes.iter().map(|pair| pair.key.as_str()).collect();
    assert_eq!(keys, ["host.name", "service.name"]);
}
