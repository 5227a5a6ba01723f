//! Every check beyond the dialplan's, on facts in memory: each fault is named alone, in both languages, with its value and its remedy.

mod disk;
mod documented;
mod named;
mod skipped;
mod table;
mod whole;
