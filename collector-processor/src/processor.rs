//! The processor put together: log, pipeline, lake writer, exporter, maintenance, receivers; and its
//! orderly end.

use crate::clock::{now, now_unix_nano};
use crate::cold::{ColdConfig, ColdStore};
use crate::columns::RowContext;
use crate::exporter::{Exporter, ExporterConfig};
use crate::follow::{FollowError, Follower};
use crate::identity;
use crate::ingest::{Acknowledge, Ingest};
use crate::metrics::Metrics;
use crate::pipeline::{Masking, Names, Pipeline, PipelineConfig};
use crate::receiver::{Admission, ReceiverConfig, serve_grpc, serve_http};
use crate::rules::{RulesConfig, RulesFile, RulesFileError};
use crate::wal::{Wal, WalConfig, WalError, WalStats};
use crate::writer::{self, Committer, Positions, Writer, WriterConfig};
use access::{Access, Incoming, Places, Tls};
use error_patterns::mask::MaskConfig;
use error_patterns::store::ColdPatterns;
use lake::{Lake, LakeError, MaintenanceConfig};
use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;
use schemas::tables::Table;
use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, Notify, watch};
use tokio::task::JoinHandle;

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct ProcessorConfig {
    /// Folder of the log, the writer's id and the exporter's cursor.
    pub data_dir: PathBuf,
    /// Receivers.
    pub receiver: ReceiverConfig,
    /// Name of the session header.
    pub session_header: String,
    /// More attribute names: (role, name).
    pub attributes: Vec<(String, String)>,
    /// Tagging; `mask_without_session` is set here, from whether there is a next hop.
    pub pipeline: PipelineConfig,
    /// Users' rules. All processors of one lake need the same.
    pub rules: Option<RulesConfig>,
    /// Masks. All processors of one lake need the same seed of pseudonyms.
    pub masking: MaskConfig,
    /// The log.
    pub wal: WalConfig,
    /// What an acknowledgement stands for.
    pub acknowledge: Acknowledge,
    /// The lake writer.
    pub writer: WriterConfig,
    /// Timestamps further ahead are stored under the date of their receipt.
    pub future_max: Duration,
    /// Timestamps further behind are stored under the date of their receipt.
    pub past_max: Duration,
    /// How often other processors' pattern facts are read.
    pub follow_interval: Duration,
    /// Bytes on disk for patterns that left memory; 0 keeps none.
    pub cold_bytes_max: u64,
    /// Compaction, retention and clean-up, and how often; `None` leaves them to others.
    pub maintenance: Option<(MaintenanceConfig, Duration)>,
    /// The next hop.
    pub exporter: Option<ExporterConfig>,
}

