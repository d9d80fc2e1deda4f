//! Computes the contrast of the stylesheet's colours, as WCAG 2.2 asks for.

use std::collections::HashMap;

const STYLESHEET: &str = include_str!("../../assets/app.css");

/// Text on the grounds that it stands on: success criterion 1.4.3, level AA.
const TEXT: [(&str, &[&str]); 12] = [
    (
        "text",
        &[
            "ground",
            "surface",
            "sunken",
            "accent-soft",
            "good-soft",
            "warning-soft",
            "danger-soft",
        ],
    ),
    ("muted", &["ground", "surface", "sunken"]),
    ("accent", &["ground", "surface", "sunken", "accent-soft"]),
    ("accent-strong", &["ground", "surface"]),
    ("good", &["surface", "good-soft"]),
    ("warning", &["surface", "warning-soft"]),
    ("danger", &["surface", "sunken", "danger-soft"]),
    ("ended", &["ended-soft"]),
    ("on-accent", &["accent"]),
    ("on-accent", &["accent-strong"]),
    ("on-accent", &["danger"]),
    ("on-accent", &["danger-strong"]),
];

/// Edges of controls and the focus ring: success criterion 1.4.11.
const EDGES: [(&str, &[&str]); 3] = [
    ("edge", &["ground", "surface"]),
    ("accent", &["ground", "surface", "sunken"]),
    ("danger", &["surface"]),
];

/// The colours of a `:root` block, as `#rrggbb` by name.
fn palette(block: &str) -> HashMap<&str, &str> {
    block
        .lines()
        .filter_map(|line| {
            line.trim()
                .strip_prefix("--")?
                .strip_suffix(';')?
                .split_once(": ")
        })
        .filter(|(_, value)| value.len() == 7 && value.starts_with('#'))
        .collect()
}

/// The light and the dark palette.
fn palettes() -> [HashMap<&'static str, &'static str>; 2] {
    let mut blocks = STYLESHEET.split(":root {").skip(1);
    let mut next = || palette(blocks.next().unwrap().split_once('}').unwrap().0);
    let light = next();
    let mut dark = light.clone();
    dark.extend(next());
    [light, dark]
}

/// Relative luminance, as WCAG 2.2 defines it.
fn luminance(colour: &str) -> f64 {
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

fn contrast(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn too_weak(pairs: &[(&str, &[&str])], least: f64) -> Vec<String> {
    let mut found = Vec::new();
    for (mode, palette) in ["light", "dark"].iter().zip(palettes()) {
        for (front, grounds) in pairs {
            for ground in *grounds {
                let ratio = contrast(palette[front], palette[ground]);
                if ratio < least {
                    found.push(format!("{mode}: {front} on {ground} is {ratio:.2}"));
                }
            }
        }
    }
    found
}

#[test]
fn black_on_white_is_twenty_one() {
    assert!((contrast("#000000", "#ffffff") - 21.0).abs() < 0.001);
}

#[test]
fn every_text_is_readable_in_light_and_dark() {
    assert_eq!(too_weak(&TEXT, 4.5), Vec::<String>::new());
}

#[test]
fn every_control_and_the_focus_ring_are_visible_in_light_and_dark() {
    assert_eq!(too_weak(&EDGES, 3.0), Vec::<String>::new());
}
