//! The settings, which the environment holds.
//!
//! | variable | default | meaning |
//! |---|---|---|
//! | `DISCORD_TOKEN` | required | the bot's token |
//! | `MOCHA_DB` | `data/bot.db` | the file to record into, or a `postgres://` URL (built with the feature `postgres`) |
//! | `SHARDS` | what Discord recommends | the number of shards |
//! | `BRIDGE_SECONDS` | 300 | the longest gap in voice that is bridged, in seconds |
//! | `HTTP_PROXY_HOST` | none | `host:port` of a proxy for Discord's REST API, without encryption |
//! | `GATEWAY_PROXY` | none | URL to connect to instead of Discord's gateway |

use std::env;

use anyhow::{Context as _, ensure};
use twilight_http::Client;

pub(crate) struct Settings {
    pub(crate) bridge_seconds: Option<u64>,
    pub(crate) gateway: Option<String>,
    http_proxy: Option<String>,
    pub(crate) place: String,
    shards: Option<u32>,
    pub(crate) token: String,
}

impl Settings {
    pub(crate) fn from_env() -> anyhow::Result<Self> {
        let shards: Option<u32> = number("SHARDS")?;
        ensure!(shards != Some(0), "SHARDS must be at least 1");
        Ok(Self {
            bridge_seconds: number("BRIDGE_SECONDS")?,
            gateway: text("GATEWAY_PROXY")?,
            http_proxy: text("HTTP_PROXY_HOST")?,
            place: text("MOCHA_DB")?.unwrap_or_else(|| "data/bot.db".into()),
            shards,
            token: text("DISCORD_TOKEN")?.context("DISCORD_TOKEN must hold the bot's token")?,
        })
    }

    pub(crate) fn http(&self) -> Client {
        let builder = Client::builder().token(self.token.clone());
        match self.http_proxy.clone() {
            // The client's own rate limits stay on, because the proxy need not have any.
            Some(host) => builder.proxy(host, true).build(),
            None => builder.build(),
        }
    }

    /// Returns the number of shards: as set, or else as Discord recommends.
    pub(crate) async fn shards(&self, http: &Client) -> anyhow::Result<u32> {
        match self.shards {
            Some(shards) => Ok(shards),
            None => Ok(http.gateway().authed().await?.model().await?.shards),
        }
    }
}

fn text(name: &str) -> anyhow::Result<Option<String>> {
    match env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(error) => Err(error).context(name.to_owned()),
    }
}

fn number<N: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    name: &str,
) -> anyhow::Result<Option<N>> {
    text(name)?.map(|value| value.parse().with_context(|| format!("{name} must be a number"))).transpose()
}