/// Why the processor cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The log cannot be opened.
    #[error("cannot open the write-ahead log")]
    Wal(#[from] WalError),
    /// The lake cannot be read or written.
    #[error("cannot use the lake")]
    Lake(#[from] LakeError),
    /// Known patterns cannot be read.
    #[error("cannot load known patterns")]
    Patterns(#[from] FollowError),
    /// The data folder cannot be used.
    #[error("cannot use the data folder {}", path.display())]
    DataDir {
        /// The folder or file.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
    /// Another data folder writes to the lake under this one's id.
    #[error(
        "another data folder writes to this lake under the id of {}, of which one is a copy; stop the other, or \
         delete writer-id here: what this log holds is then written under a new id, and what the lake has of it is \
         there twice",
        folder.display()
    )]
    Copied {
        /// The data folder.
        folder: PathBuf,
        /// What the lake said.
        source: Box<LakeError>,
    },
    /// An address cannot be bound; another process may be using it.
    #[error("cannot listen on {addr} for {what}; stop what uses it, or set another with {flag}")]
    Bind {
        /// The address.
        addr: SocketAddr,
        /// What for.
        what: &'static str,
        /// The flag that sets it.
        flag: &'static str,
        /// Cause.
        source: std::io::Error,
    },
    /// The rules file cannot be used.
    #[error("cannot use the rules file; correct it, or leave grouping.rules empty")]
    Rules(#[from] RulesFileError),
    /// The next hop's settings are wrong.
    #[error("cannot forward: {0}")]
    Exporter(String),
}

/// A running processor.
#[derive(Debug)]
pub struct Processor {
    receivers: Receivers,
    wal: Wal,
    writing: JoinHandle<()>,
    exporter: Option<Exporter>,
    background: Vec<JoinHandle<()>>,
    rules_asked: Arc<Notify>,
    follower: Arc<Mutex<Follower>>,
    fenced: watch::Receiver<bool>,
    /// Whether commits to the lake fail.
    failing: watch::Receiver<bool>,
}

/// The running receivers.
#[derive(Debug)]
struct Receivers {
    grpc_addr: SocketAddr,
    http_addr: SocketAddr,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Processor {
    /// Starts: recovers the log, learns the known patterns, writes what was left over, and only then receives.
    ///
    /// # Errors
    /// [`StartError`]; nothing keeps running then.
    pub async fn start(
        config: ProcessorConfig,
        lake: Lake,
        access: Access,
        tls: Option<&Tls>,
        meter: Meter,
    ) -> Result<Self, StartError> {
        let places = Places::new(config.receiver.connections_max);
        let (grpc, http) = bind_receivers(&config.receiver, tls, &places).await?;
        let rules = RulesFile::open(config.rules.clone()).await?;
        let wal = open_wal(&config).await?;
        let id = identity::claim(&config.data_dir, &lake).await?;
        let positions = Positions::load(&lake, &id).await?;
        let orphans = lake.remove_orphans(&id).await?;
        tell_recovery(&wal, orphans);

        let names = Arc::new(Names::new(
            &config.session_header,
            &config.attributes,
            &config.pipeline.unrecorded.attributes,
        ));
        let masking = Arc::new(Masking::new(config.masking, Arc::clone(&names)));
        let cold = open_cold(&config, &lake).await?;
        let pipeline = Arc::new(tagging(&config, &names, &masking, cold.clone()));
        pipeline.set_rules(&rules.rules());
        let mut follower = Follower::new(lake.clone(), Arc::clone(&pipeline), cold.clone());
        follower.refresh().await?;

        let metrics = Arc::new(Metrics::new(meter));
        let exporter = exporter(&config, &wal)?;
        let (committed, reached) = watch::channel(0);
        let (caught_up, mut ready) = watch::channel(false);
        let (fencing, fenced) = watch::channel(false);
        let (fails, failing) = watch::channel(false);
        let first = positions.first_missing();
        let writing = tokio::spawn(
            Writer {
                config: config.writer.clone(),
                reader: wal.reader(writer::CONSUMER, first),
                context: row_context(&config, names, masking, id.to_string()),
                pipeline: Arc::clone(&pipeline),
                positions,
                recovered: wal.stats().newest_position,
                caught_up,
            }
            .run(Committer {
                lake: lake.clone(),
                writer: id,
                wal: wal.clone(),
                metrics: Arc::clone(&metrics),
                positions,
                committed,
                fenced: fencing,
                failing: fails,
            }),
        );
        // Facts that were logged but not committed are learned on the way; until then nothing is received.
        if ready.wait_for(|caught_up| *caught_up).await.is_err() {
            tracing::error!("the lake writer ended early");
        }
        let rules_asked = rules.asked();
        rules.observe(&metrics.meter);
        let watching = rules.watch(Arc::clone(&pipeline), Arc::clone(&metrics));
        let follower = Arc::new(Mutex::new(follower));
        let following = Follower::run(Arc::clone(&follower), config.follow_interval);
        let mut background = vec![tokio::spawn(following), tokio::spawn(watching)];
        background.extend(maintaining(&config, &lake, &metrics));
        let admission = Admission::new(&config.receiver);
        observe(&metrics.meter, &wal, &pipeline, &admission, exporter.as_ref());
        observe_cold(&metrics.meter, cold);
        observe_places(&metrics.meter, places);
        let retry_after = config.receiver.retry_after;
        let ingest = Ingest::new(pipeline, wal.clone(), metrics, config.acknowledge, reached, retry_after);
        let receivers = Self::receive(config, ingest, access, admission, grpc, http);
        Ok(Self { receivers, wal, writing, exporter, background, rules_asked, follower, fenced, failing })
    }

    /// Where OTLP/gRPC is received.
    #[must_use]
    pub fn grpc_addr(&self) -> SocketAddr {
        self.receivers.grpc_addr
    }

    /// Where OTLP/HTTP is received.
    #[must_use]
    pub fn http_addr(&self) -> SocketAddr {
        self.receivers.http_addr
    }

    /// Resolves when another process has taken this one's writer id over. Nothing more is committed then and
    /// nothing more is accepted: what was acknowledged and is not in the lake stays in the log.
    pub fn fenced(&self) -> impl Future<Output = ()> + use<> {
        let mut fenced = self.fenced.clone();
        async move {
            if fenced.wait_for(|fenced| *fenced).await.is_err() {
                std::future::pending().await
            }
        }
    }

    /// What has the rules file read again soon, whether it changed or not.
    pub fn reload_rules(&self) -> impl Fn() + Send + Sync + 'static {
        let asked = Arc::clone(&self.rules_asked);
        move || asked.notify_one()
    }

    fn receive(
        config: ProcessorConfig,
        ingest: Ingest,
        access: Access,
        admission: Admission,
        grpc: Incoming,
        http: Incoming,
    ) -> Receivers {
        let (grpc_addr, http_addr) = (grpc.addr(), http.addr());
        let (stop, stopping) = watch::channel(false);
        let stopped = |mut stopping: watch::Receiver<bool>| async move {
            let _ = stopping.wait_for(|stop| *stop).await;
        };
        let header = config.session_header.to_ascii_lowercase();
        let (limits, until) = (config.receiver.clone(), stopped(stopping.clone()));
        let of_grpc = serve_grpc(
            grpc,
            ingest.clone(),
            access.clone(),
            admission.clone(),
            limits,
            header.clone(),
            until,
        );
        let of_http = serve_http(http, ingest, access, admission, config.receiver, header, stopped(stopping));
        let tasks = vec![
            tokio::spawn(async move {
                if let Err(error) = of_grpc.await {
                    tracing::error!(%error, "the gRPC receiver ended");
                }
            }),
            tokio::spawn(async move {
                if let Err(error) = of_http.await {
                    tracing::error!(%error, "the HTTP receiver ended");
                }
            }),
        ];
        Receivers { grpc_addr, http_addr, stop, tasks }
    }

    /// Drains: refuses new requests, answers those under way, commits all that was acknowledged, sends the
    /// next hop what it takes within `grace`. What it does not take stays in the log for the next start, and so does
    /// what the lake does not take after `grace`.
    pub async fn shutdown(self, grace: Duration) {
        self.receivers.stop.send_replace(true);
        for receiver in self.receivers.tasks {
            if tokio::time::timeout(grace, receiver).await.is_err() {
                tracing::warn!("a sender kept its connection open past the grace period");
            }
        }
        self.background.iter().for_each(JoinHandle::abort);
        if let Some(exporter) = self.exporter {
            exporter.shutdown(grace).await;
        }
        self.wal.close().await;
        if committed(self.writing, self.failing, grace).await {
            self.follower.lock().await.checkpoint().await;
        }
    }
}

fn row_context(
    config: &ProcessorConfig,
    names: Arc<Names>,
    masking: Arc<Masking>,
    writer: String,
) -> RowContext {
    RowContext {
        names,
        masking,
        future_max: config.future_max,
        past_max: config.past_max,
        repeated_bytes_max: config.writer.repeated_bytes_max,
        session_spans_only: config.writer.session_spans_only,
        writer,
    }
}

/// Waits for the lake writer as long as it gets on. `false` where the lake refused what it wrote.
async fn committed(mut writing: JoinHandle<()>, failing: watch::Receiver<bool>, grace: Duration) -> bool {
    loop {
        match tokio::time::timeout(grace, &mut writing).await {
            Ok(Ok(())) => return true,
            Ok(Err(error)) => {
                tracing::error!(%error, "the lake writer ended badly; the log keeps what it had not committed");
                return true;
            }
            Err(_) if *failing.borrow() => {
                tracing::error!(
                    "the lake takes nothing; the log keeps what was acknowledged for the next start"
                );
                writing.abort();
                return false;
            }
            Err(_) => {}
        }
    }
}

fn tagging(
    config: &ProcessorConfig,
    names: &Arc<Names>,
    masking: &Arc<Masking>,
    cold: Option<Arc<ColdStore>>,
) -> Pipeline {
    let mut tagging = config.pipeline.clone();
    tagging.mask_without_session = config.exporter.is_none();
    tagging.cold = cold.map(|cold| cold as Arc<dyn ColdPatterns>);
    Pipeline::new(tagging, Arc::clone(names), Arc::clone(masking), now_unix_nano())
}

fn exporter(config: &ProcessorConfig, wal: &Wal) -> Result<Option<Exporter>, StartError> {
    let start = |exporter| Exporter::start(exporter, &config.data_dir, wal);
    config.exporter.clone().map(start).transpose().map_err(|e| StartError::Exporter(e.to_string()))
}

async fn bind_receivers(
    config: &ReceiverConfig,
    tls: Option<&Tls>,
    places: &Places,
) -> Result<(Incoming, Incoming), StartError> {
    let grpc = bind(config.grpc_addr, tls, "OTLP gRPC", "--otlp-grpc-addr").await?;
    let http = bind(config.http_addr, tls, "OTLP HTTP", "--otlp-http-addr").await?;
    Ok((grpc.with_places(places.clone()), http.with_places(places.clone())))
}

async fn bind(
    addr: SocketAddr,
    tls: Option<&Tls>,
    what: &'static str,
    flag: &'static str,
) -> Result<Incoming, StartError> {
    Incoming::bind(addr, tls).await.map_err(|source| StartError::Bind { addr, what, flag, source })
}

/// The patterns that left memory, if they are kept, and if they are of this lake: what was made of files none of
/// which is live may be of another one, and is read anew.
async fn open_cold(config: &ProcessorConfig, lake: &Lake) -> Result<Option<Arc<ColdStore>>, StartError> {
    if config.cold_bytes_max == 0 {
        return Ok(None);
    }
    let folder = config.data_dir.join("patterns");
    let source = lake.table_location(Table::Patterns);
    let snapshot = lake.snapshot(Table::Patterns).await?;
    let live: HashSet<String> = snapshot.files.iter().map(|file| file.location.to_string()).collect();
    let cold = ColdConfig::new(folder.clone(), source, config.cold_bytes_max);
    let opened = tokio::task::spawn_blocking(move || {
        let store = ColdStore::open(cold.clone())?;
        if store.records() == 0 || store.applied().iter().any(|name| live.contains(name)) {
            return Ok(store);
        }
        drop(store);
        std::fs::remove_dir_all(&cold.folder)?;
        ColdStore::open(cold)
    });
    let opened = opened.await.unwrap_or_else(|error| Err(std::io::Error::other(error)));
    match opened {
        Ok(store) => Ok(Some(Arc::new(store))),
        Err(source) => Err(StartError::DataDir { path: folder, source }),
    }
}

async fn open_wal(config: &ProcessorConfig) -> Result<Wal, StartError> {
    let (dir, wal) = (config.data_dir.join("wal"), config.wal.clone());
    let opened = tokio::task::spawn_blocking(move || Wal::open(&dir, wal)).await;
    Ok(opened.map_err(|e| StartError::DataDir {
        path: config.data_dir.clone(),
        source: std::io::Error::other(e),
    })??)
}

fn tell_recovery(wal: &Wal, orphans: usize) {
    let recovery = wal.recovery();
    if recovery.records > 0 || recovery.cut_bytes > 0 || orphans > 0 {
        tracing::info!(
            records = recovery.records,
            bytes = recovery.bytes,
            cut_bytes = recovery.cut_bytes,
            uncommitted_files_removed = orphans,
            "recovered the write-ahead log"
        );
    }
}

/// Live files of each table, as last seen.
type LiveFiles = Arc<[AtomicU64; Table::ALL.len()]>;

async fn maintain(lake: Lake, config: MaintenanceConfig, interval: Duration, files: LiveFiles) {
    loop {
        let report = lake.maintain_once(&config, now()).await;
        for (done, count) in report.tables.iter().zip(files.iter()) {
            count.store(done.live_files as u64, Ordering::Relaxed);
            if let Some(error) = &done.error {
                let cause = std::error::Error::source(error).map(ToString::to_string);
                tracing::warn!(table = done.table.name(), %error, cause, "maintenance ended early; it is tried again");
            }
        }
        tracing::debug!(?report, "maintained the lake");
        tokio::time::sleep(interval).await;
    }
}

fn observe(
    meter: &Meter,
    wal: &Wal,
    pipeline: &Arc<Pipeline>,
    admission: &Admission,
    exporter: Option<&Exporter>,
) {
    let gauge = |name: &'static str,
                 unit: &'static str,
                 text: &'static str,
                 read: Box<dyn Fn() -> u64 + Send + Sync>| {
        meter
            .u64_observable_gauge(name)
            .with_unit(unit)
            .with_description(text)
            .with_callback(move |observer| observer.observe(read(), &[]))
            .build();
    };
    let log = wal.clone();
    gauge("errata.wal.size", "By", "Bytes of the log on disk", Box::new(move || log.stats().disk_bytes));
    let counter = |name: &'static str, unit: &'static str, text: &'static str, read: fn(&WalStats) -> f64| {
        let log = wal.clone();
        meter
            .f64_observable_counter(name)
            .with_unit(unit)
            .with_description(text)
            .with_callback(move |observer| observer.observe(read(&log.stats()), &[]))
            .build();
    };
    counter("errata.wal.syncs", "{sync}", "Flushes of the log to disk", |stats| stats.fsyncs as f64);
    counter("errata.wal.sync.time", "s", "Time spent in flushes of the log", |stats| {
        stats.fsync_time.as_secs_f64()
    });
    counter("errata.wal.refused", "{request}", "Requests refused by a full log", |stats| {
        stats.refused_full as f64
    });
    let known = Arc::clone(pipeline);
    gauge(
        "errata.patterns.known",
        "{pattern}",
        "Patterns in memory",
        Box::new(move || known.patterns_known() as u64),
    );
    let admitted = admission.clone();
    let requests = Box::new(move || admitted.in_flight().0 as u64);
    gauge("errata.receiver.requests.active", "{request}", "Requests under way", requests);
    let admitted = admission.clone();
    let bytes = Box::new(move || admitted.in_flight().1 as u64);
    gauge("errata.receiver.memory", "By", "Request bodies under way", bytes);
    if let Some(exporter) = exporter {
        exporter.observe(meter);
    }
}

/// Compaction, retention and clean-up, where they are this processor's business.
fn maintaining(config: &ProcessorConfig, lake: &Lake, metrics: &Metrics) -> Option<JoinHandle<()>> {
    let (maintenance, interval) = config.maintenance.clone()?;
    let files = LiveFiles::default();
    observe_lake(&metrics.meter, Arc::clone(&files));
    Some(tokio::spawn(maintain(lake.clone(), maintenance, interval, files)))
}

fn observe_cold(meter: &Meter, cold: Option<Arc<ColdStore>>) {
    let Some(cold) = cold else { return };
    let measured = Arc::clone(&cold);
    meter
        .u64_observable_gauge("errata.patterns.cold.size")
        .with_unit("By")
        .with_description("Patterns on disk")
        .with_callback(move |gauge| gauge.observe(measured.bytes(), &[]))
        .build();
    meter
        .u64_observable_counter("errata.patterns.forgotten")
        .with_unit("{pattern}")
        .with_description("Patterns that left memory and could not be kept on disk")
        .with_callback(move |counter| counter.observe(cold.forgotten(), &[]))
        .build();
}

fn observe_places(meter: &Meter, places: Places) {
    meter
        .u64_observable_counter("errata.receiver.connections.crowded_out")
        .with_unit("{connection}")
        .with_description("Connections closed to make room for others")
        .with_callback(move |counter| counter.observe(places.crowded_out(), &[]))
        .build();
}

fn observe_lake(meter: &Meter, files: LiveFiles) {
    meter
        .u64_observable_gauge("errata.lake.files")
        .with_unit("{file}")
        .with_description("Live files")
        .with_callback(move |observer| {
            for (table, count) in Table::ALL.into_iter().zip(files.iter()) {
                observer.observe(count.load(Ordering::Relaxed), &[KeyValue::new("table", table.name())]);
            }
        })
        .build();
}
