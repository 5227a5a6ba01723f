#!/usr/bin/env bash
# Puts a build of mod_audio_stream that you have into a running FreeSWITCH, and takes it out again.
#
#   install-mod-audio-stream.sh --module FILE.so | --deb FILE.deb [options]
#   install-mod-audio-stream.sh --uninstall [options]
#
# It checks the build against the FreeSWITCH that runs, copies it into its module directory, loads it, looks whether it is there, and
# registers it to be loaded at start: in FusionPBX's table v_modules, where there is a FusionPBX, and in modules.conf.xml. What was
# there before is kept, and --uninstall puts it back. A second run changes nothing. It downloads and builds nothing.
#
# Exit codes: 0 done, or nothing to do; 1 a fault, told with its cure; 2 wrong arguments, or no build was given; 3 done, and FreeSWITCH
# must be restarted to use it.
set -euo pipefail
shopt -s inherit_errexit

readonly NAME=mod_audio_stream
readonly API=uuid_audio_stream
# SWITCH_API_VERSION of FreeSWITCH 1.10: the first four bytes of a module's interface table. Another one is refused by FreeSWITCH.
readonly API_VERSION=5
# How FusionPBX 5.4 and 5.6 register a module that they do not know; only that they leave it disabled.
readonly CATEGORY=Auto ORDER=800 LABEL='Audio Stream'

purpose=install
module=
package=
changes=made
language=
fs_cli=fs_cli
config=
modules_conf=
state=/var/backups/voice-ai/mod_audio_stream

# ---- What is said ------------------------------------------------------------------------------------------------------------------

# say ENGLISH PORTUGUESE [VALUE…]: one sentence, a format of printf; both take the values in the same order.
say() {
  local sentence=$1
  [ "$language" = pt ] && sentence=$2
  shift 2
  # shellcheck disable=SC2059  # The formats are those of this file.
  printf -- "$sentence\n" "$@"
}

# What is wrong and what cures it; the end.
fault() {
  { printf 'install-mod-audio-stream: ' && say "$@"; } >&2
  exit 1
}

# What should be known, and stops nothing.
warn() {
  { if [ "$language" = pt ]; then printf 'aviso: '; else printf 'warning: '; fi && say "$@"; } >&2
}

usage() {
  say 'Usage: install-mod-audio-stream.sh --module FILE.so | --deb FILE.deb | --uninstall
  --module FILE.so     the build to install, as the compiler made it
  --deb FILE.deb       the same inside a Debian package: the module is taken out of it, its scripts are not run
  --uninstall          take back exactly what was done here
  --dry-run            tell what would be done, and do nothing
  --lang en|pt-BR      the language of messages (default: the locale)
  --fs-cli PROGRAM     how FreeSWITCH is asked (default: fs_cli)
  --config FILE        the config.conf of FusionPBX (default: /etc/fusionpbx/config.conf, /usr/local/etc/fusionpbx/config.conf)
  --modules-conf FILE  the modules.conf.xml (default: in the directory that FreeSWITCH names)
  --state DIR          where it is kept what was there before (default: %s)
Exit codes: 0 done, or nothing to do; 1 a fault, told with its cure; 2 wrong arguments, or no build was given; 3 done, and FreeSWITCH must be restarted to use it.' \
    'Uso: install-mod-audio-stream.sh --module ARQUIVO.so | --deb ARQUIVO.deb | --uninstall
  --module ARQUIVO.so     a compilação a instalar, como o compilador a fez
  --deb ARQUIVO.deb       a mesma dentro de um pacote Debian: o módulo é tirado dele, seus scripts não são executados
  --uninstall             desfazer exatamente o que foi feito aqui
  --dry-run               dizer o que seria feito, e não fazer nada
  --lang en|pt-BR         o idioma das mensagens (padrão: o do sistema)
  --fs-cli PROGRAMA       como se pergunta ao FreeSWITCH (padrão: fs_cli)
  --config ARQUIVO        o config.conf do FusionPBX (padrão: /etc/fusionpbx/config.conf, /usr/local/etc/fusionpbx/config.conf)
  --modules-conf ARQUIVO  o modules.conf.xml (padrão: no diretório que o FreeSWITCH informa)
  --state DIR             onde fica guardado o que havia antes (padrão: %s)
Códigos de saída: 0 feito, ou nada a fazer; 1 uma falha, dita com sua correção; 2 argumentos errados, ou nenhuma compilação dada; 3 feito, e o FreeSWITCH precisa ser reiniciado para usá-la.' \
    "$state"
}

misused() {
  { say "$@" && usage; } >&2
  exit 2
}

no_build() {
  say 'No build was given (--module FILE.so or --deb FILE.deb), and none is downloaded or built here.
  The module has its own instructions: https://github.com/amigniter/mod_audio_stream (section "Installation"; its releases have a
  closed package for Debian 12, free up to 10 streams). Build with TLS if the stream travels further than this machine: -DUSE_TLS=ON.
  No module is needed for the leg "unicast", the first choice on one machine or a private network: docs/freeswitch.md' \
    'Nenhuma compilação foi dada (--module ARQUIVO.so ou --deb ARQUIVO.deb), e aqui nada é baixado nem compilado.
  O módulo tem suas próprias instruções: https://github.com/amigniter/mod_audio_stream (seção "Installation"; os releases têm um
  pacote fechado para Debian 12, grátis até 10 streams). Compile com TLS se o stream sai desta máquina: -DUSE_TLS=ON.
  Nenhum módulo é preciso para a perna "unicast", a primeira escolha numa só máquina ou rede privada: docs/freeswitch.pt-BR.md' >&2
  exit 2
}

# ---- Arguments ---------------------------------------------------------------------------------------------------------------------

choose_language() {
  case ${1:-} in
  pt | pt[-_]*) language=pt ;;
  *) language=en ;;
  esac
}

