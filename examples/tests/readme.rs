//! The README shows a program that compiles: it is one of the examples, word for word.

#[test]
fn the_bot_of_the_readme_is_the_example() {
    let example = include_str!("../record/main.rs");
    let code = example.split_once("\n\n").map_or(example, |(_about, code)| code);
    let readme = include_str!("../../README.md");
    assert!(readme.contains(&format!("```rust,ignore\n{code}```\n")), "the README has another program than\n{code}");
}

/// A reader can paste the part of the guide that connects to the gateway into a program of their own.
#[test]
fn the_guide_defines_every_name_that_its_bot_uses() {
    let guide = include_str!("../../docs/bot-authors.md");
    let (_, code) = guide.split_once("```rust,ignore\n").unwrap_or_default();
    let (code, _) = code.split_once("```").unwrap_or_default();
    for name in ["adapter", "intents", "recorder", "shard", "store", "token", "wanted"] {
        assert!(
            [format!("let {name}"), format!("let mut {name}")].iter().any(|text| code.contains(text)),
            "`{name}` is not defined in\n{code}"
        );
    }
}
