//! Recorded traffic of real communities, which is not part of the repository.

use std::{
    env,
    path::{Path, PathBuf},
};

/// Returns the folder for recorded traffic. It may be missing.
///
/// The variable `MOCHA_DATA` names it, relative to the repository. Default: `shared/data` beside the repository.
#[must_use]
pub fn recorded_folder() -> PathBuf {
    let data = env::var_os("MOCHA_DATA").map_or_else(|| PathBuf::from("../shared/data"), PathBuf::from);
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(data)
}
