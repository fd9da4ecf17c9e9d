//! Small pieces that several views share: buttons, tags, signs, a progress bar, text fields.

use egui::{
    Button, Color32, CornerRadius, Frame, Label, Margin, Pos2, Rect, Response, RichText, Role, Sense, Shape, Stroke,
    Ui, WidgetInfo, pos2, vec2,
};

use super::{
    action::{Action, Field},
    state::notices::Tone,
    text,
    theme::palette,
};

/// A sign that carries a meaning without its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Cross,
    Dash,
    File,
    Folder,
    Link,
    Pause,
    Ring,
    Tick,
    Warning,
}

/// The one button that a place is about.
pub(super) fn primary_button(ui: &mut Ui, label: &str, enabled: bool) -> Response {
    let colours = palette(ui);
    let button = Button::new(RichText::new(label).color(colours.on_accent)).fill(colours.accent).stroke(Stroke::NONE);
    let response = ui.add_enabled(enabled, button.min_size(vec2(88.0, 32.0)));
    focus_ring(ui, &response);
    response
}

/// Shows where the keyboard is, on what has no frame that could.
pub(super) fn focus_ring(ui: &Ui, response: &Response) {
    if response.has_focus() {
        let ring = Stroke::new(1.5, palette(ui).accent);
        ui.painter().rect_stroke(response.rect.expand(3.0), 8.0, ring, egui::StrokeKind::Middle);
    }
}

/// A button for lists and rows.
pub(super) fn button(ui: &mut Ui, label: &str) -> Response {
    ui.add(Button::new(label))
}

/// A button without a frame, in the accent's colour.
pub(super) fn quiet_button(ui: &mut Ui, label: &str) -> Response {
    let colours = palette(ui);
    let text = RichText::new(label).color(colours.accent);
    let padding = ui.spacing().button_padding;
    // Without a frame the wide padding of a button would look like a wrong indent.
    ui.spacing_mut().button_padding.x = 5.0;
    let response = ui.add(Button::new(text).frame_when_inactive(false).stroke(Stroke::NONE));
    ui.spacing_mut().button_padding = padding;
    focus_ring(ui, &response);
    response
}

/// A white (or dark) surface with a thin edge.
pub(super) fn card(ui: &Ui) -> Frame {
    let colours = palette(ui);
    Frame::new()
        .fill(colours.card)
        .stroke(Stroke::new(1.0, colours.border))
        .corner_radius(CornerRadius::same(10))
        .inner_margin(Margin::same(14))
}

/// Above what grows downward.
const TOP: f32 = 14.0;

/// Beside what is scrolled over the window.
const BAR_ROOM: f32 = 10.0;

/// What stands over the window and has to be answered first.
pub(super) fn modal(ui: &Ui, id: &str, width: f32, contents: impl FnOnce(&mut Ui)) -> bool {
    modal_in(ui, egui::Modal::new(modal_id(id)), width, contents)
}

/// As `modal`, for what becomes longer by itself: it grows downward, and nothing slides under the pointer.
pub(super) fn growing_modal(ui: &Ui, id: &str, width: f32, contents: impl FnOnce(&mut Ui)) -> bool {
    let id = modal_id(id);
    let area = egui::Modal::default_area(id).anchor(egui::Align2::CENTER_TOP, [0.0, TOP]);
    modal_in(ui, egui::Modal::new(id).area(area), width, contents)
}

fn modal_id(id: &str) -> egui::Id {
    egui::Id::unique(("modal", id))
}

fn modal_in(ui: &Ui, modal: egui::Modal, width: f32, contents: impl FnOnce(&mut Ui)) -> bool {
    let colours = palette(ui);
    let frame = Frame::popup(ui.style()).fill(colours.card).corner_radius(12).inner_margin(Margin::same(22));
    let width = width.min(ui.ctx().content_rect().width() - 72.0);
    let modal = modal.frame(frame).show(ui.ctx(), |ui| {
        ui.set_width(width);
        ui.spacing_mut().item_spacing.y = 8.0;
        // What is scrolled in here reaches to the edge: its bar would stand on the last letters.
        ui.spacing_mut().scroll.floating_allocated_width = BAR_ROOM;
        contents(ui);
    });
    modal.should_close()
}

