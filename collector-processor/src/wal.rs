//! The write-ahead log: group commit before the acknowledgement, recovery, two cursors (lake, next hop).
