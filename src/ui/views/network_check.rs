//! The network check over the window: whom it is about, and a line for each step with what to do where one has failed.

use egui::{Label, RichText, ScrollArea, TextEdit, Ui, UiBuilder, accesskit::Role};

use crate::{
    model::check::{CheckStep, Finding, Fix, StepState},
    ui::{
        action::{Action, Field, NetworkCheckAction},
        state::{State, checking::NetworkCheck, notices::Tone},
        text::{self, Word},
        theme::palette,
        widgets::{
            Sign, button, entered, field, growing_modal, line, primary_button, sign, title, told, tone_colours, weak,
            weak_line,
        },
    },
};

const WIDTH: f32 = 580.0;
/// Height of what is around the steps.
const AROUND: f32 = 290.0;

pub(super) fn network_check_ui(ui: &mut Ui, state: &State, actions: &mut Vec<Action>) {
    let Some(check) = &state.network_check else { return };
    let height = (ui.ctx().content_rect().height() - AROUND).max(140.0);
    let closed = growing_modal(ui, "network check", WIDTH, |ui| {
        ui.label(RichText::new(Word::NetworkCheckTitle.text()).heading().color(palette(ui).strong));
        weak(ui, Word::NetworkCheckTip.text());
        whom_ui(ui, state, check, actions);
        ui.separator();
        let scroll = ScrollArea::vertical().max_height(height).min_scrolled_height(height).auto_shrink([false, true]);
        scroll.show(ui, |ui| {
            for step in &check.steps {
                step_ui(ui, step, check.over, actions);
            }
        });
        ui.separator();
        line(ui, |ui| summary_ui(ui, check), |ui| buttons_ui(ui, check, actions));
    });
    if closed {
        actions.push(Action::NetworkCheck(NetworkCheckAction::Close));
    }
}

fn whom_ui(ui: &mut Ui, state: &State, check: &NetworkCheck, actions: &mut Vec<Action>) {
    let (name, hint) = (Word::NetworkCheckWhom.text(), Word::NetworkCheckWhomHint.text());
    weak(ui, name);
    let typed = field(ui, Field::CheckWhom, name, &check.whom, hint, actions);
    let target = state.check_target();
    if let (Err(error), false) = (&target, typed.has_focus()) {
        told(ui, Tone::Problem, &text::bad_place(error));
    }
    let start = entered(ui, &typed);
    ui.horizontal(|ui| {
        let clicked = primary_button(ui, Word::NetworkCheckStart.text(), target.is_ok()).clicked();
        if (clicked || start) && target.is_ok() {
            actions.push(Action::NetworkCheck(NetworkCheckAction::Start));
        }
    });
}

fn step_ui(ui: &mut Ui, step: &CheckStep, over: bool, actions: &mut Vec<Action>) {
    let (name, state) = (text::step_title(step.kind), text::step_state(step.state));
    let group = UiBuilder::new()
        .id_salt(step.kind)
        .accessibility_role(Role::Group)
        .accessibility_label(text::check_step(&name, &state));
    let (found, advice) = text::step_told(step, over);
    ui.scope_builder(group, |ui| {
        let time = step.took.map(text::step_time).unwrap_or_default();
        line(
            ui,
            |ui| {
                state_sign(ui, step.state);
                title(ui, &name);
            },
            |ui| {
                ui.add(Label::new(RichText::new(&state).size(13.0).color(state_ink(ui, step.state))));
                weak_line(ui, &time);
            },
        );
        ui.indent("told", |ui| {
            if !found.is_empty() {
                ui.add(Label::new(found).wrap());
            }
            for told in text::step_lines(&step.finding) {
                weak(ui, &told);
            }
            if !advice.is_empty() {
                ui.add(Label::new(RichText::new(advice).color(palette(ui).strong)).wrap());
            }
            if let Finding::Multicast { fix: Some(fix), .. } | Finding::NotReached { fix: Some(fix), .. } =
                &step.finding
            {
                fix_ui(ui, fix, actions);
            }
        });
        ui.add_space(4.0);
    });
}

/// A command, ready to copy. All of it is in sight: nobody should have to run what he has not read.
fn fix_ui(ui: &mut Ui, fix: &Fix, actions: &mut Vec<Action>) {
    weak(ui, &text::fix_for(fix));
    let mut shown = fix.command.as_str();
    let command = TextEdit::multiline(&mut shown).font(egui::TextStyle::Monospace).desired_rows(1);
    ui.add(command.desired_width(f32::INFINITY));
    if button(ui, Word::CopyCommand.text()).clicked() {
        actions.push(Action::Copy(fix.command.clone()));
    }
}

fn summary_ui(ui: &mut Ui, check: &NetworkCheck) {
    if check.over {
        let (state, summary) = text::check_summary(&check.steps);
        state_sign(ui, state);
        ui.add(Label::new(RichText::new(summary).color(state_ink(ui, state))).truncate());
    } else if check.is_running() {
        state_sign(ui, StepState::Running);
        weak_line(ui, &text::step_state(StepState::Running));
    }
}

fn buttons_ui(ui: &mut Ui, check: &NetworkCheck, actions: &mut Vec<Action>) {
    if button(ui, Word::Close.text()).clicked() {
        actions.push(Action::NetworkCheck(NetworkCheckAction::Close));
    }
    if check.is_running() && button(ui, Word::Cancel.text()).clicked() {
        actions.push(Action::NetworkCheck(NetworkCheckAction::Cancel));
    }
}

fn state_sign(ui: &mut Ui, state: StepState) {
    let shape = match state {
        StepState::Failed => Sign::Cross,
        StepState::Fine => Sign::Tick,
        StepState::NotTried => Sign::Dash,
        StepState::Running => Sign::Ring,
        StepState::Warning => Sign::Warning,
    };
    let ink = state_ink(ui, state);
    sign(ui, shape, ink);
}

fn state_ink(ui: &Ui, state: StepState) -> egui::Color32 {
    let tone = match state {
        StepState::Failed => Tone::Problem,
        StepState::Fine => Tone::Good,
        StepState::Running => Tone::Info,
        StepState::Warning => Tone::Warning,
        StepState::NotTried => return palette(ui).weak,
    };
    tone_colours(ui, tone).0
}
