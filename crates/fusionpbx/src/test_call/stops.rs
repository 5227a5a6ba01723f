//! What is seen at each station, or why the call stopped there.

use super::{Call, End, Row, Seen, Service, Station, Stop};
use crate::{Code, Lang, ModuleBuild, Text, Upgrade};

/// What says more where the service itself has the reason.
const LOG: &str = "journalctl -u voice-ai-realtime -n 50";

/// Whether a call passed a station, as far as is seen of it.
pub(super) fn at(station: Station, seen: &Seen) -> Result<Text, Stop> {
    match station {
        Station::Dialplan => dialplan(seen),
        Station::Script => script(seen),
        Station::Module => module(seen),
        Station::Socket => socket(seen),
        Station::Server => server(seen),
        Station::Engine => engine(seen),
        Station::AudioIn => audio_in(seen),
        Station::AudioOut => audio_out(seen),
    }
}

/// What is looked at where no row of ours has taken a call.
const NOT_FOUND: &[Code] = &[
    Code::DialplanMissing,
    Code::DialplanDisabled,
    Code::DialplanContext,
    Code::DialplanXmlNull,
    Code::DialplanXmlMalformed,
    Code::DialplanHostname,
    Code::DialplanNeighbourMalformed,
    Code::CacheStale,
];

/// A number that is no secretary's, and what FusionPBX's own rows did with it: they take every number, known or not.
fn nobodys(seen: &Seen) -> Option<Stop> {
    let Seen {
        extension, context, ..
    } = seen;
    if seen.row != Row::Missing || seen.call.is_some() {
        return None;
    }
    let became = match &seen.end {
        End::Parked { ours: true } | End::Script(_) => return None,
        End::Refused(cause) => Text::new(
            format!("FusionPBX's own rows have ended the call ({cause})"),
            format!("as linhas do próprio FusionPBX encerraram a chamada ({cause})"),
        ),
        End::Gone => Text::new(
            "FusionPBX's own rows have answered and ended the call",
            "as linhas do próprio FusionPBX atenderam e encerraram a chamada",
        ),
        End::Parked { ours: false } => Text::new("the call waits in a park", "a chamada espera num park"),
        End::Other(application) => Text::new(
            format!("{application} has the call"),
            format!("{application} ficou com a chamada"),
        ),
    };
    let add = format!("voice-ai dialplan add --domain {context} --extension {extension}");
    Some(Stop {
        found: Text::new(
            format!(
                "no row of {context} leads {extension} to a secretary; {}",
                became.in_lang(Lang::En)
            ),
            format!(
                "nenhuma linha de {context} leva {extension} a uma secretária; {}",
                became.in_lang(Lang::PtBr)
            ),
        ),
        remedy: doctor(context, &add),
        codes: NOT_FOUND,
    })
}

fn dialplan(seen: &Seen) -> Result<Text, Stop> {
    let Seen {
        extension,
        context,
        end,
        ..
    } = seen;
    let known = ["NO_ROUTE_DESTINATION", "DESTINATION_OUT_OF_ORDER"];
    let tells_itself = matches!(end, End::Refused(cause) if known.contains(&cause.as_str()));
    if let Some(stop) = nobodys(seen).filter(|_| !tells_itself) {
        return Err(stop);
    }
    let End::Refused(cause) = end else {
        return Ok(Text::new(
            format!("{extension} of {context} was answered"),
            format!("{extension} de {context} foi atendido"),
        ));
    };
    match cause.as_str() {
        "NO_ROUTE_DESTINATION" => Err(Stop {
            found: Text::new(
                format!("no row of {context} takes {extension} ({cause})"),
                format!("nenhuma regra de {context} atende {extension} ({cause})"),
            ),
            remedy: doctor(context, "voice-ai setup"),
            codes: NOT_FOUND,
        }),
        "DESTINATION_OUT_OF_ORDER" => Err(Stop {
            found: Text::new(
                format!(
                    "the row of {extension} executes an application that FreeSWITCH does not have ({cause})"
                ),
                format!("a regra de {extension} executa uma aplicação que o FreeSWITCH não tem ({cause})"),
            ),
            remedy: doctor(context, "voice-ai repair"),
            codes: &[
                Code::DialplanAudioStream,
                Code::DialplanUnknownApplication,
                Code::ModuleLua,
            ],
        }),
        "USER_BUSY" | "USER_NOT_REGISTERED" | "SUBSCRIBER_ABSENT" | "CALL_REJECTED" | "NO_USER_RESPONSE" => {
            Err(Stop {
                found: Text::new(
                    format!("{extension} rings a phone, and no secretary ({cause})"),
                    format!("{extension} chama um telefone, e não uma secretária ({cause})"),
                ),
                remedy: shows(extension, context),
                codes: &[
                    Code::DialplanShadowed,
                    Code::DialplanMissing,
                    Code::DialplanDisabled,
                    Code::DialplanContext,
                ],
            })
        }
        // The extension was found: what its row does comes to nothing.
        _ => Ok(Text::new(
            format!("{extension} of {context} was found"),
            format!("{extension} de {context} foi encontrado"),
        )),
    }
}

