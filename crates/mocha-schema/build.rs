//! Makes Cargo embed the migrations again when a folder is added. The macro that embeds them cannot report a new folder.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
