//! The walk over a request that finds sessions and exceptions, and the edits that mask and tag it.

use super::ancestors::{Ancestors, ids};
use super::exceptions::Found;
use super::facts::{ExceptionFact, Facts};
use super::masking::Masks;
use super::names::{Role, Roles, Scoped};
use super::own::{Known, Own};
use super::seen::Seen;
use super::session::{parent_session, session};
use super::unrecorded::{Reader, exit_code, is_of_runner};
use super::{Counts, Pipeline, Tagged};
use crate::wire::{
    Attribute, AttributesAt, ByteRange, Edits, Event, LogView, Met, Odd, Request, Signal, SpanView, Text,
    Value, WireError, merge_split_logs, merge_split_traces, validate_around_spans, validate_logs,
    validate_traces,
};
use bytes::Bytes;
use schemas::attributes::{EXCEPTION_EVENT, EXCEPTION_EVENT_SUFFIX, written};
use std::borrow::Cow;

/// State of one walk.
struct Walk<'p, 'a> {
    pipeline: &'p Pipeline,
    request: &'a [u8],
    masks: &'p Masks,
    /// Names and the like that masking leaves as they are.
    texts: &'p mut Met<()>,
    of_request: Option<&'a str>,
    edits: Edits,
    found: Vec<Found<'a>>,
    /// Where exceptions of sessions are tagged, by item.
    tagged: Vec<(u32, AttributesAt)>,
    /// Texts of exceptions that were masked as attributes of the item at hand, by where they were.
    masked: Vec<(ByteRange, Cow<'a, str>)>,
    ancestors: Ancestors<'a>,
    counts: Counts,
    item: u32,
    rejection: String,
}

impl Pipeline {
    /// [`Pipeline::tag`], by what earlier requests taught.
    pub(super) fn tag_seen(
        &self,
        signal: Signal,
        request: &Bytes,
        of_request: Option<&str>,
        now: u64,
        seen: &mut Seen,
    ) -> Result<Tagged, WireError> {
        if signal == Signal::Traces
            && let Some(walk) = self.walk_unchecked(request, of_request, seen)
        {
            return Ok(walk.finish(request, of_request, now));
        }
        self.tag_checked(signal, request, of_request, now, seen)
    }

    /// The same, in two steps: the check of the whole, then the walk.
    pub(super) fn tag_checked(
        &self,
        signal: Signal,
        request: &Bytes,
        of_request: Option<&str>,
        now: u64,
        seen: &mut Seen,
    ) -> Result<Tagged, WireError> {
        let counts = match signal {
            Signal::Traces => validate_traces(request),
            Signal::Logs => validate_logs(request),
        }?;
        let whole = match (counts.split, signal) {
            (false, _) => request.clone(),
            (true, Signal::Traces) => merge_split_traces(request).into(),
            (true, Signal::Logs) => merge_split_logs(request).into(),
        };
        let Seen { masks, texts, attributes } = seen;
        let mut walk = Walk::new(self, &whole, of_request, masks, texts);
        let walked = walk.request(signal, true, attributes);
        debug_assert!(walked.is_ok(), "spans that were checked are read");
        Ok(walk.finish(&whole, of_request, now))
    }

    /// Walks the spans of a request that nobody checked. `None` where only the whole check can tell what it is.
    fn walk_unchecked<'p, 'a>(
        &'p self,
        request: &'a [u8],
        of_request: Option<&'a str>,
        seen: &'p mut Seen,
    ) -> Option<Walk<'p, 'a>> {
        validate_around_spans(request).ok().filter(|counts| !counts.split)?;
        let Seen { masks, texts, attributes } = seen;
        let mut walk = Walk::new(self, request, of_request, masks, texts);
        walk.request(Signal::Traces, false, attributes).ok()?;
        Some(walk)
    }
}

impl<'p, 'a> Walk<'p, 'a> {
    fn new(
        pipeline: &'p Pipeline,
        request: &'a [u8],
        of_request: Option<&'a str>,
        masks: &'p Masks,
        texts: &'p mut Met<()>,
    ) -> Self {
        Self {
            pipeline,
            request,
            texts,
            masks,
            of_request,
            edits: Edits::default(),
            found: Vec::new(),
            tagged: Vec::new(),
            masked: Vec::new(),
            ancestors: Ancestors::default(),
            counts: Counts::default(),
            item: 0,
            rejection: String::new(),
        }
    }

