//! `driftgate schema print`: the JSON Schemas that driftgate ships.

use clap::{Args, Subcommand, ValueEnum};

/// Print the JSON Schemas that driftgate ships.
#[derive(Args)]
pub(super) struct SchemaArgs {
    #[command(subcommand)]
    command: SchemaCommand,
}

#[derive(Subcommand)]
enum SchemaCommand {
    /// Print one schema to stdout.
    Print {
        /// Which one.
        #[arg(value_enum, default_value_t = Which::Config)]
        schema: Which,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Which {
    /// Of driftgate.yaml.
    Config,
    /// Of `driftgate check --format json`.
    Report,
    /// Of `driftgate explain --format json`.
    Explanation,
    /// Of `driftgate baseline write`.
    Baseline,
    /// Of `driftgate compare --format json`.
    Environments,
}

impl SchemaArgs {
    pub(super) fn run(&self) -> anyhow::Result<u8> {
        let SchemaCommand::Print { schema } = self.command;
        let text = match schema {
            Which::Config => include_str!("../../schemas/driftgate.schema.json"),
            Which::Report => include_str!("../../schemas/report-v1.schema.json"),
            Which::Explanation => include_str!("../../schemas/explanation-v1.schema.json"),
            Which::Baseline => include_str!("../../schemas/baseline-v1.schema.json"),
            Which::Environments => include_str!("../../schemas/environments-v1.schema.json"),
        };
        super::write_out(text.as_bytes(), None)?;
        Ok(0)
    }
}
