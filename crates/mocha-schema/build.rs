//! Embeds the migrations anew when one is added: the macro that embeds them cannot tell Cargo of a new folder.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
