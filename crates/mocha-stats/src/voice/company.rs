//! Time in company in a voice channel.

use super::{interval::Stay, scope::Fold};

/// The users in a channel. They must enter in order of time.
#[derive(Debug, Default)]
pub(super) struct Room(Vec<Guest>);

/// Somebody in a channel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guest {
    bot: bool,
    /// Since when somebody else is there, if somebody is.
    company_since_ms: Option<i64>,
    /// Whether the stay counts. If not, it is only company for others.
    counts: bool,
    stay: Stay,
}

impl Guest {
    pub(super) const fn new(stay: Stay, bot: bool, counts: bool) -> Self {
        Self { bot, company_since_ms: None, counts, stay }
    }

    /// Company begins, goes on or is over.
    fn company(&mut self, there: bool, at_ms: i64, fold: &mut impl Fold) {
        match self.company_since_ms {
            None if there => self.company_since_ms = Some(at_ms),
            Some(since_ms) if !there => {
                self.company_since_ms = None;
                if let Some(stay) = self.stay.part(since_ms, at_ms).filter(|_| self.counts) {
                    fold.stay(stay);
                }
            }
            _ => {}
        }
    }
}

impl Room {
    pub(super) fn enter(&mut self, guest: Guest, fold: &mut impl Fold) {
        let at_ms = guest.stay.from_ms;
        self.leave_until(at_ms, fold);
        self.0.push(guest);
        self.judge(at_ms, fold);
    }

    /// Everybody leaves who does so until then.
    pub(super) fn leave_until(&mut self, until_ms: i64, fold: &mut impl Fold) {
        while let Some(at_ms) = self.0.iter().map(|guest| guest.stay.to_ms).min().filter(|at_ms| *at_ms <= until_ms) {
            self.0.retain_mut(|guest| {
                let stays = guest.stay.to_ms > at_ms;
                if !stays {
                    guest.company(false, at_ms, fold);
                }
                stays
            });
            self.judge(at_ms, fold);
        }
    }

    /// A user has company if another human is in the channel.
    fn judge(&mut self, at_ms: i64, fold: &mut impl Fold) {
        let mut people = self.0.iter().filter(|guest| !guest.bot).map(|guest| guest.stay.user_id);
        let first = people.next();
        let several = people.any(|user| Some(user) != first);
        for guest in &mut self.0 {
            let there = several || first.is_some_and(|first| first != guest.stay.user_id);
            guest.company(there, at_ms, fold);
        }
    }
}
