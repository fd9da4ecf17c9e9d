//! A small window before the start: the file with this device's key cannot be used, and a person has to say what to do.
//! It only asks; whoever opened it does what was chosen.

use std::{cell::Cell, rc::Rc};

use egui::{CentralPanel, Frame, Label, Margin, RichText, ScrollArea, Ui};

use super::{
    renderer::{self, StartFailure},
    text::{self, Language, Word},
    theme::{self, palette},
    widgets::{Sign, button, primary_button, quiet_button, sign, weak},
};
use crate::model::{
    reason::{Reason, ReasonCode},
    settings::Theme,
};

/// What the person wants done about the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyChoice {
    /// Only this user may read the file from now on; the key stays.
    MakePrivate,
    /// The old file is kept aside and a new key is made.
    NewKey,
    /// Also when the window is closed without a choice.
    Quit,
}

const SIZE: [f32; 2] = [520.0, 400.0];
const SMALLEST: [f32; 2] = [360.0, 300.0];

/// Asks what to do about `trouble` (`KeyDamaged` or `KeyExposed`, with the file in its detail),
/// in the colours and the language of the settings.
///
/// # Errors
/// No window could be opened.
pub fn ask(trouble: &Reason, theme: Theme, language: Language) -> Result<KeyChoice, StartFailure> {
    let choice = Rc::new(Cell::new(KeyChoice::Quit));
    renderer::first_that_works(|renderer| {
        let (trouble, choice) = (trouble.clone(), Rc::clone(&choice));
        let create = move |creation: &eframe::CreationContext<'_>| -> Box<dyn eframe::App> {
            creation.egui_ctx.set_theme(theme::preference(theme));
            Box::new(KeyTrouble::new(&creation.egui_ctx, trouble, choice, language))
        };
        renderer::open(renderer, SIZE, SMALLEST, Box::new(create))
    })?;
    Ok(choice.get())
}

/// The window itself.
pub struct KeyTrouble {
    trouble: Reason,
    choice: Rc<Cell<KeyChoice>>,
    language: Language,
}

impl KeyTrouble {
    /// What is chosen will stand in `choice`.
    pub fn new(context: &egui::Context, trouble: Reason, choice: Rc<Cell<KeyChoice>>, language: Language) -> Self {
        theme::install(context);
        Self { trouble, choice, language }
    }

    fn contents_ui(&self, ui: &mut Ui) -> Option<KeyChoice> {
        let exposed = self.trouble.code == ReasonCode::KeyExposed;
        let (heading, sentence) = if exposed {
            (Word::KeyExposedTitle, Word::KeyExposedText)
        } else {
            (Word::KeyDamagedTitle, Word::KeyDamagedText)
        };
        ui.horizontal(|ui| {
            sign(ui, Sign::Warning, palette(ui).warn);
            ui.add(Label::new(RichText::new(heading.text()).heading().color(palette(ui).strong)).wrap());
        });
        ui.add(Label::new(sentence.text()).wrap());
        let mut chosen = None;
        if let Some(detail) = &self.trouble.detail {
            ui.add(Label::new(RichText::new(text::name(detail)).monospace()).wrap());
            if quiet_button(ui, Word::CopyDetails.text()).clicked() {
                ui.ctx().copy_text(self.trouble.to_string());
            }
        }
        ui.add_space(8.0);
        if exposed {
            let make_private = primary_button(ui, Word::KeyMakePrivate.text(), true).clicked();
            chosen = make_private.then_some(KeyChoice::MakePrivate);
            weak(ui, Word::KeyMakePrivateText.text());
            ui.add_space(6.0);
        }
        if button(ui, Word::KeyNew.text()).clicked() {
            chosen = Some(KeyChoice::NewKey);
        }
        weak(ui, Word::KeyNewText.text());
        ui.add_space(6.0);
        if button(ui, Word::Quit.text()).clicked() {
            chosen = Some(KeyChoice::Quit);
        }
        chosen
    }
}

impl eframe::App for KeyTrouble {
    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.language.speak();
        let frame = Frame::new().fill(palette(ui).card).inner_margin(Margin::same(22));
        let chosen = CentralPanel::default().frame(frame).show(ui, |ui| {
            let all = ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 8.0;
                self.contents_ui(ui)
            });
            all.inner
        });
        if let Some(chosen) = chosen.inner {
            self.choice.set(chosen);
            ui.ctx().send_viewport_cmd(egui::ViewportCommand::Close);
        }
    }
}
