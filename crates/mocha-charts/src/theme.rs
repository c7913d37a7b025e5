//! Colours.

use plotters_backend::BackendColor;

/// The colours of a picture, made for Discord's own.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Theme {
    /// Light text upon `#313338`. The default, as it is Discord's.
    #[default]
    Dark,
    /// Dark text upon white.
    Light,
}

/// What the parts of a picture are coloured with.
#[derive(Clone, Copy)]
pub(crate) struct Palette {
    /// Bars and lines of what was asked about.
    pub(crate) accent: BackendColor,
    pub(crate) background: BackendColor,
    /// Joins, and who moved up.
    pub(crate) good: BackendColor,
    pub(crate) grid: BackendColor,
    /// Text of lesser weight, and the window before.
    pub(crate) muted: BackendColor,
    /// Leaves, and who moved down.
    pub(crate) bad: BackendColor,
    /// What lies beneath bars and cells.
    pub(crate) panel: BackendColor,
    pub(crate) text: BackendColor,
    /// Time that was assumed.
    pub(crate) weak: BackendColor,
}

impl Theme {
    pub(crate) const fn palette(self) -> Palette {
        match self {
            Self::Dark => Palette {
                accent: rgb(0x72_7e_f7),
                bad: rgb(0xf2_3f_43),
                background: rgb(0x31_33_38),
                good: rgb(0x23_a5_5a),
                grid: rgb(0x3f_41_47),
                muted: rgb(0xb5_ba_c1),
                panel: rgb(0x2b_2d_31),
                text: rgb(0xf2_f3_f5),
                weak: rgb(0x4e_54_94),
            },
            Self::Light => Palette {
                accent: rgb(0x58_65_f2),
                bad: rgb(0xda_37_3c),
                background: rgb(0xff_ff_ff),
                good: rgb(0x24_80_46),
                grid: rgb(0xe3_e5_e8),
                muted: rgb(0x5c_5e_66),
                panel: rgb(0xf2_f3_f5),
                text: rgb(0x06_06_07),
                weak: rgb(0xb4_ba_f9),
            },
        }
    }
}

const fn rgb(hex: u32) -> BackendColor {
    let [_, red, green, blue] = hex.to_be_bytes();
    BackendColor { alpha: 1.0, rgb: (red, green, blue) }
}

/// A colour between two, from 0 to 1.
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

    /// As the Web Content Accessibility Guidelines measure it.
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
    fn text_and_bars_can_be_seen() {
        for palette in [Theme::Dark, Theme::Light].map(Theme::palette) {
            let Palette { accent, background, bad, good, muted, panel, text, .. } = palette;
            for color in [text, muted] {
                assert!(contrast(color, background) >= 4.5 && contrast(color, panel) >= 4.5, "{:?}", color.rgb);
            }
            for color in [accent, bad, good] {
                assert!(contrast(color, background) >= 3.0, "{:?}", color.rgb);
            }
        }
    }
}