read_arguments() {
  choose_language "${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}"
  while [ $# -gt 0 ]; do
    case $1 in
    --uninstall) purpose=uninstall ;;
    --dry-run) changes=told ;;
    -h | --help) purpose=help ;;
    --module | --deb | --lang | --fs-cli | --config | --modules-conf | --state)
      [ -n "${2:-}" ] || misused '%s needs a value' '%s precisa de um valor' "$1"
      take "$1" "$2"
      shift
      ;;
    *) misused 'unknown argument: %s' 'argumento desconhecido: %s' "$1" ;;
    esac
    shift
  done
  [ -z "$module" ] || [ -z "$package" ] ||
    misused 'give --module or --deb, not both' 'dê --module ou --deb, não os dois'
  [ "$purpose" != uninstall ] || [ -z "$module$package" ] ||
    misused '--uninstall takes no build' '--uninstall não recebe compilação'
}

take() {
  case $1 in
  --module) module=$2 ;;
  --deb) package=$2 ;;
  --fs-cli) fs_cli=$2 ;;
  --config) config=$2 ;;
  --modules-conf) modules_conf=$2 ;;
  --state) state=${2%/} ;;
  --lang)
    case $2 in
    en | en[-_]* | pt | pt[-_]*) choose_language "$2" ;;
    *) misused '--lang %s: use en or pt-BR' '--lang %s: use en ou pt-BR' "$2" ;;
    esac
    ;;
  esac
}

needs() {
  command -v "$1" >/dev/null ||
    fault '%s is missing; apt-get install %s' 'falta %s; apt-get install %s' "$1" "$2"
}

# ---- The FreeSWITCH that runs ------------------------------------------------------------------------------------------------------

# What FreeSWITCH answers to a command. fs_cli reads where and with which password from the file of its HOME.
ask() {
  local answer
  answer=$(HOME=${fs_cli_home:-${HOME:-/}} timeout 30 "$fs_cli" -x "$1" 2>"$work/complaint") || true
  case $answer$(<"$work/complaint") in
  *'Error Connecting'*) unreachable ;;
  esac
  printf '%s' "$answer"
}

# Why fs_cli cannot connect: 1.10.12's says the same of all causes, but the event socket's first words tell.
unreachable() {
  local words
  # shellcheck disable=SC2016  # They are the inner bash's.
  words=$(timeout 3 bash -c 'exec 3<>"/dev/tcp/$1/$2" && head -n 1 <&3' - "$event_host" "$event_port" 2>/dev/null) || true
  case $words in
  *auth/request*)
    fault 'FreeSWITCH refuses the password of its event socket (%s:%s); write that of autoload_configs/event_socket.conf.xml into /etc/fs_cli.conf, or as switch.event_socket.password into the config.conf of FusionPBX' \
      'o FreeSWITCH recusa a senha do event socket (%s:%s); escreva a de autoload_configs/event_socket.conf.xml em /etc/fs_cli.conf, ou como switch.event_socket.password no config.conf do FusionPBX' \
      "$event_host" "$event_port"
    ;;
  *rude-rejection*)
    fault 'FreeSWITCH lets nobody from here to its event socket (%s:%s); see apply-inbound-acl in autoload_configs/event_socket.conf.xml' \
      'o FreeSWITCH não deixa ninguém daqui chegar ao event socket (%s:%s); veja apply-inbound-acl em autoload_configs/event_socket.conf.xml' \
      "$event_host" "$event_port"
    ;;
  esac
  fault 'FreeSWITCH does not answer on its event socket (%s:%s); is it running (systemctl status freeswitch), and has autoload_configs/event_socket.conf.xml another address (then /etc/fs_cli.conf must say so)?' \
    'o FreeSWITCH não responde no event socket (%s:%s); está rodando (systemctl status freeswitch), e autoload_configs/event_socket.conf.xml tem outro endereço (então /etc/fs_cli.conf precisa dizê-lo)?' \
    "$event_host" "$event_port"
}

# A global variable of FreeSWITCH that is a directory here.
directory_of() {
  local directory
  directory=$(ask "global_getvar $1")
  [ -d "$directory" ] ||
    fault 'FreeSWITCH says %s=%s, which is no directory of this machine; run this where FreeSWITCH runs' \
      'o FreeSWITCH diz %s=%s, que não é um diretório desta máquina; execute isto onde o FreeSWITCH roda' "$1" "$directory"
  printf '%s' "$directory"
}

meet_freeswitch() {
  command -v "$fs_cli" >/dev/null ||
    fault '%s is not in the PATH; give it as --fs-cli PROGRAM (built from source: /usr/local/freeswitch/bin/fs_cli)' \
      '%s não está no PATH; informe-o com --fs-cli PROGRAMA (compilado do fonte: /usr/local/freeswitch/bin/fs_cli)' "$fs_cli"
  local answer
  answer=$(ask version)
  version=$(grep -oE '[0-9]+\.[0-9]+(\.[0-9]+)?' <<<"$answer" | head -n 1) ||
    fault '%s does not tell the version of FreeSWITCH: %s; is it fs_cli?' '%s não diz a versão do FreeSWITCH: %s; é o fs_cli?' \
      "$fs_cli" "$answer"
  mod_dir=$(directory_of mod_dir)
  installed=$mod_dir/$NAME.so
  [ -n "$modules_conf" ] || modules_conf=$(directory_of conf_dir)/autoload_configs/modules.conf.xml
  meet_process "$(ask 'global_getvar run_dir')/freeswitch.pid"
}

