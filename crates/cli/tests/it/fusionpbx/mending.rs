//! `voice-ai doctor` and `voice-ai repair`.

use super::estate::Version;
use super::world::{DOMAIN, World, tells, told};
use serde_json::Value;

/// The codes of one verdict.
fn codes(findings: &Value, verdict: &str) -> Vec<String> {
    let all = findings.as_array().unwrap();
    let of_verdict = all.iter().filter(|finding| finding["verdict"] == verdict);
    let mut codes: Vec<_> = of_verdict
        .map(|finding| finding["code"].as_str().unwrap().to_owned())
        .collect();
    codes.dedup();
    codes
}

fn doctor(world: &World) -> Value {
    let output = world.run(&["doctor", "--domain", DOMAIN, "--json"]);
    let findings: Value = serde_json::from_slice(&output.stdout).unwrap();
    let is_ill = !codes(&findings, "fault").is_empty();
    assert_eq!(
        output.status.code(),
        Some(if is_ill { 3 } else { 0 }),
        "{}",
        told(&output)
    );
    findings
}

const NAMELESS: &str = "UPDATE v_dialplans SET hostname = '' WHERE dialplan_xml LIKE '%^8000$%'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fault_is_named_mended_and_brought_back_by_undo() {
    for version in Version::ALL {
        let Some(world) = World::new(version).await else {
            return;
        };
        world.set_up();
        let usual = codes(&doctor(&world), "fault");
        assert!(usual.iter().all(|code| !code.starts_with("DP")), "{usual:?}");
        world.estate.run(NAMELESS);
        let ill = world.image().await;
        let mut found = codes(&doctor(&world), "fault");
        found.retain(|code| !usual.contains(code));
        assert_eq!(found, ["DP-13"], "{version:?}");

        let silent = world.refused(1, &["repair", "DP-13"]).await;
        tells(&silent, &["there is no terminal to ask"]);
        let shown = world.printed(&["repair", "DP-13", "--dry-run"]);
        tells(&shown, &["~ v_dialplans", "nothing was changed (--dry-run)"]);
        assert_eq!(ill, world.image().await);
        tells(&world.printed(&["repair", "dp-13", "--yes"]), &["done;"]);
        assert_eq!(codes(&doctor(&world), "fault"), usual, "{version:?}");
        tells(
            &world.printed(&["repair", "DP-13", "--yes"]),
            &["nothing to change"],
        );
        tells(&world.printed(&["repair", "--undo"]), &["taken back"]);
        assert_eq!(ill, world.image().await, "{version:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_mended_says_what_to_do_and_ends_with_code_3() {
    let Some(world) = World::new(Version::V5_6).await else {
        return;
    };
    world.set_up();
    // Nothing runs the service below this root.
    let output = world.run(&["repair", "SV-01", "--yes"]);
    assert_eq!(output.status.code(), Some(3), "{}", told(&output));
    tells(&told(&output), &["SV-01", "do:"]);
    let unknown = world.refused(2, &["repair", "XX-99", "--yes"]).await;
    tells(&unknown, &["XX-99", "voice-ai explain"]);
    let nowhere = world
        .refused(2, &["repair", "--domain", "nobody.example.com", "--yes"])
        .await;
    tells(&nowhere, &["nobody.example.com"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_speaks_the_operators_language() {
    let Some(world) = World::new(Version::V5_6).await else {
        return;
    };
    world.set_up();
    let doctor = |arguments: &[&str], locale: &str| {
        let output = world.command(arguments).env("LANG", locale).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{}", told(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let english = doctor(&["doctor"], "C");
    tells(&english, &["Service", "fault", "SV-01", "do:", "checks,"]);
    let portuguese = doctor(&["doctor"], "pt_BR.UTF-8");
    tells(
        &portuguese,
        &["Serviço", "falha", "SV-01", "faça:", "verificações,"],
    );
    // What is asked for goes before what the environment says.
    tells(
        &doctor(&["doctor", "--lang", "pt-BR"], "C"),
        &["Serviço", "faça:"],
    );
    tells(
        &doctor(&["doctor", "--lang", "en"], "pt_BR.UTF-8"),
        &["Service", "do:"],
    );
    let nowhere = world
        .refused(2, &["doctor", "--domain", "nobody.example.com"])
        .await;
    tells(&nowhere, &["nobody.example.com"]);
}
