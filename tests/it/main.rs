//! Integration tests: one binary, a module a subject.

mod scenarios;
mod support;
