//! How far a reading has come, for whoever waits beside it.

use super::{ChipData, Idle, Task};
use crate::chip::file_read::{FileId, FileRead};

/// How far the reading has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The file under way; EF.CardAccess until the door is open.
    pub file: FileId,
    /// Bytes of it read so far.
    pub read: usize,
    /// Its length in bytes; zero until it is known.
    pub total: usize,
    /// Bytes read of all files that are asked for.
    pub card_read: usize,
    /// The length of all of them together: estimated until the photo's is known, the last, and exact from then on.
    pub card_total: usize,
}

impl Idle {
    /// How far it has come, with `file` under way.
    pub(super) fn note(&mut self, id: FileId, read: usize, total: usize, file: Option<&FileRead>) {
        let under_way = file.map_or(0, |file| file.bytes.len());
        let ChipData { card_access, card_security, sod, common, groups, .. } = &self.data;
        let kept = [Some(card_access), card_security.as_ref(), Some(sod), common.as_ref()];
        let kept = kept.into_iter().flatten().chain(groups.values());
        let card_read = kept.map(Vec::len).fold(under_way, usize::saturating_add);
        let left = |file: &FileRead| {
            file.total.unwrap_or_else(|| file.id.expected_length()).saturating_sub(file.bytes.len())
        };
        let queued = self.tasks.iter().filter_map(|task| match task {
            Task::Read(file) => Some(left(file)),
            _ => None,
        });
        let unlisted = if self.data.sod.is_empty() {
            let asked = GROUPS.into_iter().map(FileId::Group).filter(|file| self.plan.files.contains(*file));
            asked.map(FileId::expected_length).sum()
        } else {
            0
        };
        let left = queued.chain(file.map(left)).fold(unlisted, usize::saturating_add);
        self.progress =
            Progress { file: id, read, total, card_read, card_total: card_read.saturating_add(left) };
    }
}

/// What most documents have, for an estimate.
const GROUPS: [u8; 6] = [15, 14, 1, 11, 12, 2];