# Its process tells user and libraries as they really are. (The owner of /proc/PID is root for a process that changed its user.)
meet_process() {
  process=$( (cat "$1" 2>/dev/null || pgrep -x freeswitch || true) | head -n 1)
  [ -d "/proc/${process:-none}" ] ||
    fault 'there is no process of FreeSWITCH here (%s names none); run this where FreeSWITCH runs' \
      'não há processo do FreeSWITCH aqui (%s não indica nenhum); execute isto onde o FreeSWITCH roda' "$1"
  user=$(awk '/^Uid:/ { print $3 }' "/proc/$process/status")
  group=$(awk '/^Gid:/ { print $3 }' "/proc/$process/status")
  owner=$(id -nu "$user" 2>/dev/null || echo "$user")
  { program=$(readlink "/proc/$process/exe") && [ -r "/proc/$process/maps" ]; } ||
    fault 'the process %s of FreeSWITCH may not be looked at; run this as root: sudo %s …' \
      'o processo %s do FreeSWITCH não pode ser examinado; execute como root: sudo %s …' "$process" "$0"
  library=$(awk '$6 ~ /\/libfreeswitch\.so/ { sub(/^[^\/]*/, ""); print; exit }' "/proc/$process/maps")
  case $library in
  *'(deleted)')
    fault 'FreeSWITCH was replaced on disk after it was started (%s); restart it first: systemctl restart freeswitch' \
      'o FreeSWITCH foi trocado no disco depois de iniciado (%s); reinicie-o antes: systemctl restart freeswitch' "$library"
    ;;
  '') library=$program ;;
  esac
}

has_loaded() {
  [ "$(ask "module_exists $NAME")" = true ]
}

# Unloading under a stream would take its code away.
refuse_calls() {
  local calls
  calls=$(ask 'show channels count' | grep -oE '[0-9]+ total' | cut -d' ' -f1) || true
  [ "${calls:-0}" = 0 ] ||
    fault 'FreeSWITCH has %s channels, and to unload a module under a stream can end it; run this again when there are none' \
      'o FreeSWITCH tem %s canais, e descarregar um módulo durante um stream pode derrubá-lo; execute de novo quando não houver nenhum' "$calls"
}

# ---- The build ---------------------------------------------------------------------------------------------------------------------

unpack() {
  [ -r "$package" ] || fault '%s cannot be read; is the path right?' '%s não pode ser lido; o caminho está certo?' "$package"
  needs dpkg-deb dpkg
  dpkg-deb -x "$package" "$work/package" 2>/dev/null ||
    fault '%s is no Debian package; fetch it again' '%s não é um pacote Debian; baixe-o de novo' "$package"
  local found
  found=$(find "$work/package" -type f -name "$NAME.so")
  [ "$(grep -c . <<<"$found")" = 1 ] ||
    fault '%s does not hold exactly one %s.so; take it out by hand (dpkg-deb -x) and give it as --module' \
      '%s não contém exatamente um %s.so; tire-o à mão (dpkg-deb -x) e informe com --module' "$package" "$NAME"
  module=$found
  depends=$(dpkg-deb -f "$package" Depends)
}

elf_field() {
  LC_ALL=C readelf -hW "$1" 2>/dev/null | sed -n "s/^ *$2: *//p"
}

# The version of the modules' interface for which the file was built: in the table, which a section of the file holds.
api_version() {
  local table address offset size
  table=$(nm -D --defined-only "$1" 2>/dev/null | awk -v name="${NAME}_module_interface" '$3 == name { print $1 }')
  [ -n "$table" ] || return 0
  while read -r address offset size; do
    if ((16#$table >= 16#$address && 16#$table < 16#$address + 16#$size)); then
      od -An -td4 -j $((16#$offset + 16#$table - 16#$address)) -N4 "$1" | tr -d ' '
      return 0
    fi
  done < <(LC_ALL=C readelf -SW "$1" | sed -n 's/^ *\[ *[0-9]*\] *//p' | awk '$1 ~ /^\.data/ { print $3, $4, $5 }')
}

one_line() {
  tr '\n' ' ' | sed 's/ *$//'
}

has_text() {
  LC_ALL=C grep -aqF -- "$1" "$2"
}

# Which build it is, by what it contains: a variable that only the closed one has, a message that only sptmru's has, the library.
recognise() {
  if has_text STREAM_PLAYBACK "$module"; then
    build=closed
  elif has_text 'stream_session_init for TCP' "$module"; then
    build=sptmru
  elif has_text '_ZN2ix9WebSocket' "$module" || has_text 'ixwebsocket/' "$module"; then
    build=ix
  elif has_text WebSocketClient "$module"; then
    build=amigniter
  else
    build=unknown
  fi
  tls=no
  if nm -D "$module" 2>/dev/null | grep -E ' [UTWtw] (SSL_|mbedtls_ssl_|wolfSSL_)' >/dev/null; then tls=yes; fi
}

introduce() {
  case $build in
  amigniter) say 'The build is amigniter'"'"'s, open (leg "file").' 'A compilação é a do amigniter, aberta (perna "file").' ;;
  closed) say 'The build is the closed one (1.0.3 or later; leg "raw"; 10 streams at once without a licence).' \
    'A compilação é a fechada (1.0.3 ou posterior; perna "raw"; 10 streams ao mesmo tempo sem licença).' ;;
  sptmru) say 'The build is sptmru'"'"'s (leg "file"; it does not resample: ask for the rate of the line, 8000).' \
    'A compilação é a do sptmru (perna "file"; não reamostra: peça a taxa da linha, 8000).' ;;
  ix) say 'The build is an old one with IXWebSocket (amigniter before 2025, or made from it).' \
    'A compilação é uma antiga com IXWebSocket (amigniter antes de 2025, ou derivada).' ;;
  unknown) warn 'the build is none that is known (amigniter, sptmru, the closed 1.0.3); what it does was not measured' \
    'a compilação não é nenhuma das conhecidas (amigniter, sptmru, a fechada 1.0.3); o que ela faz não foi medido' ;;
  esac
  case $build in
  sptmru | ix) warn 'FreeSWITCH itself ends when this build is sent a "streamAudio" with invalid base64 or without audioDataType
  (measured with sptmru 5f179d6). voice-ai sends only whole messages, so what protects is that nobody else can answer the module:
  stream to 127.0.0.1 or by wss://, to no other server. Better: the build of amigniter, or the leg "unicast", which needs none.' \
    'o próprio FreeSWITCH cai quando esta compilação recebe um "streamAudio" com base64 inválido ou sem audioDataType
  (medido com sptmru 5f179d6). O voice-ai só envia mensagens íntegras; o que protege é ninguém mais poder responder ao módulo:
  faça stream para 127.0.0.1 ou por wss://, para nenhum outro servidor. Melhor: a do amigniter, ou a perna "unicast", sem módulo.' ;;
  esac
  [ "$tls" = yes ] || warn 'the build has no TLS: it can stream to ws:// (this machine, a private network), not to wss:// (amigniter: build with -DUSE_TLS=ON)' \
    'a compilação não tem TLS: pode fazer stream para ws:// (esta máquina, rede privada), não para wss:// (amigniter: compile com -DUSE_TLS=ON)'
}

