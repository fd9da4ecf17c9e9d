//! A QR code, black on white in either theme: cameras expect it that way.

use std::sync::Arc;

use egui::{Color32, Id, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use qrcodegen::{QrCode, QrCodeEcc};

/// White around it, in modules (ISO/IEC 18004, section 9.1).
const QUIET_ZONE: usize = 4;

/// A code as runs of black modules.
#[derive(Debug, PartialEq)]
struct Runs {
    /// Modules in a row, and rows.
    size: usize,
    /// Row, first module, modules.
    black: Vec<(usize, usize, usize)>,
}

/// Draws the code of `text`, at most `side` wide and high, with `name` for who cannot see it. False: the text is too long for
/// one, and nothing is drawn.
pub(super) fn qr_code_ui(ui: &mut Ui, text: &str, name: &str, side: f32) -> bool {
    let Some(runs) = runs_of(ui, text) else { return false };
    let modules = runs.size + 2 * QUIET_ZONE;
    // Whole pixels, or some modules would be wider than others.
    let pixels = ui.ctx().pixels_per_point();
    let module = (side * pixels / modules as f32).floor().max(1.0) / pixels;
    let whole = vec2(module, module) * modules as f32;
    let (rect, response) = ui.allocate_exact_size(whole, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, name));
    if !ui.is_rect_visible(rect) {
        return true;
    }
    let painter = ui.painter();
    painter.rect_filled(rect, 8.0, Color32::WHITE);
    let corner = (rect.min * pixels).round() / pixels;
    for (row, first, count) in &runs.black {
        let at =
            |column: usize, row: usize| corner + vec2((column + QUIET_ZONE) as f32, (row + QUIET_ZONE) as f32) * module;
        let (from, to) = (at(*first, *row), at(first + count, row + 1));
        painter.rect_filled(Rect::from_min_max(pos2(from.x, from.y), to), 0.0, Color32::BLACK);
    }
    true
}

/// Made once for as long as the same text is shown.
fn runs_of(ui: &Ui, text: &str) -> Option<Arc<Runs>> {
    let id = Id::unique(("QR code", text));
    if let Some(made) = ui.data(|data| data.get_temp::<Option<Arc<Runs>>>(id)) {
        return made;
    }
    let made = runs(text).map(Arc::new);
    ui.data_mut(|data| data.insert_temp(id, made.clone()));
    made
}

fn runs(text: &str) -> Option<Runs> {
    // Medium: a screen is clean, but may shine.
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let size = code.size();
    let mut black = Vec::new();
    for row in 0..size {
        let mut start = None;
        for column in 0..=size {
            // Outside there is no module, which counts as white.
            match (code.get_module(column, row), start) {
                (true, None) => start = Some(column),
                (false, Some(first)) => {
                    black.push((row, first, column - first));
                    start = None;
                }
                _ => {}
            }
        }
    }
    let whole = |n: i32| usize::try_from(n).ok();
    let black = black.into_iter().map(|(row, first, count)| Some((whole(row)?, whole(first)?, whole(count)?)));
    Some(Runs { size: whole(size)?, black: black.collect::<Option<Vec<_>>>()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_the_modules_of_the_code() {
        let text = "sealdrop://192.168.1.7:9527?key=00";
        let code = QrCode::encode_text(text, QrCodeEcc::Medium).unwrap();
        let made = runs(text).unwrap();
        assert_eq!(i32::try_from(made.size).unwrap(), code.size());
        let mut grid = vec![vec![false; made.size]; made.size];
        for (row, first, count) in made.black {
            assert!(count > 0);
            grid[row][first..first + count].fill(true);
        }
        for (row, line) in grid.iter().enumerate() {
            for (column, black) in line.iter().enumerate() {
                let module = code.get_module(i32::try_from(column).unwrap(), i32::try_from(row).unwrap());
                assert_eq!(*black, module, "{row}, {column}");
            }
        }
        // The three finder patterns: seven black modules at the top of each.
        assert!(grid[0][..7].iter().all(|black| *black) && !grid[0][7]);
        assert!(runs(&"x".repeat(4000)).is_none());
    }
}