fn script(seen: &Seen) -> Result<Text, Stop> {
    let Seen {
        extension,
        context,
        end,
        ..
    } = seen;
    let codes = &[
        Code::ScriptMissing,
        Code::ScriptUnreadable,
        Code::ScriptEdited,
        Code::ModuleLua,
        Code::DialplanVariableMissing,
        Code::DialplanVariableWrong,
    ];
    match end {
        End::Gone if seen.row == Row::Parks => Ok(Text::new(
            "parked for the service, and ended",
            "em park para o serviço, e encerrada",
        )),
        End::Parked { ours: true } => Ok(Text::new("parked for the service", "em park para o serviço")),
        End::Script(script) => Ok(Text::new(
            format!("{script} runs"),
            format!("{script} está em execução"),
        )),
        End::Parked { ours: false } => Err(Stop {
            found: Text::new(
                "the call is parked without voice_ai=true, so that the service leaves it alone",
                "a chamada está em park sem voice_ai=true, e por isso o serviço não a atende",
            ),
            remedy: Text::plain("voice-ai repair DP-15 DP-11"),
            codes: &[Code::DialplanVariableMissing, Code::DialplanDetailsDiffer],
        }),
        End::Other(application) => Err(Stop {
            found: Text::new(
                format!("{extension} was answered by {application}, which leads to no secretary"),
                format!("{extension} foi atendido por {application}, que não leva a uma secretária"),
            ),
            remedy: shows(extension, context),
            codes: &[
                Code::DialplanShadowed,
                Code::DialplanContinue,
                Code::DialplanMissing,
                Code::DialplanDisabled,
                Code::DialplanContext,
                Code::CacheStale,
            ],
        }),
        End::Refused(cause) => Err(Stop {
            found: Text::new(
                format!(
                    "what the row of {extension} does ended before it had answered ({cause}): its script is missing or fails, or it called somebody who did not answer"
                ),
                format!(
                    "o que a regra de {extension} faz terminou antes de atender ({cause}): o script falta ou falha, ou chamou alguém que não atendeu"
                ),
            ),
            remedy: doctor(context, "grep -i lua /var/log/freeswitch/freeswitch.log | tail"),
            codes,
        }),
        End::Gone => Err(Stop {
            found: Text::new(
                "the call was answered and ended at once",
                "a chamada foi atendida e terminou em seguida",
            ),
            remedy: doctor(
                context,
                "grep VoiceSecretary /var/log/freeswitch/freeswitch.log | tail",
            ),
            codes,
        }),
    }
}

fn module(seen: &Seen) -> Result<Text, Stop> {
    if !by_script(seen) {
        return Ok(Text::new(
            "none needed: FreeSWITCH's core carries the audio",
            "não é necessário: o núcleo do FreeSWITCH transporta o áudio",
        ));
    }
    match seen.module {
        Some(true) => Ok(Text::new(
            "mod_audio_stream is loaded",
            "mod_audio_stream está carregado",
        )),
        // The service has the call: whatever carries it is there.
        None | Some(false) if seen.call.is_some() => Ok(Text::new("it streams", "ele transmite")),
        None => Ok(Text::new("not asked", "não consultado")),
        Some(false) => Err(Stop {
            found: Text::new(
                "mod_audio_stream is not loaded",
                "mod_audio_stream não está carregado",
            ),
            remedy: Text::new(
                "voice-ai repair MO-02, or without a module: voice-ai setup --leg unicast",
                "voice-ai repair MO-02, ou sem módulo: voice-ai setup --leg unicast",
            ),
            codes: &[
                Code::ModuleFileMissing,
                Code::ModuleNotLoaded,
                Code::ModuleUndefinedSymbols,
                Code::ModuleWrongVersion,
            ],
        }),
    }
}

