//! Adds joins up by inviter and by invite.

use std::{cmp::Reverse, collections::BTreeMap};

use chrono::{DateTime, Utc};
use mocha_schema::UserId;

use super::{CodeJoins, InvitedJoins, InviterJoins, Invites, InvitesAnswer};
use crate::{Error, database::Row};

/// The sums of the rows so far.
#[derive(Debug, Default)]
pub(super) struct Fold {
    all: InvitedJoins,
    codes: BTreeMap<String, CodeJoins>,
    inviters: BTreeMap<UserId, InvitedJoins>,
    unknown: InvitedJoins,
    vanity: InvitedJoins,
}

impl Fold {
    /// Adds a row: the code, and the columns after it.
    pub(super) fn add(&mut self, code: Option<String>, row: &Row) -> Result<(), Error> {
        let (inviter_id, is_vanity): (Option<UserId>, bool) = (row.optional_id(1)?, row.flag(2)?);
        let stayed = row.flag(3)? && !row.flag(4)?;
        self.all.add(stayed);
        let Some(code) = code else {
            self.unknown.add(stayed);
            return Ok(());
        };
        if is_vanity {
            self.vanity.add(stayed);
        }
        if let Some(inviter_id) = inviter_id {
            self.inviters.entry(inviter_id).or_default().add(stayed);
        }
        let none =
            || CodeJoins { code: code.clone(), inviter_id: None, is_vanity: false, joins: InvitedJoins::default() };
        let entry = self.codes.entry(code.clone()).or_insert_with(none);
        // An inviter may have become known later.
        entry.inviter_id = entry.inviter_id.max(inviter_id);
        entry.is_vanity |= is_vanity;
        entry.joins.add(stayed);
        Ok(())
    }

    pub(super) fn answer(self, question: &Invites, data_since: Option<DateTime<Utc>>) -> InvitesAnswer {
        let Self { all, codes, inviters, unknown, vanity } = self;
        let inviters = inviters.into_iter().map(|(user_id, joins)| InviterJoins { user_id, joins });
        let mut inviters: Vec<InviterJoins> = inviters.collect();
        let mut codes: Vec<CodeJoins> = codes.into_values().collect();
        // The sort is stable, so ties stay in the order of user id and code.
        inviters.sort_by_key(|inviter| Reverse(inviter.joins.joined));
        codes.sort_by_key(|code| Reverse(code.joins.joined));
        inviters.truncate(question.limit.unwrap_or(usize::MAX));
        codes.truncate(question.limit.unwrap_or(usize::MAX));
        InvitesAnswer { inviters, codes, vanity, unknown, all, data_since, window: question.window }
    }
}

impl InvitedJoins {
    const fn add(&mut self, stayed: bool) {
        self.joined += 1;
        if stayed {
            self.stayed += 1;
        } else {
            self.left += 1;
        }
    }
}
