//! The link to this device, as a QR code and as text.

use egui::{
    FontId, Label, RichText, ScrollArea, TextFormat, Ui,
    text::{LayoutJob, TextWrapping},
};

use super::qr_code::qr_code_ui;
use crate::ui::{
    action::{Action, OwnLinkAction},
    state::State,
    text::{self, Word},
    theme::palette,
    widgets::{button, modal, primary_button, weak},
};

const WIDTH: f32 = 340.0;
/// Side of the code, where there is room.
const SIDE: f32 = 300.0;
/// Height of what is around the scrolled part.
const AROUND: f32 = 130.0;

pub(super) fn own_link_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    if !state.trust.own_link_open {
        return;
    }
    let height = (ui.ctx().content_rect().height() - AROUND).max(160.0);
    let mut wish = |action| actions.push(Action::OwnLink(action));
    let closed = modal(ui, "own link", WIDTH, |ui| {
        ui.label(RichText::new(Word::OwnLinkTitle.text()).heading().color(palette(ui).strong));
        let link = state.own_place().map(|place| place.link());
        let scroll = ScrollArea::vertical().max_height(height).min_scrolled_height(height).auto_shrink([false, true]);
        scroll.show(ui, |ui| match &link {
            Some(link) => link_ui(ui, link),
            // The network, or the port, has gone away meanwhile.
            None => drop(weak(ui, Word::OwnLinkNone.text())),
        });
        ui.horizontal(|ui| {
            if link.is_some() && primary_button(ui, Word::CopyLink.text(), true).clicked() {
                wish(OwnLinkAction::Copy);
            }
            if button(ui, Word::Close.text()).clicked() {
                wish(OwnLinkAction::Close);
            }
        });
    });
    if closed {
        wish(OwnLinkAction::Close);
    }
}

fn link_ui(ui: &mut Ui, link: &str) {
    weak(ui, Word::OwnLinkText.text());
    let side = SIDE.min(ui.available_width());
    ui.vertical_centered(|ui| qr_code_ui(ui, link, &text::qr_code(link), side));
    let format = TextFormat::simple(FontId::monospace(12.0), palette(ui).text);
    let mut shown = LayoutJob::single_section(link.to_owned(), format);
    // It has no spaces, and where else it may be broken looks like chance.
    shown.wrap = TextWrapping { max_width: ui.available_width(), break_anywhere: true, ..TextWrapping::default() };
    ui.add(Label::new(shown));
}
