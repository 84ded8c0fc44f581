//! `driftgate key new`.

use crate::model::secret::DigestKey;
use anyhow::Context;
use clap::{Args, Subcommand};

/// Make the key under which secrets are compared across runs.
#[derive(Args)]
pub(super) struct KeyArgs {
    #[command(subcommand)]
    command: KeyCommand,
}

#[derive(Subcommand)]
enum KeyCommand {
    /// Print a new key to stdout.
    ///
    /// Store it as the secret DRIFTGATE_KEY of your CI. Snapshots hold secret values only as
    /// digests under this key; whoever has the key and a snapshot can test guesses, so treat it
    /// as a credential. Passphrases are refused.
    New,
}

impl KeyArgs {
    pub(super) fn run(&self) -> anyhow::Result<u8> {
        let KeyCommand::New = self.command;
        let mut random = zeroize::Zeroizing::new([0; 32]);
        getrandom::fill(&mut *random).context("the system gives no random bytes")?;
        let mut text = DigestKey::new_text(&random);
        text.push('\n');
        super::write_out(text.as_bytes(), None)?;
        Ok(0)
    }
}
