//! `errata token`: the tokens that let people and tools in, straight in the state database.

use crate::cli::{TokenCommand, TokenOptions};
use crate::config::Settings;
use crate::output;
use access::{Roles, token};
use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use state::{Added, State, Token};
use std::fmt::Write;

/// Tokens that are listed.
const LISTED_MAX: usize = 10_000;
/// Characters of a name.
const NAME_CHARS_MAX: usize = 200;
/// The actor of what happens by itself.
const OWN_NAME: &str = "errata";

/// Makes, lists or revokes.
pub(crate) fn run(settings: &Settings, command: &TokenCommand) -> anyhow::Result<()> {
    super::block_on(async {
        let state = settings.open_state().await?;
        match command {
            TokenCommand::Create(options) => create(settings, &state, options).await,
            TokenCommand::List => list(&state).await,
            TokenCommand::Revoke { token } => revoke(&state, token).await,
        }
    })
}

async fn create(settings: &Settings, state: &State, options: &TokenOptions) -> anyhow::Result<()> {
    check_name(&options.name)?;
    let issued = token::issue().context("this machine gives no random bytes")?;
    let now = Utc::now();
    let expires = options.expires.map(|time| ends(now, time)).transpose()?;
    let roles = Roles::new(&options.roles);
    let stored = Token {
        id: issued.id.clone(),
        name: options.name.clone(),
        secret_sha256: issued.secret_sha256,
        roles: roles.to_string(),
        acts_for_others: options.act_as,
        items_per_second: options.items_per_second.map(i64::from),
        bytes_per_second: options
            .bytes_per_second
            .map(|size| i64::try_from(size.as_u64()).unwrap_or(i64::MAX)),
        created_ms: now.timestamp_millis(),
        expires_ms: expires.map(|end| end.timestamp_millis()),
        revoked_ms: None,
        last_used_ms: None,
    };
    let most = settings.auth.tokens_max;
    if state.add_token(&stored, most).await? == Added::Full {
        bail!("{most} tokens are usable, limit is auth.tokens_max; revoke some, or raise it");
    }
    output::print(&format!("{}\n", issued.text));
    let until = expires.map_or_else(|| "for ever".to_owned(), |end| format!("until {}", day(end)));
    let mut told = format!(
        "\nToken {} '{}' with {roles}, {until}. It is shown this once; send it as 'Authorization: Bearer <token>'.\n",
        issued.id, options.name
    );
    if !settings.asks_for_tokens() {
        told.push_str(
            "Servers ask for tokens with auth.mode = \"token\" (ERRATA_AUTH_MODE=token); it is off here.\n",
        );
    }
    output::note(&told);
    Ok(())
}

/// Names stand in the audit log, in lists and in the log, so they are one line.
fn check_name(name: &str) -> anyhow::Result<()> {
    let chars = name.chars().count();
    if name.trim().is_empty() || chars > NAME_CHARS_MAX || name.chars().any(char::is_control) {
        bail!("--name has {chars} characters; it may be one line of 1 to {NAME_CHARS_MAX}");
    }
    if name == OWN_NAME {
        bail!("--name {OWN_NAME} is for what happens by itself; give another");
    }
    Ok(())
}

fn ends(now: DateTime<Utc>, time: std::time::Duration) -> anyhow::Result<DateTime<Utc>> {
    let end = chrono::Duration::from_std(time).ok().and_then(|time| now.checked_add_signed(time));
    end.filter(|end| *end > now).context("--expires is no time that can be counted to; give one such as 90d")
}

async fn list(state: &State) -> anyhow::Result<()> {
    let now = Utc::now().timestamp_millis();
    let rows = state.tokens(LISTED_MAX).await?;
    let mut lines =
        vec![["ID", "NAME", "ROLES", "STATUS", "LIMITS", "CREATED", "LAST USED"].map(str::to_owned)];
    lines.extend(rows.iter().map(|token| row(token, now)));
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..7).map(width).collect();
    let mut text = String::new();
    for line in &lines {
        let cells: Vec<String> =
            line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        writeln!(text, "{}", cells.join("  ").trim_end())?;
    }
    output::print(&text);
    Ok(())
}

fn row(token: &Token, now_ms: i64) -> [String; 7] {
    let date = |ms: i64| DateTime::from_timestamp_millis(ms).map_or_else(|| "?".to_owned(), day);
    let status = match (token.revoked_ms, token.expires_ms) {
        (Some(at), _) => format!("revoked {}", date(at)),
        (None, Some(at)) if at <= now_ms => format!("expired {}", date(at)),
        (None, Some(at)) => format!("until {}", date(at)),
        (None, None) => "usable".to_owned(),
    };
    let mut limits = Vec::new();
    limits.extend(token.items_per_second.map(|items| format!("{items} items/s")));
    limits.extend(token.bytes_per_second.map(|bytes| format!("{bytes} B/s")));
    let roles = if token.acts_for_others {
        format!("{} (acts for others)", token.roles)
    } else {
        token.roles.clone()
    };
    [
        token.id.clone(),
        token.name.clone(),
        roles,
        status,
        limits.join(", "),
        date(token.created_ms),
        token.last_used_ms.map_or_else(|| "never".to_owned(), date),
    ]
}

fn day(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M").to_string()
}

async fn revoke(state: &State, wanted: &str) -> anyhow::Result<()> {
    let now = Utc::now().timestamp_millis();
    let tokens = state.tokens(LISTED_MAX).await?;
    let id = match tokens.iter().find(|token| token.id == wanted) {
        Some(token) => token.id.clone(),
        None => {
            let named: Vec<&Token> =
                tokens.iter().filter(|token| token.name == wanted && token.revoked_ms.is_none()).collect();
            match named[..] {
                [token] => token.id.clone(),
                [] => bail!("no usable token has the id or name '{wanted}'; `errata token list` lists them"),
                _ => {
                    let ids: Vec<&str> = named.iter().map(|token| token.id.as_str()).collect();
                    bail!("several tokens are named '{wanted}'; revoke one by its id: {}", ids.join(", "))
                }
            }
        }
    };
    if !state.revoke_token(&id, now).await? {
        bail!("token {id} was revoked before");
    }
    output::note(&format!("Token {id} is revoked: servers turn it away within auth.refresh_interval.\n"));
    Ok(())
}
