//! A message as it is read: all of its lines in bounded room, and *Copy*. Links in it are text like the rest.

use egui::{Align, Frame, Label, Layout, Margin, ScrollArea, Ui};

use crate::{
    model::message,
    ui::{action::Action, text::Word, theme::palette, widgets::button},
};

/// Room for a message that stands for itself.
pub(super) const ALONE: f32 = 220.0;

/// Room for one in a list, where others stand below.
pub(super) const IN_A_ROW: f32 = 112.0;

/// Room for one that only goes along.
pub(super) const BESIDE_FILES: f32 = 60.0;

/// The text, scrolled where it is higher than `height`; `salt` tells it from others on the screen.
pub(super) fn message_ui(
    ui: &mut Ui,
    salt: impl std::hash::Hash + std::fmt::Debug + Copy,
    text: &str,
    height: f32,
    actions: &mut Vec<Action>,
) {
    let shown = message::shown(text);
    let frame = Frame::new().fill(palette(ui).panel).corner_radius(8).inner_margin(Margin::symmetric(10, 8));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.with_layout(Layout::right_to_left(Align::TOP), |ui| {
            if button(ui, Word::Copy.text()).accessible_name(Word::CopyMessage.text()).clicked() {
                actions.push(Action::Copy(shown.clone()));
            }
            ui.with_layout(Layout::top_down(Align::LEFT), |ui| {
                let area = ScrollArea::vertical().id_salt(("message", salt)).max_height(height);
                area.auto_shrink([false, true]).show(ui, |ui| {
                    // As high as the button beside it, so that a single line stands in its middle.
                    ui.add_space(4.0);
                    ui.add(Label::new(shown).wrap());
                });
            });
        });
    });
}
