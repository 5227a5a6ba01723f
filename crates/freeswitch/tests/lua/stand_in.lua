-- Stands in for FreeSWITCH's `session` and `freeswitch` while a script runs, in virtual time: stand_in.lua SCENARIO SCRIPT.
-- What the script does goes to stdout, one JSON object a line; each byte of a text outside ASCII as \u00XX.
--
-- SCENARIO sets these globals:
--   variables    of the channel, by name
--   globals      of FreeSWITCH, by name
--   replies      by the start of a command: what uuid_audio_stream answers, one after the other, the last for ever
--   happenings   in order of `at` (ms): {at, event, body, other} an event of the module, of another call if `other`;
--                {at, key} a key; {at, hang_up}; {at, transfer}; {at, bridge = ms} queued for the channel, runs inside a sleep;
--                {at, gateway} the server renews the last resort, and where that is "half" loses its control meanwhile; {at, clock = ms} the machine's clock is set;
--                {at, control = "true" or "false"} the server has control of FreeSWITCH or has not, which each of its signs of life
--                says, every 4 s while a stream is up; {at, dead} it gives none any more
--   hang_up_at   the step (call of anything here) before which the caller hangs up
--   naps         "whole", "short" (each sleep ends after 1 ms), or "none" (after 0 ms)
--   park         ms after which park returns by itself
--   broken       the name of a function that raises an error
--   ends         ms after which the test is over, as the caller hangs up

local clock, steps, ahead, state = 0, 0, 0, "CS_EXECUTE"
local tasks, next_task, consumers, input = {}, 1, {}, nil
local up, control, next_sign = false, "false", nil
local gone = false -- The caller has hung up; or the channel has left for the dialplan (state CS_ROUTING).

local function quoted(text)
  return '"' .. tostring(text):gsub('[^%w %-_%.:/@%+%*#=,;%(%)!{}%[%]\'|%%&~$?]', function(char)
    return string.format("\\u%04x", char:byte())
  end) .. '"'
end

local function tell(what, text)
  io.write(string.format('{"at":%d,"what":%s,"text":%s}\n', clock, quoted(what), quoted(text or "")))
end

local function leave(how, to)
  if not gone then
    gone = true
    state = to
    tell(how)
  end
end

local function emit(event, body, other)
  if not other and event ~= "json" then
    up = event == "connect"
    next_sign = up and control and clock + 20
  end
  for _, consumer in ipairs(consumers) do
    if consumer.names["mod_audio_stream::" .. event] then
      table.insert(consumer.queue, { name = "mod_audio_stream::" .. event, body = body, call = other and "another" or variables.uuid })
    end
  end
end

local function schedule(group, seconds, command)
  local id = next_task
  next_task = id + 1
  tasks[id] = { group = group, due = clock + seconds * 1000, command = command }
  return id
end

local function delete(which)
  local count = 0
  for id, task in pairs(tasks) do
    if which == tostring(id) or which == task.group then
      tasks[id] = nil
      count = count + 1
    end
  end
  return count
end

-- Time goes on to `to`; what happens until then happens. True if the channel's thread was busy with something else.
local function pass(to)
  while true do
    local first, at
    for id, task in pairs(tasks) do
      if task.due <= to and (not at or task.due < at) then
        first, at = id, task.due
      end
    end
    local happening = happenings[1]
    if up and next_sign and next_sign <= to and next_sign < (at or to + 1) and next_sign < (happening and happening.at or to + 1) then
      clock = math.max(clock, next_sign)
      next_sign = clock + 4000
      emit("json", '{"type":"alive","control":' .. control .. "}")
    elseif happening and happening.at <= to and (not at or happening.at <= at) then
      table.remove(happenings, 1)
      clock = math.max(clock, happening.at)
      if happening.event then
        emit(happening.event, happening.body, happening.other)
      elseif happening.key and input and not gone then
        _G[input](session, "dtmf", { digit = happening.key, duration = 100 })
      elseif happening.hang_up then
        leave("caller hung up", "CS_HANGUP")
      elseif happening.transfer then
        leave("transferred by somebody", "CS_ROUTING")
      elseif happening.gateway then
        schedule("voiceai-renewal-" .. variables.uuid, 15, "gateway")
        delete("voiceai-" .. variables.uuid)
        if happening.gateway ~= "half" then
          schedule("voiceai-" .. variables.uuid, 15, "gateway")
          delete("voiceai-renewal-" .. variables.uuid)
        end
      elseif happening.control or happening.dead then
        control = happening.control
        next_sign = up and control and clock
      elseif happening.clock then
        ahead = happening.clock
      elseif happening.bridge then
        pass(clock + happening.bridge)
        return true
      end
    elseif first then
      clock = math.max(clock, at)
      local command = tasks[first].command
      tasks[first] = nil
      tell("task", command)
      if not gone then
        leave("last resort", command:find("^uuid_kill") and "CS_HANGUP" or "CS_ROUTING")
      end
    else
      clock = math.max(clock, to)
      if ends and clock >= ends and not gone then
        leave("test is over", "CS_HANGUP")
      end
      return false
    end
  end
