//! Colours.

use plotters_backend::BackendColor;

/// The colours of a chart, made to match Discord's.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Theme {
    /// Light text on `#313338`. This is the default, as in Discord.
    #[default]
    Dark,
    /// Dark text on white.
    Light,
}

/// The colours of the parts of a chart.
#[derive(Clone, Copy)]
pub(crate) struct Palette {
    /// Bars, lines and columns.
    pub(crate) accent: BackendColor,
    pub(crate) background: BackendColor,
    /// Leaves, and people who moved down.
    pub(crate) bad: BackendColor,
    /// Bars below the first three, and assumed time.
    pub(crate) calm: BackendColor,
    /// Joins, and people who moved up.
    pub(crate) good: BackendColor,
    pub(crate) grid: BackendColor,
    /// The discs of the first three ranks.
    pub(crate) medals: [BackendColor; 3],
    /// Less important text, and the previous window.
    pub(crate) muted: BackendColor,
    /// Text on the accent.
    pub(crate) on_accent: BackendColor,
    /// The cells of hours without messages.
    pub(crate) panel: BackendColor,
    pub(crate) text: BackendColor,
}

impl Theme {
    pub(crate) const fn palette(self) -> Palette {
        match self {
            Self::Dark => Palette {
                accent: rgb(0x84_90_f9),
                background: rgb(0x31_33_38),
                bad: rgb(0xe0_8b_7e),
                calm: rgb(0x5c_64_a8),
                good: rgb(0x5d_b5_91),
                grid: rgb(0x43_45_4c),
                medals: [rgb(0xf0_c2_4b), rgb(0xc3_c9_d3), rgb(0xd6_94_61)],
                muted: rgb(0xb5_ba_c1),
                on_accent: rgb(0x1e_1f_22),
                panel: rgb(0x3b_3e_45),
                text: rgb(0xf2_f3_f5),
            },
            Self::Light => Palette {
                accent: rgb(0x58_65_f2),
                background: rgb(0xff_ff_ff),
                bad: rgb(0xc4_63_55),
                calm: rgb(0x9d_a5_f5),
                good: rgb(0x32_8a_68),
                grid: rgb(0xe3_e5_e8),
                medals: [rgb(0xf0_c2_4b), rgb(0xc3_c9_d3), rgb(0xdd_a0_72)],
                muted: rgb(0x5c_5e_66),
                on_accent: rgb(0xff_ff_ff),
                panel: rgb(0xee_ef_f2),
                text: rgb(0x06_06_07),
            },
        }
    }
}

impl Palette {
    /// Returns the colour for text on this colour: the one of two whose brightness is further away.
    pub(crate) fn text_on(&self, color: BackendColor) -> BackendColor {
        // The weights of the channels in thousandths.
        let brightness =
            |BackendColor { rgb: (r, g, b), .. }| 213 * i32::from(r) + 715 * i32::from(g) + 72 * i32::from(b);
        let [text, on_accent] = [self.text, self.on_accent].map(|text| brightness(text).abs_diff(brightness(color)));
        if text >= on_accent { self.text } else { self.on_accent }
    }
}

/// The text on a medal.
pub(crate) const ON_MEDAL: BackendColor = rgb(0x23_20_1a);

const fn rgb(hex: u32) -> BackendColor {
    let [_, red, green, blue] = hex.to_be_bytes();
    BackendColor { alpha: 1.0, rgb: (red, green, blue) }
}

/// Returns a colour between two: `from` for 0, `to` for 1.
pub(crate) fn between(from: BackendColor, to: BackendColor, part: f64) -> BackendColor {
    let channel = |from: u8, to: u8| {
        let value = f64::from(from) + (f64::from(to) - f64::from(from)) * part.clamp(0.0, 1.0);
        u8::try_from(crate::number::pixel(value.round())).unwrap_or_default()
    };
    let (from, to) = (from.rgb, to.rgb);
    BackendColor { alpha: 1.0, rgb: (channel(from.0, to.0), channel(from.1, to.1), channel(from.2, to.2)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the contrast as the Web Content Accessibility Guidelines define it.
    fn contrast(one: BackendColor, other: BackendColor) -> f64 {
        let linear = |channel: u8| {
            let c = f64::from(channel) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        let luminance =
            |BackendColor { rgb: (r, g, b), .. }| 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
        let (one, other): (f64, f64) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn text_and_bars_have_enough_contrast() {
        for palette in [Theme::Dark, Theme::Light].map(Theme::palette) {
            let Palette { accent, background, bad, good, medals, muted, on_accent, text, .. } = palette;
            for color in [text, muted] {
                assert!(contrast(color, background) >= 4.5, "{:?}", color.rgb);
            }
            for color in [accent, bad, good] {
                assert!(contrast(color, background) >= 3.0, "{:?}", color.rgb);
            }
            assert!(contrast(accent, on_accent) >= 4.5);
            for medal in medals {
                assert!(contrast(medal, ON_MEDAL) >= 4.5, "{:?}", medal.rgb);
            }
        }
    }
}
