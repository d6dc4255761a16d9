//! The pure core: what happened, what follows from it, and why.
//!
//! [`facts::Facts::apply`] folds events into facts; [`decide::decide`] answers a question from facts, policy and time.
//! Nothing here knows a file, a clock, a network or a thread: a test reads the imports and fails when one appears.

pub mod account;
pub mod choice;
pub mod decide;
pub mod drift;
pub mod effect;
pub mod event;
pub mod evidence;
pub mod facts;
pub mod identifier;
pub mod identity;
pub mod keyword;
pub mod nearest;
pub mod policy;
mod reasons;
pub mod role;
pub mod sender;
pub mod setting;
mod standing;
pub mod template;
pub mod time;
pub mod timeline;
mod view;
pub mod words;
