//! `errata config check`.

use crate::config::Settings;
use crate::output;

/// Says that the settings are good (reading them has told what is not), and shows them if asked.
pub(crate) fn run(settings: &Settings, show: bool) -> anyhow::Result<()> {
    if show {
        output::print(&toml::to_string(&settings.to_table())?);
    } else {
        output::print("the configuration is good\n");
    }
    Ok(())
}