inspect() {
  [ -r "$module" ] || fault '%s cannot be read; is the path right?' '%s não pode ser lido; o caminho está certo?' "$module"
  [ "$(elf_field "$module" Type | cut -d' ' -f1)" = DYN ] ||
    fault '%s is no shared library; give the %s.so that the compiler made (in build/)' \
      '%s não é uma biblioteca; informe o %s.so que o compilador fez (em build/)' "$module" "$NAME"
  local ours theirs
  ours="$(elf_field "$module" Class) $(elf_field "$module" Machine)"
  theirs="$(elf_field "$program" Class) $(elf_field "$program" Machine)"
  [ "$ours" = "$theirs" ] ||
    fault '%s is built for %s, FreeSWITCH runs as %s; build it on this machine' \
      '%s é para %s, o FreeSWITCH roda como %s; compile-o nesta máquina' "$module" "$ours" "$theirs"
  if ! nm -D --defined-only "$module" 2>/dev/null | grep " ${NAME}_module_interface$" >/dev/null; then
    fault '%s is not %s (it has no %s_module_interface; mod_audio_fork of drachtio is another module); give the right file' \
      '%s não é o %s (não tem %s_module_interface; o mod_audio_fork do drachtio é outro módulo); informe o arquivo certo' \
      "$module" "$NAME" "$NAME"
  fi
  local built_for
  built_for=$(api_version "$module")
  [ "${built_for:-$API_VERSION}" = "$API_VERSION" ] ||
    fault '%s is built for version %s of the modules'"'"' interface, FreeSWITCH 1.10 has %s; build it with the headers of FreeSWITCH %s (libfreeswitch-dev)' \
      '%s é para a versão %s da interface de módulos, o FreeSWITCH 1.10 tem a %s; compile-o com os cabeçalhos do FreeSWITCH %s (libfreeswitch-dev)' \
      "$module" "$built_for" "$API_VERSION" "$version"
  case $version in
  1.10 | 1.10.*) ;;
  *) warn 'FreeSWITCH %s: only 1.10 is known to fit' 'FreeSWITCH %s: só se sabe que o 1.10 serve' "$version" ;;
  esac
  inspect_symbols
  recognise
}

# The Debian 12 package of a library.
package_of() {
  case $1 in
  libevent-2.1.so.7) echo libevent-2.1-7 ;;
  libevent_core-2.1.so.7) echo libevent-core-2.1-7 ;;
  libevent_pthreads-2.1.so.7) echo libevent-pthreads-2.1-7 ;;
  libevent_openssl-2.1.so.7) echo libevent-openssl-2.1-7 ;;
  libssl.so.3 | libcrypto.so.3) echo libssl3 ;;
  libspeexdsp.so.1) echo libspeexdsp1 ;;
  libz.so.1) echo zlib1g ;;
  libstdc++.so.6) echo libstdc++6 ;;
  libfreeswitch.so.1) echo libfreeswitch1 ;;
  *) return 1 ;;
  esac
}

# Everything that the build wants of others, against the library that the process has mapped.
inspect_symbols() {
  local resolved missing newer known one undefined
  resolved=$(LC_ALL=C LD_LIBRARY_PATH=$(dirname "$library") ldd -r "$module" 2>&1) || true
  missing=$(awk '/=> not found/ { print $1 }' <<<"$resolved" | sort -u)
  if [ -n "$missing" ]; then
    known=
    for one in $missing; do known+=" $(package_of "$one" || echo "apt-file:$one")"; done
    fault '%s needs libraries that are not here: %s; apt-get install%s%s' \
      '%s precisa de bibliotecas que não estão aqui: %s; apt-get install%s%s' \
      "$module" "$(one_line <<<"$missing")" "$known" "${depends:+ (Depends: $depends)}"
  fi
  newer=$(grep -oE "version .[A-Z]+_[0-9.]+. not found" <<<"$resolved" | sort -u | head -n 3) || true
  [ -z "$newer" ] ||
    fault '%s is built on a newer system than this one (%s); build it on this machine' \
      '%s foi compilado num sistema mais novo que este (%s); compile-o nesta máquina' "$module" "$(one_line <<<"$newer")"
  undefined=$( (comm -23 <(nm -D --undefined-only "$module" | awk '$1 == "U" && $2 ~ /^(switch|fspr)_/ { print $2 }' | sort -u) \
    <(nm -D --defined-only "$library" | awk '{ print $3 }' | sort -u) &&
    sed -n 's/^undefined symbol: \([^[:space:],]*\).*/\1/p' <<<"$resolved") | sort -u)
  [ -z "$undefined" ] ||
    fault 'undefined symbol: FreeSWITCH %s and its libraries do not have %s, which %s wants; build it with the headers of this FreeSWITCH (libfreeswitch-dev of version %s)' \
      'undefined symbol: o FreeSWITCH %s e suas bibliotecas não têm %s, que %s quer; compile-o com os cabeçalhos deste FreeSWITCH (libfreeswitch-dev da versão %s)' \
      "$version" "$(head -n 3 <<<"$undefined" | one_line)" "$module" "$version"
}

# ---- Autoload: FusionPBX's table ---------------------------------------------------------------------------------------------------

# The values of config.conf: what stands behind the first "=".
declare -A settings
read_settings() {
  local line key value
  while IFS= read -r line || [ -n "$line" ]; do
    [[ $line =~ ^[[:space:]]*([a-z0-9_.]+)[[:space:]]*=[[:space:]]*(.*[^[:space:]])?[[:space:]]*$ ]] || continue
    key=${BASH_REMATCH[1]} value=${BASH_REMATCH[2]}
    settings[$key]=$value
  done <"$config"
}

