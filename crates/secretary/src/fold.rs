//! Texts as they are compared, and the nearest known name to a wrong one.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Lower case, without accents, words apart by one space; a hyphen parts words.
pub fn folded(text: &str) -> String {
    let plain: String = text
        .nfkd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The known name that `wrong` was probably meant to be.
fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Below this the two have little in common, and a guess would mislead.
    const ALIKE: f64 = 0.6;
    known
        .into_iter()
        .map(|name| (strsim::normalized_damerau_levenshtein(wrong, name), name))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// "did you mean …?", or the list of what would be right.
pub fn suggestion(wrong: &str, known: &[&str]) -> String {
    match nearest(wrong, known.iter().copied()) {
        Some(name) => format!("did you mean {name:?}?"),
        None => format!("use one of {}", known.join(", ")),
    }
}

/// The remedy for serde's "unknown field `x`, expected one of `a`, `b`" (or "unknown variant"), if that is what `problem` is.
pub fn field_suggestion(problem: &str) -> Option<String> {
    let rest = &problem[problem
        .find("unknown field ")
        .or_else(|| problem.find("unknown variant "))?..];
    let wrong = rest.split('`').nth(1)?;
    let (_, known) = rest.split_once("expected ")?;
    let known: Vec<&str> = known
        .trim_start_matches("one of ")
        .split([',', '`', ' '])
        .filter(|k| !k.is_empty())
        .collect();
    (!known.is_empty()).then(|| suggestion(wrong, &known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_leaves_bare_words() {
        assert_eq!(folded("  Mm-hmm,  Tá BOM! "), "mm hmm ta bom");
    }

    #[test]
    fn a_wrong_field_has_a_remedy() {
        for list in ["`name`, `label`", "name, label", "`label`"] {
            let problem = format!("unknown field `lable`, expected one of {list}");
            assert_eq!(
                field_suggestion(&problem).as_deref(),
                Some("did you mean \"label\"?"),
                "{list}"
            );
        }
        assert_eq!(field_suggestion("missing field `name`"), None);
    }

    #[test]
    fn a_far_name_is_no_guess() {
        assert_eq!(nearest("provdor", ["isp", "provedor"]), Some("provedor"));
        assert_eq!(nearest("reception", ["isp", "provedor"]), None);
    }
}
