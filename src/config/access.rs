//! Settings of who may come in, how fast, and over TLS; and what the doors are built from.

use super::raw::Settings;
use super::units::{Size, Span};
use access::{Access, AccessConfig, PaceConfig, Tls, TlsConfig};
use anyhow::Context;
use opentelemetry::metrics::Meter;
use query_engine::api::ViewsConfig;
use serde::{Deserialize, Serialize};
use state::State;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Who may come in.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Auth {
    /// `off`, or `token`: every request needs a token of `errata token create`.
    pub(crate) mode: String,
    /// Whether ports that other machines reach may be open without tokens.
    pub(crate) allow_open: bool,
    /// Whether `/metrics` needs no token; else one with role read.
    pub(crate) open_metrics: bool,
    /// How often tokens are read from the state database: how soon a revoked one stops.
    pub(crate) refresh_interval: Span,
    /// How long known tokens work on while the state database does not answer.
    pub(crate) stale_max: Span,
    /// Tokens that may be usable at once.
    pub(crate) tokens_max: usize,
}

/// Rates at ingest of each token that has none of its own; 0 has no limit.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RateLimit {
    /// Spans and log records.
    pub(crate) items_per_second: u64,
    /// Bytes of requests, decompressed.
    pub(crate) bytes_per_second: Size,
    /// For how long a sender that was quiet may send at once what the rates let it send in that time.
    pub(crate) burst: Span,
}

/// Certificates for all ports, in PEM; empty for no TLS. The files are read again when they change.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TlsFiles {
    /// The server's certificate, with those between it and its authority.
    pub(crate) cert: PathBuf,
    /// Its private key.
    pub(crate) key: PathBuf,
    /// Authorities whose clients may connect, for mutual TLS.
    pub(crate) client_ca: PathBuf,
    /// Longest time for a handshake.
    pub(crate) handshake_timeout: Span,
    /// Handshakes under way at once on each port; beyond it the oldest is closed.
    pub(crate) handshakes_max: usize,
    /// How often the files are looked at.
    pub(crate) reload_interval: Span,
}

/// Saved views.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Views {
    /// Views in the state database.
    pub(crate) views_max: usize,
    /// The body of one, as JSON.
    pub(crate) size_max: Size,
}

impl Default for Views {
    fn default() -> Self {
        Self { views_max: 1_000, size_max: Size::kib(16) }
    }
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            mode: "off".to_owned(),
            allow_open: false,
            open_metrics: false,
            refresh_interval: Span::seconds(2),
            stale_max: Span::seconds(600),
            tokens_max: 10_000,
        }
    }
}

impl Default for RateLimit {
    fn default() -> Self {
        Self { items_per_second: 0, bytes_per_second: Size::kib(0), burst: Span::seconds(10) }
    }
}

impl Default for TlsFiles {
    fn default() -> Self {
        Self {
            cert: PathBuf::new(),
            key: PathBuf::new(),
            client_ca: PathBuf::new(),
            handshake_timeout: Span::seconds(10),
            handshakes_max: 256,
            reload_interval: Span::seconds(10),
        }
    }
}

impl Settings {
    /// All that is wrong with these settings, each with its path.
    pub(super) fn access_problems(&self) -> Vec<String> {
        let (auth, tls) = (&self.auth, &self.tls);
        let checks = [
            (["off", "token"].contains(&auth.mode.as_str()), "auth.mode: is off or token"),
            (auth.refresh_interval.0.as_millis() >= 100, "auth.refresh_interval: must be at least 100ms"),
            (
                auth.stale_max.0 >= auth.refresh_interval.0 * 2,
                "auth.stale_max: must be at least twice auth.refresh_interval",
            ),
            (auth.tokens_max > 0, "auth.tokens_max: must be more than 0"),
            (
                auth.mode == "token" || self.rate_limit.is_none(),
                "rate_limit: holds for tokens, so it needs auth.mode = \"token\"",
            ),
            (self.views.views_max > 0 && self.views.size_max.0 > 0, "views: its bounds must be more than 0"),
            (!self.rate_limit.burst.0.is_zero(), "rate_limit.burst: must be more than 0"),
            (
                tls.cert.as_os_str().is_empty() == tls.key.as_os_str().is_empty(),
                "tls: needs both tls.cert and tls.key",
            ),
            (
                tls.client_ca.as_os_str().is_empty() || !tls.cert.as_os_str().is_empty(),
                "tls.client_ca: needs tls.cert and tls.key",
            ),
            (!tls.handshake_timeout.0.is_zero(), "tls.handshake_timeout: must be more than 0"),
            (tls.handshakes_max > 0, "tls.handshakes_max: must be more than 0"),
            (tls.reload_interval.0.as_millis() >= 100, "tls.reload_interval: must be at least 100ms"),
        ];
        checks.into_iter().filter(|(good, _)| !good).map(|(_, problem)| problem.to_owned()).collect()
    }

