//! Colours and type, for light and dark. Classes and no CSS variables: several viewers of SVG know only those.

/// Words are measured with this; see [`width_of`].
pub(super) const WORD_SIZE: f64 = 13.0;
/// From one line of words to the next.
pub(super) const LINE_HEIGHT: f64 = 17.0;

pub(super) const STYLE: &str = r#"
text{font-family:Inter,"Segoe UI",Roboto,"Helvetica Neue",Arial,"DejaVu Sans",sans-serif;font-size:12px;fill:#3d4451}
.page{fill:#fff}.title{font-size:20px;font-weight:600;fill:#14181f}.facts{font-size:13px}
.word{font-size:13px;fill:#14181f}.understood{font-size:13px;font-style:italic;fill:#4b5563}.lane{font-weight:600;font-size:13px}
.caller-name{fill:#1d4ed8}.assistant-name{fill:#0f766e}
.caller{fill:#2563eb}.assistant{fill:#0d9488}.bed{fill:#f3f5f8}.zero,.tick{stroke:#c9cfd8;stroke-width:1}
.tick-label{font-size:11px;fill:#5b6472;text-anchor:middle}.pin{stroke:#8a93a1;stroke-width:1}
.response{fill:#c2410c}.endpoint{fill:#a16207}.stt{fill:#7c3aed}.brain{fill:#be185d}.tts{fill:#0369a1}.token{fill:#831843}.engine{fill:#be185d}.leg{fill:#0f766e}.rest{fill:#8a93a1}
.parts{font-size:12px}.figure{font-size:12px;font-weight:600;fill:#14181f}.lead{stroke:#c2410c;stroke-width:1;stroke-dasharray:2 3}
.onset{stroke:#dc2626;stroke-width:1.5;stroke-dasharray:4 3}.stop{fill:#dc2626}.went-on{fill:#d97706}
.interruption{font-size:12px;font-weight:600;fill:#b91c1c}.held{fill:url(#hatch)}.hatch{stroke:#d97706;stroke-width:2.4}
.underrun{fill:#dc2626}.mark{fill:#6b7280}.mark-name{font-size:10px;fill:#5b6472;text-anchor:middle}
.flag{fill:#14181f}.flag-pole{stroke:#14181f;stroke-width:1.5}.flag-text{font-size:12px;font-weight:600;fill:#fff}
.key{fill:#fff;stroke:#1d4ed8;stroke-width:1.5}.key-name{font-weight:700;fill:#1d4ed8;text-anchor:middle}
/*a halo, where a line crosses*/.parts,.figure,.interruption{paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}
@media (prefers-color-scheme:dark){
text{fill:#aeb6c2}.page{fill:#0f141a}.title{fill:#f2f5f8}.word{fill:#eef1f5}.understood{fill:#a5aebb}
.caller-name{fill:#8ab4ff}.assistant-name{fill:#5eead4}.caller{fill:#60a5fa}.assistant{fill:#2dd4bf}
.bed{fill:#181f28}.zero,.tick{stroke:#36404d}.tick-label{fill:#95a0ae}.pin{stroke:#6d7887}
.response{fill:#fb923c}.endpoint{fill:#eab308}.stt{fill:#a78bfa}.brain{fill:#f472b6}.tts{fill:#38bdf8}.token{fill:#fbcfe8}.engine{fill:#f472b6}.leg{fill:#2dd4bf}.rest{fill:#6d7887}
.parts,.figure,.interruption{stroke:#0f141a}.figure{fill:#f2f5f8}.lead{stroke:#fb923c}.onset{stroke:#f87171}.stop{fill:#f87171}.went-on{fill:#fbbf24}
.interruption{fill:#fca5a5}.hatch{stroke:#fbbf24}.underrun{fill:#f87171}.mark{fill:#95a0ae}.mark-name{fill:#95a0ae}
.flag{fill:#f2f5f8}.flag-pole{stroke:#f2f5f8}.flag-text{fill:#0f141a}
.key{fill:#0f141a;stroke:#8ab4ff}.key-name{fill:#8ab4ff}
}"#;

pub(super) const DEFINITIONS: &str = r#"<pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line class="hatch" x1="0" y1="0" x2="0" y2="7"/></pattern>"#;

/// How wide a text is at a size, a little too much rather than too little: the reader's font is not known here.
pub(super) fn width_of(text: &str, size: f64) -> f64 {
    let units: f64 = text.chars().map(advance).sum();
    units * size
}

/// The advance of a character in em, by its shape, in the wider of the usual sans-serif fonts.
fn advance(character: char) -> f64 {
    match character {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '!' | '|' | '\'' | 'í' | 'ì' => 0.32,
        'f' | 't' | 'r' | '(' | ')' | '-' | ' ' | '“' | '”' | '"' => 0.42,
        'm' | 'w' | 'M' | 'W' | '—' => 0.96,
        other if other.is_uppercase() => 0.72,
        other if (other as u32) > 0x2e80 => 1.0,
        _ => 0.62,
    }
}
