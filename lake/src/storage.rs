//! The object store under the lake: a local folder (durably) or S3.
//!
//! Paths are relative to the root of the *store*: the file system's root, or the bucket. So one store
//! serves all tables, and a reader may register it under `file:///` or `s3://bucket`.

mod local;

use crate::config::{LakeConfig, S3Options};
use crate::error::LakeError;
use bytes::Bytes;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, S3ConditionalPut};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions};
use std::path::PathBuf;
use std::sync::Arc;
use url::Url;
use uuid::Uuid;

pub(crate) use local::remove_stale_parts;

/// A store and the lake's place in it.
#[derive(Clone, Debug)]
pub(crate) struct Storage {
    /// The store, rooted at its own root.
    pub(crate) store: Arc<dyn ObjectStore>,
    /// URL of the store's root: `file:///` or `s3://bucket/`.
    pub(crate) store_url: Url,
    /// Lake's place below the root of the store.
    pub(crate) prefix: Path,
    /// Local folder of the lake, where there is one.
    pub(crate) folder: Option<PathBuf>,
}

impl Storage {
    /// Opens the store of `config` and makes sure that it honours create-only writes.
    pub(crate) async fn open(config: &LakeConfig) -> Result<Self, LakeError> {
        match Url::parse(&config.location) {
            Ok(url) if url.scheme() == "s3" => {
                let storage = open_s3(config, &url)?;
                storage.check_create_only(&config.location).await?;
                Ok(storage)
            }
            Ok(url) if url.scheme() == "file" => {
                let folder =
                    url.to_file_path().map_err(|()| location(config, "it is not a local file URL"))?;
                open_folder(config, &folder)
            }
            Ok(url) if url.scheme().len() > 1 => {
                Err(location(config, "only folders and s3:// are supported"))
            }
            _ => open_folder(config, std::path::Path::new(&config.location)),
        }
    }

    /// A store that a test made, with the lake at its root.
    pub(crate) fn simulated(store: Arc<dyn ObjectStore>) -> Self {
        let store_url = Url::parse("s3://simulated/").expect("a constant URL parses");
        Self { store, store_url, prefix: Path::default(), folder: None }
    }

    /// Writes `bytes` only if nothing is there. `false`: something was.
    pub(crate) async fn create(&self, path: &Path, bytes: Bytes) -> Result<bool, LakeError> {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.store.put_opts(path, bytes.into(), options).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => {
                Ok(false)
            }
            Err(source) => Err(LakeError::store("create", path)(source)),
        }
    }

    /// Writes `bytes`, replacing what is there.
    pub(crate) async fn write(&self, path: &Path, bytes: Bytes) -> Result<(), LakeError> {
        self.store.put(path, bytes.into()).await.map_err(LakeError::store("write", path))?;
        Ok(())
    }

    /// Reads a whole object; `None` where there is none.
    pub(crate) async fn read(&self, path: &Path) -> Result<Option<Bytes>, LakeError> {
        match self.store.get(path).await {
            Ok(found) => Ok(Some(found.bytes().await.map_err(LakeError::store("read", path))?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(source) => Err(LakeError::store("read", path)(source)),
        }
    }

    /// Deletes an object; one that is not there is fine.
    pub(crate) async fn delete(&self, path: &Path) -> Result<(), LakeError> {
        match self.store.delete(path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(source) => Err(LakeError::store("delete", path)(source)),
        }
    }

    async fn check_create_only(&self, location: &str) -> Result<(), LakeError> {
        let probe = self.prefix.clone().join("_errata").join(format!("probe-{}", Uuid::new_v4()));
        // Of a call that was done and answered with an error the client's second try finds the first one's object: nobody
        // else knows the name.
        self.create(&probe, Bytes::from_static(b"1")).await?;
        let second = self.create(&probe, Bytes::from_static(b"2")).await;
        self.delete(&probe).await?;
        if second? {
            return Err(LakeError::CreateOnlyIgnored { location: location.to_owned() });
        }
        Ok(())
    }
}

fn location(config: &LakeConfig, reason: &str) -> LakeError {
    LakeError::Location { location: config.location.clone(), reason: reason.to_owned() }
}

fn open_folder(config: &LakeConfig, folder: &std::path::Path) -> Result<Storage, LakeError> {
    let failed = |reason: std::io::Error| location(config, &reason.to_string());
    local::create_folder(folder).map_err(failed)?;
    let folder = folder.canonicalize().map_err(failed)?;
    let prefix = Path::from_absolute_path(&folder).map_err(|reason| location(config, &reason.to_string()))?;
    let store_url = Url::parse("file:///").expect("a constant URL parses");
    Ok(Storage { store: Arc::new(local::DurableFolder::new()), store_url, prefix, folder: Some(folder) })
}

fn open_s3(config: &LakeConfig, url: &Url) -> Result<Storage, LakeError> {
    let bucket = url.host_str().ok_or_else(|| location(config, "it names no bucket"))?;
    let failed = |reason: &dyn std::fmt::Display| location(config, &reason.to_string());
    let prefix = Path::from_url_path(url.path()).map_err(|reason| failed(&reason))?;
    let store = s3_builder(&config.s3).with_bucket_name(bucket).build().map_err(|reason| failed(&reason))?;
    let store_url = Url::parse(&format!("s3://{bucket}/")).map_err(|reason| failed(&reason))?;
    Ok(Storage { store: Arc::new(store), store_url, prefix, folder: None })
}

fn s3_builder(options: &S3Options) -> AmazonS3Builder {
    let mut builder = AmazonS3Builder::new().with_region("us-east-1");
    for (name, value) in &options.env {
        if let Ok(key) = name.to_ascii_lowercase().parse::<AmazonS3ConfigKey>() {
            builder = builder.with_config(key, value);
        }
    }
    let endpoint = options.endpoint.clone().or_else(|| {
        let variables = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"];
        variables.iter().find_map(|name| options.env.get(*name).cloned())
    });
    let mut allow_http = options.allow_http;
    if let Some(endpoint) = endpoint {
        allow_http |= endpoint.starts_with("http://");
        builder = builder.with_endpoint(endpoint.trim_end_matches('/'));
    }
    if let Some(region) = &options.region {
        builder = builder.with_region(region);
    }
    if let Some(key) = &options.access_key_id {
        builder = builder.with_access_key_id(key);
    }
    if let Some(secret) = &options.secret_access_key {
        builder = builder.with_secret_access_key(secret);
    }
    if let Some(token) = &options.session_token {
        builder = builder.with_token(token);
    }
    if allow_http {
        builder = builder.with_allow_http(true);
    }
    builder
        .with_virtual_hosted_style_request(options.virtual_hosted)
        .with_conditional_put(S3ConditionalPut::ETagMatch)
}
