//! Notices: what the window has to say that belongs to no row and no card.

use egui::{Align2, Area, Frame, Id, Label, Margin, Order, RichText, Ui, UiBuilder, accesskit::Role, vec2};

use super::incoming;

use crate::ui::{
    action::Action,
    state::{
        State,
        notices::{Notice, Tone},
    },
    text::{self, Word},
    theme::palette,
    widgets::{quiet_button, sign, tone_colours, tone_sign},
};

/// Widest that a notice gets.
const WIDEST: f32 = 560.0;

/// Between the lowest one and the window's edge.
const EDGE: f32 = 14.0;

/// Below this width the buttons stand under the sentence.
const BESIDE_FROM: f32 = 480.0;

/// They lie over the lower edge, so that none of them moves what a person is about to click.
pub(super) fn notices_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let waiting = state.waiting() > 0 && !incoming::in_sight(ui);
    if state.notices.shown.is_empty() && !waiting {
        ui.data_mut(|data| data.remove::<f32>(height_id()));
        return;
    }
    let area = Area::new(Id::unique("notices")).order(Order::Middle).anchor(Align2::CENTER_BOTTOM, vec2(0.0, -EDGE));
    let drawn = area.show(ui.ctx(), |ui| {
        ui.set_width(WIDEST.min(ui.ctx().content_rect().width() - 24.0));
        if waiting {
            strip_ui(ui, Tone::Info, &text::somebody_below(state.offers.len(), state.waiting()), |ui| {
                if quiet_button(ui, Word::ShowOffer.text()).clicked() {
                    actions.push(Action::ShowOffers);
                }
            });
        }
        for notice in &state.notices.shown {
            notice_ui(ui, notice, actions);
        }
    });
    let taken = drawn.response.rect.height() + EDGE;
    if (height(ui) - taken).abs() > 0.5 {
        ui.data_mut(|data| data.insert_temp(height_id(), taken));
        ui.ctx().request_repaint();
    }
}

/// How much of the lower edge the notices take.
pub(super) fn height(ui: &Ui) -> f32 {
    ui.data(|data| data.get_temp(height_id())).unwrap_or_default()
}

fn height_id() -> Id {
    Id::unique("height of the notices")
}

fn notice_ui(ui: &mut Ui, notice: &Notice, actions: &mut Vec<Action>) {
    strip_ui(ui, notice.tone, notice.said.text(), |ui| {
        if quiet_button(ui, Word::Dismiss.text()).clicked() {
            actions.push(Action::DismissNotice(notice.id));
        }
        if let Some(detail) = &notice.detail
            && quiet_button(ui, Word::CopyDetails.text()).on_hover_text(detail).clicked()
        {
            actions.push(Action::Copy(detail.clone()));
        }
    });
}

fn strip_ui(ui: &mut Ui, tone: Tone, sentence: &str, buttons: impl FnOnce(&mut Ui)) {
    let (ink, fill) = tone_colours(ui, tone);
    let role = if matches!(tone, Tone::Problem | Tone::Warning) { Role::Alert } else { Role::Status };
    let group = UiBuilder::new().accessibility_role(role).accessibility_label(sentence);
    ui.scope_builder(group, |ui| {
        Frame::new()
            .fill(fill)
            .stroke((1.0, ink.gamma_multiply(0.5)))
            .corner_radius(10)
            .inner_margin(Margin::symmetric(12, 8))
            .show(ui, |ui| {
                ui.set_width(ui.available_width());
                if ui.available_width() < BESIDE_FROM {
                    ui.horizontal_top(|ui| sentence_ui(ui, tone, sentence));
                    ui.with_layout(egui::Layout::right_to_left(egui::Align::TOP), buttons);
                    return;
                }
                ui.with_layout(egui::Layout::right_to_left(egui::Align::TOP), |ui| {
                    buttons(ui);
                    ui.with_layout(egui::Layout::left_to_right(egui::Align::TOP), |ui| sentence_ui(ui, tone, sentence));
                });
            });
    });
}

fn sentence_ui(ui: &mut Ui, tone: Tone, sentence: &str) {
    let (ink, _) = tone_colours(ui, tone);
    ui.add_space(2.0);
    ui.vertical(|ui| {
        ui.add_space(5.0);
        sign(ui, tone_sign(tone), ink);
    });
    ui.vertical(|ui| {
        ui.add_space(4.0);
        ui.add(Label::new(RichText::new(sentence).color(palette(ui).strong)).wrap());
    });
}
