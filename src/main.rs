//! Parses, calls the library, and maps the outcome to an exit code.

fn main() -> std::process::ExitCode {
    driftgate::cli::main()
}
