//! What an entry, a block and a frame are on disk, and how what is personal is sealed.

pub mod block;
pub mod entry;
pub mod frame;
pub mod kind;
pub mod seal;
