-- The log of refusals: a stream per cell, capped, kept for a day, in which support finds why somebody was refused.
--   at code rule w   when, what was answered, by which rule, how long to wait (ms)
--   r d              the request's id; JSON of who asked for what: `asked_for` is `message` or `check`, and of a code left out
--   e m              JSON list of the evidence; `enforce`, or `shadow` where it was let pass
local REFUSALS_KEPT, REFUSALS_MS = '20000', '86400000'

-- Answers the reference by which it is found: `rf_<cell>_<ms>_<sequence>`.
local function keep_refusal(key, now, code, rule, wait, request, detail, evidence, mode)
  local id = redis.call('XADD', key, 'MAXLEN', '~', REFUSALS_KEPT, '*', 'at', int(now), 'code', code, 'rule', rule,
    'w', int(wait), 'r', request, 'd', detail, 'e', cjson.encode(evidence), 'm', mode)
  redis.call('PEXPIRE', key, REFUSALS_MS)
  return 'rf_' .. string.match(key, '^{c(%d+)}') .. '_' .. string.gsub(id, '-', '_')
end

-- What limits and locks have against a send, as lua/limits.lua collects it: {code, wait, name, limit}.
local function evidence_of_limits(refusals)
  local found = {}
  for i, r in ipairs(refusals) do
    found[i] = { scope = r[3], rule = r[1], wait_ms = r[2], amount = r[4] and r[4].amount, period_ms = r[4] and r[4].period }
  end
  return found
end

-- What the brake has against it: `scope rule level has may wait`; a wait of 0 is one that nobody knows.
local function evidence_of_brake(reasons)
  local found = {}
  for i, reason in ipairs(reasons) do
    local scope, rule, level, has, may, wait = string.match(reason, '^(%S+) (%S+) (%d+) (%d+) (%d+) (%d+)$')
    found[i] = { scope = scope, rule = rule, level = tonumber(level), has = tonumber(has), may = tonumber(may),
      wait_ms = tonumber(wait) }
  end
  return found
end

-- When all that decided is over, ms; 0 where one of them does not pass by itself.
local function wait_of_brake(evidence, level)
  local wait = 0
  for _, each in ipairs(evidence) do
    if each.level == level and each.wait_ms == 0 then return 0 end
    if each.level == level then wait = math.max(wait, each.wait_ms) end
  end
  return wait
end
