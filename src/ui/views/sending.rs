//! What goes along or alone: the message, and *Send* with why it cannot be clicked.

use egui::{Key, Margin, Modifiers, RichText, ScrollArea, TextEdit, Ui};

use crate::{
    model::message::{self, BadMessage, MAX_MESSAGE_BYTES},
    ui::{
        action::{Action, Field},
        state::{State, notices::Tone},
        text::{self, Word},
        theme::palette,
        widgets::{field_id, primary_button, told, weak},
    },
};

/// A longer message is scrolled while it is written.
const FIELD_HEIGHT: f32 = 132.0;

/// More than a message may have, so that what is too long is seen to be; and so little that it can always be drawn.
const MOST_CHARS: usize = MAX_MESSAGE_BYTES + 4096;

/// The field for the message, and below it *Send* once there is something to send.
pub(super) fn sending_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let sent_by_keys = message_field(ui, state, actions);
    if state.staging.is_empty() && state.staging.message.trim().is_empty() {
        return;
    }
    let obstacle = obstacle(state);
    if sent_by_keys && obstacle.is_none() {
        actions.push(Action::Send);
    }
    without_message_ui(ui, state);
    ui.horizontal_wrapped(|ui| {
        let alone = state.staging.is_empty();
        let label = if alone { Word::SendMessage.text() } else { Word::Send.text() };
        let send = primary_button(ui, label, obstacle.is_none());
        if send.clicked() {
            actions.push(Action::Send);
        }
        if let Some(Obstacle { tone, sentence }) = obstacle {
            send.on_disabled_hover_text(&sentence);
            told(ui, tone, &sentence);
            return;
        }
        if alone {
            send.on_hover_text(Word::SendMessageTip.text());
        }
        weak(ui, &text::send_to(&names(state)));
    });
}

/// True when the keys were pressed that send.
fn message_field(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) -> bool {
    let id = field_id(Field::Message);
    let focused = ui.memory(|memory| memory.has_focus(id));
    // Before the field takes it for a line break.
    let send = focused && ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Enter));
    let hint = if state.staging.is_empty() { Word::WriteMessageHint.text() } else { Word::MessageHint.text() };
    let mut typed = state.staging.message.clone();
    let colours = palette(ui);
    let frame = egui::Frame::new().stroke(ui.visuals().widgets.inactive.bg_stroke).corner_radius(7);
    let frame = if focused { frame.stroke(ui.visuals().selection.stroke) } else { frame };
    frame.show(ui, |ui| {
        ScrollArea::vertical().id_salt("message").max_height(FIELD_HEIGHT).auto_shrink([false, true]).show(ui, |ui| {
            let edit = TextEdit::multiline(&mut typed)
                .id(id)
                .hint_text(RichText::new(hint).color(colours.weak))
                .desired_width(f32::INFINITY)
                .desired_rows(1)
                .char_limit(MOST_CHARS)
                .frame(egui::Frame::new().inner_margin(Margin::symmetric(8, 5)));
            if ui.add(edit).accessible_name(Word::MessageLabel.text()).changed() {
                actions.push(Action::Edit(Field::Message, typed.clone()));
            }
        });
    });
    send
}

/// Why nothing can be sent yet, and whether that is wrong or only missing.
struct Obstacle {
    tone: Tone,
    sentence: String,
}

fn obstacle(state: &State) -> Option<Obstacle> {
    let missing = |sentence: &str| Some(Obstacle { tone: Tone::Info, sentence: sentence.to_owned() });
    let wrong = |sentence: String| Some(Obstacle { tone: Tone::Problem, sentence });
    let staging = &state.staging;
    if !staging.walks.is_empty() {
        return missing(Word::NeedWalk.text());
    }
    if !staging.is_empty() && !staging.sendable() {
        return missing(Word::NeedFiles.text());
    }
    match message::parse(&staging.message) {
        Err(error @ BadMessage::TooLong { .. }) => return wrong(text::bad_message(error)),
        Err(error @ BadMessage::Empty) if staging.is_empty() => return missing(&text::bad_message(error)),
        _ => {}
    }
    match state.devices.recipients(&state.around) {
        Ok(recipients) if recipients.is_empty() => missing(Word::NeedChoice.text()),
        Ok(recipients) => {
            let deaf = recipients.iter().find(|to| to.classic && staging.is_empty())?;
            wrong(text::no_messages_there(&deaf.name))
        }
        Err(error) => missing(&text::bad_place(&error)),
    }
}

/// Files go everywhere, but not everybody gets the message.
fn without_message_ui(ui: &mut Ui, state: &State) {
    if state.staging.is_empty() || state.staging.message.trim().is_empty() {
        return;
    }
    let recipients = state.devices.recipients(&state.around).unwrap_or_default();
    if let Some(deaf) = recipients.iter().find(|to| to.classic) {
        told(ui, Tone::Warning, &text::goes_without_message(&deaf.name));
    }
}

fn names(state: &State) -> Vec<String> {
    let recipients = state.devices.recipients(&state.around).unwrap_or_default();
    recipients.into_iter().map(|recipient| recipient.name).collect()
}
