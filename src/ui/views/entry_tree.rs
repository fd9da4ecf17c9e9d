//! The tree of an offer with its check boxes. Only the rows in sight are laid out.

use egui::{Checkbox, Label, RichText, ScrollArea, Ui};

use crate::ui::{
    action::{Action, CardAction},
    state::{
        entry_tree::{RowKind, Tick, TreeRow},
        offers::OfferCard,
    },
    text::{self, Word},
    theme::palette,
    widgets::{Sign, sign},
};

const ROW_HEIGHT: f32 = 26.0;
const MOST_ROWS: f32 = 8.0;
const INDENT: f32 = 18.0;

/// Deeper levels are drawn no further to the right.
const DEEPEST_INDENT: u16 = 12;

pub(super) fn tree_ui(ui: &mut Ui, offer: &OfferCard, actions: &mut Vec<Action>) {
    let tree = &offer.tree;
    let summary = tree.summary();
    let several = offer.snapshot.manifest.entries.len() > 1;
    if several {
        let label = text::selected(summary.files, offer.snapshot.manifest.files, summary.bytes);
        ui.horizontal(|ui| {
            if tick_ui(ui, summary.tick, Word::AllFiles.text()) {
                actions.push(Action::Card(offer.key(), CardAction::ToggleAll));
            }
            ui.label(label);
        });
    }
    let frame = egui::Frame::new().fill(palette(ui).panel).corner_radius(8).inner_margin(egui::Margin::symmetric(8, 4));
    frame.show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        // Rows are counted, not measured: a check box must not make its row taller.
        ui.spacing_mut().interact_size.y = ROW_HEIGHT;
        let height = ROW_HEIGHT * (tree.len() as f32).min(MOST_ROWS);
        let area = ScrollArea::vertical().id_salt(("tree", offer.key())).max_height(height).min_scrolled_height(height);
        area.auto_shrink([false, true]).show_rows(ui, ROW_HEIGHT, tree.len(), |ui, rows| {
            for row in rows.filter_map(|row| tree.row(&offer.snapshot.manifest, row)) {
                row_ui(ui, offer, &row, actions);
            }
        });
    });
}

fn row_ui(ui: &mut Ui, offer: &OfferCard, row: &TreeRow<'_>, actions: &mut Vec<Action>) {
    let name = text::name(row.name);
    let size = egui::vec2(ui.available_width(), ROW_HEIGHT);
    ui.allocate_ui_with_layout(size, egui::Layout::right_to_left(egui::Align::Center), |ui| {
        // The scroll bar floats over the right edge.
        ui.add_space(8.0);
        ui.label(RichText::new(figures(row)).size(12.5).color(palette(ui).weak));
        ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
            ui.set_min_height(ROW_HEIGHT);
            ui.add_space(f32::from(row.depth.min(DEEPEST_INDENT)) * INDENT);
            fold_ui(ui, offer, row, &name, actions);
            if tick_ui(ui, row.tick, &name) {
                actions.push(Action::Card(offer.key(), CardAction::Toggle(row.node)));
            }
            let picture = match row.kind {
                RowKind::File => Sign::File,
                RowKind::Folder { .. } => Sign::Folder,
                RowKind::Link => Sign::Link,
            };
            sign(ui, picture, palette(ui).weak);
            ui.add(Label::new(&name).truncate());
            if let Some(becomes) = becomes(offer, row) {
                ui.add(
                    Label::new(RichText::new(text::renamed(becomes)).size(12.5).color(palette(ui).accent)).truncate(),
                );
            }
        });
    });
}

fn fold_ui(ui: &mut Ui, offer: &OfferCard, row: &TreeRow<'_>, name: &str, actions: &mut Vec<Action>) {
    let RowKind::Folder { open, empty: false } = row.kind else {
        ui.add_space(16.0 + ui.spacing().item_spacing.x);
        return;
    };
    let (rect, response) = ui.allocate_exact_size(egui::vec2(16.0, 20.0), egui::Sense::click());
    let label = if open { text::fold(name) } else { text::unfold(name) };
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &label));
    let ink = if response.hovered() || response.has_focus() { palette(ui).strong } else { palette(ui).weak };
    let (c, d) = (rect.center(), 3.5);
    let arrow = if open {
        vec![c + egui::vec2(-d, -d / 2.0), c + egui::vec2(0.0, d / 2.0), c + egui::vec2(d, -d / 2.0)]
    } else {
        vec![c + egui::vec2(-d / 2.0, -d), c + egui::vec2(d / 2.0, 0.0), c + egui::vec2(-d / 2.0, d)]
    };
    ui.painter().line(arrow, egui::Stroke::new(1.6, ink));
    if response.clicked() {
        actions.push(Action::Card(offer.key(), CardAction::Fold(row.node)));
    }
}

/// A check box; true when it was clicked.
fn tick_ui(ui: &mut Ui, tick: Tick, name: &str) -> bool {
    let mut all = tick == Tick::All;
    let clicked = ui.add(Checkbox::without_text(&mut all).indeterminate(tick == Tick::Some));
    clicked.accessible_name(name).changed()
}

fn figures(row: &TreeRow<'_>) -> String {
    match row.kind {
        RowKind::File => text::size(row.bytes),
        RowKind::Folder { empty: true, .. } => Word::EmptyFolder.text().to_owned(),
        RowKind::Folder { .. } => text::items_and_size(u64::from(row.leaves), row.bytes),
        RowKind::Link => Word::Link.text().to_owned(),
    }
}

/// The name that this entry will have here, if it is another.
fn becomes<'a>(offer: &'a OfferCard, row: &TreeRow<'_>) -> Option<&'a str> {
    let renamed = &offer.preflight.as_ref()?.renamed;
    let entry = row.entry?;
    renamed.iter().find(|renamed| renamed.index == entry).map(|renamed| renamed.becomes.as_str())
}
