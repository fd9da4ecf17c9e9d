//! Devices nearby in the list, and who may find this one.

use egui::{Checkbox, Label, RichText, Ui, UiBuilder, accesskit::Role};

use crate::{
    engine::messages::ShowTo,
    model::{
        book::KnownDevice,
        nearby::{Nearby, Visibility},
    },
    ui::{
        action::Action,
        state::{
            State,
            nearby::{Presence, Shown, id_of},
            notices::Tone,
        },
        text::{self, Word},
        theme::palette,
        widgets::{button, primary_button, signed_tag, tag, weak},
    },
};

use super::devices::{indented, short};

/// The choices, the widest first.
const CHOICES: [Visibility; 3] = [Visibility::Everybody, Visibility::Verified, Visibility::Nobody];

/// A small headline between two parts of the list.
pub(super) fn part_ui(ui: &mut Ui, headline: &str) {
    ui.add_space(2.0);
    ui.label(RichText::new(headline).size(12.0).color(palette(ui).weak).strong());
}

/// Everybody who is nearby and not saved; what to do when that is nobody.
pub(super) fn strangers_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    part_ui(ui, Word::Nearby.text());
    let mut any = false;
    for nearby in state.devices.strangers(&state.around) {
        stranger_ui(ui, state, nearby, actions);
        any = true;
    }
    if !any {
        // Whoever sees a saved device here knows that it works.
        let alone = state.around.nearby.is_empty();
        weak(ui, if alone { Word::NobodyNearby } else { Word::NobodyElse }.text());
    }
    ui.add_space(6.0);
}

fn stranger_ui(ui: &mut Ui, state: &State, nearby: &Nearby, actions: &mut Vec<Action>) {
    let Some(id) = id_of(nearby) else { return };
    let group = UiBuilder::new()
        .id_salt(("nearby", &id))
        .accessibility_role(Role::Group)
        .accessibility_label(text::nearby_device(&nearby.name));
    ui.scope_builder(group, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let mut chosen = state.devices.chosen.contains(&id);
        let box_ = ui.add(Checkbox::new(&mut chosen, &nearby.name));
        if box_.accessible_name(nearby.name.clone()).on_hover_text(&nearby.name).changed() {
            actions.push(Action::ChooseDevice(id.clone()));
        }
        ui.spacing_mut().interact_size.y = 18.0;
        indented(ui, |ui| {
            tag(ui, Word::MarkNotVerified.text(), Tone::Warning, Word::ClaimTip.text());
            let Some(address) = nearby.address() else { return };
            let shown = RichText::new(short(address)).monospace().size(12.0).color(palette(ui).weak);
            let says = text::says(nearby.os.as_deref(), nearby.version.as_deref(), &address.to_string());
            ui.add(Label::new(shown).truncate()).on_hover_text(says);
        });
        ui.add_space(6.0);
    });
}

/// Whether a saved device is here, as a mark.
pub(super) fn presence_ui(ui: &mut Ui, state: &State, device: &KnownDevice) {
    let trusted = device.trusted.is_some();
    match state.around.presence(device) {
        Presence::Here => signed_tag(ui, Word::HereNow.text(), Tone::Good, Word::HereNowTip.text()),
        Presence::Claimed if trusted => tag(ui, Word::PerhapsHere.text(), Tone::Info, Word::PerhapsHereTip.text()),
        Presence::Claimed => tag(ui, Word::Around.text(), Tone::Info, Word::AroundTip.text()),
        Presence::Away => {}
    }
}

/// When a verified device that is not here was seen last.
pub(super) fn last_seen_ui(ui: &mut Ui, state: &State, device: &KnownDevice) {
    let away = device.trusted.is_some() && state.around.presence(device) == Presence::Away;
    if let Some(seen) = text::last_seen(device.last_seen).filter(|_| away) {
        indented(ui, |ui| {
            ui.label(RichText::new(seen).size(12.0).color(palette(ui).weak));
        });
    }
}

/// Who may find this device: how it is, and each other choice one click away.
pub(super) fn visibility_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let (Some(shown), Some(settings)) = (state.around.visible, &state.settings) else { return };
    ui.add_space(4.0);
    weak(ui, Word::VisibleTo.text());
    ui.vertical(|ui| {
        ui.spacing_mut().interact_size.y = 22.0;
        ui.spacing_mut().item_spacing.y = 0.0;
        for choice in CHOICES {
            let is_so = shown.until.is_none() && shown.to == choice;
            let radio =
                ui.radio(is_so, text::visible(choice).text()).accessible_name(text::visible_name(choice).text());
            if radio.on_hover_text(text::visible_tip(choice).text()).clicked() && !is_so {
                actions.push(Action::ShowTo(ShowTo::Always(choice)));
            }
        }
    });
    for_a_while_ui(ui, state, shown, settings.visibility, actions);
}

fn for_a_while_ui(ui: &mut Ui, state: &State, shown: Shown, always: Visibility, actions: &mut Vec<Action>) {
    if let Some(left) = shown.left(state.now) {
        ui.add_space(4.0);
        ui.horizontal_wrapped(|ui| {
            signed_tag(ui, &text::everybody_for(left), Tone::Good, Word::EverybodyForAWhileTip.text());
            if button(ui, Word::EndNow.text()).clicked() {
                actions.push(Action::ShowTo(ShowTo::Always(always)));
            }
        });
        return;
    }
    if always == Visibility::Everybody {
        return;
    }
    ui.add_space(4.0);
    let button = primary_button(ui, Word::EverybodyForAWhile.text(), true);
    if button.on_hover_text(Word::EverybodyForAWhileTip.text()).clicked() {
        actions.push(Action::ShowTo(ShowTo::EverybodyForAWhile));
    }
}
