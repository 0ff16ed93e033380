//! Columns of table `errors`.

use super::builders::{Assembly, Entries, HexColumn, TimeColumns, push_optional};
use super::execution::{Execution, ExecutionColumns};
use super::spans::Place;
use super::text::{clear, push_attributes, value_text};
use crate::pipeline::{ExceptionFact, Masking, Names, Role, Roles, Scoped};
use crate::wire::{Attribute, Attributes, Event, LogView, SpanView, Value};
use arrow::array::{BooleanBuilder, Int32Builder, StringBuilder};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use schemas::attributes::ENVIRONMENT;
use schemas::tables::Table;
use sha2::{Digest, Sha256};
use std::borrow::Cow;

/// Where an exception was found.
#[derive(Debug)]
pub(super) struct Source<'s, 'a> {
    trace_id: &'a [u8],
    span_id: &'a [u8],
    signal: &'static str,
    span_name: Option<&'a str>,
    attributes: &'s [Attribute<'a>],
    resource: Attributes<'a>,
    roles: Scoped<'s, 'a>,
    session: Option<&'s str>,
    masking: Option<&'s Masking>,
    /// Message and stack trace as the client sent them.
    message: Option<Cow<'a, str>>,
    stack_trace: Option<Cow<'a, str>>,
}

impl<'s, 'a> Source<'s, 'a> {
    pub(super) fn of_span(
        span: &'s SpanView<'a>,
        event: Option<&Event<'a>>,
        place: &Place<'s, 'a>,
        names: &Names,
    ) -> Self {
        let mut of_event = Roles::empty();
        if let Some(event) = event {
            event.attributes().for_each(|a| _ = of_event.note(names, &a));
        }
        Self {
            trace_id: span.trace_id,
            span_id: span.span_id,
            signal: "trace",
            span_name: Some(span.name.as_str()),
            attributes: &span.attributes,
            resource: place.resource,
            roles: place.roles,
            session: place.session,
            masking: place.masking,
            message: value_text(of_event.value(Role::ExceptionMessage), place.masking),
            stack_trace: value_text(of_event.value(Role::ExceptionStacktrace), place.masking),
        }
    }

