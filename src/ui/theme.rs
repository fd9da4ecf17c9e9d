//! The look: one accent, quiet surfaces, room to breathe; the same in light and dark.

use egui::{Color32, CornerRadius, FontFamily, FontId, Margin, Stroke, Style, TextStyle, Visuals, vec2};

use crate::model::settings::Theme;

/// The colours that views name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Palette {
    pub(super) accent: Color32,
    pub(super) accent_soft: Color32,
    pub(super) on_accent: Color32,
    pub(super) bad: Color32,
    pub(super) bad_soft: Color32,
    pub(super) border: Color32,
    pub(super) card: Color32,
    pub(super) good: Color32,
    pub(super) good_soft: Color32,
    pub(super) panel: Color32,
    pub(super) side: Color32,
    pub(super) strong: Color32,
    pub(super) text: Color32,
    pub(super) track: Color32,
    pub(super) warn: Color32,
    pub(super) warn_soft: Color32,
    pub(super) weak: Color32,
}

const LIGHT: Palette = Palette {
    accent: Color32::from_rgb(0x0B, 0x6B, 0x6B),
    accent_soft: Color32::from_rgb(0xDD, 0xF0, 0xEE),
    on_accent: Color32::WHITE,
    bad: Color32::from_rgb(0xB3, 0x26, 0x1E),
    bad_soft: Color32::from_rgb(0xFC, 0xEA, 0xE8),
    border: Color32::from_rgb(0xD9, 0xDE, 0xE4),
    card: Color32::WHITE,
    good: Color32::from_rgb(0x18, 0x73, 0x45),
    good_soft: Color32::from_rgb(0xE3, 0xF4, 0xEA),
    panel: Color32::from_rgb(0xF4, 0xF6, 0xF8),
    side: Color32::from_rgb(0xEA, 0xED, 0xF1),
    strong: Color32::from_rgb(0x11, 0x16, 0x1B),
    text: Color32::from_rgb(0x29, 0x30, 0x38),
    track: Color32::from_rgb(0xDD, 0xE3, 0xE9),
    warn: Color32::from_rgb(0x8A, 0x54, 0x00),
    warn_soft: Color32::from_rgb(0xFD, 0xF1, 0xDA),
    weak: Color32::from_rgb(0x5A, 0x65, 0x71),
};

const DARK: Palette = Palette {
    accent: Color32::from_rgb(0x43, 0xC2, 0xB8),
    accent_soft: Color32::from_rgb(0x17, 0x38, 0x38),
    on_accent: Color32::from_rgb(0x04, 0x20, 0x1E),
    bad: Color32::from_rgb(0xF4, 0x8F, 0x85),
    bad_soft: Color32::from_rgb(0x43, 0x20, 0x1E),
    border: Color32::from_rgb(0x36, 0x3D, 0x46),
    card: Color32::from_rgb(0x22, 0x27, 0x2D),
    good: Color32::from_rgb(0x63, 0xCF, 0x92),
    good_soft: Color32::from_rgb(0x19, 0x38, 0x28),
    panel: Color32::from_rgb(0x19, 0x1D, 0x21),
    side: Color32::from_rgb(0x14, 0x17, 0x1A),
    strong: Color32::from_rgb(0xF5, 0xF7, 0xF9),
    text: Color32::from_rgb(0xDD, 0xE2, 0xE7),
    track: Color32::from_rgb(0x36, 0x3D, 0x46),
    warn: Color32::from_rgb(0xEB, 0xB2, 0x5A),
    warn_soft: Color32::from_rgb(0x3B, 0x2D, 0x15),
    weak: Color32::from_rgb(0x9C, 0xA7, 0xB2),
};

/// The colours of the theme that `ui` is drawn in.
pub(super) fn palette(ui: &egui::Ui) -> &'static Palette {
    if ui.visuals().dark_mode { &DARK } else { &LIGHT }
}

/// Dresses both themes; which one is shown is chosen by `preference`.
pub(super) fn install(context: &egui::Context) {
    context.style_mut_of(egui::Theme::Light, |style| dress(style, Visuals::light(), &LIGHT));
    context.style_mut_of(egui::Theme::Dark, |style| dress(style, Visuals::dark(), &DARK));
}

