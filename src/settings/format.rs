//! Which reader a file of settings gets.

use crate::{
    document::{self, Dialect, EnvDialect, Format},
    model::target::FileFormat,
};

/// The format of a file of settings: what driftgate.yaml says, else by the file's name; absent
/// when neither tells. `appsettings*.json` has comments in practice, as .NET allows.
#[must_use]
pub fn format_of_file(path: &str, said: Option<FileFormat>) -> Option<Format> {
    let Some(said) = said else {
        let name = path.rsplit('/').next().unwrap_or(path);
        let by_name = document::format_of(path, Dialect::Core);
        return match by_name {
            Some(Format::Json) if name.starts_with("appsettings") => Some(Format::Jsonc),
            other => other,
        };
    };
    Some(match said {
        FileFormat::Yaml => Format::Yaml(Dialect::Core),
        FileFormat::HelmValues => Format::Yaml(Dialect::K8s),
        FileFormat::Json => Format::Json,
        FileFormat::Jsonc => Format::Jsonc,
        FileFormat::Toml => Format::Toml,
        FileFormat::Dotenv => Format::Dotenv(EnvDialect::Dotenv),
        FileFormat::ShellEnv => Format::Dotenv(EnvDialect::Shell),
        FileFormat::DockerEnv => Format::Dotenv(EnvDialect::Docker),
        FileFormat::ComposeEnv => Format::Dotenv(EnvDialect::Compose),
        FileFormat::Properties => Format::Properties,
        FileFormat::Ini => Format::Ini,
        FileFormat::Tfvars => Format::Tfvars,
        FileFormat::Cloudformation if path.ends_with(".json") => Format::Json,
        FileFormat::Cloudformation => Format::Yaml(Dialect::CloudFormation),
    })
}
