//! OTLP to the next hop, with retry and a bounded queue on disk.