fn socket(seen: &Seen) -> Result<Text, Stop> {
    if seen.call.is_some() {
        return Ok(Text::new(
            "the audio reaches the service",
            "o áudio chega ao serviço",
        ));
    }
    if let Service::Silent(why) = &seen.service {
        return Err(Stop {
            found: why.clone(),
            remedy: Text::plain(format!("systemctl start voice-ai-realtime; {LOG}")),
            codes: &[Code::ServerNotRunning, Code::ServerPortTaken, Code::ServerConfig],
        });
    }
    if by_script(seen) {
        return stream(seen);
    }
    match &seen.service {
        Service::Connected => Ok(Text::new(
            "the service is connected to FreeSWITCH",
            "o serviço está conectado ao FreeSWITCH",
        )),
        Service::Apart(words) => {
            let (en, pt) = match words {
                Some(words) => (words.clone(), words.clone()),
                None => (
                    "no [[pbx]] is configured".to_owned(),
                    "nenhum [[pbx]] está configurado".to_owned(),
                ),
            };
            Err(Stop {
                found: Text::new(
                    format!(
                        "the service is not connected to FreeSWITCH's event socket, so that nobody takes the parked call: {en}"
                    ),
                    format!(
                        "o serviço não está conectado ao event socket do FreeSWITCH, e ninguém atende a chamada em park: {pt}"
                    ),
                ),
                remedy: Text::new(
                    "voice-ai pbx status, then voice-ai setup",
                    "voice-ai pbx status, e depois voice-ai setup",
                ),
                codes: &[
                    Code::ServerNotConnected,
                    Code::EslUnreachable,
                    Code::EslWrongPassword,
                    Code::EslAclRefused,
                ],
            })
        }
        Service::Silent(_) => Ok(Text::plain("")),
    }
}

/// A stream that the module was to open.
fn stream(seen: &Seen) -> Result<Text, Stop> {
    match &seen.upgrade {
        Some(Upgrade::Refused(status, words)) => Ok(Text::new(
            format!("the service answers a stream with HTTP {status}: {words}"),
            format!("o serviço responde a um stream com HTTP {status}; nas palavras dele: {words}"),
        )),
        Some(Upgrade::Unreachable(why)) => Err(Stop {
            found: Text::new(
                format!("the service takes no streams: {why}"),
                format!("o serviço não aceita fluxos: {why}"),
            ),
            remedy: Text::plain(LOG),
            codes: &[Code::ServerUnreachable, Code::ServerPortTaken],
        }),
        Some(Upgrade::Works) | None => Err(Stop {
            found: Text::new(
                "the service takes streams, and FreeSWITCH opened none: the script's address or path is wrong, or it has no way there",
                "o serviço aceita fluxos, e o FreeSWITCH não abriu nenhum: o endereço ou caminho do script está errado, ou não há rota até ele",
            ),
            remedy: doctor(
                &seen.context,
                "grep -i audio_stream /var/log/freeswitch/freeswitch.log | tail",
            ),
            codes: &[
                Code::ScriptPath,
                Code::ScriptAddress,
                Code::ScriptRate,
                Code::ModuleNoTls,
                Code::ServerUnreachable,
            ],
        }),
    }
}

