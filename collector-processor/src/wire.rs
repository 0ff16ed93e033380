//! OTLP requests as bytes: one walk over the protobuf wire format, borrowed views, spliced edits.
