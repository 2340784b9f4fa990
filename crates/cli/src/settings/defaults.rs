//! Default values of flags.

use clap::{ArgAction, Args, Command};
use oxftp::redact_password;
use toml_edit::{Item, Value};

use crate::args::{ConnectionArgs, Global};

/// A flag and its default value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DefaultValue {
    flag: String,
    values: Vec<String>,
}

impl DefaultValue {
    /// Parses a key and its value, which must be valid for the flag.
    pub(super) fn new(flag: &str, item: &Item) -> Result<Self, String> {
        if flag == "insecure" {
            return Err(
                "\"insecure\" is allowed only on the command line: here it would apply to every server"
                    .to_owned(),
            );
        }
        let command = flags();
        let known = command.get_arguments().find(|arg| arg.get_long() == Some(flag) && flag != "config");
        let Some(known) = known else {
            return Err(format!("{flag:?} cannot be set here; only connection and output options can"));
        };
        let values = values(item).ok_or_else(|| format!("{flag:?} must be a text, a number or true"))?;
        let several = item.as_array().is_some();
        if several && !matches!(known.get_action(), ArgAction::Append) {
            return Err(format!("{flag:?} takes one value"));
        }
        let default = Self { flag: flag.to_owned(), values };
        default.check(command)?;
        Ok(default)
    }

    /// Checks the value in the same way as on the command line.
    fn check(&self, command: Command) -> Result<(), String> {
        let takes_value = command.get_arguments().any(|arg| {
            arg.get_long() == Some(&self.flag)
                && matches!(arg.get_action(), ArgAction::Set | ArgAction::Append)
        });
        let words = self.values.iter().map(|value| match (takes_value, value.as_str()) {
            (false, "true") => Ok(format!("--{}", self.flag)),
            (false, _) => Err(format!("{:?} must be true or false", self.flag)),
            (true, "true") => Ok(format!("--{}=", self.flag)),
            (true, value) => Ok(format!("--{}={value}", self.flag)),
        });
        let words = words.collect::<Result<Vec<_>, _>>()?;
        // Flags that this one requires may be on the command line.
        match command.try_get_matches_from(words) {
            Err(error) if error.kind() != clap::error::ErrorKind::MissingRequiredArgument => {
                let why = error.to_string();
                let why = why.lines().next().unwrap_or_default().trim_start_matches("error: ");
                Err(format!("{:?}: {}", self.flag, redact_password(why)))
            }
            _ => Ok(()),
        }
    }
}

/// Sets the defaults in all commands that have these flags.
pub(super) fn preset(command: Command, defaults: &[DefaultValue]) -> Command {
    let command = defaults.iter().fold(command, preset_one);
    let verbs: Vec<String> = command.get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
    verbs.into_iter().fold(command, |command, verb| {
        command.mut_subcommand(verb, |verb| defaults.iter().fold(verb, preset_one))
    })
}

fn preset_one(command: Command, default: &DefaultValue) -> Command {
    let id = command
        .get_arguments()
        .find(|arg| arg.get_long() == Some(&default.flag))
        .map(|arg| arg.get_id().clone());
    let Some(id) = id else { return command };
    command.mut_arg(id, |arg| {
        let takes_value = matches!(arg.get_action(), ArgAction::Set | ArgAction::Append);
        let values =
            default.values.iter().map(|value| if takes_value && value == "true" { "" } else { value });
        let arg = arg.default_values(values.map(str::to_owned).collect::<Vec<_>>());
        // The help would show the passwords of proxies.
        if takes_value { arg.hide_default_value(true) } else { arg }
    })
}

/// All flags that can have a default.
fn flags() -> Command {
    Global::augment_args(ConnectionArgs::augment_args(Command::new("defaults").no_binary_name(true)))
}

/// Returns the values of a key; none for `false`.
fn values(item: &Item) -> Option<Vec<String>> {
    match item.as_value()? {
        Value::Boolean(on) if !on.value() => Some(Vec::new()),
        Value::Array(several) => several.iter().map(one).collect(),
        value => one(value).map(|value| vec![value]),
    }
}

fn one(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.value().clone()),
        Value::Integer(number) => Some(number.value().to_string()),
        Value::Float(number) => Some(number.value().to_string()),
        Value::Boolean(on) => Some(on.value().to_string()),
        _ => None,
    }
}