fn server(seen: &Seen) -> Result<Text, Stop> {
    if let Some(Call { secretary, .. }) = &seen.call {
        return Ok(Text::new(
            format!("{secretary} answers"),
            format!("{secretary} atende"),
        ));
    }
    if let (true, Some(Upgrade::Refused(status, words))) = (by_script(seen), &seen.upgrade) {
        return Err(Stop {
            found: Text::new(
                format!("the service refuses streams with HTTP {status}: {words}"),
                format!("o serviço recusa streams com HTTP {status}; nas palavras dele: {words}"),
            ),
            remedy: Text::plain(LOG),
            codes: &[Code::ServerUpgradeRefused, Code::DialplanVariableWrong],
        });
    }
    Err(Stop {
        found: Text::new(
            "the service has not taken the call, or has ended it at once: it does not know the domain or the secretary, its engine refuses, or it is full",
            "o serviço não aceitou a chamada, ou a encerrou em seguida: não conhece o domínio ou a secretária, o motor de voz recusa, ou está lotado",
        ),
        remedy: doctor(&seen.context, LOG),
        codes: &[
            Code::ServerNotConnected,
            Code::DialplanVariableWrong,
            Code::DialplanVariableMissing,
            Code::ServerEngineKey,
        ],
    })
}

fn engine(seen: &Seen) -> Result<Text, Stop> {
    match &seen.call {
        Some(call) if !call.opening => Ok(Text::plain(call.engine.clone())),
        Some(call) => Err(Stop {
            found: Text::new(
                format!("the engine {} is not there", call.engine),
                format!("o motor de voz {} não está disponível", call.engine),
            ),
            remedy: doctor(&seen.context, LOG),
            codes: &[Code::ServerEngineKey, Code::ServerModels],
        }),
        None => Err(never()),
    }
}

fn audio_in(seen: &Seen) -> Result<Text, Stop> {
    match &seen.call {
        Some(Call { heard_ms, .. }) if *heard_ms > 0 => Ok(Text::plain(format!("{heard_ms} ms"))),
        Some(_) => Err(Stop {
            found: Text::new("nothing of the caller comes", "nada de quem liga chega"),
            remedy: doctor(&seen.context, "voice-ai repair SC-05 SC-06"),
            codes: &[Code::ScriptMix, Code::ScriptSilence],
        }),
        None => Err(never()),
    }
}

fn audio_out(seen: &Seen) -> Result<Text, Stop> {
    let is_open = matches!(seen.build, Some(ModuleBuild::Amigniter | ModuleBuild::Sptmru));
    match &seen.call {
        Some(Call { leg, .. }) if leg == "raw" && is_open => Err(Stop {
            found: Text::new(
                "the leg is `raw`, and this build of mod_audio_stream plays no binary frames: the caller hears nothing",
                "o modo é `raw`, e esta compilação do mod_audio_stream não toca quadros binários: quem liga não ouve nada",
            ),
            remedy: Text::plain(format!(
                "voice-ai setup --domain {} --extension {} --leg unicast",
                seen.context, seen.extension
            )),
            codes: &[Code::ModuleNoPlayback],
        }),
        Some(Call { said_ms, .. }) if *said_ms > 0 => Ok(Text::plain(format!("{said_ms} ms"))),
        Some(call) => Err(Stop {
            found: Text::new(
                format!("{} says nothing", call.secretary),
                format!("{} não diz nada", call.secretary),
            ),
            remedy: Text::new(
                format!("has it a greeting? voice-ai secretaries show tells; {LOG}"),
                format!("ela tem uma saudação? voice-ai secretaries show mostra; {LOG}"),
            ),
            codes: &[Code::ServerEngineKey, Code::ServerModels],
        }),
        None => Err(never()),
    }
}

/// Of a call that the service has not got: the station before has stopped it.
fn never() -> Stop {
    Stop {
        found: Text::new("the call never came here", "a chamada não chegou aqui"),
        remedy: Text::plain("voice-ai doctor"),
        codes: &[],
    }
}

/// Whether the audio is a module's stream, which a script asks for.
fn by_script(seen: &Seen) -> bool {
    matches!(seen.end, End::Script(_))
}

fn doctor(context: &str, then: &str) -> Text {
    Text::new(
        format!("voice-ai doctor --domain {context}, then {then}"),
        format!("voice-ai doctor --domain {context}, depois {then}"),
    )
}

fn shows(extension: &str, context: &str) -> Text {
    Text::new(
        format!(
            "another extension for the secretary: voice-ai setup --domain {context} --extension N; or free {extension}"
        ),
        format!(
            "outro ramal para a secretária: voice-ai setup --domain {context} --extension N; ou libere o {extension}"
        ),
    )
}