    /// Takes all spans or records.
    fn request(&mut self, signal: Signal, checked: bool, met: &mut Met<Known>) -> Result<(), Odd> {
        let names = &*self.pipeline.names;
        let (mut span, mut record) = (SpanView::default(), LogView::default());
        let mut own = Own::new(met, self.masks);
        for resource in Request::new(self.request).resources() {
            let mut of_resource = Roles::empty();
            resource.attributes().for_each(|a| _ = of_resource.note(names, &a));
            let mut mask_resource = self.pipeline.config.mask_without_session;
            for scope in resource.scopes() {
                let mut mask_scope = self.pipeline.config.mask_without_session;
                let (mut spans, mut records) = (scope.spans(), scope.records());
                match signal {
                    Signal::Traces => loop {
                        own.begin(mask_scope);
                        let read =
                            spans.read_raw(&mut span, checked, &mut |raw| own.take(names, raw, checked));
                        let Some(read) = read else { break };
                        read?;
                        mask_scope |= self.span(&span, &mut own, &of_resource);
                    },
                    Signal::Logs => {
                        while records.read(&mut record) {
                            mask_scope |= self.record(&record, &of_resource);
                        }
                    }
                }
                if mask_scope {
                    self.mask_text(scope.name);
                    self.mask_text(scope.version);
                    self.mask_attributes(scope.attributes());
                }
                mask_resource |= mask_scope;
            }
            if mask_resource {
                self.mask_attributes(resource.attributes());
            }
        }
        Ok(())
    }

    /// Takes one span; returns whether it has a session.
    fn span(&mut self, span: &SpanView<'a>, own: &mut Own<'a, '_>, of_resource: &Roles<'a>) -> bool {
        self.counts.items += 1;
        let Some((trace_id, span_id)) = ids(span.trace_id, span.span_id) else {
            self.reject(span);
            return false;
        };
        let parent: [u8; 8] = span.parent_span_id.try_into().unwrap_or_default();
        self.ancestors.note((trace_id, span_id), parent);
        let roles = Scoped::new(&own.roles, of_resource);
        let session = session(roles, self.of_request);
        if session.is_some() || self.pipeline.config.mask_without_session {
            self.counts.masked += own.mask(span, self.request, &mut self.edits);
            self.mask_span(span);
        }
        let roles = Scoped::new(&own.roles, of_resource);
        if let Some(session) = &session {
            self.counts.with_session += 1;
            self.write_session(&own.marked, span.attributes_at(), session, roles);
        }
        self.ancestors.tell(
            (trace_id, span_id),
            self.item,
            session.as_ref(),
            span.raw_attributes(),
            own.roles.set(),
        );
        if session.is_some() || !self.pipeline.config.session_required {
            let before = self.found.len();
            for (n, event) in span.events.iter().enumerate().filter(|(_, e)| is_exception(e.name)) {
                let mut found = self.exception_of_event(event, roles);
                (found.is_of_span, found.event) = (true, u32::try_from(n).ok());
                found.trace_id = Some(trace_id);
                (found.span_id, found.parent_span_id) = (span_id, parent);
                found.session = session.clone();
                self.found.push(found);
            }
            if self.pipeline.config.unrecorded.is_on() && self.all_of_runner(before) {
                let around = || Found {
                    is_of_span: true,
                    trace_id: Some(trace_id),
                    span_id,
                    parent_span_id: parent,
                    session: session.clone(),
                    unix_nano: span.end_time_unix_nano,
                    ..self.exception(&Roles::empty(), roles)
                };
                let found = self.unrecorded().of_span(span, &own.roles, &own.marked, around);
                self.found.extend(found);
            }
            if session.is_some() && self.found.len() > before {
                self.will_tag(&own.marked, span.attributes_at());
            }
        }
        self.item += 1;
        session.is_some()
    }

