//! A writer that can only write core deterministic CBOR (RFC 8949, 4.2.1), as long as counts are kept.

/// Writes items one after the other. The caller writes as many items after [`Writer::array`] as it announced.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// An empty writer.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// An unsigned integer.
    pub fn uint(&mut self, value: u64) -> &mut Self {
        self.head(0, value)
    }

    /// An integer of either sign.
    pub fn int(&mut self, value: i64) -> &mut Self {
        match u64::try_from(value) {
            Ok(value) => self.head(0, value),
            // -1 - value never overflows for a negative value.
            Err(_) => self.head(1, value.unsigned_abs().saturating_sub(1)),
        }
    }

    /// A byte string.
    pub fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.head(2, length(value.len())).append(value)
    }

    /// A text string.
    pub fn text(&mut self, value: &str) -> &mut Self {
        self.head(3, length(value.len())).append(value.as_bytes())
    }

    /// The head of an array of `count` items, which the caller writes next.
    pub fn array(&mut self, count: usize) -> &mut Self {
        self.head(4, length(count))
    }

    /// A tag; the tagged item comes next.
    pub fn tag(&mut self, number: u64) -> &mut Self {
        self.head(6, number)
    }

    /// `true` or `false`.
    pub fn bool(&mut self, value: bool) -> &mut Self {
        self.head(7, if value { 21 } else { 20 })
    }

    /// `null`.
    pub fn null(&mut self) -> &mut Self {
        self.head(7, 22)
    }

    /// A map; its entries are sorted here.
    pub fn map(&mut self, entries: MapWriter) -> &mut Self {
        let mut entries = entries.0;
        entries.sort();
        self.head(5, length(entries.len()));
        for (key, value) in entries {
            self.append(&key).append(&value);
        }
        self
    }

    /// An item that is already encoded.
    pub fn raw(&mut self, item: &[u8]) -> &mut Self {
        self.append(item)
    }

    /// What was written.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.0
    }

    fn head(&mut self, major: u8, argument: u64) -> &mut Self {
        let major = major << 5;
        let wide = argument.to_be_bytes();
        match argument {
            0..=23 => self.append(&[major | wide[7]]),
            24..=0xFF => self.append(&[major | 24, wide[7]]),
            0x100..=0xFFFF => self.append(&[major | 25, wide[6], wide[7]]),
            0x1_0000..=0xFFFF_FFFF => self.append(&[major | 26, wide[4], wide[5], wide[6], wide[7]]),
            _ => self.append(&[major | 27]).append(&wide),
        }
    }

    fn append(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }
}

/// The entries of a map in any order. Keys must differ: two equal keys are a mistake of the program, and
/// [`super::check`] would refuse the result.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct MapWriter(Vec<(Vec<u8>, Vec<u8>)>);

impl MapWriter {
    /// No entries.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds an entry with an integer key; `write` writes exactly one item.
    #[must_use]
    pub fn entry(mut self, key: i64, write: impl for<'w> FnOnce(&'w mut Writer) -> &'w mut Writer) -> Self {
        let (mut key_bytes, mut value) = (Writer::new(), Writer::new());
        key_bytes.int(key);
        write(&mut value);
        self.0.push((key_bytes.finish(), value.finish()));
        self
    }

    /// Adds an entry with a text key; `write` writes exactly one item.
    #[must_use]
    pub fn entry_text(
        mut self,
        key: &str,
        write: impl for<'w> FnOnce(&'w mut Writer) -> &'w mut Writer,
    ) -> Self {
        let (mut key_bytes, mut value) = (Writer::new(), Writer::new());
        key_bytes.text(key);
        write(&mut value);
        self.0.push((key_bytes.finish(), value.finish()));
        self
    }

    /// Adds an entry when there is a value.
    #[must_use]
    pub fn entry_if<T>(
        self,
        key: i64,
        value: Option<T>,
        write: impl for<'w> FnOnce(&'w mut Writer, T) -> &'w mut Writer,
    ) -> Self {
        match value {
            Some(value) => self.entry(key, |writer| write(writer, value)),
            None => self,
        }
    }

    /// The map alone.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        let mut writer = Writer::new();
        writer.map(self);
        writer.finish()
    }
}

/// A length always fits 64 bits on the machines we build for; if it did not, the item would be cut, never overrun.
fn length(value: usize) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::{Limits, Profile, check};
    use super::*;

    #[test]
    fn what_is_written_is_deterministic_and_keys_come_sorted() {
        let mut writer = Writer::new();
        writer.map(
            MapWriter::new()
                .entry(-65_537, |w| w.bytes(&[7; 30]))
                .entry(39, |w| w.array(2).bool(true).int(-500))
                .entry(4, |w| w.uint(1_798_729_200))
                .entry_if(5, None::<u64>, |w, value| w.uint(value)),
        );
        let bytes = writer.finish();
        check(&bytes, Profile::Deterministic, Limits::SMALL).unwrap();
        assert_eq!(
            hex::encode(&bytes),
            format!("a3041a6b366df0182782f53901f33a00010000581e{}", "07".repeat(30))
        );
    }

    #[test]
    fn numbers_take_their_shortest_form_at_each_border() {
        for (value, expected) in [
            (23_i64, "17"),
            (24, "1818"),
            (255, "18ff"),
            (256, "190100"),
            (65_535, "19ffff"),
            (65_536, "1a00010000"),
            (4_294_967_295, "1affffffff"),
            (4_294_967_296, "1b0000000100000000"),
            (-1, "20"),
            (-24, "37"),
            (-25, "3818"),
            (i64::MIN, "3b7fffffffffffffff"),
        ] {
            let mut writer = Writer::new();
            writer.int(value);
            assert_eq!(hex::encode(writer.finish()), expected);
        }
    }
}