    pub(super) fn of_record(
        record: &'s LogView<'a>,
        roles: Scoped<'s, 'a>,
        session: Option<&'s str>,
        masking: Option<&'s Masking>,
        resource: Attributes<'a>,
    ) -> Self {
        let message = roles.own.value(Role::ExceptionMessage).or(Some(record.body).filter(|b| !b.is_empty()));
        Self {
            trace_id: if record.trace_id.len() == 16 { record.trace_id } else { &[] },
            span_id: if record.span_id.len() == 8 { record.span_id } else { &[] },
            signal: "log",
            span_name: None,
            attributes: &record.attributes,
            resource,
            roles,
            session,
            masking,
            message: value_text(message, masking),
            stack_trace: value_text(roles.own.value(Role::ExceptionStacktrace), masking),
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct ErrorColumns {
    time: TimeColumns,
    execution: ExecutionColumns,
    event_id: HexColumn,
    trace_id: HexColumn,
    span_id: HexColumn,
    signal: StringBuilder,
    span_name: StringBuilder,
    language: StringBuilder,
    error_type: StringBuilder,
    message: StringBuilder,
    stack_trace: StringBuilder,
    snippet: StringBuilder,
    file_path: StringBuilder,
    code_hash: StringBuilder,
    env: Entries,
    tags: Entries,
    attributes: Entries,
    fingerprint: StringBuilder,
    signature: StringBuilder,
    pattern_id: StringBuilder,
    pattern_new: BooleanBuilder,
    taxonomy_runtime: StringBuilder,
    taxonomy_phase: StringBuilder,
    taxonomy_type: StringBuilder,
    taxonomy_cause: StringBuilder,
    taxonomy_context: StringBuilder,
    severity: Int32Builder,
    strategy: StringBuilder,
    ast_statement: StringBuilder,
    ast_call: StringBuilder,
    ast_import: StringBuilder,
}

impl ErrorColumns {
    pub(super) fn rows(&self) -> usize {
        self.time.rows()
    }

    pub(super) fn push(
        &mut self,
        source: &Source<'_, '_>,
        fact: &ExceptionFact,
        unix_nano: u64,
        date_unix_nano: u64,
    ) {
        self.time.push(unix_nano, date_unix_nano);
        self.event_id.push(&fact.event_id);
        self.trace_id.push_nonempty(source.trace_id);
        self.span_id.push_nonempty(source.span_id);
        let Source { trace_id, roles, session, masking, .. } = *source;
        self.execution.push(&Execution { trace_id, roles, session, masking });
        self.signal.append_value(source.signal);
        push_optional(&mut self.span_name, source.span_name.map(|n| clear(source.masking, n)).as_deref());
        push_optional(&mut self.language, Some(fact.language.as_str()));
        self.error_type.append_value(&fact.error_type);
        push_optional(&mut self.message, source.message.as_deref().or(Some(fact.message.as_str())));
        push_optional(&mut self.stack_trace, source.stack_trace.as_deref());
        self.push_code(source, fact);
        self.push_surroundings(source);
        self.push_grouping(fact);
    }

    fn push_code(&mut self, source: &Source<'_, '_>, fact: &ExceptionFact) {
        let roles = &source.roles;
        let snippet = value_text(roles.value(Role::Snippet), source.masking);
        match roles.text(Role::CodeHash) {
            None if snippet.is_some() => {
                self.code_hash
                    .append_value(hex::encode(Sha256::digest(snippet.as_deref().unwrap_or_default())));
            }
            hash => push_optional(&mut self.code_hash, hash),
        }
        push_optional(&mut self.snippet, snippet.as_deref());
        let file = value_text(roles.value(Role::FilePath), source.masking);
        push_optional(&mut self.file_path, file.as_deref().or(Some(fact.file_path.as_str())));
    }

    fn push_surroundings(&mut self, source: &Source<'_, '_>) {
        for key in ENVIRONMENT {
            let own = source.attributes.iter().find(|a| a.key == *key).copied();
            let found = own.or_else(|| source.resource.clone().find(|a| a.key == *key));
            if let Some(value) = value_text(found.map(|a| a.value), source.masking) {
                self.env.entry(key, &value);
            }
        }
        self.env.row_or_null();
        match source.roles.value(Role::Tags) {
            Some(Value::Array(tags)) => {
                tags.filter_map(|t| value_text(Some(t), source.masking)).for_each(|t| self.tags.element(&t));
            }
            Some(Value::Str(tags)) => {
                let tags = tags.as_str().split(',').map(str::trim).filter(|t| !t.is_empty());
                tags.for_each(|t| self.tags.element(&clear(source.masking, t)));
            }
            _ => {}
        }
        self.tags.row_or_null();
        push_attributes(&mut self.attributes, source.attributes.iter().copied(), source.masking);
    }

    fn push_grouping(&mut self, fact: &ExceptionFact) {
        self.fingerprint.append_value(&fact.fingerprint);
        self.signature.append_value(&fact.signature);
        self.pattern_id.append_value(&fact.pattern_id);
        self.pattern_new.append_value(fact.pattern_new);
        self.taxonomy_runtime.append_value(&fact.taxonomy_runtime);
        self.taxonomy_phase.append_value(&fact.taxonomy_phase);
        self.taxonomy_type.append_value(&fact.taxonomy_type);
        push_optional(&mut self.taxonomy_cause, Some(fact.taxonomy_cause.as_str()));
        push_optional(&mut self.taxonomy_context, Some(fact.taxonomy_context.as_str()));
        self.severity.append_value(fact.severity);
        self.strategy.append_value(&fact.strategy);
        push_optional(&mut self.ast_statement, Some(fact.ast_statement.as_str()));
        push_optional(&mut self.ast_call, Some(fact.ast_call.as_str()));
        push_optional(&mut self.ast_import, Some(fact.ast_import.as_str()));
    }

    pub(super) fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        let mut batch = Assembly::new(Table::Errors.schema());
        let (timestamp, time_unix_nano, date) = self.time.finish();
        self.execution.finish(&mut batch);
        batch
            .put("timestamp", timestamp)
            .put("time_unix_nano", time_unix_nano)
            .put("event_id", self.event_id.finish())
            .put("trace_id", self.trace_id.finish())
            .put("span_id", self.span_id.finish())
            .text("signal", &mut self.signal)
            .text("span_name", &mut self.span_name)
            .text("language", &mut self.language)
            .text("error_type", &mut self.error_type)
            .text("message", &mut self.message)
            .text("stack_trace", &mut self.stack_trace)
            .text("snippet", &mut self.snippet)
            .text("file_path", &mut self.file_path)
            .text("code_hash", &mut self.code_hash)
            .put("env", self.env.finish_map()?)
            .put("tags", self.tags.finish_list()?)
            .put("attributes", self.attributes.finish_map()?)
            .text("fingerprint", &mut self.fingerprint)
            .text("signature", &mut self.signature)
            .text("pattern_id", &mut self.pattern_id)
            .boolean("pattern_new", &mut self.pattern_new)
            .text("taxonomy_runtime", &mut self.taxonomy_runtime)
            .text("taxonomy_phase", &mut self.taxonomy_phase)
            .text("taxonomy_type", &mut self.taxonomy_type)
            .text("taxonomy_cause", &mut self.taxonomy_cause)
            .text("taxonomy_context", &mut self.taxonomy_context)
            .int32("severity", &mut self.severity)
            .text("strategy", &mut self.strategy)
            .text("ast_statement", &mut self.ast_statement)
            .text("ast_call", &mut self.ast_call)
            .text("ast_import", &mut self.ast_import)
            .put("date", date);
        batch.finish()
    }
}