    /// Takes one log record; returns whether it has a session.
    fn record(&mut self, record: &LogView<'a>, of_resource: &Roles<'a>) -> bool {
        self.counts.items += 1;
        let mut own = Roles::empty();
        record.attributes.iter().for_each(|a| _ = own.note(&self.pipeline.names, a));
        let roles = Scoped::new(&own, of_resource);
        let session = session(roles, self.of_request);
        if session.is_some() || self.pipeline.config.mask_without_session {
            self.counts.masked += self.masks.edit_body(&record.body, self.request, &mut self.edits);
            self.counts.masked += self.masks.edit_text(record.event_name, &mut self.edits);
            self.mask_text(record.severity_text);
            self.masked.clear();
            self.mask_exception(record.attributes.iter().copied());
        }
        if let Some(session) = &session {
            self.counts.with_session += 1;
            self.write_session(&record.attributes, record.attributes_at(), session, roles);
        }
        let named = own.value(Role::ExceptionType).is_some() || own.value(Role::ExceptionMessage).is_some();
        let exception =
            named || (is_exception(record.event_name) && own.value(Role::ExceptionStacktrace).is_some());
        let before = self.found.len();
        if (exception || self.pipeline.config.unrecorded.is_on())
            && (session.is_some() || !self.pipeline.config.session_required)
        {
            let times = [record.time_unix_nano, record.observed_time_unix_nano];
            let around = || Found {
                trace_id: record.trace_id.try_into().ok().filter(|id| *id != [0; 16]),
                span_id: record.span_id.try_into().unwrap_or_default(),
                unix_nano: times.into_iter().find(|time| *time > 0).unwrap_or(0),
                ..self.exception(&own, roles)
            };
            let found = if exception {
                let mut found = around();
                found.message =
                    found.message.or_else(|| record.body.as_str().map(|body| self.masks.text(body)));
                Some(found)
            } else {
                self.unrecorded().of_record(record, &own, around)
            };
            self.found.extend(found);
            if session.is_some() && self.found.len() > before {
                self.will_tag(&record.attributes, record.attributes_at());
            }
        }
        self.item += 1;
        session.is_some()
    }

    fn reject(&mut self, span: &SpanView<'_>) {
        self.counts.rejected += 1;
        self.edits.remove(span.field);
        if self.rejection.is_empty() {
            let (trace, own) = (hex::encode(span.trace_id), hex::encode(span.span_id));
            let name: String = self.masks.text(&span.name).chars().take(80).collect();
            self.rejection = format!(
                "span '{name}' has trace_id '{trace}' and span_id '{own}'; both must be set, of 16 and 8 bytes"
            );
        }
    }

    /// Masks all of a span but its attributes.
    fn mask_span(&mut self, span: &SpanView<'a>) {
        self.mask_text(span.name);
        self.mask_text(span.status_message);
        self.mask_text(span.trace_state);
        self.masked.clear();
        for event in &span.events {
            self.mask_text(event.name);
            if is_exception(event.name) {
                self.mask_exception(event.attributes());
            } else {
                self.mask_attributes(event.attributes());
            }
        }
        for link in &span.links {
            self.mask_text(link.trace_state);
            self.mask_attributes(link.attributes());
        }
    }

    fn mask_text(&mut self, text: Text<'a>) {
        if text.bytes().is_empty() {
            return;
        }
        let (slot, known) = self.texts.find(text.bytes());
        if known.is_none() {
            match self.masks.edit_text(text, &mut self.edits) {
                0 => self.texts.put(slot, text.bytes(), ()),
                masked => self.counts.masked += masked,
            }
        }
    }

    fn mask_attributes(&mut self, attributes: impl Iterator<Item = Attribute<'a>>) {
        for attribute in attributes {
            self.counts.masked += self.masks.edit_attribute(&attribute, self.request, &mut self.edits);
        }
    }

