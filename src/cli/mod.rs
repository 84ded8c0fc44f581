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

use crate::render::Style;
use anyhow::{anyhow, bail};
use clap::{Args, Parser, Subcommand};
use std::{
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
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
    /// A path that was given, from the folder that the run starts in.
    fn path(&self, path: &Path) -> PathBuf {
        (self.directory.as_ref()).map_or_else(|| path.to_path_buf(), |d| d.join(path))
    }

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

/// Writes what a format made, with the style that the terminal or the file wants. The format, or
/// who reads it, never changes the exit code.
pub(crate) fn emit(
    terminal: &Terminal,
    verbose: bool,
    output: Option<&Path>,
    format: impl FnOnce(&Style, &mut Vec<u8>) -> io::Result<()>,
) -> anyhow::Result<()> {
    let style = Style {
        color: terminal.color && output.is_none(),
        width: terminal.width,
        verbose,
    };
    let mut bytes = Vec::new();
    format(&style, &mut bytes)?;
    match write_out(&bytes, output) {
        Err(e) if is_closed_pipe(&e) => Ok(()),
        other => other,
    }
}

/// Writes data to stdout, or to a file.
pub(crate) fn write_out(bytes: &[u8], output: Option<&Path>) -> anyhow::Result<()> {
    match output {
        None => {
            let mut out = io::stdout().lock();
            out.write_all(bytes)?;
            out.flush()?;
            Ok(())
        }
        Some(path) => write_file(path, bytes, None),
    }
}

/// Puts data into a file's place, whole or not at all, with the rights that it shall have. What is
/// no file (a pipe, a device) stays what it is.
pub(crate) fn write_file(
    path: &Path,
    bytes: &[u8],
    rights: Option<std::fs::Permissions>,
) -> anyhow::Result<()> {
    let name = path.display();
    // Beside its place first: of that file nobody knows, so no error names it.
    let failed = |e: io::Error| {
        anyhow!(io::Error::from(e.kind())).context(format!("{name} can't be written"))
    };
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_dir() => bail!("{name} is a folder: expected a file to write to"),
        Ok(meta) if !meta.is_file() => {
            let mut file = std::fs::OpenOptions::new()
                .write(true)
                .open(path)
                .map_err(failed)?;
            return file.write_all(bytes).map_err(failed);
        }
        _ => {}
    }
    let folder = folder_of(path);
    if !folder.is_dir() {
        bail!(
            "{name} can't be written: there is no folder {}",
            folder.display()
        );
    }
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    if let Some(rights) = rights {
        file.as_file().set_permissions(rights).map_err(failed)?;
    }
    file.persist(path).map_err(|e| failed(e.error))?;
    Ok(())
}

/// The folder that a file is in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_can_not_be_written_is_named_and_no_other() {
        let folder = tempfile::Builder::new()
            .prefix("written-")
            .tempdir()
            .expect("a folder");
        let said =
            |path: &Path| format!("{:#}", write_file(path, b"x", None).expect_err("no file"));
        assert!(said(folder.path()).ends_with(" is a folder: expected a file to write to"));
        let deep = folder.path().join("a/b.json");
        let text = said(&deep);
        assert!(text.starts_with(&deep.display().to_string()), "{text}");
        assert!(text.contains("there is no folder"), "{text}");
        // What stands where the file's folder should be.
        std::fs::write(folder.path().join("a"), "").expect("a file");
        let long = folder.path().join("n".repeat(300));
        for text in [said(&deep), said(&long)] {
            assert!(!text.contains(".tmp"), "{text}");
        }
        assert_eq!(
            std::fs::read_dir(folder.path()).expect("a folder").count(),
            1
        );
    }

    #[test]
    fn a_device_stays_one() {
        write_file(Path::new("/dev/null"), b"x", None).expect("it takes everything");
        let meta = std::fs::metadata("/dev/null").expect("it is there");
        assert!(!meta.is_file());
    }
}