/// A headline of a section.
pub(super) fn section(ui: &mut Ui, title: &str) {
    let colours = palette(ui);
    ui.add(Label::new(RichText::new(title).size(13.0).color(colours.weak)).selectable(false));
}

/// A name that is as strong as text gets, cut off where the room ends.
pub(super) fn title(ui: &mut Ui, text: &str) -> Response {
    let colours = palette(ui);
    ui.add(Label::new(RichText::new(text).size(15.0).color(colours.strong)).truncate())
}

/// Text of the second rank, wrapped.
pub(super) fn weak(ui: &mut Ui, text: &str) -> Response {
    let colours = palette(ui);
    ui.add(Label::new(RichText::new(text).size(13.0).color(colours.weak)).wrap())
}

/// Text of the second rank, cut off where the room ends.
pub(super) fn weak_line(ui: &mut Ui, text: &str) -> Response {
    let colours = palette(ui);
    ui.add(Label::new(RichText::new(text).size(13.0).color(colours.weak)).truncate())
}

/// A short mark in a pill.
pub(super) fn tag(ui: &mut Ui, label: &str, tone: Tone, tip: &str) {
    pill(ui, None, label, tone, tip);
}

/// A short mark in a pill, behind the sign of its tone.
pub(super) fn signed_tag(ui: &mut Ui, label: &str, tone: Tone, tip: &str) {
    pill(ui, Some(tone_sign(tone)), label, tone, tip);
}

fn pill(ui: &mut Ui, sign: Option<Sign>, label: &str, tone: Tone, tip: &str) {
    const SIGN: f32 = 11.0;
    let (ink, fill) = tone_colours(ui, tone);
    let words = ui.painter().layout_no_wrap(label.to_owned(), egui::FontId::proportional(12.0), ink);
    let before = if sign.is_some() { SIGN + 4.0 } else { 0.0 };
    let (rect, response) = ui.allocate_exact_size(words.size() + vec2(16.0 + before, 5.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, label));
    ui.painter().rect_filled(rect, rect.height() / 2.0, fill);
    if let Some(sign) = sign {
        let corner = pos2(rect.left() + 7.0, rect.center().y - SIGN / 2.0);
        let at = |x: f32, y: f32| corner + vec2(x, y) * (SIGN / 16.0);
        ui.painter().extend(shapes(sign, ink, &at));
    }
    let start = pos2(rect.left() + 8.0 + before, rect.center().y - words.size().y / 2.0);
    ui.painter().galley(start, words, ink);
    if !tip.is_empty() {
        response.on_hover_text(tip);
    }
}

/// The colour of words and signs in a tone, and of the surface under them.
pub(super) fn tone_colours(ui: &Ui, tone: Tone) -> (Color32, Color32) {
    let colours = palette(ui);
    match tone {
        Tone::Good => (colours.good, colours.good_soft),
        Tone::Info => (colours.accent, colours.accent_soft),
        Tone::Problem => (colours.bad, colours.bad_soft),
        Tone::Warning => (colours.warn, colours.warn_soft),
    }
}

/// The sign of a tone.
pub(super) fn tone_sign(tone: Tone) -> Sign {
    match tone {
        Tone::Good => Sign::Tick,
        Tone::Info => Sign::Ring,
        Tone::Problem => Sign::Cross,
        Tone::Warning => Sign::Warning,
    }
}

/// A sign and a sentence.
pub(super) fn told(ui: &mut Ui, tone: Tone, text: &str) -> Response {
    let (ink, _) = tone_colours(ui, tone);
    ui.horizontal(|ui| {
        sign(ui, tone_sign(tone), ink);
        ui.add(Label::new(RichText::new(text).color(ink)).wrap())
    })
    .inner
}

/// Paints a sign in 16 by 16. It repeats what stands beside it in words, so it has no name of its own.
pub(super) fn sign(ui: &mut Ui, sign: Sign, ink: Color32) {
    let (rect, _) = ui.allocate_exact_size(vec2(16.0, 16.0), Sense::hover());
    if ui.is_rect_visible(rect) {
        let at = |x: f32, y: f32| rect.min + vec2(x, y);
        ui.painter().extend(shapes(sign, ink, &at));
    }
}

