//! Rule 17: asked for, carried out, and remembered.

pub mod erase;
pub mod eraser;
pub mod erasing;
pub mod erasures;
pub mod late;
pub mod matters;
pub mod step;
pub mod two_steps;
pub mod waiting_list;
