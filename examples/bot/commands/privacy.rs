//! `/mydata` and `/forgetme`, which export and erase the data about a user.

use twilight_model::application::command::Command;
use twilight_util::builder::command::StringBuilder;

use super::{Asked, Bot};
use crate::reply::Reply;

/// The text that a user has to write to be erased.
const CONFIRMATION: &str = "forget me";

/// The name of the command, which takes too long to be answered at once.
pub(super) const FORGET_ME: &str = "forgetme";

pub(super) fn my_data_command() -> Command {
    super::command("mydata", "Sends you everything this bot has recorded about you").build()
}

pub(super) async fn my_data(bot: &Bot, asked: &Asked) -> anyhow::Result<Reply> {
    let (store, user) = (bot.store.clone(), asked.user);
    let exported = tokio::task::spawn_blocking(move || {
        let mut json = Vec::new();
        store.export_user(user, &mut json).map(|rows| (rows, json))
    });
    let (rows, json) = exported.await??;
    Ok(Reply::private(format!("This bot has {rows} rows about you, on all servers.")).file("mydata.json", json))
}

pub(super) fn forget_me_command() -> Command {
    let confirm = StringBuilder::new("confirm", "Write \"forget me\": this cannot be undone").required(true);
    super::command(FORGET_ME, "Deletes everything this bot has recorded about you, and records nothing more")
        .option(confirm)
        .build()
}

pub(super) async fn forget_me(bot: &Bot, asked: &Asked) -> anyhow::Result<Reply> {
    if asked.text("confirm") != Some(CONFIRMATION) {
        return Ok(Reply::private(format!("Nothing was deleted. Write \"{CONFIRMATION}\" to confirm.")));
    }
    let (store, user) = (bot.store.clone(), asked.user);
    // It ends with writing the whole file once more, without the bytes that deleted rows leave.
    let erased = tokio::task::spawn_blocking(move || store.opt_out_user(user));
    let receipt = erased.await??;
    Ok(Reply::private(format!("{} rows about you were deleted. Receipt: {}", receipt.rows, receipt.id)))
}