fn shapes(sign: Sign, ink: Color32, at: &dyn Fn(f32, f32) -> Pos2) -> Vec<Shape> {
    let pen = Stroke::new(1.8, ink);
    let thin = Stroke::new(1.3, ink);
    let line = |points: &[(f32, f32)], pen| Shape::line(points.iter().map(|(x, y)| at(*x, *y)).collect(), pen);
    let closed = |points: &[(f32, f32)], pen| Shape::closed_line(points.iter().map(|(x, y)| at(*x, *y)).collect(), pen);
    match sign {
        Sign::Cross => vec![line(&[(4.0, 4.0), (12.0, 12.0)], pen), line(&[(12.0, 4.0), (4.0, 12.0)], pen)],
        Sign::Dash => vec![line(&[(3.5, 8.0), (12.5, 8.0)], pen)],
        Sign::File => vec![
            closed(&[(3.5, 1.5), (9.5, 1.5), (12.5, 4.5), (12.5, 14.5), (3.5, 14.5)], thin),
            line(&[(9.5, 1.5), (9.5, 4.5), (12.5, 4.5)], thin),
        ],
        Sign::Folder => {
            vec![closed(&[(1.5, 3.5), (6.0, 3.5), (7.5, 5.0), (14.5, 5.0), (14.5, 13.5), (1.5, 13.5)], thin)]
        }
        Sign::Link => {
            vec![line(&[(3.0, 13.0), (12.5, 3.5)], thin), line(&[(7.0, 3.5), (12.5, 3.5), (12.5, 9.0)], thin)]
        }
        Sign::Pause => vec![line(&[(5.5, 3.5), (5.5, 12.5)], pen), line(&[(10.5, 3.5), (10.5, 12.5)], pen)],
        Sign::Ring => vec![Shape::circle_stroke(at(8.0, 8.0), 5.5, pen)],
        Sign::Tick => vec![line(&[(3.0, 8.5), (6.5, 12.0), (13.0, 4.0)], Stroke::new(2.0, ink))],
        Sign::Warning => vec![
            closed(&[(8.0, 2.0), (14.5, 13.5), (1.5, 13.5)], thin),
            line(&[(8.0, 6.0), (8.0, 9.7)], thin),
            Shape::circle_filled(at(8.0, 11.7), 0.9, ink),
        ],
    }
}

/// A bar that says for which transfer it stands and how far it is.
pub(super) fn progress(ui: &mut Ui, name: &str, moved: u64, total: u64, ink: Color32) -> Response {
    let colours = palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 8.0), Sense::hover());
    let percent = text::percent(moved, total);
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ProgressIndicator, ui.is_enabled(), name);
        info.value = Some(f64::from(percent));
        info
    });
    ui.ctx().accesskit_node_builder(response.id, |node| {
        node.set_min_numeric_value(0.0);
        node.set_max_numeric_value(100.0);
    });
    if ui.is_rect_visible(rect) {
        ui.painter().rect_filled(rect, 4.0, colours.track);
        let part = crate::model::progress::fraction(moved, total);
        if part > 0.0 {
            let full = Rect::from_min_max(rect.min, pos2(rect.left() + (rect.width() * part).max(8.0), rect.bottom()));
            ui.painter().rect_filled(full, 4.0, ink);
        }
    }
    response.on_hover_text(text::per_cent(percent))
}

/// One line with something at either end; the left side gives way.
pub(super) fn line(ui: &mut Ui, left: impl FnOnce(&mut Ui), right: impl FnOnce(&mut Ui)) {
    egui::Sides::new().shrink_left().truncate().show(ui, left, right);
}

/// What the keyboard's focus knows a text field by.
pub(super) fn field_id(of: Field) -> egui::Id {
    egui::Id::unique(("field", format!("{of:?}")))
}

/// A text field for `text`; what is typed comes back as an action.
pub(super) fn field(ui: &mut Ui, of: Field, name: &str, text: &str, hint: &str, actions: &mut Vec<Action>) -> Response {
    let mut typed = text.to_owned();
    let edit = egui::TextEdit::singleline(&mut typed)
        .id(field_id(of))
        .hint_text(RichText::new(hint).color(palette(ui).weak))
        .desired_width(f32::INFINITY)
        .margin(Margin::symmetric(8, 5));
    let response = ui.add(edit).accessible_name(name);
    if response.changed() {
        actions.push(Action::Edit(of, typed));
    }
    response
}

/// Enter was pressed in this field.
pub(super) fn entered(ui: &Ui, field: &Response) -> bool {
    field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter))
}
