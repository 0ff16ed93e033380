//! SQL over the lake with DataFusion, and the HTTP API.
