//! Columns of table `errors`.

use super::builders::{Built, ListColumn, LongTextColumn, Named, TableColumns, TimeColumns};
use super::coded::{MapColumn, TextColumn};
use super::execution::{Execution, ExecutionColumns};
use super::spans::Place;
use super::text::{clear, push_attributes, value_text};
use crate::pipeline::{ExceptionFact, Masking, Names, Role, Roles, Scoped};
use crate::wire::{Attribute, Attributes, Event, LogView, SpanView, Value};
use arrow::array::{BooleanBuilder, Int32Builder};
use schemas::attributes::ENVIRONMENT;
use schemas::tables::Table;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::cell::OnceCell;

/// What a resource tells of the environment: looked up once, with its first exception.
#[derive(Debug, Default)]
pub(super) struct Environment<'a> {
    attributes: Attributes<'a>,
    values: OnceCell<[Option<Value<'a>>; ENVIRONMENT.len()]>,
}

impl<'a> Environment<'a> {
    pub(super) fn of(attributes: Attributes<'a>) -> Self {
        Self { attributes, values: OnceCell::new() }
    }

    /// A value for each of [`ENVIRONMENT`].
    fn values(&self) -> &[Option<Value<'a>>; ENVIRONMENT.len()] {
        self.values.get_or_init(|| {
            let mut values = [None; ENVIRONMENT.len()];
            for attribute in self.attributes {
                if let Some(place) = ENVIRONMENT.iter().position(|key| attribute.key == *key) {
                    values[place].get_or_insert(attribute.value);
                }
            }
            values
        })
    }
}

/// Where an exception was found.
#[derive(Debug)]
pub(super) struct Source<'s, 'a> {
    trace_id: &'a [u8],
    span_id: &'a [u8],
    signal: &'static str,
    span_name: Option<&'a str>,
    attributes: &'s [Attribute<'a>],
    environment: &'s Environment<'a>,
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
        fact: &ExceptionFact,
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
            environment: place.environment,
            roles: place.roles,
            session: place.session,
            masking: place.masking,
            message: value_text(of_event.value(Role::ExceptionMessage), place.masking),
            stack_trace: value_text(of_event.value(Role::ExceptionStacktrace), place.masking)
                .or_else(|| printed(&span.attributes, fact, place.masking)),
        }
    }

    pub(super) fn of_record(
        record: &'s LogView<'a>,
        fact: &ExceptionFact,
        roles: Scoped<'s, 'a>,
        session: Option<&'s str>,
        masking: Option<&'s Masking>,
        environment: &'s Environment<'a>,
    ) -> Self {
        let body = Some(record.body).filter(|body| !body.is_empty());
        let is_recorded = fact.output_attribute.is_none() && !fact.output_in_body;
        let message = roles.own.value(Role::ExceptionMessage).or(body.filter(|_| is_recorded));
        let printed_in_body = body
            .filter(|_| fact.output_in_body)
            .and_then(|body| clear_lines(body, |body| masking.map(|m| m.text(body))));
        Self {
            trace_id: if record.trace_id.len() == 16 { record.trace_id } else { &[] },
            span_id: if record.span_id.len() == 8 { record.span_id } else { &[] },
            signal: "log",
            span_name: None,
            attributes: &record.attributes,
            environment,
            roles,
            session,
            masking,
            message: value_text(message, masking),
            stack_trace: value_text(roles.own.value(Role::ExceptionStacktrace), masking)
                .or(printed_in_body)
                .or_else(|| printed(&record.attributes, fact, masking)),
        }
    }
}

/// What a program printed, where nothing recorded its failure.
fn printed<'a>(
    attributes: &[Attribute<'a>],
    fact: &ExceptionFact,
    masking: Option<&Masking>,
) -> Option<Cow<'a, str>> {
    let name = fact.output_attribute.as_deref()?;
    let value = attributes.iter().find(|attribute| attribute.key == *name)?.value;
    clear_lines(value, |text| masking.map(|masking| masking.attribute(name, text)))
}

/// The lines of a value, masked where `mask` does.
fn clear_lines<'a>(
    value: Value<'a>,
    mask: impl for<'t> Fn(&'t str) -> Option<Cow<'t, str>>,
) -> Option<Cow<'a, str>> {
    let text = value.lines()?;
    let masked = mask(&text).map(Cow::into_owned);
    Some(masked.map_or(text, Cow::Owned))
}

#[derive(Debug, Default)]
pub(super) struct ErrorColumns {
    time: TimeColumns,
    execution: ExecutionColumns,
    event_id: LongTextColumn,
    trace_id: LongTextColumn,
    span_id: LongTextColumn,
    signal: TextColumn,
    span_name: TextColumn,
    language: TextColumn,
    error_type: TextColumn,
    message: TextColumn,
    stack_trace: LongTextColumn,
    snippet: LongTextColumn,
    file_path: TextColumn,
    code_hash: TextColumn,
    env: MapColumn,
    tags: ListColumn,
    attributes: MapColumn,
    fingerprint: TextColumn,
    signature: TextColumn,
    pattern_id: TextColumn,
    pattern_new: Built<BooleanBuilder>,
    taxonomy_runtime: TextColumn,
    taxonomy_phase: TextColumn,
    taxonomy_type: TextColumn,
    taxonomy_cause: TextColumn,
    taxonomy_context: TextColumn,
    severity: Built<Int32Builder>,
    strategy: TextColumn,
    ast_statement: TextColumn,
    ast_call: TextColumn,
    ast_import: TextColumn,
}

