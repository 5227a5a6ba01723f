//! A full disk.

use super::whole::whole;
use fusionpbx::checks::check;
use fusionpbx::{Code, Lang};

#[test]
fn what_helps_is_of_that_disk_and_people_s_records_go_only_where_they_fill_it() {
    for (path, erases) in [
        ("/var/lib/freeswitch", false),
        ("/var/log/freeswitch", false),
        ("/var/lib/voice-ai", true),
    ] {
        let mut facts = whole();
        facts.system.disk = Some((path.into(), 50 << 20, 20 << 30));
        let findings = check(&facts, None);
        let finding = findings
            .iter()
            .find(|finding| finding.code == Code::DiskFull)
            .unwrap();
        for lang in [Lang::En, Lang::PtBr] {
            let remedy = finding.remedy.as_ref().unwrap().in_lang(lang);
            assert!(remedy.contains(path), "{remedy}");
            assert_eq!(remedy.contains("erase"), erases, "{remedy}");
        }
    }
}
