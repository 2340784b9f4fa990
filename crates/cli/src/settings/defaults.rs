//! Default values of flags.

use clap::{Arg, ArgAction, Command, error::ErrorKind};
use oxftp::redact_password;
use toml_edit::{Item, Value};

/// A flag and its default value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DefaultValue {
    flag: String,
    values: Vec<String>,
}

impl DefaultValue {
    /// Parses a key and its value, which must be valid for the flag in all commands that have it. `_` may stand for `-`.
    pub(super) fn new(key: &str, item: &Item, cli: &Command) -> Result<Self, String> {
        let flag = key.replace('_', "-");
        if ONLY_ON_COMMAND_LINE.contains(&flag.as_str()) {
            return Err(format!(
                "{flag:?} is allowed only on the command line: here it would apply to every run"
            ));
        }
        let commands: Vec<_> = with_flag(cli, &flag).collect();
        let Some((_, known)) = commands.first() else {
            return Err(format!("{flag:?} cannot be set here: no command has such a flag"));
        };
        let values = values(item).ok_or_else(|| format!("{flag:?} must be a text, a number or true"))?;
        let several = item.as_array().is_some();
        if several && !matches!(known.get_action(), ArgAction::Append) {
            return Err(format!("{flag:?} takes one value"));
        }
        let default = Self { flag: flag.clone(), values };
        for (command, flag) in commands {
            default.check(command, flag)?;
        }
        Ok(default)
    }

    /// Checks the value in the same way as on the command line.
    fn check(&self, command: &Command, flag: &Arg) -> Result<(), String> {
        let words = self.values.iter().map(|value| match (takes_value(flag), value.as_str()) {
            (false, "true") => Ok(format!("--{}", self.flag)),
            (false, _) => Err(format!("{:?} must be true or false", self.flag)),
            (true, "true") => Ok(format!("--{}=", self.flag)),
            (true, value) => Ok(format!("--{}={value}", self.flag)),
        });
        let words = words.collect::<Result<Vec<_>, _>>()?;
        // Flags and operands that this one requires may be on the command line.
        match command.clone().no_binary_name(true).try_get_matches_from(words) {
            Err(error)
                if !matches!(
                    error.kind(),
                    ErrorKind::MissingRequiredArgument
                        | ErrorKind::MissingSubcommand
                        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
                ) =>
            {
                let why = error.to_string();
                let why = why.lines().next().unwrap_or_default().trim_start_matches("error: ");
                Err(format!("{:?}: {}", self.flag, redact_password(why)))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn flag(&self) -> &str {
        &self.flag
    }
}

/// Flags that change what is deleted or trusted, or make no sense for several runs.
const ONLY_ON_COMMAND_LINE: [&str; 10] =
    ["config", "delete", "exec", "files-from", "files-from0", "force", "help", "insecure", "move", "version"];

/// Returns whether any command has a flag of this name that is either on or off.
pub(super) fn is_switch(cli: &Command, name: &str) -> bool {
    with_flag(cli, name).any(|(_, flag)| matches!(flag.get_action(), ArgAction::SetTrue))
}

/// Returns the commands that have a flag, with the flag.
fn with_flag<'c>(cli: &'c Command, name: &'c str) -> impl Iterator<Item = (&'c Command, &'c Arg)> {
    let all = std::iter::once(cli).chain(cli.get_subcommands());
    all.filter_map(move |command| {
        Some((command, command.get_arguments().find(|arg| arg.get_long() == Some(name))?))
    })
}

fn takes_value(flag: &Arg) -> bool {
    matches!(flag.get_action(), ArgAction::Set | ArgAction::Append)
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
        let takes_value = takes_value(&arg);
        let values =
            default.values.iter().map(|value| if takes_value && value == "true" { "" } else { value });
        let arg = arg.default_values(values.map(str::to_owned).collect::<Vec<_>>());
        // The help would show the passwords of proxies.
        if takes_value { arg.hide_default_value(true) } else { arg }
    })
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
