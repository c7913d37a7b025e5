//! An SVG is well-formed, and says what the answer says.

use std::error::Error;

use mocha_charts::{Chart, ErrorKind};
use mocha_schema::{GuildId, UserId};
use mocha_stats::{HeatMap, Leaderboard};

#[path = "../src/fixture.rs"]
mod fixture;

/// The texts of a document, as they are read.
fn texts(svg: &str) -> Result<Vec<String>, roxmltree::Error> {
    let document = roxmltree::Document::parse(svg)?;
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    Ok(texts.filter_map(|node| Some(node.text()?.trim().to_owned())).collect())
}

#[test]
fn names_are_escaped_and_the_nameless_have_their_id() -> Result<(), Box<dyn Error>> {
    let mut conn = fixture::seeded()?;
    let board = Leaderboard::messages(GuildId::try_from(1)?).load(&mut conn)?;
    let name = |user_id: UserId| fixture::name(user_id).map(str::to_owned);
    let svg = Chart::leaderboard(&board, name).title("\u{0}<&>").svg()?;
    assert!(svg.contains("&lt;b&gt;Жук &amp; 日本&lt;/b&gt;"), "{svg}");
    let texts = texts(&svg)?;
    for text in ["\u{FFFD}<&>", "Ferris", "<b>Жук & 日本</b>", "100", "6 messages, 3 people"] {
        assert!(texts.iter().any(|found| found == text), "{text}: {texts:?}");
    }
    Ok(())
}

#[test]
fn who_is_not_shown_is_counted() -> Result<(), Box<dyn Error>> {
    let mut conn = fixture::seeded()?;
    let mut board = Leaderboard::messages(GuildId::try_from(1)?).load(&mut conn)?;
    board.entries = vec![board.entries[0]; 10_000];
    board.user_count = 12_000;
    let texts = texts(&Chart::leaderboard(&board, |_| Some("Ferris".to_owned())).svg()?)?;
    let shown = texts.iter().filter(|text| *text == "Ferris").count();
    assert!((10..20).contains(&shown), "{shown}");
    let rest = format!("and 11,{:03} more", 1_000 - shown);
    assert!(texts.contains(&rest), "{rest}: {texts:?}");
    Ok(())
}

#[test]
fn what_cannot_be_is_refused() -> Result<(), Box<dyn Error>> {
    let mut conn = fixture::seeded()?;
    let chart = Chart::heat_map(&HeatMap::of(GuildId::try_from(1)?).load(&mut conn)?);
    let refused = [
        ("width", chart.clone().size(319, 450)),
        ("height", chart.clone().size(800, 2_001)),
        ("scale", chart.clone().scale(5)),
        ("font", chart.font(b"no font")),
    ];
    for (field, chart) in refused {
        for error in [chart.png().unwrap_err(), chart.svg().unwrap_err()] {
            assert_eq!(error.kind(), &ErrorKind::InvalidInput { field });
        }
    }
    Ok(())
}
