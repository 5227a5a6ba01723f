//! A small writer of SVG: elements, attributes, escaping.

use std::fmt::Write;

/// An SVG document while it is written.
pub(super) struct Svg {
    body: String,
    width: f64,
}

impl Svg {
    pub(super) fn new(width: f64) -> Self {
        Self {
            body: String::new(),
            width,
        }
    }

    pub(super) fn rect(&mut self, class: &str, rect: Rect, title: &str) {
        self.open("rect", class, &[]);
        let Rect { x, y, width, height } = rect;
        self.push(format_args!(
            r#" x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}""#
        ));
        self.close_with_title("rect", title);
    }

    pub(super) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        self.open("line", class, &[]);
        self.push(format_args!(
            r#" x1="{:.1}" y1="{:.1}" x2="{:.1}" y2="{:.1}"/>"#,
            from.0, from.1, to.0, to.1
        ));
        self.body.push('\n');
    }

    pub(super) fn path(&mut self, class: &str, data: &str, title: &str) {
        self.open("path", class, &[("d", data)]);
        self.close_with_title("path", title);
    }

    pub(super) fn text(&mut self, class: &str, at: (f64, f64), text: &str) {
        self.open("text", class, &[]);
        self.push(format_args!(
            r#" x="{:.1}" y="{:.1}">{}</text>"#,
            at.0,
            at.1,
            escaped(text)
        ));
        self.body.push('\n');
    }

    /// Opens a group; [`Svg::end_group`] closes it.
    pub(super) fn group(&mut self, class: &str, label: &str) {
        self.open("g", class, &[("aria-label", label)]);
        self.body.push_str(">\n");
    }

    pub(super) fn end_group(&mut self) {
        self.body.push_str("</g>\n");
    }

    /// The whole document.
    pub(super) fn finish(self, height: f64, title: &str, style: &str, definitions: &str) -> String {
        let Self { body, width } = self;
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0}" height="{height:.0}" viewBox="0 0 {width:.0} {height:.0}" role="img">
<title>{title}</title>
<style>{style}</style>
<defs>{definitions}</defs>
<rect class="page" width="{width:.0}" height="{height:.0}"/>
{body}</svg>
"#,
            title = escaped(title),
        )
    }

    /// Attribute values are escaped here and nowhere else.
    fn open(&mut self, name: &str, class: &str, attributes: &[(&str, &str)]) {
        self.push(format_args!(r#"<{name} class="{class}""#));
        for (attribute, value) in attributes {
            self.push(format_args!(r#" {attribute}="{}""#, escaped(value)));
        }
    }

    fn close_with_title(&mut self, name: &str, title: &str) {
        match title {
            "" => self.body.push_str("/>\n"),
            title => self.push(format_args!("><title>{}</title></{name}>\n", escaped(title))),
        }
    }

    fn push(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = self.body.write_fmt(text);
    }
}

/// A rectangle in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rect {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// Text as it may stand in XML; control characters, which XML has no place for, are left out.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(' '),
            other if other.is_control() => {}
            other => escaped.push(other),
        }
    }
    escaped
}
