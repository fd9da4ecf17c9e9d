//! A seal on the screen: picture, hex in groups of four, and in words whether both ends agree. A device's key is drawn in the
//! same way.

use egui::{
    Color32, CornerRadius, Label, Pos2, Rect, Response, RichText, Role, Sense, Shape as Drawn, Stroke, Ui, WidgetInfo,
    vec2,
};

use crate::{
    model::{
        device_key::DeviceKey,
        outcome::FileState,
        seal::Md5Digest,
        seal_picture::{Part, SIDE, SealPicture, Shading, TEETH},
    },
    ui::{
        action::Action,
        text::{self, Word},
        theme::palette,
        widgets::{Sign, quiet_button, sign},
    },
};

/// Side of the picture in a table, in points.
pub(super) const SMALL: f32 = 24.0;

/// Side of the picture where there is room.
pub(super) const LARGE: f32 = 64.0;

/// Room that the whole hex needs on one line.
const HEX_WIDTH: f32 = 340.0;

/// Tints of middling lightness: between paper and ink also where they are seen as grey.
const HUES: [Color32; 6] = [
    Color32::from_rgb(0x4A, 0x9B, 0xDC),
    Color32::from_rgb(0xDD, 0x87, 0x3C),
    Color32::from_rgb(0x4B, 0xB0, 0x7C),
    Color32::from_rgb(0xA1, 0x79, 0xD8),
    Color32::from_rgb(0xDB, 0x6C, 0x8D),
    Color32::from_rgb(0xB3, 0xA8, 0x3C),
];

/// Picture, hex and state beside each other.
pub(super) fn seal_ui(ui: &mut Ui, md5: &Md5Digest, state: FileState, side: f32) {
    ui.horizontal(|ui| {
        picture_ui(ui, md5, state, side);
        ui.add_space(4.0);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 4.0;
            ui.add_space((side - 44.0).max(0.0) / 2.0);
            hex_ui(ui, md5);
            state_ui(ui, state);
        });
    });
}

/// Picture and hex beside each other, where something else says what they are worth.
pub(super) fn hex_and_picture_ui(ui: &mut Ui, md5: &Md5Digest, state: FileState) {
    ui.horizontal(|ui| {
        picture_ui(ui, md5, state, LARGE);
        ui.add_space(4.0);
        hex_ui(ui, md5);
    });
}

/// Groups of four in the whole hex.
pub(super) const GROUPS: usize = 8;

/// Picture and the first `groups` of the hex on one line of a table.
pub(super) fn line_ui(ui: &mut Ui, md5: &Md5Digest, state: FileState, groups: usize) {
    picture_ui(ui, md5, state, SMALL);
    let mut hex = md5.grouped().split(' ').take(groups).collect::<Vec<_>>().join(" ");
    if groups < GROUPS {
        hex.push_str(" …");
    }
    let hex = RichText::new(hex).monospace().size(12.0).color(palette(ui).text);
    ui.add(Label::new(hex).selectable(false).truncate());
}

/// The picture alone, named in full for who cannot see it.
pub(super) fn picture_ui(ui: &mut Ui, md5: &Md5Digest, state: FileState, side: f32) {
    let (rect, response) = ui.allocate_exact_size(vec2(side, side), Sense::hover());
    let name = text::seal(&md5.to_string(), state);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &name));
    if ui.is_rect_visible(rect) {
        ui.painter().extend(painted(&SealPicture::of(md5), rect));
    }
    response.on_hover_text(&name);
}

/// The picture of a device's key, named in full for who cannot see it.
pub(super) fn key_picture_ui(ui: &mut Ui, key: &DeviceKey, name: &str, side: f32) {
    let (rect, response) = ui.allocate_exact_size(vec2(side, side), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, name));
    if ui.is_rect_visible(rect) {
        ui.painter().extend(painted(&SealPicture::of_key(key), rect));
    }
    let lines = text::key_lines(key, 4);
    response.on_hover_ui(|ui| {
        ui.add(Label::new(RichText::new(lines).monospace()).extend());
    });
}

/// Picture, digits and *Copy* of a device's key beside each other.
pub(super) fn key_ui(ui: &mut Ui, device: &str, key: &DeviceKey, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        key_picture_ui(ui, key, &text::key_of(device, key), LARGE);
        ui.add_space(4.0);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            ui.add(Label::new(RichText::new(text::key_lines(key, 4)).monospace().color(palette(ui).text)).extend());
        });
        let copy = quiet_button(ui, Word::Copy.text()).accessible_name(text::copy_key(device));
        if copy.clicked() {
            actions.push(Action::Copy(key.grouped()));
        }
    });
}

