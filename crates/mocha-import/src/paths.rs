//! The files that paths name.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

/// Returns the files, each once: those that are named, and all `.json` files in folders and their folders. Files of a folder
/// are in the order of their names.
///
/// A path that cannot be read is returned with the error.
pub(crate) fn files(paths: impl IntoIterator<Item = PathBuf>) -> Vec<(PathBuf, io::Result<()>)> {
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    for path in paths {
        add(path, true, &mut found);
    }
    found.retain(|(path, _)| seen.insert(path.clone()));
    found
}

fn add(path: PathBuf, is_named: bool, found: &mut Vec<(PathBuf, io::Result<()>)>) {
    let readable = match fs::metadata(&path) {
        Ok(metadata) if metadata.is_dir() => {
            match sorted(&path) {
                Ok(inside) => {
                    for path in inside {
                        add(path, false, found);
                    }
                }
                Err(error) => found.push((path, Err(error))),
            }
            return;
        }
        Ok(_) => Ok(()),
        Err(error) => Err(error),
    };
    if is_named || path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
        found.push((path, readable));
    }
}

/// Returns what a folder contains. Links to folders are left out, because they may lead in a circle.
fn sorted(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut inside = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if !(entry.file_type()?.is_symlink() && path.is_dir()) {
            inside.push(path);
        }
    }
    inside.sort_unstable();
    Ok(inside)
}
