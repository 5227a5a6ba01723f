//! What the pages say of mends is what is mended.

use fusionpbx::Code;
use fusionpbx::plan::MENDED;

const PAGES: [(&str, &str); 2] = [
    (
        include_str!("../../../../../docs/doctor.md"),
        "Mended by `voice-ai repair`",
    ),
    (
        include_str!("../../../../../docs/doctor.pt-BR.md"),
        "Corrigido por `voice-ai repair`",
    ),
];

/// What a page says of a check: its own section, and what stands over all of its group.
fn said(page: &str, code: Code) -> String {
    let group = page
        .split("\n## ")
        .find(|group| group.contains(&format!("\n### {code} ")))
        .unwrap();
    let mut sections = group.split("\n### ");
    let over_all = sections.next().unwrap();
    let own = sections
        .find(|section| section.starts_with(code.as_str()))
        .unwrap();
    format!("{over_all}\n{own}")
}

#[test]
fn the_pages_say_of_each_check_whether_repair_mends_it() {
    for (page, words) in PAGES {
        let wrong: Vec<_> = Code::ALL
            .iter()
            .filter(|code| said(page, **code).contains(words) != MENDED.contains(code))
            .collect();
        assert!(wrong.is_empty(), "{words:?}: {wrong:?}");
    }
}
