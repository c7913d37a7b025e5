//! Opens, checks and salvages arbitrary bytes as a file.

#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;
use mocha_store::{Maintenance, Store};

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, new) = (folder.path().join("stats.db"), folder.path().join("new.db"));
    fs::write(&path, bytes).expect("a file");
    let salvaged = Store::salvage(&path, &new).run();
    assert!(fs::read(&path).is_ok_and(|after| after == bytes), "salvaging wrote to the damaged file");
    if salvaged.is_ok() {
        let store = Store::builder().maintenance(Maintenance::off()).open(&new).expect("the salvaged file opens");
        let report = store.check().run().expect("the file can be checked");
        assert!(report.is_ok(), "{report}");
    }
    if let Ok(store) = Store::builder().maintenance(Maintenance::off()).readers(1).open(&path) {
        drop(store.check().run());
        if let Ok(recorder) = store.recorder() {
            drop(recorder.shutdown());
        }
    }
});
