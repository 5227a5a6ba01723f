-- voice_secretary.lua: hands a call to voice-ai-realtime, and to somebody else when that cannot be reached.
-- voice-ai script version: 4
-- From version 2 on a call is kept only while the server says that it is there ({"type":"alive"}): install it with that server, not before.
-- Version 3 tells the server of the call in the stream's address too, as amigniter may lose the metadata.
-- Version 4 takes the token from a file beside it where the dialplan names none.
--
-- In the dialplan (docs/freeswitch.md tells every variable):
--   <action application="set" data="domain_uuid=…"/>
--   <action application="set" data="secretary_uuid=…"/>
--   <action application="lua" data="voice_secretary.lua"/>
--
-- Facts were measured on FreeSWITCH 1.10.12 with mod_audio_stream, builds amigniter ec2a781 and sptmru 5f179d6. Runs on Lua 5.1 to 5.4.

-- How long the caller waits when nobody carries the call any more, in seconds: 15 at most, and a sign of life is seen up to a nap
-- after it came.
local LAST_RESORT = 14
-- The others in milliseconds. A server with control puts it off every 4000 to 6000: until when it has certainly not done so again,
-- and from when on it is late.
local RENEWED = 3500
local LATE = 6500
-- How long FreeSWITCH is left alone between two looks. Of sleeps up to 100 ms it may write no silence, and each writes two lines to
-- the debug log.
local NAP = 500
-- A nap shorter than this did not nap.
local WINK = 20
-- How long the module may take to connect.
local CONNECTING = 5000
-- How long sptmru is given to connect again by itself (it takes 2 ms). amigniter never does.
local RECONNECTING = 1000
-- How long after the server's good-bye what it ordered may come.
local GOOD_BYE = 2000
-- How often a lost stream is begun again in one call.
local RESTARTS = 3
-- The tones that say "this call could not be served" all over the world (ITU-T E.180).
local APOLOGY = "%(330,0,950);%(330,0,1400);%(330,1000,1800)"

if not session then
  freeswitch.consoleLog("ERR", "[VoiceSecretary] this script answers a call: run it by the dialplan's application lua\n")
  return
end

local api = freeswitch.API()
local call = session:getVariable("uuid") or ""
local group = "voiceai-" .. call
-- The server's own, for the moments in which it puts off the other.
local renewal = "voiceai-renewal-" .. call

local function log(level, text)
  freeswitch.consoleLog(level, "[VoiceSecretary] " .. call .. " " .. text .. "\n")
end

-- A variable of the channel, else a global one (FreeSWITCH looks there itself); nil where it is empty.
local function variable(name)
  local value = session:getVariable(name)
  if value ~= nil and value ~= "" then
    return value
  end
  return nil
end

-- What FreeSWITCH answers to a command, without the end of its line.
local function ask(command)
  return (tostring(api:executeString(command) or ""):gsub("%s+$", ""))
end

-- Milliseconds; goes backwards when the machine's clock is set.
local function now()
  return tonumber(api:getTime()) or 0
end

local function passed(since)
  local span = now() - since
  if span < 0 then
    return math.huge
  end
  return span
end

----------------------------------------------------------------------------------------------------------------------------------
-- JSON

-- The length of the well-formed UTF-8 character at `at` (RFC 3629); nil where there is none.
local function utf8_length(text, at)
  local a, b, c, d = text:byte(at, at + 3)
  local function follows(byte, low, high)
    return byte ~= nil and byte >= (low or 0x80) and byte <= (high or 0xBF)
  end
  if a < 0x80 then
    return 1
  elseif a >= 0xC2 and a <= 0xDF then
    return follows(b) and 2 or nil
  elseif a >= 0xE0 and a <= 0xEF then
    local first = follows(b, a == 0xE0 and 0xA0 or 0x80, a == 0xED and 0x9F or 0xBF)
    return first and follows(c) and 3 or nil
  elseif a >= 0xF0 and a <= 0xF4 then
    local first = follows(b, a == 0xF0 and 0x90 or 0x80, a == 0xF4 and 0x8F or 0xBF)
    return first and follows(c) and follows(d) and 4 or nil
  end
  return nil
end

