//! Modules of FreeSWITCH: loaded now, and at its next start.

use super::script::state;
use crate::dialplan::columns;
use crate::{Change, Facts, FileChange, FileState, LoadedModule, RowChange, SwitchChange, Table};
use roxmltree::{Document, ParsingOptions};
use serde_json::json;
use std::path::Path;
use uuid::Uuid;

/// The module that streams audio.
pub(crate) const AUDIO_STREAM: &str = "mod_audio_stream";
/// The module that runs scripts.
pub(crate) const LUA: &str = "mod_lua";

/// What is to change so that a module is loaded now; nothing where it is. `None` where it cannot be told.
pub(crate) fn loaded(module: LoadedModule, facts: &Facts) -> Option<Vec<Change>> {
    let running = facts.switch.running.as_ref()?;
    if running.modules.contains(&module) {
        return Some(Vec::new());
    }
    let name = match module {
        LoadedModule::AudioStream => AUDIO_STREAM,
        LoadedModule::Lua => LUA,
        LoadedModule::Memcache => "mod_memcache",
        LoadedModule::Loopback => "mod_loopback",
    };
    Some(vec![Change::Switch(SwitchChange::Load(name.to_owned()))])
}

/// What is to change so that FreeSWITCH loads the audio module when it starts, and goes on doing so after FusionPBX has written
/// modules.conf.xml anew; nothing where it does. `None` where the file or the database could not be read, or is no XML.
pub(crate) fn autoload(facts: &Facts) -> Option<Vec<Change>> {
    let mut changes = registered(facts)?;
    let module = facts.module.as_ref().ok()?;
    let (path, file) = module.conf.as_ref()?;
    if !loads(&file.text, AUDIO_STREAM)? {
        changes.push(Change::File(FileChange {
            path: path.clone(),
            before: Some(state(file)),
            after: Some(FileState {
                text: with_line(&file.text)?,
                ..state(file)
            }),
        }));
    }
    Some(changes)
}

/// What is to change so that FusionPBX has the module enabled.
pub(crate) fn registered(facts: &Facts) -> Option<Vec<Change>> {
    let database = facts.database.as_ref().ok()?;
    let row = database.modules.iter().find(|row| row.name == AUDIO_STREAM);
    let change = match row {
        Some(row) if row.enabled == Some(true) => return Some(Vec::new()),
        Some(row) => RowChange {
            table: Table::Modules,
            key: row.uuid,
            before: Some(columns([("module_name", json!(AUDIO_STREAM))])),
            after: Some(columns([("module_enabled", json!("true"))])),
        },
        // As FusionPBX registers a module that it does not know (5.6.4-dev).
        None => RowChange {
            table: Table::Modules,
            key: Uuid::new_v4(),
            before: None,
            after: Some(columns([
                ("module_label", json!("Audio Stream")),
                ("module_name", json!(AUDIO_STREAM)),
                ("module_category", json!("Auto")),
                ("module_order", json!(800)),
                ("module_enabled", json!("true")),
                ("module_default_enabled", json!("false")),
            ])),
        },
    };
    Some(vec![Change::Row(change)])
}

/// Whether a text of modules.conf.xml loads a module, as FreeSWITCH reads it: a path and `.so` may be in front and behind. `None` where it is
/// not well formed, of which FreeSWITCH loads nothing.
pub(crate) fn loads(text: &str, module: &str) -> Option<bool> {
    let options = ParsingOptions {
        allow_dtd: true,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, options).ok()?;
    let is_it = |name: &str| Path::new(name).file_stem().is_some_and(|stem| stem == module);
    let mut lines = document.descendants().filter(|node| node.has_tag_name("load"));
    Some(lines.any(|line| line.attribute("module").is_some_and(is_it)))
}

/// The text with a line that loads the audio module, after the others. `None` where it is no modules.conf.xml.
fn with_line(text: &str) -> Option<String> {
    let end = text.rfind("</modules>")?;
    let line = text[..end].rfind('\n').map_or(0, |at| at + 1);
    let indent = if text[line..end].trim().is_empty() {
        line
    } else {
        end
    };
    let (before, after) = text.split_at(indent);
    let newline = if before.is_empty() || before.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    Some(format!(
        "{before}{newline}\t\t<load module=\"{AUDIO_STREAM}\"/>\n{after}"
    ))
}

/// The text without the lines that load the audio module and nothing else. `None` where there is none of them.
pub(super) fn without_line(text: &str) -> Option<String> {
    let line = format!("<load module=\"{AUDIO_STREAM}\"/>");
    let is_it = |of: &&str| of.trim() == line;
    text.lines().any(|of| is_it(&of)).then(|| {
        let rest = text.split_inclusive('\n').filter(|of| !is_it(of));
        rest.collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONF: &str = "<configuration name=\"modules.conf\" description=\"Modules\">\n\t<modules>\n\t\t<!-- Auto -->\n\
                        \t\t<!--<load module=\"mod_audio_stream\"/>-->\n\t\t<load module='mod_lua'/>\n\t</modules>\n</configuration>\n";

    #[test]
    fn a_module_in_a_comment_is_not_loaded() {
        assert_eq!(loads(CONF, AUDIO_STREAM), Some(false));
        assert_eq!(loads(CONF, LUA), Some(true));
    }

    #[test]
    fn a_module_may_have_its_path_and_a_broken_file_loads_nothing() {
        let with_path = CONF.replace("'mod_lua'", "\"/usr/lib/freeswitch/mod/mod_lua.so\"");
        assert_eq!(loads(&with_path, LUA), Some(true));
        assert_eq!(loads(&CONF.replace("</modules>", ""), LUA), None);
    }

    #[test]
    fn a_line_more_and_nothing_else() {
        let text = with_line(CONF).unwrap();
        assert_eq!(loads(&text, AUDIO_STREAM), Some(true));
        assert_eq!(
            text.replace("\t\t<load module=\"mod_audio_stream\"/>\n", ""),
            CONF
        );
        assert!(with_line("<configuration/>").is_none());
        let one_line = with_line("<modules></modules>").unwrap();
        assert_eq!(
            one_line,
            "<modules>\n\t\t<load module=\"mod_audio_stream\"/>\n</modules>"
        );
    }
}
