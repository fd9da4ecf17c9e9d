//! What may not be missed: somebody may not be who they seem. It stands above everything until a person has dealt with it.

use egui::{Frame, Label, Margin, Panel, RichText, ScrollArea, Ui, UiBuilder, accesskit::Role};

use super::seal;
use crate::{
    engine::messages::KeyWarning,
    model::{book::DeviceId, device_key::DeviceKey, transfer::Direction},
    ui::{
        action::{Action, AlarmAction, PageAction},
        state::{
            State,
            notices::Tone,
            trust::{Alarm, AlarmKind},
        },
        text::{self, Word},
        theme::palette,
        widgets::{button, quiet_button, sign, tone_colours, tone_sign, weak},
    },
};

/// Shown at once; the others are counted.
const MOST_SHOWN: usize = 3;

/// The part of the window's height that alarms may take: the rest must stay usable.
const MOST_HEIGHT: f32 = 0.55;

/// Below this width the two keys stand under each other.
const KEYS_BESIDE_FROM: f32 = 560.0;

pub(super) fn alarms_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let alarms = &state.trust.alarms;
    if alarms.is_empty() {
        return;
    }
    let height = ui.available_height() * MOST_HEIGHT;
    let frame = Frame::new().fill(palette(ui).panel).inner_margin(Margin { left: 12, right: 12, top: 10, bottom: 4 });
    Panel::top("alarms").resizable(false).show_separator_line(false).frame(frame).show(ui, |ui| {
        ScrollArea::vertical().max_height(height).min_scrolled_height(height).auto_shrink([false, true]).show(
            ui,
            |ui| {
                ui.spacing_mut().item_spacing.y = 6.0;
                for alarm in alarms.iter().take(MOST_SHOWN) {
                    ui.push_id(alarm.id, |ui| alarm_ui(ui, state, alarm, actions));
                }
                if alarms.len() > MOST_SHOWN {
                    weak(ui, &text::more(alarms.len() - MOST_SHOWN));
                }
            },
        );
    });
}

fn alarm_ui(ui: &mut Ui, state: &State, alarm: &Alarm, actions: &mut Vec<Action>) {
    let (heading, sentence, advice) = match &alarm.what {
        AlarmKind::CodesDiffer { name, address } => {
            (Word::CodesDifferTitle.text().to_owned(), text::codes_differ(name, address), Word::CodesDifferAdvice)
        }
        AlarmKind::WrongKey(warning) => {
            let advice = match warning.direction {
                Direction::Incoming => Word::WrongCallerAdvice,
                Direction::Outgoing => Word::WrongKeyAdvice,
            };
            (text::wrong_key_title(warning), text::wrong_key(warning), advice)
        }
    };
    let (ink, fill) = tone_colours(ui, Tone::Problem);
    let group = UiBuilder::new().accessibility_role(Role::Alert).accessibility_label(&heading);
    ui.scope_builder(group, |ui| {
        let frame =
            Frame::new().fill(fill).stroke((1.5, ink)).corner_radius(10).inner_margin(Margin::symmetric(14, 10));
        frame.show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 5.0;
            ui.horizontal(|ui| {
                sign(ui, tone_sign(Tone::Warning), ink);
                ui.add(Label::new(RichText::new(heading).size(15.0).color(ink)).wrap());
            });
            ui.add(Label::new(RichText::new(sentence).color(palette(ui).strong)).wrap());
            ui.add(Label::new(RichText::new(advice.text()).color(palette(ui).text)).wrap());
            if let (true, AlarmKind::WrongKey(warning)) = (alarm.open, &alarm.what) {
                keys_ui(ui, warning, actions);
            }
            ui.add_space(1.0);
            buttons_ui(ui, state, alarm, actions);
        });
    });
}

fn buttons_ui(ui: &mut Ui, state: &State, alarm: &Alarm, actions: &mut Vec<Action>) {
    ui.horizontal_wrapped(|ui| {
        if let AlarmKind::WrongKey(warning) = &alarm.what {
            let known = state.devices.verified(warning.expected).is_some();
            if known && button(ui, Word::OpenDevicePage.text()).clicked() {
                actions.push(Action::Page(PageAction::Open(DeviceId::Key(warning.expected))));
            }
            if warning.direction == Direction::Incoming {
                let allow = button(ui, Word::AllowDifferent.text()).on_hover_text(Word::AllowDifferentTip.text());
                if allow.clicked() {
                    actions.push(Action::Alarm(alarm.id, AlarmAction::Allow));
                }
            }
            let keys = if alarm.open { Word::HideKeys } else { Word::ShowKeys };
            if quiet_button(ui, keys.text()).clicked() {
                actions.push(Action::Alarm(alarm.id, AlarmAction::ToggleKeys));
            }
        }
        if quiet_button(ui, Word::Dismiss.text()).clicked() {
            actions.push(Action::Alarm(alarm.id, AlarmAction::Dismiss));
        }
    });
}

fn keys_ui(ui: &mut Ui, warning: &KeyWarning, actions: &mut Vec<Action>) {
    let met_name = text::device_name(warning.met_name.as_deref().unwrap_or(&warning.address));
    let both = [
        (Word::ExpectedKey, text::device_name(&warning.name), &warning.expected),
        (Word::MetKey, met_name, &warning.met),
    ];
    ui.add_space(2.0);
    if ui.available_width() < KEYS_BESIDE_FROM {
        for (label, name, key) in both {
            key_ui(ui, label, &name, key, actions);
        }
        return;
    }
    ui.columns(2, |columns| {
        for (ui, (label, name, key)) in columns.iter_mut().zip(both) {
            key_ui(ui, label, &name, key, actions);
        }
    });
}

fn key_ui(ui: &mut Ui, label: Word, name: &str, key: &DeviceKey, actions: &mut Vec<Action>) {
    weak(ui, label.text());
    seal::key_ui(ui, name, key, actions);
}