-- A byte that is part of no character is the Latin-1 that old PBXs send in names.
local function latin1(byte)
  if byte < 0xA0 then
    return "\239\191\189" -- U+FFFD
  end
  return string.char(0xC0 + math.floor(byte / 64), 0x80 + byte % 64)
end

-- A text in well-formed UTF-8, each character as `write` has it, cut to `room` bytes at the end of a character. The second value tells
-- whether it was cut.
local function written(text, room, write)
  local parts, length, at = {}, 0, 1
  while at <= #text do
    local size = utf8_length(text, at)
    local part = write(size and text:sub(at, at + size - 1) or latin1(text:byte(at)))
    length = length + #part
    if length > room then
      return table.concat(parts), true
    end
    parts[#parts + 1] = part
    at = at + (size or 1)
  end
  return table.concat(parts), false
end

-- A text as JSON. Of all that FreeSWITCH splits or unescapes an argument at (blanks, quotes, backslashes, $) only the backslash of
-- \uXXXX is left, which it passes on as it is: the argument needs no quotes.
local function json_text(text, room)
  return '"' .. written(text, room, function(character)
    if #character == 1 and not character:find("^[%w%-%._~:/@%+%*#=,;%(%)!]$") then
      return string.format("\\u%04x", character:byte())
    end
    return character
  end) .. '"'
end

-- A text as it may stand in an address (RFC 3986); nil where it is longer than `room`: cut it would be another.
local function address_text(text, room)
  local encoded, cut = written(text, room, function(character)
    return (character:gsub("[^A-Za-z0-9%-%._~]", function(byte)
      return string.format("%%%02X", byte:byte())
    end))
  end)
  return not cut and encoded or nil
end

-- The text of a JSON string at `at`, and where it ends; nil where there is none.
local function read_text(json, at)
  if json:sub(at, at) ~= '"' then
    return nil
  end
  local plain = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }
  local parts = {}
  at = at + 1
  while true do
    local stop = json:find('["\\]', at)
    if not stop then
      return nil
    end
    parts[#parts + 1] = json:sub(at, stop - 1)
    if json:sub(stop, stop) == '"' then
      return table.concat(parts), stop + 1
    end
    local kind = json:sub(stop + 1, stop + 1)
    if kind == "u" then
      local code = tonumber(json:match("^%x%x%x%x", stop + 2) or "", 16)
      if not code then
        return nil
      end
      -- Nothing outside ASCII can be dialled.
      parts[#parts + 1] = code < 0x80 and string.char(code) or "?"
      at = stop + 6
    elseif kind == "" then
      return nil
    else
      parts[#parts + 1] = plain[kind] or kind
      at = stop + 2
    end
  end
end

-- The keys of a JSON object without objects or lists in it, as the server's orders are; nil for anything else.
local function read_object(json)
  local keys = {}
  local at = json:match("^%s*{%s*()")
  while at do
    local key, value, separator
    key, at = read_text(json, at)
    at = key and json:match("^%s*:%s*()", at)
    if not at then
      return nil
    end
    if json:sub(at, at) == '"' then
      value, at = read_text(json, at)
    else
      value, at = json:match("^([%w%.%+%-]+)()", at)
    end
    if not value then
      return nil
    end
    keys[key] = value
    separator, at = json:match("^%s*([,}])%s*()", at)
    if separator == "}" then
      return at == #json + 1 and keys or nil
    end
  end
  return nil
end

----------------------------------------------------------------------------------------------------------------------------------
-- What the dialplan says

local function is_uuid(text)
  return text:find("^%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$") ~= nil
end

-- What may be dialled without meaning anything else to a command.
local function is_extension(text)
  return #text <= 64 and text:find("^[%w%*#%+_%.][%w%*#%+%-_%.]*$") ~= nil
end

local function context()
  local name = variable("context") or "default"
  if #name <= 128 and name:find("^[%w%._@:][%w%.%-_@:]*$") then
    return name
  end
  return "default"
end

-- Who gets the call when nobody carries it; nil: nobody.
local function fallback()
  local extension = variable("voice_ai_fallback")
  if not extension then
    return nil
  end
  if is_extension(extension) then
    return extension
  end
  log("ERR", "voice_ai_fallback cannot be dialled: use 1 to 64 letters, digits or * # + - _ . and no dash in front")
  return nil
end

-- The server, as a prefix of the stream's address. The modules take no other characters in a host (both builds' sources), so no IPv6.
local function server()
  local url = variable("voice_ai_url")
  local host = variable("voice_ai_host")
  if not url and host then
    url = "ws://" .. host
    if not host:find(":", 1, true) then
      url = url .. ":8085"
    end
  end
  url = (url or "ws://127.0.0.1:8085"):gsub("/+$", "")
  local path = url:match("^wss?://[%w%-%.]+(.*)$")
  path = path and (path:match("^:%d+(.*)$") or path)
  if #url <= 128 and path and (path == "" or path:find("^/[%w%-%._~/]*$")) then
    return url
  end
  return nil
end

-- One of a few words, else the first of them.
local function choice(name, words)
  local said = variable(name)
  for _, word in ipairs(words) do
    if said == word then
      return word
    end
  end
  if said then
    log("WARNING", name .. " must be one of " .. table.concat(words, ", ") .. "; " .. words[1] .. " it is")
  end
  return words[1]
end

local function rate_of(text)
  local hz = tonumber(text) or (tonumber((text or ""):match("^(%d+)k$")) or 0) * 1000
  if hz >= 8000 and hz <= 48000 and hz % 8000 == 0 then
    return math.floor(hz)
  end
  return nil
end

-- Samples a second of the stream. The channel's own rate is right with every build: sptmru sends it whatever is asked for.
local function rate()
  local asked = variable("voice_ai_rate")
  local of_channel = rate_of(variable("read_rate")) or 8000
  if not asked then
    return of_channel
  end
  if not rate_of(asked) then
    log("WARNING", "voice_ai_rate must be a multiple of 8000 up to 48000; the channel's " .. of_channel .. " it is")
  end
  return rate_of(asked) or of_channel
end

local function secretary()
  return variable("voice_ai_secretary") or variable("secretary_uuid")
end

-- What the server may not miss, at the end of the stream's address: amigniter never sends the metadata where it has connected before it has
-- attached the stream to the channel (its source). Who calls does not stand here, as addresses are logged on their way. Both builds look
-- at the address as far as the port and send the rest as it is, up to 4095 bytes (their sources).
local function query(leg, mix, hz)
  local keys = { "rate=" .. hz, "mix=" .. mix }
  local function tell(key, value, room)
    local text = value and address_text(value, room)
    if text then
      keys[#keys + 1] = key .. "=" .. text
    end
  end
  tell("secretary", secretary(), 96)
  tell("leg", leg ~= "auto" and leg or nil, 8)
  tell("language", variable("voice_ai_language"), 24)
  return "?" .. table.concat(keys, "&")
end

-- The call in JSON, the first frame of the stream. It stays below 550 bytes, and the command below 1000: amigniter holds 8192, and
-- sptmru sends it from memory that it has freed, which larger pieces do not survive (both sources).
local function metadata(leg, mix, hz)
  local keys = {}
  local function tell(key, value, room)
    if value then
      keys[#keys + 1] = '"' .. key .. '":' .. json_text(value, room)
    end
  end
  tell("secretary", secretary(), 120)
  tell("caller_number", variable("caller_id_number"), 48)
  tell("caller_name", variable("caller_id_name"), 160)
  tell("destination", variable("destination_number"), 48)
  tell("language", variable("voice_ai_language"), 24)
  -- Without it the server finds out which it is.
  tell("leg", leg ~= "auto" and leg or nil, 8)
  tell("mix", mix, 8)
  keys[#keys + 1] = '"rate":' .. hz
  return "{" .. table.concat(keys, ",") .. "}"
end

----------------------------------------------------------------------------------------------------------------------------------
-- The last resort: a task of FreeSWITCH's own that takes the call away from here. It is put off as long as all is well: by the server
-- where it has control of FreeSWITCH, else by this script, at each sign of life that the server gives (every 4 s). A connection that
-- stands proves nothing: neither module notices one whose other end is gone without a word.

local last_resort = { task = nil, elsewhere = false, renewed = 0 }

function last_resort.schedule()
  local extension = fallback()
  local command = extension and ("uuid_transfer " .. call .. " " .. extension .. " XML " .. context())
    or ("uuid_kill " .. call .. " RECOVERY_ON_TIMER_EXPIRE")
  local reply = ask("sched_api +" .. LAST_RESORT .. " " .. group .. " " .. command)
  last_resort.task = reply:match("^%+OK Added: (%d+)")
  if not last_resort.task then
    log("ERR", "FreeSWITCH took no task for the last resort: " .. reply)
  end
end

-- Takes a task away; true if it was still there.
local function cancelled(task)
  return task ~= nil and (tonumber(ask("sched_del " .. task):match("Deleted: (%d+)")) or 0) > 0
end

-- The server is there. What it may have scheduled itself stays.
function last_resort.renew()
  local former = last_resort.task
  last_resort.schedule()
  cancelled(former)
end

-- At a deliberate end all of it goes, the server's too.
function last_resort.cancel()
  ask("sched_del " .. group)
  ask("sched_del " .. renewal)
  last_resort.task = nil
end

-- The server has no control: what it scheduled when it had will not be put off by it.
function last_resort.take_back()
  last_resort.cancel()
  last_resort.elsewhere = false
  last_resort.schedule()
end

-- The server has control, and puts it off.
function last_resort.hand_over()
  last_resort.elsewhere = true
  last_resort.renewed = now()
end

-- Whether the server is late. Whenever it puts its task off it deletes the group, and so a task of ours that stands beside.
function last_resort.late()
  if passed(last_resort.renewed) < RENEWED then
    return false
  end
  if not cancelled(last_resort.task) then
    last_resort.renewed = now()
  end
  last_resort.schedule()
  return passed(last_resort.renewed) >= LATE
end

-- Somebody else has taken the call: what they scheduled is theirs.
function last_resort.leave()
  cancelled(last_resort.task)
  last_resort.task = nil
end

----------------------------------------------------------------------------------------------------------------------------------
-- The stream

local stream = {
  -- "connecting", "up", "lost" (the module may connect again), "closed" (the server said good-bye) or "failed".
  state = "connecting",
  since = 0,
  restarts = RESTARTS,
  command = nil,
  token = nil,
  events = nil,
  orders = nil,
  -- What the server wants done, when it does.
  order = nil,
}

function stream.turn(state)
  stream.state = state
  stream.since = now()
end

-- Each script sees the events of all calls. Those that are told with every sentence are heard only while the server has no control
-- of FreeSWITCH, or may have lost it.
function stream.listen()
  stream.events = freeswitch.EventConsumer("CUSTOM", "mod_audio_stream::connect")
  stream.events:bind("CUSTOM", "mod_audio_stream::disconnect")
  stream.events:bind("CUSTOM", "mod_audio_stream::error")
  stream.listen_for_orders()
end

function stream.listen_for_orders()
  if not stream.orders then
    stream.orders = freeswitch.EventConsumer("CUSTOM", "mod_audio_stream::json")
  end
end

function stream.deafen()
  if stream.orders then
    stream.orders:cleanup()
    stream.orders = nil
  end
end

-- The body of the next event of this call, and its name; nil when there is none.
local function next_of(consumer)
  while consumer do
    local event = consumer:pop()
    if not event then
      return nil
    end
    if event:getHeader("Unique-ID") == call then
      return event:getBody() or "", (event:getHeader("Event-Subclass") or ""):match("::(%a+)$")
    end
  end
  return nil
end

-- Runs a command while the channel has the header that shows the token. The variable is set by a command, not by
-- session:setVariable, which writes its value to the debug log.
local function with_token(token, command)
  if not token then
    return ask(command)
  end
  ask("uuid_setvar " .. call .. " STREAM_EXTRA_HEADERS {\"Authorization\":" .. json_text("Bearer " .. token, 2048) .. "}")
  local reply = ask(command)
  ask("uuid_setvar " .. call .. " STREAM_EXTRA_HEADERS")
  return reply
end

-- What the server wants to be shown: what the dialplan says, else what stands in the file beside this script, which `voice-ai setup` writes.
-- In a row of the dialplan it would be on pages, in caches, in the log of what was executed and in the call's records.
local function token()
  local said = variable("voice_ai_token")
  if said then
    -- It need not stand in the call's records.
    ask("uuid_setvar " .. call .. " voice_ai_token")
    return said, "voice_ai_token"
  end
  local folder = variable("script_dir")
  local path = folder and folder .. "/voice_secretary.token"
  local file = path and io.open(path, "r")
  if not file then
    return nil
  end
  local text = (file:read("*a") or ""):gsub("%s+$", "")
  file:close()
  return text ~= "" and text or nil, path
end

-- All five arguments are given always: sptmru crashes FreeSWITCH without the rate (its source).
function stream.prepare(domain, url)
  local leg = choice("voice_ai_leg", { "auto", "file", "raw", "unicast" })
  local mix = choice("voice_ai_mix", { "mono", "mixed", "stereo" })
  local hz = rate()
  if leg == "raw" then
    -- mod_audio_stream 1.0.3 and compatible play binary frames only when told so.
    session:setVariable("STREAM_PLAYBACK", "true")
    session:setVariable("STREAM_SAMPLE_RATE", tostring(hz))
  end
  stream.command = table.concat({
    "uuid_audio_stream",
    call,
    "start",
    url .. "/stream/" .. domain .. "/" .. call .. query(leg, mix, hz),
    mix,
    hz,
    metadata(leg, mix, hz),
  }, " ")
  local from
  stream.token, from = token()
  if stream.token and not stream.token:find("^[%w%p]+$") then
    log("ERR", from .. " is no token: use letters, digits and punctuation of ASCII, without blanks")
    stream.token = nil
  end
end

function stream.stop()
  if stream.command then
    ask("uuid_audio_stream " .. call .. " stop")
  end
end

-- Begins the stream; true if the module took it. It connects only after that.
function stream.start()
  local reply = with_token(stream.token, stream.command)
  if not reply:find("^%+OK") then
    -- A stream that is there already outlived a transfer (both builds' streams do).
    stream.stop()
    reply = with_token(stream.token, stream.command)
  end
  if not reply:find("^%+OK") then
    log("ERR", "uuid_audio_stream did not start: " .. (reply:match("^[^\n]+") or "no answer") .. "; is mod_audio_stream loaded?")
    return false
  end
  stream.turn("connecting")
  return true
end

-- What the module tells of the connection.
local function hear_of_connection()
  local body, name = next_of(stream.events)
  while body do
    log("INFO", "stream: " .. tostring(name) .. " " .. body:sub(1, 200):gsub("%c", " "))
    if name == "connect" then
      if last_resort.elsewhere then
        -- This one may have no control.
        last_resort.take_back()
        stream.listen_for_orders()
      else
        last_resort.renew()
      end
      stream.turn("up")
    elseif name == "disconnect" then
      stream.turn(body:find('"code":1000[^%d]') and "closed" or "lost")
    elseif name == "error" and stream.state ~= "closed" then
      stream.turn("failed")
      -- The server's answer was no, and would be again.
      if body:find('"http_status":[45]%d%d') then
        stream.restarts = 0
      end
    end
    body, name = next_of(stream.events)
  end
end

-- What the server says (docs/protocol.md): that it lives, and its orders where it has no control.
local function hear_server()
  local body = next_of(stream.orders)
  while body do
    local said = read_object(body) or {}
    if said.type == "alive" and said.control == "false" then
      last_resort.take_back()
    elseif said.type == "alive" and not last_resort.elsewhere then
      log("INFO", "the server has control of this call")
      last_resort.hand_over()
      stream.deafen()
    elseif said.type == "hangup" or said.type == "transfer" then
      stream.order = stream.order or said
    end
    body = next_of(stream.orders)
  end
end

function stream.hear()
  hear_of_connection()
  hear_server()
end

-- Whether the stream is gone for good.
function stream.gone()
  local patience = ({ connecting = CONNECTING, lost = RECONNECTING, closed = GOOD_BYE, failed = RECONNECTING })[stream.state]
  if not patience then
    return false
  end
  if stream.state == "failed" and stream.restarts == 0 then
    return true
  end
  if passed(stream.since) < patience then
    return false
  end
  if stream.state == "closed" or stream.restarts == 0 then
    return true
  end
  stream.restarts = stream.restarts - 1
  log("WARNING", "the stream is " .. stream.state .. "; it is begun again")
  stream.stop()
  return not stream.start()
end

-- Keys reach a server that has control by FreeSWITCH's event socket, any other as text. FreeSWITCH calls this by its name.
function voice_secretary_key(_, kind, key)
  if kind ~= "dtmf" or not key.digit:find("^[%d%*#A-D]$") then
    return
  end
  stream.hear()
  if stream.state ~= "up" or last_resort.elsewhere then
    return
  end
  ask("uuid_audio_stream " .. call .. ' send_text {"type":"dtmf","digit":"' .. key.digit .. '"}')
end

----------------------------------------------------------------------------------------------------------------------------------
-- The ends of a call

local function transfer(extension)
  -- The stream would outlive the transfer and be heard by the server.
  stream.stop()
  last_resort.cancel()
  session:transfer(extension, "XML", context())
end

local function fall_back(reason)
  if not session:ready() then
    return last_resort.leave()
  end
  local extension = fallback()
  if extension then
    log("ERR", reason .. "; the caller goes to " .. extension)
    return transfer(extension)
  end
  log("ERR", reason .. "; there is no voice_ai_fallback: the caller hears that and is hung up on")
  stream.stop()
  session:execute("gentones", APOLOGY)
  last_resort.cancel()
  session:hangup("NORMAL_TEMPORARY_FAILURE")
end

local function carry_out(order)
  if order.type == "hangup" then
    last_resort.cancel()
    return session:hangup("NORMAL_CLEARING")
  end
  local number = order.number or ""
  if order.kind == "voicemail" and not number:find("^%*") then
    number = (variable("voice_ai_voicemail_prefix") or "*99") .. number
  end
  if order.number and is_extension(number) then
    log("INFO", "the caller goes to " .. number)
    return transfer(number)
  end
  fall_back("the server asked for a transfer to nothing that could be dialled")
end

----------------------------------------------------------------------------------------------------------------------------------

-- Leaves time to FreeSWITCH, which writes silence, runs what was queued for the channel, and may return early or much later.
local function nap()
  local since = now()
  session:sleep(NAP)
  if session:ready() and passed(since) < WINK then
    freeswitch.msleep(WINK)
  end
end

-- Without a module: the server takes the parked call over by FreeSWITCH's event socket.
local function wait_parked()
  -- Park would write its silence between the server's frames.
  session:setVariable("send_silence_when_idle", "0")
  session:setVariable("voice_ai", "true")
  last_resort.schedule()
  session:execute("park")
  fall_back("nobody carries the parked call any more")
end

local function converse(domain, url)
  -- Without it an idle channel writes nothing, and `mixed` and `stereo` streams send nothing either.
  session:setVariable("send_silence_when_idle", "-1")
  last_resort.schedule()
  stream.listen()
  session:setInputCallback("voice_secretary_key", "")
  stream.prepare(domain, url)
  if not stream.start() then
    return fall_back("there is no stream")
  end
  while session:ready() do
    nap()
    if not session:ready() then
      break
    end
    stream.hear()
    if stream.order then
      return carry_out(stream.order)
    end
    if stream.gone() then
      return fall_back("the stream is gone (" .. stream.state .. ")")
    end
    if last_resort.elsewhere then
      if last_resort.late() then
        stream.listen_for_orders()
      else
        stream.deafen()
      end
    end
  end
  last_resort.leave()
  -- Transferred by somebody else, the stream would go on. At a hang-up the module ends it itself.
  local state = session:getState()
  if state ~= "CS_HANGUP" and state ~= "CS_REPORTING" and state ~= "CS_DESTROY" and state ~= "ERROR" then
    stream.stop()
  end
end

local function answer()
  if not session:ready() then
    return
  end
  session:answer()
  if not session:ready() then
    return
  end
  if not is_uuid(call) then
    return fall_back("the channel's uuid is none, and the server takes no other")
  end
  if variable("voice_ai_leg") == "unicast" then
    return wait_parked()
  end
  local domain = variable("domain_uuid") or ""
  if not is_uuid(domain) then
    return fall_back("domain_uuid is no UUID: set it in the dialplan, to v_domains.domain_uuid of FusionPBX")
  end
  local url = server()
  if not url then
    return fall_back("voice_ai_url must be ws://HOST:PORT or wss://HOST:PORT, with a host of letters, digits, - and .")
  end
  converse(domain, url)
end

local fine, problem = pcall(answer)
if not fine then
  log("ERR", "the script failed: " .. tostring(problem))
  pcall(fall_back, "the script failed")
end
