//! From what users write to what the parts take.

use super::raw::Settings;
use anyhow::{Context, bail};
use collector_processor::exporter::{Compression, ExporterConfig, Protocol};
use collector_processor::wal::{Durability, WalConfig};
use collector_processor::{
    Acknowledge, DedupConfig, PipelineConfig, ProcessorConfig, ReceiverConfig, RulesConfig, UnrecordedConfig,
    WriterConfig, read_rules,
};
use error_patterns::grouping::GroupingConfig;
use error_patterns::mask::{MaskConfig, Masker};
use error_patterns::rules::Rules;
use error_patterns::store::StoreConfig;
use lake::{Lake, LakeConfig, MaintenanceConfig, S3Options};
use query_engine::grpc::GrpcConfig;
use query_engine::{FeedConfig, LifecycleConfig, QueryConfig};
use std::path::Path;
use std::time::Duration;

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl Settings {
    /// Where the lake is.
    pub(crate) fn lake_location(&self) -> String {
        if self.lake.is_empty() {
            self.data_dir.join("lake").display().to_string()
        } else {
            self.lake.clone()
        }
    }

    fn lake_config(&self) -> LakeConfig {
        let some = |text: &String| (!text.is_empty()).then(|| text.clone());
        let mut config = LakeConfig::new(self.lake_location());
        config.s3 = S3Options {
            endpoint: some(&self.s3.endpoint),
            region: some(&self.s3.region),
            access_key_id: some(&self.s3.access_key_id),
            secret_access_key: some(&self.s3.secret_access_key),
            allow_http: self.s3.allow_http,
            env: std::env::vars().filter(|(name, _)| name.starts_with("AWS_")).collect(),
            ..S3Options::default()
        };
        config
    }

    /// Opens the lake, making what is absent.
    pub(crate) async fn open_lake(&self) -> anyhow::Result<Lake> {
        let location = self.lake_location();
        Lake::open(self.lake_config()).await.with_context(|| format!("cannot open the lake at {location}"))
    }

    /// Opens a lake that is there already: a mistyped folder must not become an empty lake.
    pub(crate) async fn open_existing_lake(&self) -> anyhow::Result<Lake> {
        let location = self.lake_location();
        if !location.contains("://") && !Path::new(&location).join("errors").is_dir() {
            bail!(
                "there is no lake at {location}; start `errata serve`, or say where it is with --data-dir or --lake"
            );
        }
        self.open_lake().await
    }

    /// The query engine's limits.
    pub(crate) fn query_config(&self) -> QueryConfig {
        QueryConfig {
            memory_bytes_max: self.query.memory_max.bytes(),
            timeout_ms: u64::try_from(self.query.timeout.0.as_millis()).unwrap_or(u64::MAX),
            rows_max: self.query.rows_max as u64,
            concurrent_max: self.query.concurrent_max,
            query_bytes_max: self.query.text_size_max.bytes(),
            files_max: self.query.files_max,
            trace_bytes_max: self.query.trace_size_max.bytes(),
            operations_known_max: self.query.operations_known_max,
            partials_bytes_max: self.query.partials_size_max.bytes(),
            partials_dir: Some(self.data_dir.join("partials")),
            partials_disk_bytes_max: self.query.partials_disk_size_max.0,
            kept_view_bytes_max: self.query.names_size_max.bytes(),
            candidate_occurrences: self.patterns.candidate_occurrences,
            candidate_window: self.patterns.candidate_window.0,
            ..QueryConfig::default()
        }
    }

    /// The limits of the engine's gRPC port.
    pub(crate) fn grpc_config(&self) -> GrpcConfig {
        GrpcConfig {
            message_bytes_max: self.grpc.message_size_max.bytes(),
            streams_max: self.grpc.streams_max,
            keepalive_interval: self.grpc.keepalive_interval.0,
            keepalive_timeout: self.grpc.keepalive_timeout.0,
            prepared_max: self.grpc.prepared_max,
            prepared_bytes_max: self.grpc.prepared_size_max.bytes(),
            prepared_idle_max: self.grpc.prepared_idle_max.0,
        }
    }

    /// The life cycle of patterns. The users' masks are those of the start.
    pub(crate) fn lifecycle_config(&self) -> anyhow::Result<LifecycleConfig> {
        let rules = match self.rules_file() {
            Some(path) => read_rules(path).with_context(|| format!("cannot use {}", path.display()))?,
            None => Rules::default(),
        };
        Ok(LifecycleConfig {
            queue_max: self.lifecycle.queue_max,
            reopen_interval: self.lifecycle.reopen_interval.0,
            resolved_max: self.lifecycle.resolved_max,
            masker: Masker::with_rules(self.mask_config(), &rules),
        })
    }

    /// The feed of what is new.
    pub(crate) fn feed_config(&self) -> FeedConfig {
        FeedConfig {
            interval: self.feed.interval.0,
            subscribers_max: self.feed.subscribers_max,
            buffer_events_max: self.feed.buffer_events_max,
            heartbeat: self.feed.heartbeat.0,
        }
    }

    /// Compaction, retention, clean-up.
    pub(crate) fn maintenance_config(&self) -> MaintenanceConfig {
        MaintenanceConfig {
            retention_days: Some(self.maintenance.retention_days).filter(|days| *days > 0),
            vacuum_after_ms: millis(self.maintenance.vacuum_after.0),
            ..MaintenanceConfig::default()
        }
    }

    /// The processor.
    pub(crate) fn processor_config(&self) -> anyhow::Result<ProcessorConfig> {
        let (durability, acknowledge) = match self.wal.durability.as_str() {
            "memory" => (Durability::Memory, Acknowledge::Logged),
            "lake" => (Durability::Wal, Acknowledge::Committed),
            _ => (Durability::Wal, Acknowledge::Logged),
        };
        let maintenance = (self.maintenance_config(), self.maintenance.interval.0);
        Ok(ProcessorConfig {
            data_dir: self.data_dir.clone(),
            receiver: ReceiverConfig {
                grpc_addr: self.otlp.grpc_addr,
                http_addr: self.otlp.http_addr,
                body_bytes_max: self.otlp.body_size_max.bytes(),
                requests_max: self.otlp.requests_max,
                connections_max: self.otlp.connections_max,
                memory_bytes_max: self.otlp.memory_max.bytes(),
                retry_after: self.otlp.retry_after.0,
                read_timeout: self.otlp.read_timeout.0,
            },
            session_header: self.session.header.clone(),
            attributes: self.extra_attributes(),
            pipeline: PipelineConfig {
                dedup: DedupConfig { window: self.dedup.window.0, entries_max: self.dedup.entries_max },
                grouping: GroupingConfig {
                    cache_entries_max: self.patterns.repeats_max,
                    cache_bytes_max: self.patterns.repeats_size_max.bytes(),
                    ..GroupingConfig::default()
                },
                store: StoreConfig { patterns_max: self.patterns.patterns_max, ..StoreConfig::default() },
                session_required: self.session.required,
                unrecorded: UnrecordedConfig {
                    attributes: self.unrecorded.attributes.clone(),
                    log_bodies: self.unrecorded.log_bodies,
                    status_messages: self.unrecorded.status_messages,
                    exit_codes: self.unrecorded.exit_codes,
                },
                mask_without_session: self.forward.endpoint.is_empty(),
                ..PipelineConfig::default()
            },
            rules: self.rules_config(),
            masking: self.mask_config(),
            wal: WalConfig {
                durability,
                segment_bytes_max: self.wal.segment_size.0,
                log_bytes_max: self.wal.size_max.0,
                // A request may grow by its tags.
                record_bytes_max: self
                    .otlp
                    .body_size_max
                    .0
                    .saturating_mul(2)
                    .min(1 << 30)
                    .min(self.wal.size_max.0 / 2),
                ring_bytes_max: self.wal.memory_max.0,
                group_commit_delay: self.wal.group_commit_delay.0,
                ..WalConfig::default()
            },
            acknowledge,
            writer: WriterConfig {
                flush_interval: self.writer.flush_interval.0,
                rows_max: self.writer.rows_max,
                bytes_max: self.writer.batch_size_max.bytes(),
                repeated_bytes_max: self.writer.repeated_size_max.bytes(),
                session_spans_only: self.writer.spans == "session",
            },
            future_max: self.writer.future_max.0,
            past_max: self.writer.past_max.0,
            follow_interval: self.patterns.follow_interval.0,
            cold_bytes_max: self.patterns.cold_size_max.0,
            maintenance: self.maintenance.enabled.then_some(maintenance),
            exporter: self.exporter_config(),
        })
    }

    /// What is masked.
    pub(crate) fn mask_config(&self) -> MaskConfig {
        MaskConfig { pseudonym_seed: self.masking.pseudonym_seed, national_ids: self.masking.national_ids }
    }

    /// Where the users' rules are, if there are any.
    fn rules_config(&self) -> Option<RulesConfig> {
        let path = self.rules_file()?.to_owned();
        Some(RulesConfig { path, interval: self.grouping.rules_interval.0 })
    }

    /// The rules file, if one is named.
    pub(crate) fn rules_file(&self) -> Option<&Path> {
        Some(self.grouping.rules.as_path()).filter(|path| !path.as_os_str().is_empty())
    }

    fn extra_attributes(&self) -> Vec<(String, String)> {
        let pairs = |(role, names): (&String, &Vec<String>)| {
            names.iter().map(|name| (role.clone(), name.clone())).collect::<Vec<_>>()
        };
        self.attributes.iter().flat_map(pairs).collect()
    }

    pub(super) fn exporter_config(&self) -> Option<ExporterConfig> {
        if self.forward.endpoint.is_empty() {
            return None;
        }
        let forward = &self.forward;
        let mut config = ExporterConfig::new(&forward.endpoint);
        config.protocol = match forward.protocol.as_str() {
            "grpc" => Some(Protocol::Grpc),
            "http/protobuf" => Some(Protocol::HttpProtobuf),
            _ => None,
        };
        config.compression = match forward.compression.as_str() {
            "none" => Compression::None,
            "zstd" => Compression::Zstd,
            _ => Compression::Gzip,
        };
        config.headers.clone_from(&forward.headers);
        config.timeout = forward.timeout.0;
        config.num_consumers = forward.num_consumers;
        config.retry_on_failure.initial_interval = forward.retry_on_failure.initial_interval.0;
        config.retry_on_failure.max_interval = forward.retry_on_failure.max_interval.0;
        config.retry_on_failure.multiplier = forward.retry_on_failure.multiplier;
        config.sending_queue.bytes_max = forward.sending_queue.size_max.0;
        Some(config)
    }
}
