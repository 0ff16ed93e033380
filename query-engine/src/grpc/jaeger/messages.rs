//! The messages of `jaeger.storage.v2`, as Jaeger's interface definition numbers them (jaeger-idl, `proto/storage/v2`,
//! commit 74be563). Fields that nothing here reads or writes are left out; protobuf allows it.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use prost::Message;
use prost_types::{Duration, Timestamp};

/// One trace by its id.
#[derive(Clone, PartialEq, Message)]
pub(super) struct GetTraceParams {
    /// 16 bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub(super) trace_id: Vec<u8>,
    #[prost(message, optional, tag = "2")]
    pub(super) start_time: Option<Timestamp>,
    #[prost(message, optional, tag = "3")]
    pub(super) end_time: Option<Timestamp>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct GetTracesRequest {
    #[prost(message, repeated, tag = "1")]
    pub(super) query: Vec<GetTraceParams>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct GetServicesRequest {}

#[derive(Clone, PartialEq, Message)]
pub(super) struct GetServicesResponse {
    #[prost(string, repeated, tag = "1")]
    pub(super) services: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct GetOperationsRequest {
    #[prost(string, tag = "1")]
    pub(super) service: String,
    #[prost(string, tag = "2")]
    pub(super) span_kind: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Operation {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(string, tag = "2")]
    pub(super) span_kind: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct GetOperationsResponse {
    #[prost(message, repeated, tag = "1")]
    pub(super) operations: Vec<Operation>,
}

/// A search. Jaeger's copies of OTLP's `KeyValue` and `AnyValue` have the same fields on the wire.
#[derive(Clone, PartialEq, Message)]
pub(super) struct TraceQueryParameters {
    #[prost(string, tag = "1")]
    pub(super) service_name: String,
    #[prost(string, tag = "2")]
    pub(super) operation_name: String,
    #[prost(message, repeated, tag = "3")]
    pub(super) attributes: Vec<KeyValue>,
    #[prost(message, optional, tag = "4")]
    pub(super) start_time_min: Option<Timestamp>,
    #[prost(message, optional, tag = "5")]
    pub(super) start_time_max: Option<Timestamp>,
    #[prost(message, optional, tag = "6")]
    pub(super) duration_min: Option<Duration>,
    #[prost(message, optional, tag = "7")]
    pub(super) duration_max: Option<Duration>,
    #[prost(int32, tag = "8")]
    pub(super) search_depth: i32,
    /// A structured filter, unread: enough to see that there is one.
    #[prost(bytes = "vec", optional, tag = "9")]
    pub(super) filter: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct FindTracesRequest {
    #[prost(message, optional, tag = "1")]
    pub(super) query: Option<TraceQueryParameters>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct FindTraceIdsRequest {
    #[prost(message, optional, tag = "1")]
    pub(super) query: Option<TraceQueryParameters>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct FoundTraceId {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) trace_id: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct FindTraceIdsResponse {
    #[prost(message, repeated, tag = "1")]
    pub(super) trace_ids: Vec<FoundTraceId>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct GetDependenciesRequest {
    #[prost(message, optional, tag = "1")]
    pub(super) start_time: Option<Timestamp>,
    #[prost(message, optional, tag = "2")]
    pub(super) end_time: Option<Timestamp>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Dependency {
    #[prost(string, tag = "1")]
    pub(super) parent: String,
    #[prost(string, tag = "2")]
    pub(super) child: String,
    #[prost(uint64, tag = "3")]
    pub(super) call_count: u64,
    #[prost(string, tag = "4")]
    pub(super) source: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct GetDependenciesResponse {
    #[prost(message, repeated, tag = "1")]
    pub(super) dependencies: Vec<Dependency>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct GetCapabilitiesRequest {}

/// What a search can do, for Jaeger's query service to know before it asks.
#[derive(Clone, PartialEq, Message)]
pub(super) struct SearchCapabilities {
    #[prost(bool, tag = "1")]
    pub(super) without_service_name: bool,
    /// Whether all conditions of a search hold for one and the same span.
    #[prost(bool, tag = "2")]
    pub(super) same_span_conjunction: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct GetCapabilitiesResponse {
    #[prost(message, optional, tag = "1")]
    pub(super) search: Option<SearchCapabilities>,
}
