//! Spans that are checked while they are read, against the check of the whole request.

use crate::wire::{Odd, RawAttribute, Request, SpanView, validate_around_spans, validate_traces};

/// Any bytes as a trace request.
pub(super) fn check(bytes: &[u8]) {
    let unchecked = read(bytes, false);
    match validate_traces(bytes) {
        Ok(counts) => {
            assert_eq!(read(bytes, true), Some(read_views(bytes)), "attributes apart, checked before");
            assert!(unchecked.is_none() || !counts.split, "pieces that nobody saw");
            assert!(unchecked.is_none_or(|spans| spans == read_views(bytes)), "attributes apart");
        }
        Err(error) => assert_eq!(unchecked, None, "the check refuses this: {error}"),
    }
}

/// The spans as [`SpanCursor::read_raw`](crate::wire::SpanCursor) reads them, with their attributes, printed; `None`
/// where it leaves the verdict to the check.
pub(super) fn read(bytes: &[u8], checked: bool) -> Option<Vec<String>> {
    let around = validate_around_spans(bytes).ok()?;
    if around.split && !checked {
        return None;
    }
    let (mut spans, mut span) = (Vec::new(), SpanView::default());
    for scope in Request::new(bytes).resources().flat_map(|resource| resource.scopes()) {
        let mut cursor = scope.spans();
        loop {
            let mut attributes = Vec::new();
            let each = &mut |raw: RawAttribute<'_>| {
                let sound = raw.is_sound();
                assert!(!raw.is_plain() || sound, "plain at first sight, but not sound");
                attributes.push(format!("{:?}", raw.read()));
                sound
            };
            match cursor.read_raw(&mut span, checked, each) {
                None => break,
                Some(Err(Odd)) => return None,
                Some(Ok(())) => spans.push(format!("{span:?} with {attributes:?}")),
            }
        }
    }
    Some(spans)
}

/// The same by [`SpanCursor::read`](crate::wire::SpanCursor::read).
fn read_views(bytes: &[u8]) -> Vec<String> {
    let (mut spans, mut span) = (Vec::new(), SpanView::default());
    for scope in Request::new(bytes).resources().flat_map(|resource| resource.scopes()) {
        let mut cursor = scope.spans();
        while cursor.read(&mut span) {
            let attributes: Vec<_> = span.attributes.drain(..).map(|a| format!("{a:?}")).collect();
            spans.push(format!("{span:?} with {attributes:?}"));
        }
    }
    spans
}
