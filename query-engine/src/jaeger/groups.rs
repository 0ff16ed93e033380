//! The spans of a trace under their resources and scopes, as OTLP has them.

use super::SERVICE_MISSING;
use super::row::{Attributes, SpanRow};
use std::collections::HashMap;

/// Spans of one resource.
#[derive(Debug)]
pub(super) struct OfResource<'a> {
    first: &'a SpanRow,
    pub(super) scopes: Vec<OfScope<'a>>,
}

/// Spans of one resource and scope.
#[derive(Debug)]
pub(super) struct OfScope<'a> {
    pub(super) name: Option<&'a str>,
    pub(super) version: Option<&'a str>,
    pub(super) spans: Vec<&'a SpanRow>,
}

impl OfResource<'_> {
    /// Attributes of the resource; its service is always among them.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        let missing = self.first.service_name.is_none().then_some(("service.name", SERVICE_MISSING));
        let own = self.first.resource_attributes.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        own.chain(missing)
    }
}

/// The spans in the order of the first of each resource and scope.
pub(super) fn by_resource(spans: &[SpanRow]) -> Vec<OfResource<'_>> {
    let mut resources: HashMap<(Option<&str>, &Attributes), usize> = HashMap::new();
    let mut scopes: HashMap<(usize, Option<&str>, Option<&str>), usize> = HashMap::new();
    let mut groups: Vec<OfResource<'_>> = Vec::new();
    for span in spans {
        let key = (span.service_name.as_deref(), span.resource_attributes.as_ref());
        let place = *resources.entry(key).or_insert(groups.len());
        if place == groups.len() {
            groups.push(OfResource { first: span, scopes: Vec::new() });
        }
        let of_resource = &mut groups[place].scopes;
        let (name, version) = (span.scope_name.as_deref(), span.scope_version.as_deref());
        let place = *scopes.entry((place, name, version)).or_insert(of_resource.len());
        if place == of_resource.len() {
            of_resource.push(OfScope { name, version, spans: Vec::new() });
        }
        of_resource[place].spans.push(span);
    }
    groups
}
