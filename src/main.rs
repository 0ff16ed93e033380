//! The `errata` command: arguments, configuration, wiring, shutdown. Knows no domain rule.

mod cli;
mod commands;
mod config;
mod demo;
mod output;
mod telemetry;

use clap::Parser;
use cli::{Cli, Command, ConfigCommand};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Exit code for a configuration that cannot be used, as apart from a failed start.
const EXIT_CONFIG: u8 = 64;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let settings = match cli.common.settings() {
        Ok(settings) => settings,
        Err(error) => {
            output::error(&error);
            return ExitCode::from(EXIT_CONFIG);
        }
    };
    let outcome = match cli.command.unwrap_or_default() {
        Command::Serve(options) => commands::serve::run(&settings, &options, commands::serve::Parts::BOTH),
        Command::Process(options) => {
            commands::serve::run(&settings, &options, commands::serve::Parts::PROCESSOR)
        }
        Command::Query(options) => commands::serve::run(&settings, &options, commands::serve::Parts::ENGINE),
        Command::Demo(options) => commands::block_on(demo::run(options)),
        Command::Sql(options) => commands::sql::run(&settings, &options),
        Command::Explain(options) => commands::explain::run(&settings, &options),
        Command::Token(command) => commands::token::run(&settings, &command),
        Command::Compact => commands::compact::run(&settings),
        Command::Config(ConfigCommand::Check { show }) => commands::config_check::run(&settings, show),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error);
            ExitCode::FAILURE
        }
    }
}
