//! `errata sql`: one query, straight over the lake.

use crate::cli::{SqlFormat, SqlOptions};
use crate::config::Settings;
use anyhow::Context;
use futures::TryStreamExt;
use query_engine::Engine;
use query_engine::format::{FormatOptions, Layout, print};
use std::io::{IsTerminal, Write};
use std::time::Instant;

/// Opens the lake, queries, prints.
pub(crate) fn run(settings: &Settings, options: &SqlOptions) -> anyhow::Result<()> {
    let began = Instant::now();
    let (schema, batches) = super::block_on(async {
        let lake = settings.open_existing_lake().await?;
        let mut limits = settings.query_config();
        // A question makes no data folder.
        limits.partials_dir = limits.partials_dir.filter(|_| settings.data_dir.is_dir());
        let engine = Engine::new(lake, limits)?;
        let answer = engine.query(&options.query).await?;
        let schema = answer.schema();
        let batches: Vec<_> = answer.try_collect().await?;
        anyhow::Ok((schema, batches))
    })?;
    let mut out = std::io::stdout().lock();
    let terminal = out.is_terminal();
    let format = FormatOptions {
        layout: match options.format {
            SqlFormat::Table => Layout::Table,
            SqlFormat::Csv => Layout::Csv,
            SqlFormat::Json => Layout::Json,
        },
        width: if terminal {
            terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
        } else {
            None
        },
        wide: options.wide,
        color: terminal && std::env::var_os("NO_COLOR").is_none(),
        elapsed: Some(began.elapsed()),
    };
    let printed = print(&schema, &batches, &format, &mut out).and_then(|()| out.flush());
    match printed {
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("cannot print the answer"),
    }
}
