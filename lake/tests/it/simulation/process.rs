//! A simulated process: a writer with its log of positions, and upkeep, on a clock of its own.

use super::rows;
use super::store::SimulatedStore;
use super::world::World;
use chrono::{DateTime, Utc};
use errata_lake::{
    CompactionConfig, Lake, LakeConfig, LakeError, Lease, MaintenanceConfig, SIMULATED_MS, Table, WriterId,
};
use parking_lot::Mutex;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// The table under test, the one with the fewest columns.
pub(super) const TABLE: Table = Table::PatternEvents;
/// Positions of one append, at most.
const RANGE_MAX: u64 = 4;

/// What a process does, one at a time.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Start,
    /// Append the next range, or the last one again.
    Write,
    Compact,
    Maintain,
    Vacuum,
    Retain,
    Read,
}

/// What a sender and the process's data folder know; it outlives a kill.
#[derive(Debug, Default)]
struct Known {
    lake: Option<Lake>,
    writer: Option<WriterId>,
    range: Option<RangeInclusive<u64>>,
    acknowledged: u64,
    attempted: u64,
    /// Of all lives until now.
    leases: Vec<Lease>,
}

/// See the module.
pub(super) struct Process {
    world: Arc<World>,
    number: usize,
    clock: Arc<AtomicI64>,
    known: Mutex<Known>,
}

impl Process {
    pub(super) fn new(world: Arc<World>, number: usize) -> Self {
        Self { world, number, clock: Arc::default(), known: Mutex::default() }
    }

    pub(super) fn set_clock(&self, now_ms: i64) {
        self.clock.store(now_ms, Ordering::Relaxed);
    }

    /// Highest position that was acknowledged, and that was tried.
    pub(super) fn reached(&self) -> (u64, u64) {
        let known = self.known.lock();
        (known.acknowledged, known.attempted)
    }

    pub(super) fn runs(&self) -> bool {
        self.known.lock().lake.is_some()
    }

    /// Forgets what was in memory.
    pub(super) fn kill(&self) {
        let mut known = self.known.lock();
        (known.lake, known.writer, known.range) = (None, None, None);
    }

    /// Runs one step to its end.
    pub(super) async fn run(self: Arc<Self>, step: Step, life: u32, everyone: Arc<Vec<Arc<Self>>>) {
        let clock = Arc::clone(&self.clock);
        let done = SIMULATED_MS.scope(clock, self.step(step, life, &everyone)).await;
        let number = self.number;
        match done {
            Ok(what) => self.world.note(format!("{number} {step:?}: {what}")),
            Err(LakeError::Overlap { .. } | LakeError::Fenced { .. }) => {
                self.world.violate(format!("{number} is stuck: {done:?}"))
            }
            Err(error) => self.world.note(format!("{number} {step:?} failed: {error}")),
        }
        self.world.step_ended(number, life);
    }

    async fn step(&self, step: Step, life: u32, everyone: &[Arc<Self>]) -> Result<String, LakeError> {
        let lake = self.known.lock().lake.clone();
        let lake = match (step, lake) {
            (Step::Start, _) => return self.start(life).await,
            (_, None) => return Ok("not running".to_owned()),
            (_, Some(lake)) => lake,
        };
        let now = DateTime::<Utc>::from_timestamp_millis(self.clock.load(Ordering::Relaxed)).unwrap();
        Ok(match step {
            Step::Start => "runs".to_owned(),
            Step::Write => self.write(&lake).await?,
            Step::Compact => format!("{:?}", lake.compact(TABLE, &eager(), now).await?),
            Step::Maintain => {
                let report = lake.maintain_once(&upkeep(), now).await;
                format!("{:?}", report.tables.into_iter().find(|done| done.table == TABLE))
            }
            Step::Vacuum => format!("{:?}", lake.vacuum(TABLE, 600_000, 3_600_000, now).await?),
            Step::Retain => format!("{:?}", lake.retain(TABLE, 30, now.date_naive()).await?),
            Step::Read => self.read(&lake, everyone).await?,
        })
    }

    async fn start(&self, life: u32) -> Result<String, LakeError> {
        let store = SimulatedStore { world: Arc::clone(&self.world), process: self.number, life };
        let writer = WriterId::new(&format!("w{}", self.number)).unwrap();
        let lake = Lake::open_simulated(Arc::new(store), config(), TABLE).await?;
        let lease = Lease::new(self.world.with(|state| state.chance.below(u64::MAX)));
        let known = self.known.lock().leases.clone();
        self.known.lock().leases.push(lease);
        let writer = lake.take_over(&writer, &[TABLE], &known, lease).await?;
        let orphans = lake.remove_orphans(&writer).await?;
        let committed = lake.committed_position(TABLE, &writer).await?.unwrap_or(0);
        let mut known = self.known.lock();
        if self.world.with(|state| state.lives[self.number]) != life {
            return Ok("killed".to_owned());
        }
        if committed < known.acknowledged || committed > known.attempted {
            let (acknowledged, attempted) = (known.acknowledged, known.attempted);
            self.world.violate(format!("started at {committed} of {acknowledged} to {attempted}"));
        }
        known.acknowledged = committed;
        (known.lake, known.writer) = (Some(lake), Some(writer));
        Ok(format!("started at {committed}, {orphans} orphans"))
    }

    async fn write(&self, lake: &Lake) -> Result<String, LakeError> {
        let (writer, range) = {
            let length = self.world.with(|state| state.chance.below(RANGE_MAX));
            let mut known = self.known.lock();
            let first = known.acknowledged + 1;
            let range = known.range.get_or_insert(first..=first + length).clone();
            known.attempted = known.attempted.max(*range.end());
            (known.writer.clone().unwrap(), range)
        };
        let batches = rows::batches(self.number, range.clone());
        let done = lake.append(TABLE, &writer, range.clone(), batches).await?;
        let mut known = self.known.lock();
        known.acknowledged = *range.end();
        known.range = None;
        Ok(format!("{range:?} {done:?}"))
    }

    async fn read(&self, lake: &Lake, everyone: &[Arc<Self>]) -> Result<String, LakeError> {
        let before: Vec<u64> = everyone.iter().map(|process| process.reached().0).collect();
        let head = self.world.with(|state| state.table(TABLE.name()).0);
        let snapshot = lake.snapshot(TABLE).await?;
        if snapshot.version < head {
            self.world.violate(format!("{} reads version {}, not {head}", self.number, snapshot.version));
        }
        let files: Vec<String> = snapshot.files.iter().map(|file| file.location.to_string()).collect();
        rows::check(&self.world, &files, &before, everyone);
        Ok(format!("{} files of version {}", files.len(), snapshot.version))
    }
}

fn config() -> LakeConfig {
    LakeConfig { checkpoint_interval: 5, commit_attempts_max: 20, ..LakeConfig::new("simulated") }
}

fn eager() -> CompactionConfig {
    CompactionConfig { merge_files_min: 3, settle_ms: 0, merges_max: 2, ..CompactionConfig::default() }
}

fn upkeep() -> MaintenanceConfig {
    MaintenanceConfig { compaction: eager(), vacuum_interval_ms: 60_000, ..MaintenanceConfig::default() }
}