/// Our word for it into egui's.
pub(super) fn preference(theme: Theme) -> egui::ThemePreference {
    match theme {
        Theme::Dark => egui::ThemePreference::Dark,
        Theme::Light => egui::ThemePreference::Light,
        Theme::System => egui::ThemePreference::System,
    }
}

fn dress(style: &mut Style, base: Visuals, palette: &Palette) {
    style.text_styles = [
        (TextStyle::Small, FontId::new(12.0, FontFamily::Proportional)),
        (TextStyle::Body, FontId::new(14.0, FontFamily::Proportional)),
        (TextStyle::Button, FontId::new(14.0, FontFamily::Proportional)),
        (TextStyle::Heading, FontId::new(17.0, FontFamily::Proportional)),
        (TextStyle::Monospace, FontId::new(13.0, FontFamily::Monospace)),
    ]
    .into();
    let spacing = &mut style.spacing;
    spacing.item_spacing = vec2(8.0, 6.0);
    spacing.button_padding = vec2(12.0, 5.0);
    spacing.interact_size = vec2(36.0, 28.0);
    spacing.icon_width = 16.0;
    spacing.icon_width_inner = 9.0;
    spacing.icon_spacing = 6.0;
    spacing.window_margin = Margin::same(20);
    style.interaction.selectable_labels = true;
    style.visuals = visuals(base, palette);
}

fn visuals(base: Visuals, palette: &Palette) -> Visuals {
    let mut visuals = base;
    visuals.panel_fill = palette.panel;
    visuals.window_fill = palette.card;
    visuals.window_stroke = Stroke::new(1.0, palette.border);
    visuals.window_corner_radius = CornerRadius::same(12);
    visuals.menu_corner_radius = CornerRadius::same(8);
    visuals.extreme_bg_color = palette.card;
    visuals.text_edit_bg_color = Some(if visuals.dark_mode { palette.side } else { palette.card });
    visuals.faint_bg_color = palette.panel;
    visuals.weak_text_color = Some(palette.weak);
    visuals.hyperlink_color = palette.accent;
    visuals.warn_fg_color = palette.warn;
    visuals.error_fg_color = palette.bad;
    visuals.selection.bg_fill = palette.accent.gamma_multiply(0.22);
    visuals.selection.stroke = Stroke::new(1.5, palette.accent);
    visuals.disabled_alpha = 0.55;
    dress_widgets(&mut visuals, palette);
    visuals
}

fn dress_widgets(visuals: &mut Visuals, palette: &Palette) {
    let hover = palette.border.lerp_to_gamma(palette.weak, 0.35);
    let widgets = &mut visuals.widgets;
    for state in [
        &mut widgets.noninteractive,
        &mut widgets.inactive,
        &mut widgets.hovered,
        &mut widgets.active,
        &mut widgets.open,
    ] {
        state.corner_radius = CornerRadius::same(7);
        state.expansion = 0.0;
        state.fg_stroke = Stroke::new(1.0, palette.text);
        state.bg_stroke = Stroke::new(1.0, palette.border);
        state.bg_fill = palette.card;
        state.weak_bg_fill = palette.card;
    }
    widgets.inactive.fg_stroke = Stroke::new(1.5, palette.text);
    widgets.hovered.bg_stroke = Stroke::new(1.0, hover);
    widgets.hovered.fg_stroke = Stroke::new(1.5, palette.strong);
    widgets.hovered.weak_bg_fill = palette.card.lerp_to_gamma(palette.weak, 0.10);
    widgets.hovered.bg_fill = widgets.hovered.weak_bg_fill;
    widgets.active.bg_stroke = Stroke::new(1.0, palette.accent);
    widgets.active.fg_stroke = Stroke::new(1.5, palette.strong);
    widgets.active.weak_bg_fill = palette.card.lerp_to_gamma(palette.weak, 0.20);
    widgets.active.bg_fill = widgets.active.weak_bg_fill;
}
