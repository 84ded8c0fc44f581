//! What a finding is worth: severity by rule, occasion and who wrote it. `now` is an argument.

pub mod severity;
