//! Leaving: back to the menu, or for good.
//!
//! Does not know what is said at parting.

use super::{Done, Leaving};

pub(super) fn leave(_argument: &str) -> Done {
    Done::Leave(Leaving::ToMenu)
}

pub(in crate::console) fn exit(_argument: &str) -> Done {
    Done::Leave(Leaving::ByExit)
}