setting() {
  printf '%s' "${settings[$1]:-}"
}

find_fusionpbx() {
  if [ -n "$config" ]; then
    [ -r "$config" ] ||
      fault '%s cannot be read; run this as root, and give the config.conf of FusionPBX as --config' \
        '%s não pode ser lido; execute como root, e informe o config.conf do FusionPBX com --config' "$config"
  else
    for config in /etc/fusionpbx/config.conf /usr/local/etc/fusionpbx/config.conf ''; do
      [ -z "$config" ] || [ ! -r "$config" ] || break
    done
  fi
  [ -n "$config" ] || return 0
  read_settings
  [ "$(setting database.0.type)" = pgsql ] ||
    fault '%s: database.0.type is "%s", and only pgsql is known here; enable %s in FusionPBX: Advanced, Modules' \
      '%s: database.0.type é "%s", e aqui só se conhece pgsql; habilite %s no FusionPBX: Advanced, Modules' \
      "$config" "$(setting database.0.type)" "$NAME"
  needs psql postgresql-client
  use_event_socket
  columns=$(query "SELECT data_type FROM information_schema.columns WHERE table_name = 'v_modules' AND column_name = 'module_enabled' AND table_schema = ANY (current_schemas(false))")
  case $columns in
  text | boolean) ;;
  *) fault 'the database %s of %s has no v_modules.module_enabled of type text or boolean ("%s"); is it the one of FusionPBX?' \
    'o banco %s de %s não tem v_modules.module_enabled do tipo text ou boolean ("%s"); é o do FusionPBX?' \
    "$(setting database.0.name)" "$config" "$columns" ;;
  esac
}

# The event socket that FusionPBX uses, for fs_cli: in a file, so that its password stands in no list of processes.
use_event_socket() {
  local password host port
  password=$(setting switch.event_socket.password)
  [ -n "$password" ] || return 0
  fs_cli_home=$work
  host=$(setting switch.event_socket.host)
  port=$(setting switch.event_socket.port)
  event_host=${host:-$event_host} event_port=${port:-$event_port}
  (umask 077 && printf '[default]\nhost => %s\nport => %s\npassword => %s\n' "$event_host" "$event_port" "$password" >"$work/.fs_cli_conf")
}

# query SQL [NAME=VALUE…]: rows of FusionPBX's database; :'NAME' in the SQL is the value, quoted by psql.
query() {
  local sql=$1 values=() answer port mode
  shift
  while [ $# -gt 0 ]; do
    values+=(-v "$1")
    shift
  done
  port=$(setting database.0.port)
  mode=$(setting database.0.sslmode)
  # Debian's psql begins in Perl, which would warn of a locale that is not installed here, such as one that came with an SSH.
  answer=$(printf '%s;\n' "$sql" | PGPASSWORD=$(setting database.0.password) PGCONNECT_TIMEOUT=5 PGSSLMODE=${mode:-prefer} PERL_BADLANG=0 \
    psql -X -q -A -t -v ON_ERROR_STOP=1 "${values[@]}" -h "$(setting database.0.host)" -p "${port:-5432}" \
    -U "$(setting database.0.username)" -d "$(setting database.0.name)" 2>"$work/refusal") ||
    fault 'PostgreSQL refuses what %s says (database.0.*): %s; is it running (systemctl status postgresql), and is the password right?' \
      'o PostgreSQL recusa o que %s diz (database.0.*): %s; está rodando (systemctl status postgresql), e a senha está certa?' \
      "$config" "$(head -n 2 "$work/refusal" | one_line)"
  printf '%s' "$answer"
}

# "absent", "enabled", or the value that is not: "false", or "null".
row_state() {
  local row
  row=$(query "SELECT coalesce(module_enabled::text, 'null') FROM v_modules WHERE module_name = :'name' ORDER BY module_enabled::text = 'true' DESC NULLS LAST LIMIT 1" "name=$NAME")
  case $row in
  '') [ -n "$(query "SELECT 1 FROM v_modules WHERE module_name = :'name'" "name=$NAME")" ] && echo null || echo absent ;;
  true) echo enabled ;;
  *) echo "$row" ;;
  esac
}

register_row() {
  local before=$1 uuid
  if [ "$before" = absent ]; then
    uuid=$(cat /proc/sys/kernel/random/uuid)
    remember row "inserted $uuid"
    query "INSERT INTO v_modules (module_uuid, module_label, module_name, module_category, module_order, module_enabled)
      VALUES (:'uuid', :'label', :'name', :'category', :'order', 'true')" \
      "uuid=$uuid" "label=$LABEL" "name=$NAME" "category=$CATEGORY" "order=$ORDER" >/dev/null
    return 0
  fi
  remember row "enabled $before"
  query "UPDATE v_modules SET module_enabled = 'true' WHERE module_name = :'name'" "name=$NAME" >/dev/null
}

unregister_row() {
  local what value
  read -r what value <<<"$1"
  case $what in
  inserted) query "DELETE FROM v_modules WHERE module_uuid = :'uuid'" "uuid=$value" >/dev/null ;;
  enabled)
    [ "$value" != null ] || value=
    query "UPDATE v_modules SET module_enabled = nullif(:'value', '')::${columns} WHERE module_name = :'name' AND module_enabled::text = 'true'" \
      "value=$value" "name=$NAME" >/dev/null
    ;;
  esac
}

# ---- Autoload: modules.conf.xml ----------------------------------------------------------------------------------------------------

# live_lines PATTERN [FILE]: its lines whose text outside of comments matches, as "NUMBER:TEXT".
live_lines() {
  awk -v wanted="$1" '
    {
      rest = $0; live = ""
      while (rest != "") {
        mark = inside ? "-->" : "<!--"
        at = index(rest, mark)
        if (!inside) live = live (at ? substr(rest, 1, at - 1) : rest)
        if (!at) break
        rest = substr(rest, at + length(mark)); inside = !inside
      }
      if (live ~ wanted) print NR ":" $0
    }' "${2:-$modules_conf}"
}