impl ErrorColumns {
    pub(super) fn push(
        &mut self,
        source: &Source<'_, '_>,
        fact: &ExceptionFact,
        unix_nano: u64,
        date_unix_nano: u64,
    ) {
        self.time.push(unix_nano, date_unix_nano);
        self.event_id.push_hex(&fact.event_id);
        self.trace_id.push_hex_optional(source.trace_id);
        self.span_id.push_hex_optional(source.span_id);
        let Source { trace_id, roles, session, masking, .. } = *source;
        self.execution.push(&Execution { trace_id, roles, session, masking });
        self.signal.push(source.signal);
        self.span_name.push_optional(source.span_name.map(|n| clear(source.masking, n)).as_deref());
        self.language.push_optional(Some(fact.language.as_str()));
        self.error_type.push(&fact.error_type);
        self.message.push_optional(source.message.as_deref().or(Some(fact.message.as_str())));
        self.stack_trace.push_optional(source.stack_trace.as_deref());
        self.push_code(source, fact);
        self.push_surroundings(source);
        self.push_grouping(fact);
    }

    fn push_code(&mut self, source: &Source<'_, '_>, fact: &ExceptionFact) {
        let roles = &source.roles;
        let snippet = value_text(roles.value(Role::Snippet), source.masking);
        match roles.text(Role::CodeHash) {
            None if snippet.is_some() => {
                let hash = Sha256::digest(snippet.as_deref().unwrap_or_default());
                self.code_hash.push(&hex::encode(hash));
            }
            hash => self.code_hash.push_optional(hash),
        }
        self.snippet.push_optional(snippet.as_deref());
        let file = value_text(roles.value(Role::FilePath), source.masking);
        self.file_path.push_optional(file.as_deref().or(Some(fact.file_path.as_str())));
    }

    fn push_surroundings(&mut self, source: &Source<'_, '_>) {
        for (key, of_resource) in ENVIRONMENT.iter().zip(source.environment.values()) {
            let own = source.attributes.iter().find(|a| a.key == *key).map(|a| a.value);
            if let Some(value) = value_text(own.or(*of_resource), source.masking) {
                self.env.entry(key.as_bytes(), value.as_bytes());
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
        self.fingerprint.push(&fact.fingerprint);
        self.signature.push(&fact.signature);
        self.pattern_id.push(&fact.pattern_id);
        self.pattern_new.builder.append_value(fact.pattern_new);
        self.taxonomy_runtime.push(&fact.taxonomy_runtime);
        self.taxonomy_phase.push(&fact.taxonomy_phase);
        self.taxonomy_type.push(&fact.taxonomy_type);
        self.taxonomy_cause.push_optional(Some(fact.taxonomy_cause.as_str()));
        self.taxonomy_context.push_optional(Some(fact.taxonomy_context.as_str()));
        self.severity.builder.append_value(fact.severity);
        self.strategy.push(&fact.strategy);
        self.ast_statement.push_optional(Some(fact.ast_statement.as_str()));
        self.ast_call.push_optional(Some(fact.ast_call.as_str()));
        self.ast_import.push_optional(Some(fact.ast_import.as_str()));
    }
}

impl TableColumns for ErrorColumns {
    const TABLE: Table = Table::Errors;

    fn rows(&self) -> usize {
        self.time.rows()
    }

    fn columns(&mut self) -> Named<'_> {
        let mut columns: Named<'_> = vec![
            ("event_id", &mut self.event_id),
            ("trace_id", &mut self.trace_id),
            ("span_id", &mut self.span_id),
            ("signal", &mut self.signal),
            ("span_name", &mut self.span_name),
            ("language", &mut self.language),
            ("error_type", &mut self.error_type),
            ("message", &mut self.message),
            ("stack_trace", &mut self.stack_trace),
            ("snippet", &mut self.snippet),
            ("file_path", &mut self.file_path),
            ("code_hash", &mut self.code_hash),
            ("env", &mut self.env),
            ("tags", &mut self.tags),
            ("attributes", &mut self.attributes),
            ("fingerprint", &mut self.fingerprint),
            ("signature", &mut self.signature),
            ("pattern_id", &mut self.pattern_id),
            ("pattern_new", &mut self.pattern_new),
            ("taxonomy_runtime", &mut self.taxonomy_runtime),
            ("taxonomy_phase", &mut self.taxonomy_phase),
            ("taxonomy_type", &mut self.taxonomy_type),
            ("taxonomy_cause", &mut self.taxonomy_cause),
            ("taxonomy_context", &mut self.taxonomy_context),
            ("severity", &mut self.severity),
            ("strategy", &mut self.strategy),
            ("ast_statement", &mut self.ast_statement),
            ("ast_call", &mut self.ast_call),
            ("ast_import", &mut self.ast_import),
        ];
        columns.extend(self.time.columns());
        columns.extend(self.execution.columns());
        columns
    }
}
