//! Bar chart of the results as SVG: one bar per client and scenario; its length is the wall time.

use std::path::Path;

use plotters::{
    prelude::{DrawingBackend, IntoDrawingArea, Rectangle, SVGBackend, Text},
    style::{Color, IntoFont, RGBColor},
};

use crate::table::Row;

/// The results of one scenario.
pub(crate) struct Measured {
    pub(crate) scenario: String,
    pub(crate) rows: Vec<Row>,
}

/// Draws all scenarios, one below the other, into an SVG file.
pub(crate) fn draw(path: &Path, measured: &[Measured]) -> Result<(), Box<dyn std::error::Error>> {
    let lines: usize = measured.iter().map(|one| one.rows.len() + 2).sum();
    let size = (WIDTH as u32, lines as u32 * LINE as u32 + LINE as u32);
    let area = SVGBackend::new(path, size).into_drawing_area();
    area.fill(&RGBColor(255, 255, 255))?;
    let mut top = LINE;
    for one in measured {
        let mut rows: Vec<_> = one.rows.iter().filter(|row| row.is_done()).collect();
        rows.sort_by(|one, other| one.wall().total_cmp(&other.wall()));
        let longest = rows.last().map_or(1.0, |row| row.wall());
        write(&area, &one.scenario, (MARGIN, top), 15)?;
        for row in rows {
            top += LINE;
            let length = (row.wall() / longest * f64::from(BARS)) as i32;
            let color = if row.name() == "oxftp" { OXFTP_COLOR } else { OTHER_COLOR };
            write(&area, row.name(), (MARGIN, top), 12)?;
            area.draw(&Rectangle::new(
                [(LEFT, top), (LEFT + length.max(1), top + LINE - 4)],
                color.filled(),
            ))?;
            write(&area, &format!("{:.2} s", row.wall()), (LEFT + length + 6, top), 12)?;
        }
        top += 2 * LINE;
    }
    Ok(area.present()?)
}

fn write<B: DrawingBackend>(
    area: &plotters::drawing::DrawingArea<B, plotters::coord::Shift>,
    text: &str,
    place: (i32, i32),
    points: i32,
) -> Result<(), Box<dyn std::error::Error>>
where
    B::ErrorType: 'static,
{
    let style = ("sans-serif", points).into_font();
    Ok(area.draw(&Text::new(text.to_owned(), place, style))?)
}

const WIDTH: i32 = 760;
const LINE: i32 = 18;
const MARGIN: i32 = 10;
const LEFT: i32 = 130;
const BARS: i32 = 540;
const OXFTP_COLOR: RGBColor = RGBColor(0xd9, 0x5f, 0x02);
const OTHER_COLOR: RGBColor = RGBColor(0x9a, 0xa5, 0xb1);
