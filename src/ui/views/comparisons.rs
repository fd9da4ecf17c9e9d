//! Comparing codes without a file: a card for who calls, and for what was begun on a page that is closed.

use egui::{Label, Ui, UiBuilder, accesskit::Role};

use super::{code, incoming};
use crate::{
    engine::messages::ComparisonState,
    ui::{
        action::{Action, ComparisonAction},
        state::{
            State,
            notices::Tone,
            trust::{ComparisonCard, Confirmed},
        },
        text::{self, Word},
        theme::palette,
        widgets::{Sign, button, card, quiet_button, sign, title, told, weak},
    },
};

/// Those that stand in the centre, oldest first. True when one of those who wait for an answer is in sight.
pub(super) fn comparisons_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) -> bool {
    let page = state.device_page.as_ref();
    let mut in_sight = false;
    let mut to_show = state.show_offers && state.offers.is_empty();
    for comparison in &state.trust.comparisons {
        if page.is_some_and(|page| page.shows(&state.devices, comparison)) {
            continue;
        }
        let drawn = card_ui(ui, state, comparison, actions);
        let waits = comparison.incoming() && !comparison.over();
        in_sight |= waits && incoming::stands_before_the_person(ui, drawn);
        if waits && std::mem::take(&mut to_show) {
            ui.scroll_to_rect(drawn, Some(egui::Align::TOP));
        }
    }
    in_sight
}

fn card_ui(ui: &mut Ui, state: &State, comparison: &ComparisonCard, actions: &mut Vec<Action>) -> egui::Rect {
    let peer = &comparison.snapshot.peer;
    let group = UiBuilder::new()
        .id_salt(("comparison", comparison.key()))
        .accessibility_role(Role::Group)
        .accessibility_label(text::compare_card(&peer.name));
    let mut wishes = Vec::new();
    let drawn = ui.scope_builder(group, |ui| {
        card(ui).stroke((1.5, palette(ui).accent)).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 7.0;
            incoming::beside_key(ui, peer, |ui| {
                if comparison.incoming() {
                    title(ui, &text::wants_to_compare(&peer.name));
                } else {
                    title(ui, &text::compare_card(&peer.name));
                }
                // Before TLS stands there is nothing to be said of it.
                if peer.encrypted {
                    incoming::peer_ui(ui, state, peer);
                }
            });
            state_ui(ui, state, comparison, &mut wishes);
        });
    });
    let in_sight = incoming::stands_before_the_person(ui, drawn.response.rect);
    if in_sight && (comparison.shown_since.is_none() || comparison.wants_code()) {
        actions.push(Action::Comparison(comparison.key(), ComparisonAction::Shown));
    }
    if comparison.takes_clicks(state.now) {
        actions.append(&mut wishes);
    }
    drawn.response.rect
}

/// How it stands, with what can be said to it.
pub(super) fn state_ui(ui: &mut Ui, state: &State, comparison: &ComparisonCard, actions: &mut Vec<Action>) {
    let (key, peer) = (comparison.key(), &comparison.snapshot.peer);
    let answer = match &comparison.snapshot.state {
        ComparisonState::Code(code) if peer.verified => code::once_more_ui(ui, *code).then_some(code::Answer::Differ),
        ComparisonState::Code(code) if state.verified(peer) => {
            code::verified_ui(ui, *code);
            None
        }
        ComparisonState::Code(code) => code::ask_ui(ui, state, peer, Some(*code)),
        ComparisonState::Waiting if comparison.incoming() => code::ask_ui(ui, state, peer, None),
        ComparisonState::Connecting | ComparisonState::Waiting => {
            let sentence = text::comparison_state(&comparison.snapshot.state, key.direction, &peer.name);
            waits_ui(ui, &sentence);
            None
        }
        ComparisonState::Ended(reason) => {
            told(ui, Tone::Problem, &text::explain(reason).0);
            weak(ui, &text::explain(reason).1);
            None
        }
    };
    match answer {
        Some(code::Answer::Verified) => actions.extend(Confirmed::of(peer).map(Action::Verify)),
        Some(code::Answer::Differ) => actions.push(Action::Comparison(key, ComparisonAction::Differ)),
        None => {}
    }
    let over = matches!(comparison.snapshot.state, ComparisonState::Ended(_));
    let end = if over { Word::Dismiss } else { Word::EndComparison };
    let on_page = state.device_page.as_ref().is_some_and(|page| page.shows(&state.devices, comparison));
    let close = if on_page { quiet_button(ui, end.text()) } else { button(ui, Word::Close.text()) };
    if close.clicked() {
        actions.push(Action::Comparison(key, ComparisonAction::Close));
    }
}

/// Nothing turns here: a window that waits for a person sleeps.
fn waits_ui(ui: &mut Ui, sentence: &str) {
    ui.horizontal(|ui| {
        sign(ui, Sign::Ring, palette(ui).accent);
        ui.add(Label::new(sentence).wrap());
    });
}