    /// Whether requests need tokens.
    pub(crate) fn asks_for_tokens(&self) -> bool {
        self.auth.mode == "token"
    }

    /// Whether the ports speak TLS.
    pub(crate) fn speaks_tls(&self) -> bool {
        !self.tls.cert.as_os_str().is_empty()
    }

    /// What is wrong with binding these addresses: other machines reach them, and nobody is asked for a token.
    pub(crate) fn refuse_open_ports(&self, ports: &[(&str, SocketAddr)]) -> anyhow::Result<()> {
        if self.asks_for_tokens() || self.auth.allow_open {
            return Ok(());
        }
        match ports.iter().find(|(_, addr)| !addr.ip().to_canonical().is_loopback()) {
            None => Ok(()),
            Some((flag, addr)) => anyhow::bail!(
                "{flag} {addr} is open to other machines, and nothing asks them for a token. Set auth.mode = \"token\" \
                 (ERRATA_AUTH_MODE=token) and make tokens with `errata token create`; or bind 127.0.0.1; or, where \
                 something else guards the port, insist with --allow-open"
            ),
        }
    }

    /// Opens the state database.
    pub(crate) async fn open_state(&self) -> anyhow::Result<State> {
        let location = if self.state.is_empty() {
            self.data_dir.join("state.db").display().to_string()
        } else {
            self.state.clone()
        };
        State::open(&location).await.context("cannot open the state database")
    }

    /// The bounds of saved views.
    pub(crate) fn views_config(&self) -> ViewsConfig {
        ViewsConfig { views_max: self.views.views_max, body_bytes_max: self.views.size_max.bytes() }
    }

    /// Who comes in: everybody, or who has a token.
    pub(crate) async fn access(&self, meter: &Meter) -> anyhow::Result<Access> {
        if !self.asks_for_tokens() {
            return Ok(Access::open_to_all());
        }
        let state = self.open_state().await?;
        let config = AccessConfig {
            refresh_interval: self.auth.refresh_interval.0,
            stale_max: self.auth.stale_max.0,
            tokens_max: self.auth.tokens_max,
            pace: PaceConfig {
                items_per_second: self.rate_limit.items_per_second,
                bytes_per_second: self.rate_limit.bytes_per_second.0,
                burst: self.rate_limit.burst.0,
            },
        };
        Access::start(state, config, meter).await.context("cannot read the tokens")
    }

    /// The certificates, if there are any.
    pub(crate) async fn tls(&self, meter: &Meter) -> anyhow::Result<Option<Tls>> {
        if !self.speaks_tls() {
            return Ok(None);
        }
        let files = self.tls.clone();
        let config = TlsConfig {
            cert: files.cert,
            key: files.key,
            client_ca: Some(files.client_ca).filter(|path| !path.as_os_str().is_empty()),
            handshake_timeout: files.handshake_timeout.0,
            handshakes_max: files.handshakes_max,
            reload_interval: files.reload_interval.0,
        };
        Ok(Some(Tls::start(config, meter).await.context("cannot use the certificates")?))
    }
}

impl RateLimit {
    fn is_none(&self) -> bool {
        self.items_per_second == 0 && self.bytes_per_second.0 == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> Settings {
        Settings::deserialize_table(text.parse().unwrap()).unwrap()
    }

    #[test]
    fn problems_are_named() {
        for (text, problem) in [
            ("[auth]\nmode = 'basic'", "auth.mode"),
            ("[auth]\nstale_max = '1s'", "auth.stale_max"),
            ("[rate_limit]\nitems_per_second = 5", "rate_limit"),
            ("[tls]\ncert = 'a'", "tls: needs both"),
            ("[tls]\nclient_ca = 'a'", "tls.client_ca"),
        ] {
            let problems = settings(text).problems();
            assert!(problems.len() == 1 && problems[0].starts_with(problem), "{text}: {problems:?}");
        }
    }

    #[test]
    fn open_ports_are_refused_unless_guarded_or_insisted_on() {
        let any = [("--http-addr", "0.0.0.0:9680".parse().unwrap())];
        for addr in ["127.0.0.1:1", "127.8.9.1:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            settings("").refuse_open_ports(&[("--http-addr", addr.parse().unwrap())]).unwrap();
        }
        for addr in ["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "[::ffff:10.0.0.1]:1"] {
            let refused = settings("").refuse_open_ports(&[("--http-addr", addr.parse().unwrap())]);
            let told = refused.unwrap_err().to_string();
            assert!(told.contains(addr) && told.contains("errata token create"), "{told}");
        }
        settings("[auth]\nmode = 'token'").refuse_open_ports(&any).unwrap();
        settings("[auth]\nallow_open = true").refuse_open_ports(&any).unwrap();
    }
}
