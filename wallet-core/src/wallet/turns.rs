//! One issuance is driven at a time: keys without a credential are swept by whoever comes next, and must be nobody's by then.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Whose turn it is.
#[derive(Default)]
pub(super) struct Turns(Mutex<Weak<()>>);

/// The right to make keys and to keep credentials, until somebody else takes it.
pub(super) struct Turn(Arc<()>);

impl Turns {
    /// Takes the turn from whoever has it: that one ends at its next step.
    pub(super) fn take(&self) -> Turn {
        let turn = Arc::new(());
        *self.current() = Arc::downgrade(&turn);
        Turn(turn)
    }

    /// Takes it from whoever has it, for nobody.
    pub(super) fn end(&self) {
        *self.current() = Weak::new();
    }

    /// Whether somebody has it.
    pub(super) fn is_taken(&self) -> bool {
        self.current().strong_count() > 0
    }

    pub(super) fn is_held_by(&self, turn: &Turn) -> bool {
        core::ptr::eq(self.current().as_ptr(), Arc::as_ptr(&turn.0))
    }

    fn current(&self) -> MutexGuard<'_, Weak<()>> {
        // There is no state between two that a panic could leave.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Turns;

    #[test]
    fn the_latest_has_it_until_it_is_let_go() {
        let turns = Turns::default();
        assert!(!turns.is_taken());
        let first = turns.take();
        assert!(turns.is_taken() && turns.is_held_by(&first));
        let second = turns.take();
        assert!(!turns.is_held_by(&first) && turns.is_held_by(&second));
        drop(first);
        assert!(turns.is_taken() && turns.is_held_by(&second));
        drop(second);
        assert!(!turns.is_taken());
        let third = turns.take();
        turns.end();
        assert!(!turns.is_taken() && !turns.is_held_by(&third));
    }
}