fn hex_ui(ui: &mut Ui, md5: &Md5Digest) -> Response {
    let mut hex = md5.grouped();
    if ui.available_width() < HEX_WIDTH {
        // Halves are easier to compare than a full line and a rest.
        hex = hex.split(' ').enumerate().fold(String::new(), |hex, (group, digits)| match group {
            0 => digits.to_owned(),
            _ if group == GROUPS / 2 => hex + "\n" + digits,
            _ => hex + " " + digits,
        });
    }
    let hex = RichText::new(hex).monospace().size(14.0).color(palette(ui).strong);
    ui.add(Label::new(hex).wrap())
}

fn state_ui(ui: &mut Ui, state: FileState) {
    let colours = palette(ui);
    let (picture, ink, word) = match state {
        FileState::Verified => (Sign::Tick, colours.good, Word::SealVerified),
        FileState::Mismatch => (Sign::Cross, colours.bad, Word::StateMismatch),
        FileState::Failed | FileState::Skipped | FileState::Unchecked => {
            (Sign::Ring, colours.warn, Word::SealNotChecked)
        }
    };
    ui.horizontal(|ui| {
        sign(ui, picture, ink);
        ui.label(RichText::new(word.text()).size(13.0).color(ink));
    });
}

/// The same in light and dark, so that two screens never show one seal as its own negative.
const PAPER: Color32 = Color32::from_rgb(0xFA, 0xFB, 0xFC);
const INK: Color32 = Color32::from_rgb(0x14, 0x19, 0x1F);

/// The colours of one picture: paper, tint and ink differ in lightness, so the hue is not needed to read it.
struct Inks {
    paper: Color32,
    tint: Color32,
    ink: Color32,
}

fn painted(picture: &SealPicture, rect: Rect) -> Vec<Drawn> {
    let tint = HUES.get(usize::from(picture.hue)).copied().unwrap_or(INK);
    let inks = Inks { paper: PAPER, tint, ink: INK };
    let tooth = (rect.width() / 14.0).round();
    let inner = rect.shrink(tooth);
    let mut shapes = vec![Drawn::rect_filled(rect, CornerRadius::ZERO, inks.paper)];
    let side = inner.width() / SIDE as f32;
    for (i, cell) in picture.cells.iter().enumerate() {
        let corner = inner.min + vec2((i % SIDE) as f32 * side, (i / SIDE) as f32 * side);
        let (figure, ground) = match cell.shading {
            Shading::InkOnPaper => (inks.ink, inks.paper),
            Shading::InkOnTint => (inks.ink, inks.tint),
            Shading::PaperOnInk => (inks.paper, inks.ink),
            Shading::TintOnPaper => (inks.tint, inks.paper),
        };
        shapes.push(Drawn::rect_filled(Rect::from_min_size(corner, vec2(side, side)), CornerRadius::ZERO, ground));
        shapes.extend(cell.shape.parts().into_iter().map(|part| part_shape(part, corner, side, figure)));
    }
    shapes.push(Drawn::rect_stroke(inner, CornerRadius::ZERO, Stroke::new(1.0, inks.ink), egui::StrokeKind::Middle));
    shapes.extend(teeth(picture.teeth, rect, tooth, inks.ink));
    shapes
}

fn part_shape(part: Part, corner: Pos2, side: f32, colour: Color32) -> Drawn {
    let at = |[x, y]: [f32; 2]| corner + vec2(x * side, y * side);
    match part {
        Part::Disc { centre, radius } => Drawn::circle_filled(at(centre), radius * side, colour),
        Part::Polygon(corners) => Drawn::convex_polygon(corners.into_iter().map(at).collect(), colour, Stroke::NONE),
        Part::Ring { centre, radius, width } => {
            Drawn::circle_stroke(at(centre), radius * side, Stroke::new(width * side, colour))
        }
    }
}

/// The edge: a tooth for every bit that is set.
fn teeth(bits: u32, rect: Rect, tooth: f32, ink: Color32) -> Vec<Drawn> {
    let step = (rect.width() - 2.0 * tooth) / TEETH as f32;
    let length = step * 0.72;
    let mut shapes = Vec::new();
    for i in (0..4 * TEETH).filter(|i| bits >> i & 1 == 1) {
        let along = tooth + (i % TEETH) as f32 * step + (step - length) / 2.0;
        let place = match i / TEETH {
            0 => Rect::from_min_size(rect.min + vec2(along, 0.0), vec2(length, tooth)),
            1 => Rect::from_min_size(rect.min + vec2(rect.width() - tooth, along), vec2(tooth, length)),
            2 => Rect::from_min_size(rect.min + vec2(along, rect.height() - tooth), vec2(length, tooth)),
            _ => Rect::from_min_size(rect.min + vec2(0.0, along), vec2(tooth, length)),
        };
        shapes.push(Drawn::rect_filled(place, CornerRadius::ZERO, ink));
    }
    shapes
}
