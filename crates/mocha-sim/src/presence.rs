//! Presences: status and activity.

use mocha_schema::PresenceStatus;
use mocha_store::event::{Activity, PresenceChanged};

use crate::{names, traffic::Traffic};

impl Traffic {
    pub(crate) fn change_presence(&mut self) {
        use PresenceStatus::{Dnd, Idle, Offline, Online};
        let status = self.dice.pick(&[Dnd, Idle, Idle, Offline, Offline, Offline, Online, Online, Online, Online]);
        let person = self.dice.pick(&self.present).and_then(|person| self.people.get(person));
        let (Some(status), Some(user_id)) = (status, person.map(|who| who.user_id)) else { return };
        let activity =
            if status != Offline && self.dice.percent(35) { self.dice.pick(&names::ACTIVITIES) } else { None };
        let activity = activity.map(|(kind, name)| Activity { kind, name: name.to_owned() });
        let (at, guild_id) = (self.now(), self.server.guild_id);
        self.emit(PresenceChanged { activity, at, guild_id, status, user_id });
    }
}
