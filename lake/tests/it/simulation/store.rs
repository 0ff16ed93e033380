//! The object store that a simulated process sees: every call waits for its turn in the [`World`].

use super::world::{Call, Reply, World};
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    Attributes, CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// The store as one life of one process has it.
#[derive(Clone)]
pub(super) struct SimulatedStore {
    pub(super) world: Arc<World>,
    pub(super) process: usize,
    pub(super) life: u32,
}

impl SimulatedStore {
    async fn ask(&self, call: Call) -> Result<Reply> {
        let gone = || Error::Generic { store: "simulated", source: "the process is gone".into() };
        self.world.submit(self.process, self.life, call).await.map_err(|_| gone())?
    }

    fn unsupported(&self, operation: &str) -> Error {
        Error::NotImplemented { operation: operation.to_owned(), implementer: self.to_string() }
    }
}

impl fmt::Debug for SimulatedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SimulatedStore({}, {})", self.process, self.life)
    }
}

impl fmt::Display for SimulatedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SimulatedStore")
    }
}

#[async_trait]
impl ObjectStore for SimulatedStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        let create = match opts.mode {
            PutMode::Overwrite => false,
            PutMode::Create => true,
            PutMode::Update(_) => return Err(self.unsupported("conditional update")),
        };
        let call = Call::Put { path: location.clone(), bytes: payload.into(), create };
        self.ask(call).await.map(|_| PutResult { e_tag: None, version: None })
    }

    async fn put_multipart_opts(&self, _: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        Err(self.unsupported("multipart upload"))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let Reply::Object(meta, bytes) = self.ask(Call::Get { path: location.clone() }).await? else {
            return Err(self.unsupported("another reply"));
        };
        options.check_preconditions(&meta)?;
        let range = match &options.range {
            Some(range) => range.as_range(meta.size).map_err(|error| self.unsupported(&error.to_string()))?,
            None => 0..meta.size,
        };
        let part = bytes.slice(range.start as usize..range.end as usize);
        let payload = GetResultPayload::Stream(futures::stream::once(async { Ok(part) }).boxed());
        Ok(GetResult { payload, meta, range, attributes: Attributes::default() })
    }

    /// One call, as little to ask as a whole object.
    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let bytes = self.get_opts(location, GetOptions::default()).await?.bytes().await?;
        Ok(ranges.iter().map(|range| bytes.slice(range.start as usize..range.end as usize)).collect())
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        let delete = move |path: Path| {
            let store = store.clone();
            async move { store.ask(Call::Delete { path: path.clone() }).await.map(|_| path) }
        };
        locations.and_then(delete).boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (store, prefix) = (self.clone(), prefix.cloned().unwrap_or_default());
        let listing = async move {
            match store.ask(Call::List { prefix }).await {
                Ok(Reply::Listing(found)) => found.into_iter().map(Ok).collect(),
                Ok(_) => vec![Err(store.unsupported("another reply"))],
                Err(error) => vec![Err(error)],
            }
        };
        listing.map(futures::stream::iter).flatten_stream().boxed()
    }

    async fn list_with_delimiter(&self, _: Option<&Path>) -> Result<ListResult> {
        Err(self.unsupported("list with a delimiter"))
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Err(self.unsupported("copy"))
    }
}
