//! The cards of offers that wait for an answer.

use egui::{RichText, Ui, UiBuilder, accesskit::Role};

use super::{card_conflict, code, comparisons, entry_tree, message, seal};
use crate::{
    model::{device::Peer, preflight::Preflight},
    ui::{
        action::{Action, CardAction},
        dialogs::Purpose,
        state::{
            State,
            notices::Tone,
            offers::{Obstacle, OfferCard},
            trust::Confirmed,
        },
        text::{self, Word},
        theme::palette,
        widgets::{button, card, primary_button, quiet_button, signed_tag, tag, title, told, weak, weak_line},
    },
};

/// A card of which less is to be seen counts as out of sight.
const ENOUGH_IN_SIGHT: f32 = 90.0;

/// Lines shown of each list of names.
const MOST_NAMES: usize = 20;

/// Side of the picture of a key beside who has it.
const KEY_SIDE: f32 = 36.0;

/// All cards, oldest first: a new one never moves the others.
pub(super) fn incoming_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let mut in_sight = state.waiting() == 0;
    for (number, offer) in state.offers.iter().enumerate() {
        let mut wishes = Vec::new();
        let drawn = card_ui(ui, state, offer, &mut wishes);
        if state.show_offers && number == 0 {
            ui.scroll_to_rect(drawn, Some(egui::Align::TOP));
        }
        in_sight |= ui.clip_rect().intersect(drawn).height() > ENOUGH_IN_SIGHT;
        if (offer.shown_since.is_none() || offer.wants_code()) && stands_before_the_person(ui, drawn) {
            actions.push(Action::Card(offer.key(), CardAction::Shown));
        }
        // Nobody can have meant a card that has only just come.
        if offer.takes_clicks(state.now) {
            actions.append(&mut wishes);
        }
    }
    in_sight |= comparisons::comparisons_ui(ui, state, actions);
    ui.data_mut(|data| data.insert_temp(in_sight_id(), in_sight));
}

/// Whether enough of a card is in sight to be seen, not only laid out somewhere below.
pub(super) fn stands_before_the_person(ui: &Ui, card: egui::Rect) -> bool {
    ui.clip_rect().intersect(card).height() >= ENOUGH_IN_SIGHT.min(card.height() / 2.0)
}

/// Whether an answer can be given without scrolling; otherwise a notice says that somebody waits.
pub(super) fn in_sight(ui: &Ui) -> bool {
    ui.data(|data| data.get_temp(in_sight_id())).unwrap_or(true)
}

fn in_sight_id() -> egui::Id {
    egui::Id::unique("an offer is in sight")
}

fn card_ui(ui: &mut Ui, state: &State, offer: &OfferCard, actions: &mut Vec<Action>) -> egui::Rect {
    let snapshot = &offer.snapshot;
    let name = if offer.is_message() {
        text::message_card(&snapshot.peer.name)
    } else {
        text::offer_card(&snapshot.peer.name, snapshot.manifest.files)
    };
    let group =
        UiBuilder::new().id_salt(("offer", offer.key())).accessibility_role(Role::Group).accessibility_label(name);
    let accent = palette(ui).accent;
    let drawn = ui.scope_builder(group, |ui| {
        card(ui).stroke((1.5, accent)).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 7.0;
            who_ui(ui, state, offer);
            code_ui(ui, state, offer, actions);
            if let Some(written) = &snapshot.message {
                let height = if offer.is_message() { message::ALONE } else { message::IN_A_ROW };
                message::message_ui(ui, offer.key(), written, height, actions);
            }
            if !offer.is_message() {
                what_ui(ui, state, offer, actions);
                where_ui(ui, state, offer, actions);
            }
            ui.add_space(4.0);
            answer_ui(ui, state, offer, actions);
        });
    });
    drawn.response.rect
}

fn who_ui(ui: &mut Ui, state: &State, offer: &OfferCard) {
    let peer = &offer.snapshot.peer;
    let words = |ui: &mut Ui| {
        ui.horizontal_wrapped(|ui| {
            title(ui, &text::offer_title(&peer.name, &offer.snapshot.manifest));
            if let Some(left) = offer.countdown(state.now) {
                tag(ui, &text::expires(left), Tone::Warning, "");
            }
        });
        peer_ui(ui, state, peer);
    };
    beside_key(ui, peer, words);
}

/// The picture of the key that the other device has shown, and what is to be said of it.
pub(super) fn beside_key(ui: &mut Ui, peer: &Peer, words: impl FnOnce(&mut Ui)) {
    let Some(key) = peer.key.filter(|_| peer.encrypted) else { return words(ui) };
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 10.0;
        seal::key_picture_ui(ui, &key, &text::key_of(&peer.name, &key), KEY_SIDE);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing = egui::vec2(8.0, 4.0);
            words(ui);
        });
    });
}

/// System, address and marks of the other device.
pub(super) fn peer_ui(ui: &mut Ui, state: &State, peer: &Peer) {
    ui.horizontal_wrapped(|ui| {
        if let Some(os) = &peer.os {
            weak_line(ui, text::system(os));
        }
        if peer.address != peer.name {
            ui.label(RichText::new(&peer.address).monospace().size(12.0).color(palette(ui).weak));
        }
        if peer.classic {
            tag(ui, Word::MarkClassic.text(), Tone::Warning, Word::ClassicTip.text());
        }
        if !peer.encrypted {
            tag(ui, Word::MarkNotEncrypted.text(), Tone::Warning, Word::NotEncryptedTip.text());
        }
        if state.verified(peer) {
            signed_tag(ui, Word::Verified.text(), Tone::Good, Word::VerifiedBadgeTip.text());
        } else {
            tag(ui, Word::MarkNotVerified.text(), Tone::Warning, Word::NotVerifiedTip.text());
        }
    });
}