readonly LOAD_LINE="<load[[:space:]]+module=[\"']${NAME}[\"']"

inspect_modules_conf() {
  [ -r "$modules_conf" ] ||
    fault '%s cannot be read; give the file as --modules-conf, and run this as root' \
      '%s não pode ser lido; informe o arquivo com --modules-conf, e execute como root' "$modules_conf"
  [ "$(live_lines '</modules>' | wc -l)" -eq 1 ] ||
    fault '%s does not have exactly one </modules>; mend it (FusionPBX writes it anew: Advanced, Modules, Refresh)' \
      '%s não tem exatamente um </modules>; corrija-o (o FusionPBX o reescreve: Advanced, Modules, Refresh)' "$modules_conf"
}

# Rewrites it as standard input says, keeping owner and mode, and has FreeSWITCH read all its XML: what it cannot read is taken back.
# Its folder is another's, who could make a link of any name in it: nothing is written there, but moved there whole. See workshop_for.
rewrite_modules_conf() {
  local shop answer
  { shop=$(workshop_for "$modules_conf") && cp -p "$work/modules.conf.xml" "$shop/fresh" && cat >"$shop/fresh" &&
    mv -fT "$shop/fresh" "$modules_conf"; } ||
    fault '%s cannot be written; run this as root, and see whether the disk is full' \
      '%s não pode ser escrito; execute como root, e veja se o disco está cheio' "$modules_conf"
  answer=$(ask reloadxml)
  case $answer in
  *'[Success]'*) return 0 ;;
  esac
  cp -p "$work/modules.conf.xml" "$shop/former" && mv -fT "$shop/former" "$modules_conf"
  fault 'FreeSWITCH cannot read its configuration with the new line (%s); %s is as before: mend what is wrong there, and run this again' \
    'o FreeSWITCH não consegue ler sua configuração com a nova linha (%s); %s está como antes: corrija o erro, e execute de novo' \
    "$answer" "$modules_conf"
}

# The file as it is now, with its owner and mode, in a folder of ours. A link is not followed: whose file it is, and who may read it,
# would be told by something else than its text.
copy_modules_conf() {
  cp -pP "$modules_conf" "$work/modules.conf.xml"
  { [ -f "$work/modules.conf.xml" ] && [ ! -L "$work/modules.conf.xml" ]; } ||
    fault '%s is no plain file; give the file itself as --modules-conf' \
      '%s não é um arquivo comum; informe o próprio arquivo com --modules-conf' "$modules_conf"
}

register_line() {
  local end indent
  copy_modules_conf
  end=$(live_lines '</modules>' "$work/modules.conf.xml" | cut -d: -f1)
  indent=$(sed -n 's/^\([[:space:]]*\)<load .*/\1/p' "$work/modules.conf.xml" | tail -n 1)
  keep "$work/modules.conf.xml" modules.conf.xml
  remember line added
  # A </modules> behind other things on its line keeps them before the new one.
  awk -v end="$end" -v line="${indent:-    }<load module=\"$NAME\"/>" '
    NR == end { at = match($0, /[[:space:]]*<\/modules>/)
      if (at > 1) print substr($0, 1, at - 1)
      print line; print substr($0, at); next }
    { print }' "$work/modules.conf.xml" | rewrite_modules_conf
}

unregister_line() {
  local line
  copy_modules_conf
  line=$(live_lines "$LOAD_LINE" "$work/modules.conf.xml" | head -n 1 | cut -d: -f1)
  [ -n "$line" ] || return 0
  sed -E "${line}{s#[[:space:]]*${LOAD_LINE}[[:space:]]*/>##;/^[[:space:]]*\$/d}" "$work/modules.conf.xml" | rewrite_modules_conf
}

# ---- What was there before ---------------------------------------------------------------------------------------------------------

recall() {
  [ -f "$state/record" ] && sed -n "s/^$1=//p" "$state/record"
}

# Notes it before it is done, so that it can be taken back whatever happens then. What was there first is never noted over.
remember() {
  [ -z "$(recall "$1")" ] || return 0
  printf '%s=%s\n' "$1" "$2" >>"$state/record"
}

remember_anew() {
  touch "$state/record"
  { grep -v "^$1=" "$state/record" || true; } >"$state/record.new"
  printf '%s=%s\n' "$1" "$2" >>"$state/record.new"
  mv "$state/record.new" "$state/record"
}

forget() {
  rm -f "$state/record" "$state/modules.conf.xml" "$state/lock"
  [ "${original:-}" = kept ] || rm -f "$state/$NAME.so"
  rmdir "$state" 2>/dev/null || return 0
  # The default place is in a folder that was made for it.
  case $state in
  */voice-ai/"$NAME") rmdir --ignore-fail-on-non-empty "${state%/*}" ;;
  esac
}

# A copy of a file as it was before anything was done here.
keep() {
  [ -e "$state/$2" ] || cp -p "$1" "$state/$2"
}

# One at a time.
open_state() {
  { mkdir -p "$state" && [ -w "$state" ]; } 2>/dev/null ||
    fault '%s cannot be written; run this as root: sudo %s …' '%s não pode ser escrito; execute como root: sudo %s …' "$state" "$0"
  chmod 700 "$state"
  exec 9>"$state/lock"
  flock -n 9 ||
    fault 'another run of this holds %s; wait for its end' 'outra execução segura %s; espere seu fim' "$state/lock"
}

fingerprint() {
  sha256sum "$1" | cut -d' ' -f1
}

# ---- Doing -------------------------------------------------------------------------------------------------------------------------

