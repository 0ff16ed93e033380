//! Settings of one data source, as Grafana hands them over with each request.

use crate::error::{Failure, shown};
use grafana_plugin_sdk::pluginv2::{DataSourceInstanceSettings, PluginContext};
use reqwest::Url;
use serde::Deserialize;
use std::fmt;
use std::time::Duration;

/// Seconds of a query where the settings say nothing.
const TIMEOUT_SECONDS: u64 = 30;
const TIMEOUT_SECONDS_MAX: u64 = 300;
/// Rows of a frame where the settings say nothing.
const ROWS: usize = 10_000;
const ROWS_MAX: usize = 1_000_000;

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}

/// A data source's settings, checked.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Of the data source in Grafana.
    pub(crate) uid: String,
    /// The engine, without a slash at the end.
    pub(crate) url: String,
    pub(crate) token: Option<Secret>,
    /// PEM of the authority that the engine's certificate is of.
    pub(crate) ca_cert: Option<String>,
    pub(crate) tls_skip_verify: bool,
    pub(crate) timeout: Duration,
    pub(crate) rows_max: usize,
    pub(crate) jaeger_url: Option<String>,
    pub(crate) jaeger_datasource_uid: Option<String>,
}

/// `jsonData` as the config editor writes it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Raw {
    jaeger_url: Option<String>,
    jaeger_datasource_uid: Option<String>,
    timeout_seconds: Option<u64>,
    rows_max: Option<usize>,
    tls_skip_verify: Option<bool>,
}

impl Settings {
    /// The settings in a request's context.
    pub(crate) fn of(context: Option<&PluginContext>) -> Result<Self, Failure> {
        let settings = context.and_then(|context| context.data_source_instance_settings.as_ref());
        Self::read(settings.ok_or_else(|| {
            Failure::bad_request("the request names no data source: ask through a data source of this plugin")
        })?)
    }

    fn read(settings: &DataSourceInstanceSettings) -> Result<Self, Failure> {
        let raw: Raw = if settings.json_data.is_empty() {
            Raw::default()
        } else {
            let json = &mut serde_json::Deserializer::from_slice(&settings.json_data);
            serde_path_to_error::deserialize(json).map_err(|error| {
                let path = error.path().to_string();
                let what = if path == "." { String::new() } else { format!(", {path}") };
                let why = error.into_inner();
                Failure::bad_request(format!("the settings of the data source cannot be read{what}: {why}"))
            })?
        };
        let seconds = raw.timeout_seconds.unwrap_or(TIMEOUT_SECONDS);
        if !(1..=TIMEOUT_SECONDS_MAX).contains(&seconds) {
            let limit = format!("it may be 1 to {TIMEOUT_SECONDS_MAX}");
            return Err(Failure::bad_request(format!("setting timeoutSeconds is {seconds}, {limit}")));
        }
        let rows_max = raw.rows_max.unwrap_or(ROWS);
        if !(1..=ROWS_MAX).contains(&rows_max) {
            let limit = format!("it may be 1 to {ROWS_MAX}");
            return Err(Failure::bad_request(format!("setting rowsMax is {rows_max}, {limit}")));
        }
        let secret = |name: &str| {
            settings
                .decrypted_secure_json_data
                .get(name)
                .map(|text| text.trim())
                .filter(|text| !text.is_empty())
        };
        Ok(Self {
            uid: settings.uid.clone(),
            url: engine_url(&settings.url)?,
            token: secret("token").map(|text| Secret(text.to_owned())),
            ca_cert: secret("tlsCaCert").map(str::to_owned),
            tls_skip_verify: raw.tls_skip_verify.unwrap_or(false),
            timeout: Duration::from_secs(seconds),
            rows_max,
            jaeger_url: raw.jaeger_url.as_deref().map(jaeger_url).transpose()?.flatten(),
            jaeger_datasource_uid: raw.jaeger_datasource_uid.filter(|uid| !uid.is_empty()),
        })
    }
}

/// The engine's address. Names and passwords in it would end up in messages, so they are refused.
fn engine_url(text: &str) -> Result<String, Failure> {
    let text = text.trim();
    if text.is_empty() {
        let wanted = "set it to the engine's address, for example http://127.0.0.1:9680";
        return Err(Failure::bad_request(format!("the data source has no URL: {wanted}")));
    }
    let wrong = |why: &str| {
        let wanted = "write it like http://errata.example.org:9680";
        Failure::bad_request(format!("the URL of the data source {why}; {wanted}"))
    };
    let url = Url::parse(text).map_err(|error| wrong(&format!("is no URL ({error})")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(wrong("is neither http nor https"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("holds a user name or password: put a token into the field for it"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("has a query or fragment"));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// The address of Jaeger's UI, which becomes part of links.
fn jaeger_url(text: &str) -> Result<Option<String>, Failure> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let is_web = Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if !is_web {
        let wanted = "write it like http://jaeger.example.org:16686";
        return Err(Failure::bad_request(format!("setting jaegerUrl is '{}'; {wanted}", shown(text))));
    }
    Ok(Some(text.trim_end_matches('/').to_owned()))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Settings for tests of other modules.
    pub(crate) fn settings(json_data: &str) -> Settings {
        Settings::read(&raw("http://127.0.0.1:9680/", json_data)).unwrap()
    }

    fn raw(url: &str, json_data: &str) -> DataSourceInstanceSettings {
        let mut settings = DataSourceInstanceSettings {
            uid: "errata".to_owned(),
            url: url.to_owned(),
            json_data: json_data.as_bytes().to_vec(),
            ..DataSourceInstanceSettings::default()
        };
        settings.decrypted_secure_json_data.insert("token".to_owned(), " errata_pat_x_secret\n".to_owned());
        settings
    }

    #[test]
    fn defaults_are_filled_in() {
        let settings = settings("{}");
        assert_eq!(settings.url, "http://127.0.0.1:9680");
        assert_eq!((settings.timeout, settings.rows_max), (Duration::from_secs(30), 10_000));
        assert_eq!(settings.token.as_ref().unwrap().expose(), "errata_pat_x_secret");
        assert!(!format!("{settings:?}").contains("secret\""), "{settings:?}");
        assert!(!format!("{settings:?}").contains("errata_pat"), "{settings:?}");
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let refused = |url: &str, json: &str| Settings::read(&raw(url, json)).unwrap_err().message;
        let url = "http://127.0.0.1:9680";
        assert!(refused("", "{}").contains("has no URL"));
        assert!(refused("127.0.0.1:9680", "{}").contains("URL of the data source"));
        assert!(refused("ftp://x", "{}").contains("neither http nor https"));
        let password = refused("http://ada:pass-word@x", "{}");
        assert!(password.contains("user name or password") && !password.contains("pass-word"));
        assert!(refused(url, r#"{"rowsMax": 0}"#).contains("rowsMax is 0, it may be 1 to 1000000"));
        assert!(refused(url, r#"{"timeoutSeconds": 301}"#).contains("timeoutSeconds is 301"));
        assert!(refused(url, r#"{"rowsMax": "many"}"#).contains("rowsMax"));
        assert!(refused(url, r#"{"jaegerUrl": "javascript:alert(1)"}"#).contains("jaegerUrl"));
        assert!(refused(url, "[").contains("data source"));
    }
}
