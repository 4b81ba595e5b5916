//! The integration suite: the built program on whole projects, and the rules that hold across files.
//!
//! `README.md` beside this file says how to add a case.

mod cases;
mod import;
mod inspect_schema;
mod layers;
mod project;
mod readme;
mod record_schema;
mod rules_page;
mod runs;
mod words;
