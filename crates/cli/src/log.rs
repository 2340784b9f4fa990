//! The protocol log of `-v`, and the library's warnings.
//!
//! Commands and replies come from the library with secrets hidden and control characters escaped.

use std::fmt;

use tracing::{Event, Level, Metadata, Subscriber, field::Field, subscriber};
use tracing_subscriber::{
    field::Visit,
    filter::{LevelFilter, Targets},
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    layer::SubscriberExt,
    registry::LookupSpan,
};

use crate::terminal::escape;

/// Sends what the library says to stderr: warnings, with one `-v` the protocol, with two all.
pub(crate) fn start(verbose: u8) {
    let filter = match verbose {
        0 => warnings(),
        1 => warnings().with_target("oxftp::protocol", LevelFilter::DEBUG),
        _ => Targets::new().with_target("oxftp", LevelFilter::TRACE),
    };
    let lines = tracing_subscriber::fmt::layer().event_format(Plain).with_writer(anstream::stderr);
    let subscriber = tracing_subscriber::registry().with(filter).with(lines);
    // Failing means that a subscriber is set already, which only this function does.
    let _ = subscriber::set_global_default(subscriber);
}

/// Failures and refused names are errors that the verbs name themselves; replies to commands that
/// were broken off tell nobody anything.
fn warnings() -> Targets {
    Targets::new()
        .with_target("oxftp", LevelFilter::WARN)
        .with_target("oxftp::control", LevelFilter::OFF)
        .with_target("oxftp::report", LevelFilter::OFF)
        .with_target("oxftp::list", LevelFilter::OFF)
}

/// A line for each event: the message, with `warning:` where it is one.
struct Plain;

impl<S, N> FormatEvent<S, N> for Plain
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut text = Text::default();
        event.record(&mut text);
        writeln!(writer, "{}{}{}", label(event.metadata()), escape(&text.message), escape(&text.fields))
    }
}

fn label(metadata: &Metadata<'_>) -> &'static str {
    if *metadata.level() <= Level::WARN { "warning: " } else { "" }
}

/// The message of an event, and the other fields as ` name=value`.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        } else {
            self.fields += &format!(" {}={value:?}", field.name());
        }
    }
}