    /// The same for what may be an exception's texts, which are masked once for all uses.
    fn mask_exception(&mut self, attributes: impl Iterator<Item = Attribute<'a>>) {
        for attribute in attributes {
            match (self.pipeline.names.role(attribute.key.bytes()), attribute.value) {
                (
                    Some((Role::ExceptionType | Role::ExceptionMessage | Role::ExceptionStacktrace, _)),
                    Value::Str(text),
                ) => {
                    let (count, masked) = self.masks.edit_kept(attribute.key, text, &mut self.edits);
                    self.counts.masked += count;
                    self.masked.push((text.range(), masked));
                }
                _ => self.mask_attributes(std::iter::once(attribute)),
            }
        }
    }

    /// Sees to it that the session attributes are there, once, and say what was found.
    fn write_session(
        &mut self,
        attributes: &[Attribute<'a>],
        at: AttributesAt,
        session: &str,
        roles: Scoped<'_, 'a>,
    ) {
        let parent = parent_session(roles);
        let wanted = [(written::SESSION_ID, Some(session)), (written::PARENT_SESSION_ID, parent.as_deref())];
        for (key, value) in wanted.into_iter().filter_map(|(k, v)| Some((k, v?))) {
            let present = attributes.iter().find(|a| a.key == key);
            if present.is_some_and(|a| a.value.as_text().is_some_and(|text| text == *value)) {
                continue;
            }
            if let Some(other) = present {
                self.edits.remove(other.field);
            }
            self.edits.attributes(at).text(key, value);
        }
    }

    fn will_tag(&mut self, attributes: &[Attribute<'a>], at: AttributesAt) {
        for spoofed in attributes.iter().filter(|a| a.key.bytes().starts_with(written::PREFIX.as_bytes())) {
            self.edits.remove(spoofed.field);
        }
        self.tagged.push((self.item, at));
    }

    /// Whether all that was found from a place on says only that a program failed that was run. Notes that.
    fn all_of_runner(&mut self, from: usize) -> bool {
        let found = &mut self.found[from..];
        found.iter_mut().for_each(|found| found.is_of_runner = is_of_runner(found));
        found.iter().all(|found| found.is_of_runner)
    }

    fn unrecorded(&self) -> Reader<'p> {
        let Pipeline { config, names, .. } = self.pipeline;
        let bytes_max = config.grouping.text_bytes_max;
        Reader { config: &config.unrecorded, masks: self.masks, names, bytes_max }
    }

    fn exception_of_event(&self, event: &Event<'a>, roles: Scoped<'_, 'a>) -> Found<'a> {
        let mut of_event = Roles::empty();
        event.attributes().for_each(|a| _ = of_event.note(&self.pipeline.names, &a));
        Found { unix_nano: event.time_unix_nano, ..self.exception(&of_event, roles) }
    }

    /// The exception that `texts` hold, in the surroundings that `roles` tell.
    fn exception(&self, texts: &Roles<'a>, roles: Scoped<'_, 'a>) -> Found<'a> {
        let masked = |role| {
            let text = texts.value(role)?.first_text()?;
            // In the order of the bytes, as they were met.
            let known = self.masked.binary_search_by_key(&text.range(), |(range, _)| *range);
            let masked = match known.map(|place| self.masked[place].1.clone()) {
                Ok(masked) => masked,
                Err(_) => self.masks.text(text.as_str()),
            };
            Some(trim(masked)).filter(|text| !text.is_empty())
        };
        Found {
            item: self.item,
            is_of_span: false,
            event: None,
            unrecorded: None,
            is_of_runner: false,
            trace_id: None,
            span_id: [0; 8],
            parent_span_id: [0; 8],
            unix_nano: 0,
            error_type: masked(Role::ExceptionType),
            message: masked(Role::ExceptionMessage),
            stacktrace: masked(Role::ExceptionStacktrace),
            snippet: roles.text(Role::Snippet).map(|s| self.masks.text(s)),
            language: roles.text(Role::Language),
            sdk_language: roles.text(Role::SdkLanguage),
            exit_code: roles.value(Role::ExitCode).and_then(exit_code),
            service_name: roles.text(Role::Service),
            session: None,
        }
    }

    /// Gives exceptions of spans the snippet and the language of what is above them, where they have none. Returns the
    /// spans that others have something from.
    fn inherit(&mut self) -> Vec<u32> {
        if !self.ancestors.are_uneven() {
            return Vec::new();
        }
        let mut telling = Vec::new();
        for found in &mut self.found {
            let Some(trace_id) = found.trace_id.filter(|_| found.is_of_span) else { continue };
            let (none, session) = (Roles::empty(), found.session.as_deref());
            let (key, none) = ((trace_id, found.span_id), Scoped::new(&none, &none));
            let inherited = self.ancestors.inherited(key, session, none, &self.pipeline.names);
            if found.snippet.is_none() {
                found.snippet = inherited.text(Role::Snippet).map(|s| self.masks.text(s));
            }
            found.language = found.language.or_else(|| inherited.text(Role::Language));
            telling.extend(self.ancestors.items_above(key, session));
        }
        if self.ancestors.name_executions_unevenly() {
            telling = self.ancestors.items();
        }
        telling.sort_unstable();
        telling.dedup();
        telling
    }

    fn finish(mut self, request: &Bytes, of_request: Option<&str>, now: u64) -> Tagged {
        if !self.found.is_empty() {
            self.ancestors.index();
        }
        let telling = self.inherit();
        let all_inherit = self.ancestors.name_executions_unevenly();
        let outcome = self.pipeline.decide(&self.found, &self.ancestors, now, &mut self.counts);
        for (item, at) in &self.tagged {
            if let Some(fact) = outcome.exceptions.get(outcome.exceptions.partition_point(|e| e.item < *item))
            {
                write_results(&mut self.edits, *at, fact);
            }
        }
        let payload = if self.edits.is_empty() {
            request.clone()
        } else {
            let mut out = Vec::new();
            let applied = self.edits.apply(request, &mut out);
            // Every range comes from a view of this very request.
            debug_assert!(applied.is_ok(), "{applied:?}");
            Bytes::from(out)
        };
        let facts = Facts {
            exceptions: outcome.exceptions,
            patterns: outcome.patterns,
            session: of_request.map(str::to_owned),
            raw_without_session: !self.pipeline.config.mask_without_session,
            without_session: self.counts.with_session == 0,
            telling,
            all_inherit,
        };
        let remembered = outcome.remembered;
        Tagged { payload, facts, counts: self.counts, rejection: self.rejection, remembered }
    }
}

/// Without blank lines around it and blanks at its end. Those before its first word stay where other lines follow: all may be
/// indented alike.
fn trim(text: Cow<'_, str>) -> Cow<'_, str> {
    fn inner(text: &str) -> &str {
        let text = text.trim_end();
        let start = text.len() - text.trim_start().len();
        let start = if text[start..].contains('\n') {
            text[..start].rfind('\n').map_or(0, |end| end + 1)
        } else {
            start
        };
        &text[start..]
    }
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(inner(text)),
        Cow::Owned(text) if inner(&text).len() == text.len() => Cow::Owned(text),
        Cow::Owned(text) => Cow::Owned(inner(&text).to_owned()),
    }
}

fn is_exception(event_name: Text<'_>) -> bool {
    event_name == EXCEPTION_EVENT || event_name.bytes().ends_with(EXCEPTION_EVENT_SUFFIX.as_bytes())
}

fn write_results(edits: &mut Edits, at: AttributesAt, fact: &ExceptionFact) {
    let mut attributes = edits.attributes(at);
    attributes
        .text(written::FINGERPRINT, &fact.fingerprint)
        .text(written::PATTERN_ID, &fact.pattern_id)
        .bool(written::PATTERN_NEW, fact.pattern_new)
        .int(written::SEVERITY, i64::from(fact.severity))
        .text(written::TAXONOMY_RUNTIME, &fact.taxonomy_runtime)
        .text(written::TAXONOMY_PHASE, &fact.taxonomy_phase)
        .text(written::TAXONOMY_TYPE, &fact.taxonomy_type)
        .text(written::TAXONOMY_CONTEXT, &fact.taxonomy_context)
        .text(written::STRATEGY, &fact.strategy);
    if !fact.taxonomy_cause.is_empty() {
        attributes.text(written::TAXONOMY_CAUSE, &fact.taxonomy_cause);
    }
}
