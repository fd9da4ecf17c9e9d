//! The six digits that two people compare, with the two answers there are; and what is left of them once a device is verified.

use egui::{FontId, Frame, Label, RichText, Role, Sense, Ui, WidgetInfo, vec2};

use crate::{
    model::{device::Peer, short_code::ShortCode},
    ui::{
        state::{State, notices::Tone},
        text::{self, Word},
        theme::palette,
        widgets::{button, told, weak},
    },
};

/// Below this width everything stands under each other.
const BESIDE_FROM: f32 = 500.0;

/// Room for the digits, also while they are not there: what is below must not move when they come.
const LARGE: egui::Vec2 = vec2(176.0, 46.0);

/// What the person said about the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Differ,
    Verified,
}

/// Asks whether both see the same code. `None` as long as it is being agreed on.
pub(super) fn ask_ui(ui: &mut Ui, state: &State, peer: &Peer, code: Option<ShortCode>) -> Option<Answer> {
    panel(ui, |ui| {
        if let Some(namesake) = state.devices.namesake(peer) {
            told(ui, Tone::Warning, &text::namesake(&namesake.name));
        } else {
            ui.add(Label::new(RichText::new(text::is_it(&peer.name)).color(palette(ui).strong)).wrap());
        }
        if ui.available_width() >= BESIDE_FROM {
            let beside = |ui: &mut Ui| {
                large_ui(ui, code);
                ui.add_space(8.0);
                ui.vertical(|ui| answers_ui(ui, code.is_some())).inner
            };
            ui.horizontal_top(beside).inner
        } else {
            large_ui(ui, code);
            answers_ui(ui, code.is_some())
        }
    })
}

/// The digits of somebody who is verified here already: the other side may still want to compare them.
pub(super) fn verified_ui(ui: &mut Ui, code: ShortCode) {
    panel(ui, |ui| {
        ui.spacing_mut().interact_size.y = 20.0;
        let beside = ui.available_width() >= BESIDE_FROM;
        ui.horizontal_wrapped(|ui| {
            told(ui, Tone::Good, Word::VerifiedNow.text());
            if beside {
                ui.add_space(12.0);
                for_them_ui(ui, code);
            }
        });
        if !beside {
            ui.horizontal_wrapped(|ui| for_them_ui(ui, code));
        }
    });
}

fn for_them_ui(ui: &mut Ui, code: ShortCode) {
    weak(ui, Word::CodeForThem.text());
    digits_ui(ui, code, 15.0);
}

/// The same as large as where they are asked about, for who compares once more. True for *They differ*.
pub(super) fn once_more_ui(ui: &mut Ui, code: ShortCode) -> bool {
    panel(ui, |ui| {
        told(ui, Tone::Good, Word::VerifiedNow.text());
        large_ui(ui, Some(code));
        weak(ui, Word::CodeOnceMore.text());
        button(ui, Word::TheyDiffer.text()).on_hover_text(Word::TheyDifferTip.text()).clicked()
    })
}

fn large_ui(ui: &mut Ui, code: Option<ShortCode>) {
    let Some(code) = code else {
        let middle = egui::Layout::left_to_right(egui::Align::Center);
        ui.allocate_ui_with_layout(LARGE, middle, |ui| {
            ui.set_min_size(LARGE);
            ui.label(RichText::new(Word::CodeAgreeing.text()).color(palette(ui).weak));
        });
        return;
    };
    digits_in(ui, code, LARGE, 34.0);
}

fn answers_ui(ui: &mut Ui, there: bool) -> Option<Answer> {
    weak(ui, Word::CodeAsk.text());
    ui.add_enabled_ui(there, |ui| {
        let row = ui.horizontal_wrapped(|ui| {
            let same = button(ui, Word::TheyMatch.text()).on_hover_text(Word::VerifiedTip.text());
            let differ = button(ui, Word::TheyDiffer.text()).on_hover_text(Word::TheyDifferTip.text());
            match (same.clicked(), differ.clicked()) {
                (_, true) => Some(Answer::Differ),
                (true, false) => Some(Answer::Verified),
                (false, false) => None,
            }
        });
        row.inner
    })
    .inner
}

fn digits_ui(ui: &mut Ui, code: ShortCode, size: f32) {
    let words = ui.painter().layout_no_wrap(code.grouped(), FontId::monospace(size), palette(ui).strong);
    let room = words.size();
    digits_in(ui, code, room, size);
}

fn digits_in(ui: &mut Ui, code: ShortCode, room: egui::Vec2, size: f32) {
    let words = ui.painter().layout_no_wrap(code.grouped(), FontId::monospace(size), palette(ui).strong);
    let (rect, response) = ui.allocate_exact_size(room.max(words.size()), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text::code(code)));
    let place = egui::Align2::LEFT_CENTER.anchor_size(rect.left_center(), words.size());
    ui.painter().galley(place.min, words, palette(ui).strong);
}

fn panel<R>(ui: &mut Ui, contents: impl FnOnce(&mut Ui) -> R) -> R {
    let fill = palette(ui).panel;
    let frame = Frame::new().fill(fill).corner_radius(8).inner_margin(12);
    let drawn = frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 6.0;
        contents(ui)
    });
    drawn.inner
}
