//! The page of one device, over the window: its key, its rule, its codes and what went to and fro.

use egui::{Label, RichText, ScrollArea, Ui};

use super::{comparisons, drop_area, seal};
use crate::{
    model::{
        book::{KnownDevice, Rule, Trusted},
        conflict::Conflict,
        device_key::DeviceKey,
    },
    ui::{
        action::{Action, PageAction},
        dialogs::Purpose,
        state::{
            State,
            device_page::{DevicePage, Past},
            devices::shown_name,
            notices::Tone,
        },
        text::{self, Word},
        theme::palette,
        widgets::{button, line, modal, quiet_button, section, signed_tag, tag, told, weak, weak_line},
    },
};

const WIDTH: f32 = 480.0;

/// What the page leaves of the window's height, with its own margins and buttons.
const AROUND: f32 = 150.0;

/// Transfers listed.
const MOST_HISTORY: usize = 8;

pub(super) fn page_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let Some(page) = &state.device_page else { return };
    let Some(device) = page.device(&state.devices) else { return };
    let height = (ui.ctx().content_rect().height() - AROUND).max(160.0);
    let closed = modal(ui, "device", WIDTH, |ui| {
        ScrollArea::vertical().max_height(height).min_scrolled_height(height).auto_shrink([false, true]).show(
            ui,
            |ui| {
                ui.spacing_mut().item_spacing.y = 5.0;
                head_ui(ui, device, actions);
                addresses_ui(ui, device);
                rule_ui(ui, state, page, device, actions);
                conflict_ui(ui, device, actions);
                compare_ui(ui, state, page, device, actions);
                history_ui(ui, state, page);
            },
        );
        ui.add_space(4.0);
        foot_ui(ui, page, device, actions);
    });
    if closed {
        actions.push(Action::Page(PageAction::Close));
    }
}

/// The headline of a part of the page, nearer to what it is about than to what stands before it.
fn part(ui: &mut Ui, headline: Word) {
    ui.add_space(8.0);
    section(ui, headline.text());
}

fn head_ui(ui: &mut Ui, device: &KnownDevice, actions: &mut Vec<Action>) {
    let name = shown_name(device);
    ui.add(Label::new(RichText::new(&name).heading().color(palette(ui).strong)).wrap());
    ui.horizontal_wrapped(|ui| {
        let blocked = device.trusted.as_ref().is_some_and(|trusted| trusted.rule == Rule::Block);
        match &device.trusted {
            Some(trusted) => {
                signed_tag(ui, &text::verified_since(trusted.since), Tone::Good, Word::VerifiedBadgeTip.text());
            }
            None if device.classic => {
                tag(ui, Word::MarkClassic.text(), Tone::Warning, Word::ClassicTip.text());
            }
            None => tag(ui, Word::MarkNotVerified.text(), Tone::Warning, Word::NotVerifiedTip.text()),
        }
        if blocked {
            signed_tag(ui, Word::BadgeBlocked.text(), Tone::Problem, Word::BadgeBlockedTip.text());
        }
    });
    if let Some(key) = device.key() {
        part(ui, Word::DeviceKeyLabel);
        seal::key_ui(ui, &name, &key, actions);
    }
}

fn addresses_ui(ui: &mut Ui, device: &KnownDevice) {
    part(ui, if device.last_used == 0 { Word::AddressLabel } else { Word::AddressesLabel });
    if device.addresses.is_empty() {
        weak(ui, Word::NoAddress.text());
    }
    for address in &device.addresses {
        ui.add(Label::new(RichText::new(address.to_string()).monospace()).truncate());
    }
}

fn rule_ui(ui: &mut Ui, state: &State, page: &DevicePage, device: &KnownDevice, actions: &mut Vec<Action>) {
    let Some(Trusted { key, rule, .. }) = &device.trusted else { return };
    part(ui, Word::RuleLabel);
    let accepting = page.choosing_folder || matches!(rule, Rule::Accept(_));
    let choices = [
        (Word::RuleAsk, !page.choosing_folder && *rule == Rule::Ask, PageAction::AskEachTime),
        (Word::RuleAccept, accepting, PageAction::AcceptInto),
        (Word::RuleBlock, !page.choosing_folder && *rule == Rule::Block, PageAction::Block),
    ];
    ui.vertical(|ui| {
        ui.spacing_mut().interact_size.y = 24.0;
        ui.spacing_mut().item_spacing.y = 2.0;
        for (word, chosen, action) in choices {
            let is_accept = word == Word::RuleAccept;
            if ui.radio(chosen, word.text()).clicked() && !(is_accept && accepting) {
                actions.push(Action::Page(action));
            }
            if is_accept && accepting {
                folder_ui(ui, state, *key, rule, actions);
            }
        }
    });
}

