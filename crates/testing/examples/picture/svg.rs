//! Animated SVG of terminal screens: a strip of frames that moves through a window, without a script.

use std::fmt::Write as _;

use crate::recording::{COLUMNS, FRAME, ROWS};

/// The size of a character, in pixels.
const WIDTH: f32 = 7.83;
const HEIGHT: u16 = 18;
const MARGIN: u16 = 14;
/// The duration of the last screen.
const HELD: usize = 6;

const STYLE: &str = "\
text{font:13px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;fill:#c9d1d9}\
.typed{fill:#7ee787}.film{animation:film TIMEs steps(COUNT) infinite}\
@keyframes film{to{transform:translateY(-ENDpx)}}\
@media(prefers-reduced-motion:reduce){.film{animation:none;transform:translateY(-MIDDLEpx)}}";

/// Draws the screens one after the other in a loop, below the command line.
pub(crate) fn film(typed: &str, screens: &[vt100::Screen]) -> String {
    let (width, window) = (f32::from(COLUMNS) * WIDTH + f32::from(2 * MARGIN), ROWS * HEIGHT);
    let height = window + HEIGHT + 2 * MARGIN;
    let last = std::iter::repeat_n(screens.last(), HELD).flatten();
    let frames: String = screens
        .iter()
        .chain(last)
        .enumerate()
        .map(|(at, screen)| frame(at * usize::from(window), screen))
        .collect();
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height}\" width=\"{width:.0}\" \
         height=\"{height}\" xml:space=\"preserve\" role=\"img\" aria-label=\"A download of a tree, with a bar for each file that runs\">\n\
         <style>{}</style>\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#0d1117\"/>\n\
         <text class=\"typed\" x=\"{MARGIN}\" y=\"{}\">{}</text>\n\
         <svg x=\"{MARGIN}\" y=\"{}\" width=\"{width:.0}\" height=\"{window}\"><g class=\"film\">\n\
         {frames}</g></svg>\n</svg>\n",
        style(screens.len(), window),
        MARGIN + 13,
        escaped(typed),
        MARGIN + HEIGHT,
    )
}

fn style(screens: usize, window: u16) -> String {
    let count = screens + HELD;
    STYLE
        .replace("TIME", &format!("{:.1}", FRAME.as_secs_f32() * count as f32))
        .replace("COUNT", &count.to_string())
        .replace("END", &(count * usize::from(window)).to_string())
        .replace("MIDDLE", &(screens / 2 * usize::from(window)).to_string())
}

/// Draws one screen at this height.
fn frame(top: usize, screen: &vt100::Screen) -> String {
    let mut drawn = String::new();
    for (row, text) in screen.rows(0, COLUMNS).enumerate().filter(|(_, text)| !text.trim().is_empty()) {
        let baseline = top + row * usize::from(HEIGHT) + 13;
        let _ = writeln!(drawn, "<text y=\"{baseline}\">{}</text>", escaped(text.trim_end()));
    }
    drawn
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[test]
fn markup_is_escaped_in_svg() {
    let mut parser = vt100::Parser::new(ROWS, COLUMNS, 0);
    parser.process(b"[==>   ] a&b");

    let film = film("$ x", &[parser.screen().clone()]);

    assert!(film.contains("[==&gt;   ] a&amp;b</text>"), "{film}");
}

#[test]
fn every_screen_is_shown_and_last_stays() {
    let screens = ["one", "two"].map(|text| {
        let mut parser = vt100::Parser::new(ROWS, COLUMNS, 0);
        parser.process(text.as_bytes());
        parser.screen().clone()
    });

    let film = film("$ x", &screens);

    assert_eq!(film.matches(">one</text>").count(), 1);
    assert_eq!(film.matches(">two</text>").count(), 1 + HELD);
    assert!(film.contains(&format!("<text y=\"{}\">two", ROWS * HEIGHT + 13)), "{film}");
}
