//! The object stores that a query can reach: the lake's, and no other.

use datafusion::error::{DataFusionError, Result};
use datafusion::execution::object_store::{ObjectStoreRegistry, ObjectStoreUrl};
use object_store::ObjectStore;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use std::sync::{Arc, OnceLock};
use url::Url;

/// Scheme of the only URL that resolves. Paths under it start at the lake's root.
const SCHEME: &str = "lake";

/// The URL of the lake's store inside the engine; says nothing of where the lake is.
pub(crate) fn lake_url() -> ObjectStoreUrl {
    ObjectStoreUrl::parse("lake://errata/").expect("a constant URL without a path")
}

/// Registry with one store, of which only the lake's folder can be reached. Nothing can be added, no URL is resolved
/// by discovery. So plans and errors show paths from the lake's root, never where the lake is.
#[derive(Debug)]
pub(crate) struct LakeStores {
    whole: Arc<dyn ObjectStore>,
    lake: OnceLock<Arc<dyn ObjectStore>>,
}

impl LakeStores {
    /// `whole` is the store that holds the lake somewhere.
    pub(crate) fn new(whole: Arc<dyn ObjectStore>) -> Self {
        Self { whole, lake: OnceLock::new() }
    }

    /// Says where the lake is in its store. The first call decides.
    pub(crate) fn root_at(&self, root: &Path) {
        self.lake.get_or_init(|| Arc::new(PrefixStore::new(Arc::clone(&self.whole), root.clone())));
    }
}

impl ObjectStoreRegistry for LakeStores {
    fn register_store(&self, _url: &Url, _store: Arc<dyn ObjectStore>) -> Option<Arc<dyn ObjectStore>> {
        None
    }

    fn get_store(&self, url: &Url) -> Result<Arc<dyn ObjectStore>> {
        if url.scheme() == SCHEME
            && let Some(lake) = self.lake.get()
        {
            return Ok(Arc::clone(lake));
        }
        Err(DataFusionError::Plan("only the tables of the lake can be read".to_owned()))
    }
}
