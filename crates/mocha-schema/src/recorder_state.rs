//! The model of `recorder_states`.

use diesel::prelude::*;

use crate::schema::recorder_states;

/// When the recorder last ran, and whether it stopped cleanly.
#[derive(AsChangeset, Clone, Copy, Debug, Eq, Identifiable, Insertable, PartialEq, Queryable, Selectable)]
#[diesel(
    check_for_backend(diesel::sqlite::Sqlite),
    table_name = recorder_states,
    treat_none_as_default_value = false,
    treat_none_as_null = true
)]
pub struct RecorderState {
    /// Always 1.
    pub id: i32,
    /// When the recorder was started, in unix milliseconds.
    pub started_at_ms: i64,
    /// The last instant at which the recorder is known to have run, in unix milliseconds.
    pub seen_at_ms: i64,
    /// When the recorder stopped cleanly, in unix milliseconds. `None` while it runs and after a crash.
    pub stopped_at_ms: Option<i64>,
}
