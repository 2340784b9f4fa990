//! Protocol log of `-v`, and warnings of the library.
//!
//! The library redacts secrets in commands and replies and escapes control characters.

use std::fmt;

use oxftp::escape;
use tracing::{Event, Level, Metadata, Subscriber, field::Field, subscriber};
use tracing_subscriber::{
    field::Visit,
    filter::{LevelFilter, Targets},
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    layer::SubscriberExt,
    registry::LookupSpan,
};

/// Sends the library's log to stderr: warnings by default, the protocol with one `-v`, everything with two.
pub(crate) fn start(verbose: u8) {
    let filter = match verbose {
        0 => warnings(),
        1 => warnings().with_target("oxftp::protocol", LevelFilter::DEBUG),
        _ => Targets::new().with_target("oxftp", LevelFilter::TRACE),
    };
    let lines = tracing_subscriber::fmt::layer().event_format(Plain).with_writer(anstream::stderr);
    let subscriber = tracing_subscriber::registry().with(filter).with(lines);
    // This fails only if a subscriber is set already, and only this function sets one.
    let _ = subscriber::set_global_default(subscriber);
}

/// Leaves out failures and refused names, which commands report as errors, and late replies to aborted commands.
fn warnings() -> Targets {
    Targets::new()
        .with_target("oxftp", LevelFilter::WARN)
        .with_target("oxftp::control", LevelFilter::OFF)
        .with_target("oxftp::report", LevelFilter::OFF)
        .with_target("oxftp::list", LevelFilter::OFF)
}

/// Format of a log line: the message and the fields, with `warning:` before warnings.
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

/// Message of an event, and its other fields as ` name=value`.
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
