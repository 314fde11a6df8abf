//! Reading bytes an attacker chose: every step is checked, nothing is indexed.

/// The input ended before the value did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("input ended early")]
pub struct Truncated;

/// Bytes were left over where the value should have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("bytes left over at the end")]
pub struct TrailingData;

/// A cursor over borrowed bytes. It has no indexing: values are taken from the front.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    rest: &'a [u8],
    total: usize,
}

impl<'a> Reader<'a> {
    /// A reader over all of `bytes`.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, total: bytes.len() }
    }

    /// What has not been read yet, without moving.
    #[must_use]
    pub const fn peek(&self) -> &'a [u8] {
        self.rest
    }

    /// Bytes not read yet.
    #[must_use]
    pub const fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Bytes read so far.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.total.saturating_sub(self.rest.len())
    }

    /// Whether everything was read.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    /// [`Truncated`] when fewer are left; the reader then has not moved.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], Truncated> {
        let (head, tail) = self.rest.split_at_checked(count).ok_or(Truncated)?;
        self.rest = tail;
        Ok(head)
    }

    /// The next `N` bytes as an array.
    ///
    /// # Errors
    /// [`Truncated`] when fewer are left.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Truncated> {
        let (head, tail) = self.rest.split_first_chunk::<N>().ok_or(Truncated)?;
        self.rest = tail;
        Ok(*head)
    }

    /// One byte.
    ///
    /// # Errors
    /// [`Truncated`] at the end.
    pub fn u8(&mut self) -> Result<u8, Truncated> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// Two bytes, big-endian.
    ///
    /// # Errors
    /// [`Truncated`] at the end.
    pub fn u16(&mut self) -> Result<u16, Truncated> {
        self.array().map(u16::from_be_bytes)
    }

    /// Four bytes, big-endian.
    ///
    /// # Errors
    /// [`Truncated`] at the end.
    pub fn u32(&mut self) -> Result<u32, Truncated> {
        self.array().map(u32::from_be_bytes)
    }

    /// Eight bytes, big-endian.
    ///
    /// # Errors
    /// [`Truncated`] at the end.
    pub fn u64(&mut self) -> Result<u64, Truncated> {
        self.array().map(u64::from_be_bytes)
    }

    /// Everything that is left.
    pub const fn rest(&mut self) -> &'a [u8] {
        let rest = self.rest;
        self.rest = &[];
        rest
    }

    /// What was consumed between `earlier`, a copy of this reader taken before, and now.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> &'a [u8] {
        let used = earlier.rest.len().saturating_sub(self.rest.len());
        earlier.rest.split_at_checked(used).map_or(&[], |(head, _)| head)
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`TrailingData`] when bytes are left over.
    pub const fn finish(self) -> Result<(), TrailingData> {
        if self.rest.is_empty() { Ok(()) } else { Err(TrailingData) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_never_moves_on_a_failed_take() {
        let mut reader = Reader::new(&[1, 2, 3]);
        assert_eq!(reader.take(4), Err(Truncated));
        assert_eq!(reader.u16(), Ok(0x0102));
        assert_eq!(reader.u32(), Err(Truncated));
        assert_eq!(reader.u8(), Ok(3));
        assert_eq!(reader.finish(), Ok(()));
    }

    #[test]
    fn what_was_read_since_a_mark_is_given_back_as_received() {
        let mut reader = Reader::new(&[9, 8, 7, 6]);
        reader.u8().unwrap();
        let mark = reader;
        reader.u16().unwrap();
        assert_eq!(reader.since(&mark), &[8, 7]);
        assert_eq!(reader.position(), 3);
        assert_eq!(reader.finish(), Err(TrailingData));
    }
}
