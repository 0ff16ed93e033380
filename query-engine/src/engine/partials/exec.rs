//! The operator that gives the states of files, kept or computed.

use super::kept::Kept;
use super::sums::{Gathering, Means, as_one};
use super::unit::{Scan, Unit};
use crate::functions::{Names, PATTERN_OF};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties, SendableRecordBatchStream,
};
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_128;

/// The states of an aggregate over the files of a scan.
#[derive(Debug)]
pub(super) struct KeptPartials {
    scan: Arc<Scan>,
    /// For each partition, where its states come from.
    sources: Vec<Vec<Source>>,
    kept: Arc<Kept>,
    gathering: Option<Arc<Gathering>>,
    /// Files of which states were kept when the query was planned, and all.
    found: usize,
    files: usize,
    properties: Arc<PlanProperties>,
}

#[derive(Clone, Debug)]
enum Source {
    States(RecordBatch),
    File(Arc<Unit>),
}

impl KeptPartials {
    /// `None` where no file is read.
    ///
    /// # Errors
    /// Those of making a plan.
    pub(super) fn new(
        scan: Scan,
        partitions: usize,
        kept: &Arc<Kept>,
        names: Option<&Arc<Names>>,
    ) -> Result<Option<Self>> {
        let mut text = format!("{}\n{}", kept.lake, scan.text());
        if let Some(names) = names
            && (text.contains(PATTERN_OF) || scan.conditions_use(PATTERN_OF))
        {
            text.push_str(&format!("{names:?}"));
        }
        let units: Vec<Arc<Unit>> = scan.units(&text).into_iter().map(Arc::new).collect();
        let Some(first) = units.first() else { return Ok(None) };
        let schema = scan.plan(first)?.schema();
        let files = units.len();
        let base = xxh3_128(text.as_bytes());
        let wanted: HashSet<u128> = units.iter().map(|unit| unit.key).collect();
        let sum =
            kept.sums.best(base, &wanted, kept).and_then(|sum| Some((kept.get(sum.key, &schema)?, sum)));
        let (covered, apart): (Vec<_>, Vec<_>) = units
            .into_iter()
            .partition(|unit| sum.as_ref().is_some_and(|(_, sum)| sum.members.contains(&unit.key)));
        let (known, mut unknown): (Vec<_>, Vec<_>) = apart.into_iter().partition(|unit| kept.has(unit.key));
        let gathering = if scan.has_groups() {
            let newest = known.iter().chain(&unknown).chain(&covered).map(|unit| &unit.date).max();
            let past = known.iter().chain(&unknown).filter(|unit| unit.lasts && Some(&unit.date) < newest);
            let past: HashSet<u128> = past.map(|unit| unit.key).collect();
            let onto = sum.as_ref().map(|(states, sum)| (sum, states.clone()));
            let worth_it = past.len() + usize::from(onto.is_some()) > 1 && !past.is_empty();
            worth_it.then(|| Arc::new(Gathering::new(base, past, onto)))
        } else {
            None
        };
        // The largest first, so that the partitions end at about the same time.
        unknown.sort_by_key(|unit| std::cmp::Reverse(unit.file.object_meta.size));
        let found = covered.len() + known.len();
        let mut sources = vec![Vec::new(); partitions.max(1)];
        let count = sources.len();
        // A file that is read each time is read by all partitions together.
        let (once, each_time): (Vec<_>, Vec<_>) = unknown.into_iter().partition(|unit| unit.lasts);
        let each_time = each_time.iter().flat_map(|unit| Scan::parts(unit, count)).map(Arc::new);
        let all = once.into_iter().chain(known).chain(each_time).map(Source::File);
        for (place, source) in all.chain(sum.map(|(states, _)| Source::States(states))).enumerate() {
            sources[place % count].push(source);
        }
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(count),
            EmissionType::Incremental,
            Boundedness::Bounded,
        ));
        Ok(Some(Self {
            scan: Arc::new(scan),
            sources,
            kept: Arc::clone(kept),
            gathering,
            found,
            files,
            properties,
        }))
    }

    /// What one file gives.
    fn states(
        &self,
        unit: Arc<Unit>,
        context: Arc<TaskContext>,
    ) -> impl Future<Output = Result<States>> + use<> {
        let means = Means { scan: Arc::clone(&self.scan), kept: Arc::clone(&self.kept), context };
        let (gathering, schema) = (self.gathering.clone(), self.schema());
        async move {
            let kept = &means.kept;
            if let Some(states) = kept.get(unit.key, &schema) {
                gathering.inspect(|gathering| gathering.add(unit.key, &states, &means));
                return Ok(stream::iter([Ok(states)]).boxed());
            }
            let mut computed = means.scan.plan(&unit)?.execute(0, Arc::clone(&means.context))?;
            if !unit.lasts {
                return Ok(computed.boxed());
            }
            let (mut batches, mut bytes) = (Vec::new(), 0);
            while let Some(batch) = computed.try_next().await? {
                bytes += rows_bytes(&batch);
                batches.push(batch);
                if bytes > kept.entry_bytes_max() {
                    return Ok(stream::iter(batches.into_iter().map(Ok)).chain(computed).boxed());
                }
            }
            let whole = as_one(&schema, &batches)?;
            kept.keep(unit.key, whole.clone(), unit.file.object_meta.size);
            gathering.inspect(|gathering| gathering.add(unit.key, &whole, &means));
            Ok(stream::iter([Ok(whole)]).boxed())
        }
    }
}

type States = BoxStream<'static, Result<RecordBatch>>;

/// Bytes of the rows alone: batches that are parts of one share its memory.
fn rows_bytes(batch: &RecordBatch) -> usize {
    let columns = batch.columns().iter().map(|column| column.to_data().get_slice_memory_size());
    columns.map(|bytes| bytes.unwrap_or_else(|_| batch.get_array_memory_size())).sum()
}

impl DisplayAs for KeptPartials {
    fn fmt_as(&self, _kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeptPartials: files={}, kept={}", self.files, self.found)
    }
}

impl ExecutionPlan for KeptPartials {
    fn name(&self) -> &'static str {
        "KeptPartials"
    }

    fn schema(&self) -> SchemaRef {
        Arc::clone(self.properties.eq_properties.schema())
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let sources = self.sources.get(partition).cloned().unwrap_or_default();
        let parts: Vec<BoxStream<'static, Result<RecordBatch>>> = sources
            .into_iter()
            .map(|source| match source {
                Source::States(states) => stream::iter([Ok(states)]).boxed(),
                Source::File(unit) => {
                    stream::once(self.states(unit, Arc::clone(&context))).try_flatten().boxed()
                }
            })
            .collect();
        let states = stream::iter(parts).flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), states)))
    }
}
