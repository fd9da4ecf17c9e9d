//! On an offer's card: what is to be done with names that are taken.

use egui::{Label, RichText, Ui};

use crate::{
    model::{conflict::Conflict, preflight::Preflight},
    ui::{
        action::{Action, CardAction},
        state::{State, offers::OfferCard},
        text,
        theme::palette,
        widgets::weak,
    },
};

/// Nothing where no name is taken.
pub(super) fn conflict_ui(
    ui: &mut Ui,
    state: &State,
    offer: &OfferCard,
    preflight: &Preflight,
    actions: &mut Vec<Action>,
) {
    if !offer.asks_for_conflict() {
        return;
    }
    let chosen = state.conflict(offer);
    let names = text::TakenNames {
        taken: &preflight.taken,
        folders: &offer.taken_folders,
        there: preflight.there,
        files: offer.tree.summary().files,
    };
    // Without a sign: the one for news looks like one more choice.
    ui.add(Label::new(RichText::new(text::are_there(names)).color(palette(ui).strong)).wrap());
    ui.vertical(|ui| {
        ui.spacing_mut().interact_size.y = 22.0;
        ui.spacing_mut().item_spacing.y = 3.0;
        for choice in Conflict::ALL {
            let sentence = text::what_becomes(choice, names);
            choice_ui(ui, offer, choice, chosen == choice, &sentence, actions);
        }
    });
    remember_ui(ui, state, offer, actions);
}

fn choice_ui(
    ui: &mut Ui,
    offer: &OfferCard,
    choice: Conflict,
    chosen: bool,
    sentence: &str,
    actions: &mut Vec<Action>,
) {
    if ui.radio(chosen, text::conflict(choice).text()).clicked() {
        actions.push(Action::Card(offer.key(), CardAction::Conflict(choice)));
    }
    // What takes something away is not to be overlooked once it is chosen.
    let takes_away =
        chosen && choice == Conflict::Replace && offer.preflight.as_ref().is_some_and(|found| found.there > 0);
    ui.horizontal(|ui| {
        // Under the first letter of the label.
        ui.add_space(ui.spacing().icon_width + ui.spacing().icon_spacing);
        if takes_away {
            let ink = palette(ui).warn;
            ui.add(Label::new(RichText::new(sentence).size(13.0).color(ink)).wrap());
        } else {
            weak(ui, sentence);
        }
    });
    // Nearer to its own label than to the next.
    ui.add_space(2.0);
}

/// Strangers have nothing that a choice could be remembered by.
fn remember_ui(ui: &mut Ui, state: &State, offer: &OfferCard, actions: &mut Vec<Action>) {
    let peer = &offer.snapshot.peer;
    if peer.key.is_none() || !state.verified(peer) {
        return;
    }
    let mut remember = state.remembers(offer);
    if ui.checkbox(&mut remember, text::remember_for(&peer.name)).changed() {
        actions.push(Action::Card(offer.key(), CardAction::Remember(remember)));
    }
}