fn code_ui(ui: &mut Ui, state: &State, offer: &OfferCard, actions: &mut Vec<Action>) {
    let (peer, code) = (&offer.snapshot.peer, offer.snapshot.code);
    if !peer.encrypted {
        return;
    }
    if state.verified(peer) {
        if let Some(code) = code {
            code::verified_ui(ui, code);
        }
        return;
    }
    match code::ask_ui(ui, state, peer, code) {
        Some(code::Answer::Verified) => actions.extend(Confirmed::of(peer).map(Action::Verify)),
        Some(code::Answer::Differ) => actions.push(Action::Card(offer.key(), CardAction::Differ)),
        None => {}
    }
}

fn what_ui(ui: &mut Ui, state: &State, offer: &OfferCard, actions: &mut Vec<Action>) {
    ui.add_space(2.0);
    entry_tree::tree_ui(ui, offer, actions);
    let Some(preflight) = &offer.preflight else { return };
    names_ui(ui, offer, preflight, actions);
    left_out_ui(ui, offer, preflight);
    card_conflict::conflict_ui(ui, state, offer, preflight, actions);
}

fn names_ui(ui: &mut Ui, offer: &OfferCard, preflight: &Preflight, actions: &mut Vec<Action>) {
    let number = preflight.renamed.len();
    if number == 0 {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        told(ui, Tone::Info, &text::changed_names(number));
        let label = if offer.names_open { Word::HideNames } else { Word::ShowNames };
        if quiet_button(ui, label.text()).clicked() {
            actions.push(Action::Card(offer.key(), CardAction::ToggleNames));
        }
    });
    if offer.names_open {
        for renamed in preflight.renamed.iter().take(MOST_NAMES) {
            let entry = offer.snapshot.manifest.entries.get(renamed.index as usize);
            let was = entry.map(|entry| text::name(&entry.shown_path())).unwrap_or_default();
            weak_line(ui, &text::renamed_from(&was, &renamed.becomes));
        }
        if number > MOST_NAMES {
            weak(ui, &text::more(number - MOST_NAMES));
        }
    }
}

fn left_out_ui(ui: &mut Ui, offer: &OfferCard, preflight: &Preflight) {
    if preflight.left_out.is_empty() {
        return;
    }
    told(ui, Tone::Warning, &text::left_out_count(preflight.left_out.len()));
    for (index, reason) in preflight.left_out.iter().take(MOST_NAMES) {
        let entry = offer.snapshot.manifest.entries.get(*index as usize);
        let what = entry.map(crate::model::manifest::Entry::shown_path).unwrap_or_default();
        weak_line(ui, &text::left_out(&what, &text::explain(reason).0)).on_hover_text(reason.to_string());
    }
    if preflight.left_out.len() > MOST_NAMES {
        weak(ui, &text::more(preflight.left_out.len() - MOST_NAMES));
    }
}

fn where_ui(ui: &mut Ui, state: &State, offer: &OfferCard, actions: &mut Vec<Action>) {
    ui.horizontal_wrapped(|ui| {
        weak(ui, Word::SaveTo.text());
        ui.label(text::fit(&text::path(&offer.folder), 56)).on_hover_text(text::path(&offer.folder));
        if button(ui, Word::Change.text()).clicked() {
            actions.push(Action::Ask(Purpose::CardFolder(offer.key())));
        }
    });
    let Some((preflight, space)) = offer.preflight.as_ref().zip(offer.space(state.conflict(offer))) else { return };
    weak(ui, &text::space(space.needed, space.at_most(), preflight.free, preflight.reserved));
    if let Some((needed, room)) = space.may_lack() {
        told(ui, Tone::Warning, &text::may_not_fit(needed, room));
    }
}

fn answer_ui(ui: &mut Ui, state: &State, offer: &OfferCard, actions: &mut Vec<Action>) {
    let obstacle = offer.obstacle(state.conflict(offer));
    if let Some(sentence) = obstacle.as_ref().and_then(why_not) {
        let tone = if matches!(obstacle, Some(Obstacle::NothingChosen)) { Tone::Info } else { Tone::Problem };
        told(ui, tone, &sentence);
    }
    ui.horizontal_wrapped(|ui| {
        let accept = primary_button(ui, Word::Accept.text(), obstacle.is_none());
        let accept = if offer.is_message() { accept.on_hover_text(Word::AcceptMessageTip.text()) } else { accept };
        if accept.clicked() {
            actions.push(Action::Card(offer.key(), CardAction::Accept));
        }
        if ui.add(egui::Button::new(Word::Decline.text()).min_size(egui::vec2(88.0, 32.0))).clicked() {
            actions.push(Action::Card(offer.key(), CardAction::Decline));
        }
    });
}

fn why_not(obstacle: &Obstacle) -> Option<String> {
    match obstacle {
        Obstacle::Looking => None,
        Obstacle::NothingChosen => Some(Word::NoSelection.text().to_owned()),
        Obstacle::Problem(reason) => Some(text::one_line(reason)),
        Obstacle::TooBig { needed, room } => Some(text::too_big(*needed, *room)),
    }
}
