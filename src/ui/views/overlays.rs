//! What lies over the whole window: the place to let go of files, and the question before closing.

use egui::{Align2, Area, FontId, Id, Order, RichText, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo};

use crate::ui::{
    action::{Action, CloseAction},
    state::{Closing, State},
    text::{self, Word},
    theme::palette,
    widgets::{modal, primary_button, weak},
};

/// Shown while files hover: the whole window takes them.
pub(super) fn hover_ui(ui: &mut Ui, state: &State) {
    if !state.drops.hovering() {
        return;
    }
    let (headline, below_it) = if state.verify.open {
        (Word::DropToVerify.text(), Word::DropToVerifyDetail.text())
    } else {
        (Word::DropNow.text(), Word::DropNowDetail.text())
    };
    let colours = palette(ui);
    let screen = ui.ctx().content_rect();
    Area::new(Id::unique("hover")).order(Order::Tooltip).fixed_pos(screen.min).interactable(false).show(
        ui.ctx(),
        |ui| {
            let (rect, response) = ui.allocate_exact_size(screen.size(), Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(Role::Status, true, headline));
            let painter = ui.painter();
            painter.rect_filled(rect, 0.0, colours.panel.gamma_multiply(0.92));
            painter.rect(
                rect.shrink(14.0),
                16.0,
                colours.accent_soft,
                Stroke::new(3.0, colours.accent),
                StrokeKind::Inside,
            );
            let middle = rect.center();
            painter.text(middle, Align2::CENTER_BOTTOM, headline, FontId::proportional(26.0), colours.strong);
            let below = middle + egui::vec2(0.0, 10.0);
            painter.text(below, Align2::CENTER_TOP, below_it, FontId::proportional(15.0), colours.weak);
        },
    );
}

/// Asked when something runs; afterwards a moment of patience.
pub(super) fn closing_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    match state.closing {
        Closing::Asking => ask_ui(ui, state, actions),
        Closing::Stopping { .. } => {
            modal(ui, "closing", 160.0, |ui| {
                ui.label(Word::Closing.text());
            });
        }
        Closing::No | Closing::Now => {}
    }
}

fn ask_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let (running, lost) = (state.transfers.running(), state.transfers.lost_by_closing());
    let closed = modal(ui, "close", 380.0, |ui| {
        ui.label(RichText::new(Word::CloseTitle.text()).heading().color(palette(ui).strong));
        weak(ui, &text::close_question(running, lost, state.offers.len()));
        ui.add_space(8.0);
        ui.horizontal(|ui| {
            if primary_button(ui, Word::DoNotClose.text(), true).clicked() {
                actions.push(Action::Close(CloseAction::Keep));
            }
            if ui.add(egui::Button::new(Word::CloseAnyway.text()).min_size(egui::vec2(0.0, 32.0))).clicked() {
                actions.push(Action::Close(CloseAction::Stop));
            }
        });
    });
    if closed {
        actions.push(Action::Close(CloseAction::Keep));
    }
}
