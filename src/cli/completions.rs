//! `driftgate completions`: for the shells that clap knows.

use clap::{Args, CommandFactory};

/// Print the completions of a shell.
///
/// For bash: driftgate completions bash > /etc/bash_completion.d/driftgate
#[derive(Args)]
pub(super) struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

impl CompletionsArgs {
    pub(super) fn run(&self) -> anyhow::Result<u8> {
        let mut out = Vec::new();
        clap_complete::generate(
            self.shell,
            &mut super::Cli::command(),
            "driftgate",
            &mut out,
        );
        super::write_out(&out, None)?;
        Ok(0)
    }
}
