//! mod_audio_stream's file, its autoload and what the log says of it.

use super::elf::Library;
use super::stage::Stage;
use fusionpbx::ModuleBuild;
use std::path::Path;

const MODULE: &str = "/usr/lib/freeswitch/mod/mod_audio_stream.so";
const CONF: &str = "/etc/freeswitch/autoload_configs/modules.conf.xml";
const LOG: &str = "/var/log/freeswitch/freeswitch.log";

#[tokio::test]
async fn a_module_that_is_not_there_is_no_fault_of_the_survey() {
    let module = Stage::new().await.survey().await.module.unwrap();
    assert_eq!(module.path, Path::new(MODULE));
    assert_eq!((module.present, module.build, module.tls), (false, None, None));
    assert!(!module.in_file && module.conf.is_none() && module.log.is_empty());
}

#[tokio::test]
async fn a_file_that_is_no_module_is_of_no_known_build() {
    let stage = Stage::new().await;
    for bytes in [&b""[..], b"\x7fELF", b"<html>404</html>", &[0; 4_096]] {
        stage.machine.write(MODULE, bytes);
        let module = stage.survey().await.module.unwrap();
        assert_eq!(
            (module.present, module.build, module.tls),
            (true, Some(ModuleBuild::Unknown), None)
        );
    }
}

#[tokio::test]
async fn a_build_is_known_by_what_its_author_wrote_and_linked() {
    let stage = Stage::new().await;
    let common = "mod_audio_stream API loading..";
    let libwsc = ["libfreeswitch.so.1", "libevent-2.1.so.7"];
    for (library, build, tls) in [
        // The words and libraries are those of the real builds, which are too large to be kept here.
        (
            Library {
                says: &[common, "Error initializing mod_audio_stream session."],
                needs: &[&libwsc[..], &["libssl.so.3"]].concat(),
                functions: &["mod_audio_stream_load"],
            },
            ModuleBuild::Amigniter,
            true,
        ),
        (
            Library {
                says: &[common, "Error initializing mod_audio_stream session."],
                needs: &libwsc,
                functions: &[],
            },
            ModuleBuild::Amigniter,
            false,
        ),
        (
            Library {
                says: &[
                    "Error initializing mod_audio_stream WS session.",
                    "Error initializing mod_audio_stream TCP session.",
                    "ixwebsocket/",
                ],
                needs: &["libfreeswitch.so.1", "libssl.so.3"],
                functions: &[],
            },
            ModuleBuild::Sptmru,
            true,
        ),
        (
            Library {
                says: &[common, "STREAM_PLAYBACK", "STREAM_SAMPLE_RATE"],
                needs: &libwsc,
                functions: &["SSL_CTX_new"],
            },
            ModuleBuild::Closed,
            true,
        ),
        // amigniter's of 2023, with the library that sptmru took over.
        (
            Library {
                says: &[
                    common,
                    "Error initializing mod_audio_stream session.",
                    "ixwebsocket/",
                ],
                needs: &["libfreeswitch.so.1"],
                functions: &[],
            },
            ModuleBuild::Unknown,
            false,
        ),
    ] {
        stage.machine.write(MODULE, library.file());
        let module = stage.survey().await.module.unwrap();
        assert_eq!(
            (module.build, module.tls),
            (Some(build), Some(tls)),
            "{:?}",
            library.says
        );
    }
}

#[tokio::test]
async fn autoload_is_what_freeswitch_would_read() {
    let stage = Stage::new().await;
    let with = |line: &str| {
        format!("<configuration name=\"modules.conf\"><modules>{line}</modules></configuration>")
    };
    for (conf, loads) in [
        (
            with("<load module=\"mod_lua\"/><load module=\"mod_audio_stream\"/>"),
            true,
        ),
        (with("<load module='mod_audio_stream' critical=\"true\"/>"), true),
        (
            with("<load module=\"/usr/lib/freeswitch/mod/mod_audio_stream.so\"/>"),
            true,
        ),
        (with("<load module=\"mod_lua\"/>"), false),
        (with("<!-- <load module=\"mod_audio_stream\"/> -->"), false),
        (with("<load module=\"mod_audio_stream_two\"/>"), false),
        (
            "<configuration><modules><load module=\"mod_audio_stream\"/>".to_owned(),
            false,
        ),
        (String::new(), false),
    ] {
        stage.machine.write(CONF, &conf);
        let module = stage.survey().await.module.unwrap();
        assert_eq!(module.in_file, loads, "{conf}");
        assert_eq!(
            module.conf.map(|(path, file)| (path, file.text)),
            Some((CONF.into(), conf))
        );
    }
}

#[tokio::test]
async fn the_log_tells_of_the_last_attempts_to_load_it() {
    let stage = Stage::new().await;
    let old = "2026-11-23 09:00:00.1 [CRIT] switch_loadable_module.c:1754 Error Loading module /m/mod_audio_stream.so\n\
               **/m/mod_audio_stream.so: undefined symbol: lws_create_context**\n";
    let other = "2026-11-23 09:00:01.1 [CRIT] switch_loadable_module.c:1754 Error Loading module /m/mod_av.so\n\
                 **/m/mod_av.so: undefined symbol: avcodec**\n";
    let loaded = "2026-11-23 09:00:02.1 [CONSOLE] switch_loadable_module.c:1772 Successfully Loaded [mod_audio_stream]\n";
    let wrong = "2026-11-23 09:00:03.1 [CRIT] switch_loadable_module.c:1754 Error Loading module /m/mod_audio_stream.so\n\
                 **Trying to load an out of date module, please rebuild the module.**\n";
    let chatter =
        "2026-11-23 09:00:04.1 [DEBUG] mod_audio_stream.c:151 mod_audio_stream cmd: x stop\n".repeat(9);

    stage.machine.write(LOG, format!("{other}{old}{other}{chatter}"));
    let log = stage.survey().await.module.unwrap().log;
    assert_eq!(log, old.lines().collect::<Vec<_>>());

    stage.machine.write(LOG, format!("{old}{other}{loaded}{chatter}"));
    let log = stage.survey().await.module.unwrap().log;
    assert_eq!(log, [loaded.trim_end()], "what was mended is not told");

    // Only the end of a long log is read, and bytes that are no text harm nothing.
    let long = [
        old.as_bytes(),
        &b"\xff\xfe noise\n".repeat(40_000),
        wrong.as_bytes(),
    ]
    .concat();
    stage.machine.write(LOG, long);
    let log = stage.survey().await.module.unwrap().log;
    assert_eq!(log, wrong.lines().collect::<Vec<_>>());
}