/// What is done with taken names in its offers.
fn conflict_ui(ui: &mut Ui, device: &KnownDevice, actions: &mut Vec<Action>) {
    let Some(Trusted { rule, conflict, .. }) = &device.trusted else { return };
    part(ui, Word::ConflictLabel);
    ui.vertical(|ui| {
        ui.spacing_mut().interact_size.y = 24.0;
        ui.spacing_mut().item_spacing.y = 2.0;
        for choice in std::iter::once(None).chain(Conflict::ALL.map(Some)) {
            let label = choice.map_or(Word::ConflictAsk, text::conflict);
            let radio = ui.radio(*conflict == choice, label.text());
            if radio.clicked() {
                actions.push(Action::Page(PageAction::Conflict(choice)));
            }
            match choice {
                Some(choice) => {
                    radio.on_hover_text(text::conflict_tip(choice).text());
                }
                // There are no cards then.
                None if conflict.is_none() && matches!(rule, Rule::Accept(_)) => {
                    let indent = ui.spacing().icon_width + ui.spacing().icon_spacing;
                    ui.horizontal(|ui| {
                        ui.add_space(indent);
                        weak(ui, Word::ConflictAccept.text());
                    });
                }
                None => {}
            }
        }
    });
}

fn folder_ui(ui: &mut Ui, state: &State, key: DeviceKey, rule: &Rule, actions: &mut Vec<Action>) {
    let purpose = Purpose::RuleFolder(key);
    let indent = ui.spacing().icon_width + ui.spacing().icon_spacing;
    ui.horizontal(|ui| {
        ui.add_space(indent);
        ui.vertical(|ui| {
            ui.horizontal_wrapped(|ui| {
                let label = match rule {
                    Rule::Accept(folder) => {
                        ui.label(text::fit(&text::path(folder), 48)).on_hover_text(text::path(folder));
                        Word::Change
                    }
                    Rule::Ask | Rule::Block => Word::ChooseFolder,
                };
                if button(ui, label.text()).clicked() {
                    actions.push(Action::Ask(purpose.clone()));
                }
                drop_area::other_way_ui(ui, state, &purpose, actions);
            });
            if !matches!(rule, Rule::Accept(_)) {
                weak(ui, Word::RuleNeedsFolder.text());
            }
            if state.prompts_on_page() {
                drop_area::prompt_ui(ui, state, actions);
            }
        });
    });
}

fn compare_ui(ui: &mut Ui, state: &State, page: &DevicePage, device: &KnownDevice, actions: &mut Vec<Action>) {
    let running = state.trust.comparisons.iter().find(|card| page.shows(&state.devices, card));
    part(ui, Word::CompareTitle);
    if let Some(comparison) = running {
        comparisons::state_ui(ui, state, comparison, actions);
        return;
    }
    if device.classic {
        weak(ui, Word::ClassicNoCode.text());
        return;
    }
    weak(ui, if device.trusted.is_some() { Word::CompareCodesTip } else { Word::NeverVerified }.text());
    let dialled = device.address().is_some();
    ui.add_enabled_ui(dialled, |ui| {
        let compare = button(ui, Word::CompareCodes.text()).on_disabled_hover_text(Word::NoAddress.text());
        if compare.clicked() {
            actions.push(Action::Page(PageAction::CompareCodes));
        }
    });
}

fn history_ui(ui: &mut Ui, state: &State, page: &DevicePage) {
    part(ui, Word::HistoryLabel);
    let rows = page.history(&state.devices, &state.transfers);
    if rows.is_empty() {
        weak(ui, Word::NoHistory.text());
    }
    for past in rows.iter().take(MOST_HISTORY) {
        ui.scope(|ui| past_ui(ui, *past));
    }
    if rows.len() > MOST_HISTORY {
        weak(ui, &text::more(rows.len() - MOST_HISTORY));
    }
}

fn past_ui(ui: &mut Ui, past: Past<'_>) {
    let (title, state) = match past {
        Past::Entry(entry) => {
            (text::history_title(entry.key.direction, &text::entry_title(entry)), text::entry_past(entry))
        }
        Past::Row(row) => {
            let direction = row.key().direction;
            let state = text::history_state(&row.snapshot.stage, direction, row.snapshot.files);
            (text::history_title(direction, &row.title), state)
        }
    };
    ui.spacing_mut().interact_size.y = 20.0;
    let left = |ui: &mut Ui| {
        ui.add(Label::new(title).truncate());
    };
    line(ui, left, |ui| {
        weak_line(ui, &state);
    });
}

fn foot_ui(ui: &mut Ui, page: &DevicePage, device: &KnownDevice, actions: &mut Vec<Action>) {
    let mut wish = |action| actions.push(Action::Page(action));
    if page.forgetting {
        let sure = if device.trusted.is_some() { Word::ForgetSure } else { Word::ForgetSureUnverified };
        told(ui, Tone::Warning, sure.text());
        ui.horizontal(|ui| {
            if button(ui, Word::Forget.text()).clicked() {
                wish(PageAction::Forget);
            }
            if button(ui, Word::Keep.text()).clicked() {
                wish(PageAction::Keep);
            }
        });
        return;
    }
    let forget = |ui: &mut Ui| quiet_button(ui, Word::Forget.text()).clicked();
    let mut forgetting = false;
    let mut closing = false;
    line(ui, |ui| forgetting = forget(ui), |ui| closing = button(ui, Word::Close.text()).clicked());
    if forgetting {
        wish(PageAction::AskToForget);
    }
    if closing {
        wish(PageAction::Close);
    }
}