# workshop_for FILE: a folder of ours on the file system of that file, where nobody else can prepare a name: what is made there, with owner
# and mode, is moved to its place at once, or not at all. Between / and the file it is as far down as nobody else could rename what is on
# the way. Where none of these is of that file system, what is made is copied, by mv, which makes its file anew and follows no link.
workshop_for() {
  local target device parts part folder='' found=$work
  target=$(realpath "$(dirname "$1")") && device=$(stat -c %d "$target") || return 1
  IFS=/ read -ra parts <<<"${target#/}"
  for part in "${parts[@]}"; do
    is_ours "${folder:-/}" || break
    [ "$(stat -c %d "${folder:-/}")" != "$device" ] || found=${folder:-/}
    folder+=/$part
  done
  if is_ours "$target"; then found=$target; fi
  workshop=$(mktemp -d "$found/.voice-ai.XXXXXX") && printf '%s\n' "$workshop" >>"$work/workshops" && printf '%s' "$workshop"
}

# Whether what is in a folder can be renamed by us and root alone.
is_ours() {
  local user mode
  read -r user mode < <(stat -c '%u %a' "$1")
  { [ "$user" = 0 ] || [ "$user" = "$(id -u)" ]; } && { ((8#$mode & 8#1000)) || ! ((8#$mode & 8#22)); }
}

clean_up() {
  [ ! -e "$work/workshops" ] || xargs -d '\n' rm -rf -- <"$work/workshops"
  rm -rf "$work"
}

# place FILE: it becomes the installed one at once, or not at all.
place() {
  local shop
  { shop=$(workshop_for "$installed") && cat "$1" >"$shop/fresh" && chmod 644 "$shop/fresh" && chown "$user:$group" "$shop/fresh" &&
    mv -fT "$shop/fresh" "$installed"; } 2>/dev/null ||
    fault '%s cannot be written for the user %s; run this as root, and see whether the disk is full or read-only' \
      '%s não pode ser escrito para o usuário %s; execute como root, e veja se o disco está cheio ou só para leitura' "$mod_dir" "$owner"
}

is_placed() {
  [ -f "$installed" ] && cmp -s "$module" "$installed" && [ "$(stat -c '%a %u %g' "$installed")" = "644 $user $group" ]
}

unload() {
  local answer
  answer=$(ask "unload $NAME")
  ! has_loaded ||
    fault 'FreeSWITCH does not unload %s: %s; run this again when it has no calls, or restart it: systemctl restart freeswitch' \
      'o FreeSWITCH não descarrega %s: %s; execute de novo quando não houver chamadas, ou reinicie-o: systemctl restart freeswitch' \
      "$NAME" "$answer"
}

# What FreeSWITCH wrote into its log when it could not load.
log_of_load() {
  local log
  log=$(ask 'global_getvar log_dir')/freeswitch.log
  [ ! -r "$log" ] || tail -n 200 "$log" | grep -A1 "Error Loading module .*$NAME" | sed -n 's/^\*\*\(.*\)\*\*$/\1/p' | tail -n 1
}

# Loads what is placed. Where that fails, what was there is put back.
load() {
  local answer why
  answer=$(ask "load $NAME")
  if has_loaded; then return 0; fi
  why=$(log_of_load) || true
  if [ -e "$work/former.so" ]; then
    mv -fT "$work/former.so" "$installed"
    [ ! -e "$work/was-loaded" ] || ask "load $NAME" >/dev/null
  else
    rm -f "$installed"
  fi
  if [ -e "$work/is-first" ]; then
    forget
  elif [ -e "$installed" ]; then
    remember_anew placed "$(fingerprint "$installed")"
  fi
  fault 'FreeSWITCH does not load %s: %s; what was there before is back. "undefined symbol": build it with the headers of FreeSWITCH %s; "cannot open shared object file": install the library; else see the log (%s)' \
    'o FreeSWITCH não carrega %s: %s; o que havia antes está de volta. "undefined symbol": compile com os cabeçalhos do FreeSWITCH %s; "cannot open shared object file": instale a biblioteca; senão veja o log (%s)' \
    "$NAME" "${why:-$(tail -n 1 <<<"$answer")}" "$version" "$(ask 'global_getvar log_dir')/freeswitch.log"
}

verify() {
  has_loaded ||
    fault '%s is not loaded: module_exists says false; see the log of FreeSWITCH' \
      '%s não está carregado: module_exists diz false; veja o log do FreeSWITCH' "$NAME"
  local tries=20
  # What `show` tells is written behind, up to a second late.
  until grep -q "^$API," <<<"$(ask 'show api')" && grep -q '^-USAGE: <uuid>' <<<"$(ask "$API help")"; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || silent
    sleep 0.25
  done
}

# A build of C++ stays in the process although it was unloaded (its symbols are "unique": nm shows them as u), and what is loaded later
# under the same path is it again: measured on 1.10.12 with both open builds. Then only a restart brings the new one.
tell_former_code() {
  local mapped=$installed
  if grep -qF " $mapped (deleted)" "/proc/$process/maps" && ! grep -E " ${mapped//./\\.}$" "/proc/$process/maps" >/dev/null; then
    warn 'FreeSWITCH still has the code of the former build in memory, and loads that; restart it: systemctl restart freeswitch' \
      'o FreeSWITCH ainda tem na memória o código da compilação anterior, e carrega aquele; reinicie-o: systemctl restart freeswitch'
    code=3
  fi
}

silent() {
  fault '%s is loaded, but its command %s does not answer; restart FreeSWITCH: systemctl restart freeswitch' \
      '%s está carregado, mas seu comando %s não responde; reinicie o FreeSWITCH: systemctl restart freeswitch' "$NAME" "$API"
}

install_module() {
  [ -z "$package" ] || unpack
  [ -n "$module" ] || no_build
  find_fusionpbx
  meet_freeswitch
  inspect
  inspect_modules_conf
  say 'FreeSWITCH %s, process %s of user %s; modules in %s' 'FreeSWITCH %s, processo %s do usuário %s; módulos em %s' \
    "$version" "$process" "$owner" "$mod_dir"
  introduce

  local file=wanted loading=wanted row=wanted line=wanted before=none
  if is_placed; then file=there; fi
  if [ "$file" = there ] && has_loaded; then loading=there; fi
  if [ -z "$config" ]; then row=none; else before=$(row_state); fi
  if [ "$before" = enabled ]; then row=there; fi
  if [ -n "$(live_lines "$LOAD_LINE")" ]; then line=there; fi
  if [ "$file $loading $line" = 'there there there' ] && [ "$row" != wanted ]; then
    verify
    tell_former_code
    say 'Nothing to do: %s is installed, loaded and registered.' 'Nada a fazer: %s está instalado, carregado e registrado.' "$NAME"
    return 0
  fi
  tell_plan "$file" "$loading" "$row" "$line"
  if [ "$loading" = wanted ] && has_loaded; then refuse_calls; fi
  if [ "$changes" = told ]; then
    say 'Nothing was changed (--dry-run).' 'Nada foi alterado (--dry-run).'
    return 0
  fi

  open_state
  if [ "$file" = wanted ]; then replace; fi
  if [ "$loading" = wanted ]; then load; fi
  verify
  if [ "$row" = wanted ]; then register_row "$before"; fi
  if [ "$line" = wanted ]; then register_line; fi
  say 'Done: %s is installed, loaded and registered. --uninstall takes it back.' \
    'Pronto: %s está instalado, carregado e registrado. --uninstall desfaz.' "$NAME"
  tell_former_code
}

tell_plan() {
  [ "$1" = there ] || say '- copy the build to %s, of user %s, mode 644' '- copiar a compilação para %s, do usuário %s, modo 644' "$installed" "$owner"
  [ "$2" = there ] || say '- load it, and look whether it answers' '- carregá-la, e ver se responde'
  [ "$3" != wanted ] || say '- enable it in v_modules of %s' '- habilitá-la em v_modules de %s' "$config"
  [ "$3" != none ] || say '- (no FusionPBX was found: --config FILE names its config.conf)' '- (nenhum FusionPBX foi encontrado: --config ARQUIVO indica seu config.conf)'
  [ "$4" = there ] || say '- write its line into %s' '- escrever sua linha em %s' "$modules_conf"
}

replace() {
  if [ ! -s "$state/record" ]; then touch "$work/is-first"; fi
  if has_loaded; then
    remember loaded before
    touch "$work/was-loaded"
    unload
  else
    remember loaded not
  fi
  if [ -e "$installed" ]; then
    cp -p "$installed" "$work/former.so"
    if [ -z "$(recall file)" ]; then keep "$installed" "$NAME.so"; fi
    remember file replaced
  else
    remember file added
  fi
  remember path "$installed"
  remember_anew placed "$(fingerprint "$module")"
  place "$module"
}

uninstall_module() {
  if [ ! -s "$state/record" ]; then
    say 'Nothing to take back: nothing was installed by this (%s).' 'Nada a desfazer: nada foi instalado por este script (%s).' "$state"
    return 0
  fi
  find_fusionpbx
  meet_freeswitch
  local row line file was original=
  row=$(recall row) line=$(recall line) file=$(recall file) was=$(recall loaded)
  if [ -n "$row" ] && [ -z "$config" ]; then
    fault 'the row of v_modules cannot be taken back: no config.conf of FusionPBX was found; give it as --config' \
      'a linha de v_modules não pode ser desfeita: nenhum config.conf do FusionPBX foi encontrado; informe-o com --config'
  fi
  if [ -n "$file" ]; then installed=$(recall path); fi
  if [ -n "$file" ] && [ -e "$installed" ] && [ "$(fingerprint "$installed")" != "$(recall placed)" ]; then
    warn '%s was replaced since, and stays as it is' '%s foi trocado desde então, e fica como está' "$installed"
    file=
    # The only copy of what was there before us.
    if [ -e "$state/$NAME.so" ]; then
      original=kept
      warn 'what was there before is kept: %s' 'o que havia antes fica guardado: %s' "$state/$NAME.so"
    fi
  fi
  if [ -n "$file" ] && has_loaded; then refuse_calls; fi
  [ -z "$line" ] || say '- take its line out of %s' '- tirar sua linha de %s' "$modules_conf"
  case $row in
  inserted*) say '- remove its row from v_modules' '- apagar sua linha de v_modules' ;;
  enabled*) say '- put module_enabled of its row in v_modules back to %s' '- devolver a module_enabled de sua linha em v_modules o valor %s' "${row#* }" ;;
  esac
  [ "$file" != added ] || say '- unload it, and remove %s' '- descarregá-la, e remover %s' "$installed"
  [ "$file" != replaced ] || say '- unload it, and put the former %s back' '- descarregá-la, e restaurar o %s anterior' "$installed"
  if [ "$changes" = told ]; then
    say 'Nothing was changed (--dry-run).' 'Nada foi alterado (--dry-run).'
    return 0
  fi

  open_state
  if [ -n "$line" ]; then
    inspect_modules_conf
    unregister_line
  fi
  if [ -n "$row" ]; then unregister_row "$row"; fi
  if [ -n "$file" ]; then take_out "$file" "$was"; fi
  forget
  say 'Done: everything is as it was before.' 'Pronto: tudo está como era antes.'
}

take_out() {
  if has_loaded; then unload; fi
  case $1 in
  added) rm -f "$installed" ;;
  replaced) mv -fT "$state/$NAME.so" "$installed" ;;
  esac
  if [ "$2" = before ]; then
    ask "load $NAME" >/dev/null
    has_loaded ||
      warn 'the former %s was loaded before and does not load now; see the log of FreeSWITCH' \
        'o %s anterior estava carregado e agora não carrega; veja o log do FreeSWITCH' "$NAME"
    tell_former_code
  fi
}

main() {
  read_arguments "$@"
  depends=
  columns=
  fs_cli_home=
  event_host=127.0.0.1
  event_port=8021
  code=0
  case $purpose in
  help)
    usage
    return 0
    ;;
  install) [ -n "$module$package" ] || no_build ;;
  esac
  work=$(mktemp -d)
  trap clean_up EXIT
  needs ldd libc-bin
  needs nm binutils
  needs readelf binutils
  needs flock util-linux
  case $purpose in
  install) install_module ;;
  uninstall) uninstall_module ;;
  esac
  return "$code"
}

main "$@"
