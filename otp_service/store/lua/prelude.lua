-- Joined in front of every script. Mechanism only: each number of policy arrives as an argument.
-- Time is milliseconds of Redis' own clock, unless a test or a replay hands one in.
local function clock(given)
  if given ~= '' then return tonumber(given) end
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end

-- Lua's own `..` keeps 14 digits only.
local function int(n) return string.format('%d', n) end

local function fields(key)
  local flat, map = redis.call('HGETALL', key), {}
  for i = 1, #flat, 2 do map[flat[i]] = flat[i + 1] end
  return map
end

local function list(text)
  if not text or text == '' then return {} end
  return cjson.decode(text)
end

-- Python gives a fact's details as a JSON object; what only the script knows goes in front.
local function fact(stream, id, kind, now, head, detail)
  local body = detail and detail ~= '' and detail ~= '{}' and (',' .. string.sub(detail, 2)) or '}'
  redis.call('XADD', stream, '*', 'f', id, 't', kind, 'at', int(now), 'd', '{' .. head .. body)
end

local function verification_fact(stream, id, n, event, status, now, sends, used, detail)
  fact(stream, id .. ':' .. int(n), 'verification', now,
    string.format('"id":"%s","n":%d,"event":"%s","status":"%s","sends":%d,"used":%d', id, n, event, status, sends, used),
    detail)
end

-- A repeated operation writes, though it changes nothing: WAIT counts from the last write of its connection, and since Redis
-- 7.2 a script that only reads is none. Without it a repeat over another connection would be confirmed by replicas that lag.
local function touch(key)
  local at = redis.call('PEXPIRETIME', key)
  if at > 0 then redis.call('PEXPIREAT', key, int(at)) end
end

-- Idempotency: a hash of `f` (fingerprint of the body), `a` (the answer) or `c` (the claim of a request in flight).
local function remembered(key, fingerprint)
  local had = redis.call('HMGET', key, 'f', 'a')
  if not had[1] then return nil end
  if had[1] ~= fingerprint then return { 'refused', 'idempotency_mismatch', '0', '' } end
  if had[2] then
    touch(key)
    return { 'replay', had[2] }
  end
  return { 'refused', 'idempotency_in_flight', '0', '' }
end

local function remember(key, fingerprint, answer, ttl)
  redis.call('HSET', key, 'f', fingerprint, 'a', cjson.encode(answer))
  redis.call('PEXPIRE', key, ttl)
end