end

local function step(name)
  steps = steps + 1
  if hang_up_at and steps >= hang_up_at then
    leave("caller hung up", "CS_HANGUP")
  end
  if steps > 20000 then
    error("the script spins")
  end
  if broken == name then
    broken = nil
    error(name .. " is broken")
  end
end

local function answer_of(command)
  for start, list in pairs(replies) do
    if command:sub(1, #start) == start then
      return #list > 1 and table.remove(list, 1) or list[1]
    end
  end
  return "+OK Success\n"
end

local API = {}
API.__index = API

function API:executeString(command)
  step("executeString")
  tell("api", command)
  local name, rest = command:match("^(%S+) ?(.*)$")
  if name == "sched_api" then
    local seconds, group, what = rest:match("^%+(%d+) (%S+) (.+)$")
    return seconds and "+OK Added: " .. schedule(group, tonumber(seconds), what) .. "\n" or "-ERR Invalid syntax\n"
  elseif name == "sched_del" then
    return "+OK Deleted: " .. delete(rest) .. "\n"
  elseif name == "uuid_setvar" then
    local key, value = rest:match("^%S+ (%S+) ?(.*)$")
    variables[key] = value ~= "" and value or nil
    return "+OK\n"
  elseif name == "uuid_audio_stream" then
    return answer_of(rest:match("^%S+ (.*)$"))
  end
  return "-ERR " .. name .. " Command not found!\n"
end

function API:getTime()
  step("getTime")
  return tostring(1795427117000 + clock + ahead)
end

local Event = {}
Event.__index = Event

function Event:getHeader(name)
  return ({ ["Unique-ID"] = self.call, ["Event-Subclass"] = self.name })[name]
end

function Event:getBody()
  return self.body
end

local Consumer = {}
Consumer.__index = Consumer

function Consumer:bind(_, name)
  step("bind")
  tell("hears", name)
  self.names[name] = true
  return 1
end

function Consumer:pop()
  step("pop")
  local event = table.remove(self.queue, 1)
  return event and setmetatable(event, Event) or nil
end

function Consumer:cleanup()
  tell("deaf", "")
  self.names = {}
  self.queue = {}
end

freeswitch = {
  API = function()
    return setmetatable({}, API)
  end,
  EventConsumer = function(_, name)
    step("EventConsumer")
    local consumer = setmetatable({ names = { [name] = true }, queue = {} }, Consumer)
    consumers[#consumers + 1] = consumer
    tell("hears", name)
    return consumer
  end,
  consoleLog = function(level, text)
    tell("log " .. level, text)
  end,
  msleep = function(ms)
    step("msleep")
    tell("msleep", ms)
    pass(clock + ms)
  end,
}

session = {}

function session:getVariable(name)
  step("getVariable")
  return variables[name] or globals[name]
end

function session:setVariable(name, value)
  step("setVariable")
  tell("set", name .. "=" .. value)
  variables[name] = value
end

function session:setInputCallback(name)
  step("setInputCallback")
  input = name
end

function session:ready()
  step("ready")
  return not gone
end

function session:answer()
  step("answer")
  tell("answer")
  return 1
end

function session:sleep(ms)
  step("sleep")
  if gone then
    return 0
  end
  local span = ({ whole = ms, short = 1, none = 0 })[naps or "whole"]
  tell("sleep", ms)
  pass(clock + span)
  return 1
end

function session:execute(application, data)
  step("execute")
  tell("execute", application .. " " .. (data or ""))
  if gone then
    return
  end
  if application == "park" then
    local last = clock + (park or 600000)
    while not gone and clock < last do
      pass(math.min(last, clock + 20))
    end
  elseif application == "gentones" then
    pass(clock + 1990)
  end
end

function session:transfer(extension, dialplan, context)
  step("transfer")
  tell("transfer", extension .. " " .. dialplan .. " " .. context)
  leave("transferred", "CS_ROUTING")
  return 1
end

function session:hangup(cause)
  step("hangup")
  tell("hangup", cause)
  leave("hung up", "CS_HANGUP")
end

function session:getState()
  step("getState")
  return state
end

variables, globals, replies, happenings = {}, {}, {}, {}
dofile(arg[1])
local script = assert(loadfile(arg[2]))
local fine, problem = pcall(script)
if not fine then
  tell("error", problem)
end
local left = {}
for _, task in pairs(tasks) do
  left[#left + 1] = task.command
end
tell("end", state .. " " .. steps)
for _, command in ipairs(left) do
  tell("task left", command)
end
