//! Only arguments: one file per command. What they ask for is handed to the pipeline.

mod baseline;
mod check;
mod compare;
mod completions;
mod doctor;
mod explain;
mod inputs;
mod key;
mod progress;
mod schema;
mod snapshot;
mod waive;

use clap::{Args, Parser, Subcommand};
use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
};

/// Compares what git says with what is running, says who changed it and when, and stops the merge
/// or deploy that would overwrite or miss it.
#[derive(Parser)]
#[command(
    name = "driftgate",
    version,
    propagate_version = true,
    after_help = "Exit codes: 0 pass, 1 the gate failed, 2 could not check (usage, configuration, incomplete).\n\
                  Data goes to stdout, all else to stderr.",
    max_term_width = 100
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args)]
pub(crate) struct Global {
    /// Run as if started in this folder.
    #[arg(short = 'C', long = "directory", value_name = "DIR", global = true)]
    directory: Option<PathBuf>,
    /// The configuration; default: driftgate.yaml in this folder or above.
    #[arg(long, value_name = "FILE", global = true, env = "DRIFTGATE_CONFIG")]
    config: Option<PathBuf>,
    /// When to use colour.
    #[arg(long, value_enum, default_value_t = Color::Auto, global = true)]
    color: Color,
    /// No progress on the terminal.
    #[arg(short, long, global = true)]
    quiet: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    Always,
    Never,
}

#[derive(Subcommand)]
enum Command {
    Check(check::CheckArgs),
    Compare(compare::CompareArgs),
    Explain(explain::ExplainArgs),
    Waive(waive::WaiveArgs),
    Baseline(baseline::BaselineArgs),
    Snapshot(snapshot::SnapshotArgs),
    Doctor(doctor::DoctorArgs),
    Schema(schema::SchemaArgs),
    Key(key::KeyArgs),
    Completions(completions::CompletionsArgs),
}

/// What a command needs beside its own arguments.
pub(crate) struct Terminal {
    /// Whether stdout takes colour.
    pub(crate) color: bool,
    /// Columns of the terminal; 80 elsewhere.
    pub(crate) width: usize,
    /// Whether to show progress.
    pub(crate) progress: bool,
}

impl Global {
    fn terminal(&self) -> Terminal {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        let stdout = io::stdout().is_terminal();
        let columns = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok());
        Terminal {
            color: match self.color {
                Color::Auto => stdout && !no_color,
                Color::Always => true,
                Color::Never => false,
            },
            width: columns.unwrap_or(80).clamp(40, 200),
            progress: !self.quiet && io::stderr().is_terminal(),
        }
    }
}

/// Parses the arguments, runs the command, and gives the exit code.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            // Help and version are no failures.
            let code = u8::from(e.use_stderr()) * 2;
            let _ = e.print();
            return ExitCode::from(code);
        }
    };
    let result = match cli.command {
        Command::Check(args) => args.run(&cli.global),
        Command::Compare(args) => args.run(&cli.global),
        Command::Explain(args) => args.run(&cli.global),
        Command::Waive(args) => args.run(&cli.global),
        Command::Baseline(args) => args.run(&cli.global),
        Command::Snapshot(args) => args.run(&cli.global),
        Command::Doctor(args) => args.run(&cli.global),
        Command::Schema(args) => args.run(),
        Command::Key(args) => args.run(),
        Command::Completions(args) => args.run(),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(e) if is_closed_pipe(&e) => ExitCode::SUCCESS,
        Err(e) => {
            let text: Vec<String> = e.chain().map(ToString::to_string).collect();
            let mut err = io::stderr();
            let _ = write!(err, "error: ");
            for line in text.join(": ").lines() {
                let _ = writeln!(err, "{}", crate::text::terminal(line));
            }
            ExitCode::from(2)
        }
    }
}

/// A reader that has seen enough (`driftgate check | head`) is no error.
fn is_closed_pipe(e: &anyhow::Error) -> bool {
    e.chain()
        .filter_map(|c| c.downcast_ref::<io::Error>())
        .any(|e| e.kind() == io::ErrorKind::BrokenPipe)
}

/// [`write_out`] to stdout for commands whose exit code says more than that somebody read it all.
pub(crate) fn print(bytes: &[u8]) -> anyhow::Result<()> {
    match write_out(bytes, None) {
        Err(e) if is_closed_pipe(&e) => Ok(()),
        other => other,
    }
}

/// Writes data to stdout, or to a file: whole or not at all.
pub(crate) fn write_out(bytes: &[u8], output: Option<&std::path::Path>) -> anyhow::Result<()> {
    use anyhow::Context;
    match output {
        None => {
            let mut out = io::stdout().lock();
            out.write_all(bytes)?;
            out.flush()?;
        }
        Some(path) => {
            let folder = match path.parent() {
                Some(p) if !p.as_os_str().is_empty() => p,
                _ => std::path::Path::new("."),
            };
            let name = path.display();
            let mut file = tempfile::NamedTempFile::new_in(folder)
                .with_context(|| format!("{name} can't be written"))?;
            file.write_all(bytes)
                .with_context(|| format!("{name} can't be written"))?;
            file.persist(path)
                .with_context(|| format!("{name} can't be written"))?;
        }
    }
    Ok(())
}
