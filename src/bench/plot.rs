//! The picture of a pace: requests a second over time, and the limit, as SVG.
//!
//! Owns how it looks. The rule: each point counts the requests of the second before it, so that the curve and the figure
//! of the busiest second tell the same story.

use plotters::prelude::{ChartBuilder, IntoDrawingArea as _, LineSeries, RGBColor, SVGBackend, WHITE};

use super::pace::curve;
use super::watch::Request;

const SIZE: (u32, u32) = (960, 400);
const BLUE: RGBColor = RGBColor(0x1f, 0x5f, 0xa8);
const RED: RGBColor = RGBColor(0xb0, 0x2a, 0x2a);

/// Draws the pace of requests in the order of leaving.
///
/// # Errors
/// What the drawing library says; there is nothing to draw without requests.
pub fn svg(requests: &[Request], limit: Option<f64>) -> Result<String, String> {
    let points = curve(requests);
    if points.is_empty() {
        return Err("there are no requests to draw".to_owned());
    }
    let mut text = String::new();
    draw(&mut text, &points, limit).map_err(|error| error.to_string())?;
    Ok(text)
}

fn draw(text: &mut String, points: &[(f64, f64)], limit: Option<f64>) -> Result<(), Box<dyn std::error::Error>> {
    let width = points.last().map_or(1.0, |(time, _)| time.max(1.0));
    let top = points.iter().map(|(_, rate)| *rate).chain(limit).fold(1.0, f64::max) * 1.15;
    let area = SVGBackend::with_string(text, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let limit_words = limit.map_or_else(String::new, |limit| format!(", limit {limit}/s"));
    let mut chart = ChartBuilder::on(&area)
        .caption(format!("requests in the last second{limit_words}"), ("sans-serif", 24))
        .margin(12)
        .x_label_area_size(48)
        .y_label_area_size(64)
        .build_cartesian_2d(0.0..width, 0.0..top)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .x_desc("seconds")
        .y_desc("requests a second")
        .label_style(("sans-serif", 18))
        .draw()?;
    chart.draw_series(LineSeries::new(points.iter().copied(), &BLUE))?;
    if let Some(limit) = limit {
        chart.draw_series(LineSeries::new([(0.0, limit), (width, limit)], &RED))?;
    }
    drop(chart);
    area.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_shows_the_curve_and_the_limit() {
        let requests: Vec<Request> = (0..200)
            .map(|number| Request { left_s: f64::from(number) * 0.05, took_s: 0.1, status: Some(200) })
            .collect();
        let picture = svg(&requests, Some(20.0)).unwrap();
        assert!(picture.starts_with("<svg") && picture.trim_end().ends_with("</svg>"), "{picture}");
        assert!(picture.contains("limit 20/s") && picture.matches("<polyline").count() >= 2, "{picture}");
        assert!(svg(&requests, None).unwrap().contains("requests in the last second"));
        assert!(svg(&[], Some(20.0)).is_err());
    }
}
