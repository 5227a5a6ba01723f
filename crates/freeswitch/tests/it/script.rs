//! The script under real Lua, with a stand-in for FreeSWITCH in virtual time (tests/lua/stand_in.lua).

mod address;
mod ends;
mod hang_ups;
mod last_resort;
mod metadata;
mod setup;
mod stage;
mod stream;

use freeswitch::{SCRIPT, ScriptVersion};

#[test]
fn the_script_tells_its_version() {
    assert_eq!(ScriptVersion::of(SCRIPT).unwrap().to_string(), "4");
}

#[test]
fn a_script_of_somebody_else_has_no_version() {
    for text in [
        "",
        "-- Voice Secretary AI Script\n",
        "-- voice-ai script version: new\n",
    ] {
        assert_eq!(ScriptVersion::of(text), None, "{text:?}");
    }
}
