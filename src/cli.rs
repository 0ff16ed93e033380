//! Arguments of the `errata` command.

use crate::config::{self, Settings};
use crate::demo::DemoOptions;
use access::Role;
use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// OpenTelemetry-native error manager for platforms that run code for others.
///
/// Without a command: `errata serve`. Settings come from errata.toml, then ERRATA_SECTION_KEY
/// variables, then flags; `errata config check --show` prints them all.
#[derive(Debug, Parser)]
#[command(name = "errata", version, about, long_about, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Receive, tag, store and answer queries, in one process (the default)
    Serve(ServeOptions),
    /// Receive, tag, store and forward only
    Process(ServeOptions),
    /// Answer queries over a lake only
    Query(ServeOptions),
    /// Run real programs that fail, and send what happened to a running server
    Demo(DemoOptions),
    /// Run one query over the lake and print the answer
    Sql(SqlOptions),
    /// Read an exception from a file or standard input and say what its pattern is and why
    Explain(ExplainOptions),
    /// Merge small files, drop what is past retention, delete what nobody reads any more
    Compact,
    /// Make, list and revoke the tokens that let people and tools in
    #[command(subcommand)]
    Token(TokenCommand),
    /// Look at the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
}

impl Default for Command {
    fn default() -> Self {
        Self::Serve(ServeOptions::default())
    }
}

/// Flags that every command has.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// Configuration file [default: errata.toml, if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the local lake, the log and the state [default: ./errata-data]
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// The lake, where it is not under the data folder: a folder or s3://bucket/prefix
    #[arg(long, global = true, value_name = "URL")]
    lake: Option<String>,
    /// The state database, where it is not in the data folder: a file or postgres://user@host/database
    #[arg(long, global = true, value_name = "URL")]
    state: Option<String>,
    /// What to log: error, warn, info, debug, or a tracing filter [default: info]
    #[arg(long, global = true, value_name = "FILTER")]
    log: Option<String>,
    /// OTLP/gRPC listen address, port 0 takes any [default: 127.0.0.1:4317]
    #[arg(long, global = true, value_name = "ADDR", help_heading = "Server options")]
    otlp_grpc_addr: Option<SocketAddr>,
    /// OTLP/HTTP listen address, port 0 takes any [default: 127.0.0.1:4318]
    #[arg(long, global = true, value_name = "ADDR", help_heading = "Server options")]
    otlp_http_addr: Option<SocketAddr>,
    /// Engine's HTTP listen address, port 0 takes any [default: 127.0.0.1:9680]
    #[arg(long, global = true, value_name = "ADDR", help_heading = "Server options")]
    http_addr: Option<SocketAddr>,
    /// Next hop for tagged telemetry: http://host:4317 (gRPC) or http://host:4318 (HTTP)
    #[arg(long, global = true, value_name = "URL", help_heading = "Server options")]
    forward: Option<String>,
    /// Let ports that other machines reach be open without tokens
    #[arg(long, global = true, help_heading = "Server options")]
    allow_open: bool,
}

impl Common {
    /// The configuration: file, then environment, then these flags.
    pub(crate) fn settings(&self) -> anyhow::Result<Settings> {
        let mut settings = config::load(self.config.as_deref(), std::env::vars())?;
        let put = |to: &mut SocketAddr, from: Option<SocketAddr>| *to = from.unwrap_or(*to);
        put(&mut settings.otlp.grpc_addr, self.otlp_grpc_addr);
        put(&mut settings.otlp.http_addr, self.otlp_http_addr);
        put(&mut settings.http.addr, self.http_addr);
        let text = |to: &mut String, from: &Option<String>| {
            if let Some(from) = from {
                to.clone_from(from);
            }
        };
        text(&mut settings.lake, &self.lake);
        text(&mut settings.state, &self.state);
        text(&mut settings.telemetry.log, &self.log);
        text(&mut settings.forward.endpoint, &self.forward);
        if let Some(dir) = &self.data_dir {
            settings.data_dir.clone_from(dir);
        }
        settings.auth.allow_open |= self.allow_open;
        config::check(&settings)?;
        Ok(settings)
    }
}

/// Options of the servers; their addresses stand among the common flags.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ServeOptions {
    /// Print nothing on standard output when started
    #[arg(long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SqlOptions {
    /// The query
    pub(crate) query: String,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t = SqlFormat::Table)]
    pub(crate) format: SqlFormat,
    /// Do not cut long values
    #[arg(long)]
    pub(crate) wide: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum SqlFormat {
    Table,
    Csv,
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainOptions {
    /// File with the exception as its runtime printed it [default: standard input]
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Exception type, if the text does not hold it
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) error_type: Option<String>,
    /// Exception message, if the text does not hold it
    #[arg(long, value_name = "TEXT")]
    pub(crate) message: Option<String>,
    /// Language of the failed program, if the text does not tell
    #[arg(long, value_name = "NAME")]
    pub(crate) language: Option<String>,
    /// File with the program that failed, for the tags of its failing statement
    #[arg(long, value_name = "FILE")]
    pub(crate) snippet: Option<PathBuf>,
    /// Rules file to group by [default: grouping.rules of the configuration]
    #[arg(long, value_name = "FILE")]
    pub(crate) rules: Option<PathBuf>,
    /// File with another exception: show what differs, frame by frame, instead of the grouping
    #[arg(long, value_name = "FILE")]
    pub(crate) diff: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Check errata.toml and the ERRATA_ variables; say all that is wrong with them
    Check {
        /// Print every setting with its value
        #[arg(long)]
        show: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token and print it, once: only its hash is kept
    Create(TokenOptions),
    /// List all tokens, the newest first
    List,
    /// End a token for good; servers turn it away within auth.refresh_interval
    Revoke {
        /// Its id, or its name where no other usable token has it
        token: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct TokenOptions {
    /// What it lets its user do, once or several times: ingest, read, triage (includes read), admin (includes triage)
    #[arg(long = "role", value_name = "ROLE", required = true)]
    pub(crate) roles: Vec<Role>,
    /// Whose it is: the actor of what it changes
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,
    /// When it ends, as in 90d [default: never]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) expires: Option<Duration>,
    /// Let its user say on whose behalf it acts, as Grafana does
    #[arg(long)]
    pub(crate) act_as: bool,
    /// Spans and log records a second that it may send, 0 for any [default: rate_limit.items_per_second]
    #[arg(long, value_name = "N")]
    pub(crate) items_per_second: Option<u32>,
    /// Bytes a second that it may send, as in 10MiB, 0B for any [default: rate_limit.bytes_per_second]
    #[arg(long, value_name = "SIZE")]
    pub(crate) bytes_per_second: Option<bytesize::ByteSize>,
}
