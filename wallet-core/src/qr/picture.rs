//! The QR symbol as modules, and as text, SVG or grey pixels with its quiet zone. ISO/IEC 18004.

use qrcode::{EcLevel, Version};

/// Light modules around the symbol. ISO/IEC 18004, 9.1.
const QUIET_ZONE: u32 = 4;

/// A QR symbol at error-correction level M.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct QrCode {
    /// 1 to 40.
    pub version: u32,
    /// Modules along one side, without the quiet zone.
    pub size: u32,
    /// `size × size` modules, row by row; `true` is dark.
    pub modules: Vec<bool>,
}

/// The text does not fit a QR code at level M.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too long for a QR code")]
pub struct TooLongForQr;

/// Grey pixels, one byte each, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct GreyImage {
    /// Pixels along one side.
    pub side: u32,
    /// `side × side` bytes: 0 is black, 255 white.
    pub pixels: Vec<u8>,
}

impl QrCode {
    /// Encodes `text` at level M in the smallest version that holds it.
    ///
    /// # Errors
    /// [`TooLongForQr`].
    pub fn encode(text: &str) -> Result<Self, TooLongForQr> {
        let code = qrcode::QrCode::with_error_correction_level(text, EcLevel::M).map_err(|_| TooLongForQr)?;
        let Version::Normal(version) = code.version() else { return Err(TooLongForQr) };
        let version = u32::try_from(version).map_err(|_| TooLongForQr)?;
        let size = u32::try_from(code.width()).map_err(|_| TooLongForQr)?;
        let modules = code.to_colors().into_iter().map(|color| color == qrcode::Color::Dark).collect();
        Ok(Self { version, size, modules })
    }

    /// Whether the module is dark, `x` and `y` counted from the symbol's corner; outside it is the quiet zone.
    #[must_use]
    pub fn is_dark(&self, x: i64, y: i64) -> bool {
        let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else { return false };
        if x >= self.size || y >= self.size {
            return false;
        }
        let index = u64::from(y) * u64::from(self.size) + u64::from(x);
        usize::try_from(index).ok().and_then(|index| self.modules.get(index)).copied().unwrap_or(false)
    }

    /// As SVG: black on white, quiet zone included, one unit a module.
    #[must_use]
    pub fn to_svg(&self) -> String {
        use core::fmt::Write;
        let side = self.size + 2 * QUIET_ZONE;
        let mut svg = format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges"><path fill="white" d="M0 0h{side}v{side}H0z"/><path fill="black" d=""#
        );
        for y in 0..self.size {
            let mut x = 0;
            while x < self.size {
                let run = (x..self.size).take_while(|x| self.is_dark(i64::from(*x), i64::from(y))).count();
                let run = u32::try_from(run).unwrap_or(0);
                if run > 0 {
                    // Writing to a String cannot fail.
                    let _ = write!(svg, "M{} {}h{run}v1h-{run}z", x + QUIET_ZONE, y + QUIET_ZONE);
                }
                x += run.max(1);
            }
        }
        svg.push_str(r#""/></svg>"#);
        svg
    }

    /// For a terminal: two rows of modules a line in half blocks, black on white by explicit colours, so that the
    /// terminal's own colours do not matter.
    #[must_use]
    pub fn to_terminal(&self) -> String {
        let (from, to) = (-i64::from(QUIET_ZONE), i64::from(self.size + QUIET_ZONE));
        let mut text = String::new();
        let mut y = from;
        while y < to {
            text.push_str("\u{1b}[38;5;16;48;5;231m");
            for x in from..to {
                text.push(match (self.is_dark(x, y), self.is_dark(x, y + 1)) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                });
            }
            text.push_str("\u{1b}[0m\n");
            y += 2;
        }
        text
    }

    /// As grey pixels, `scale` pixels a module (at least 1), quiet zone included.
    #[must_use]
    pub fn to_grey(&self, scale: u32) -> GreyImage {
        let scale = scale.clamp(1, 64);
        let side = (self.size + 2 * QUIET_ZONE) * scale;
        let module = |pixel: u32| i64::from(pixel / scale) - i64::from(QUIET_ZONE);
        let pixels = (0..side)
            .flat_map(|y| (0..side).map(move |x| (x, y)))
            .map(|(x, y)| if self.is_dark(module(x), module(y)) { 0 } else { 255 })
            .collect();
        GreyImage { side, pixels }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_hold_what_the_standard_says() {
        // ISO/IEC 18004, table 7: alphanumeric characters at level M.
        for (characters, version) in [(656, 16), (657, 17), (734, 17), (816, 18), (909, 19), (910, 20)] {
            let code = QrCode::encode(&"A:".repeat(characters).chars().take(characters).collect::<String>());
            let code = code.unwrap();
            assert_eq!((code.version, code.size), (version, 17 + 4 * version), "{characters}");
            assert_eq!(code.modules.len(), usize::try_from(code.size * code.size).unwrap());
        }
        assert_eq!(QrCode::encode(&"A".repeat(4000)), Err(TooLongForQr));
    }

    #[test]
    fn every_picture_shows_the_same_modules_inside_a_quiet_zone() {
        let code = QrCode::encode("KR1:").unwrap();
        assert_eq!(code.size, 21);
        assert!(code.is_dark(0, 0) && code.is_dark(6, 6) && !code.is_dark(7, 7) && !code.is_dark(-1, 0));

        let grey = code.to_grey(3);
        assert_eq!(grey.side, 29 * 3);
        let pixel = |x: u32, y: u32| grey.pixels[usize::try_from(y * grey.side + x).unwrap()];
        for y in 0..grey.side {
            for x in 0..grey.side {
                let dark = code.is_dark(i64::from(x / 3) - 4, i64::from(y / 3) - 4);
                assert_eq!(pixel(x, y) == 0, dark);
            }
        }

        let terminal = code.to_terminal();
        assert_eq!(terminal.lines().count(), 15);
        let dark = terminal
            .chars()
            .map(|c| match c {
                '█' => 2,
                '▀' | '▄' => 1,
                _ => 0,
            })
            .sum::<usize>();
        assert_eq!(dark, code.modules.iter().filter(|dark| **dark).count());

        let svg = code.to_svg();
        let runs: usize = svg
            .split("v1h-")
            .skip(1)
            .map(|run| run.split('z').next().unwrap().parse::<usize>().unwrap())
            .sum();
        assert_eq!(runs, dark);
        assert!(svg.contains(r#"viewBox="0 0 29 29""#));
    }
}
