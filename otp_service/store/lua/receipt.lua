-- Takes in what a provider reports of a message: tells each distinct report once, and moves the message up by what all of
-- that provider's reports come to. A repeated or late one changes nothing.
-- KEYS  1 the record (of the verification, or of a message of its own), 2 facts, 3 parts, 4 due set, 5 held entries
-- ARGV  1 message id, 2 verification id or '', 3 provider, 4 segment or '', 5 how many segments or '', 6 rank, 7 status,
--       8 reason or '', 9 digest of the report, 10 fact data, 11 '' or the time in ms
-- Returns 1 if it was news.
--
-- Anybody's `delivered` counts: the person has it. Other news count from whoever carries the message, so that a provider
-- that was given up for another ends nothing; what comes before the provider's answer waits for settle.lua.
local record, facts, parts, due, held = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local message, verification, provider, segment, count = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local digest, data = ARGV[9], ARGV[10]
local time = redis.call('TIME')
local at = ARGV[11] ~= '' and ARGV[11] or string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000))
local field, watch = 'm:' .. message, '@' .. message

local function note()
  local place = 'p:' .. provider .. ':' .. segment
  local known = redis.call('HGET', parts, place)
  if not known or tonumber(string.match(known, '^%d+')) < tonumber(ARGV[6]) then
    redis.call('HSET', parts, place, ARGV[6] .. '|' .. ARGV[7] .. '|' .. ARGV[8])
  end
  if count ~= '' then redis.call('HSET', parts, 'n:' .. provider, count) end
end

local function carrier(now_at)
  local by = redis.call('HGET', parts, 'by')
  if by then return by end
  local rank, name = string.match(now_at or '', '^(%d+)|[^|]*|([^|]*)|')
  return rank and tonumber(rank) > 2 and name
end

local function counts(rank, now_at)
  local known = now_at and tonumber(string.match(now_at, '^%d+')) or 0
  if rank <= known then return false end
  if rank == DELIVERED then return true end
  local by = carrier(now_at)
  if by then return by == provider end
  return redis.call('EXISTS', record) == 0
end

-- A code that will not come by this provider goes to the next one, and only if there is none has it ended.
local function hands_on(rank, status, reason)
  if rank ~= BAD or verification == '' then return false end
  if redis.call('HEXISTS', held, message) == 0 or not redis.call('ZSCORE', due, watch) then return false end
  redis.call('HSET', held, message .. '!', status .. '|' .. reason)
  redis.call('HSET', parts, 'by', '')
  redis.call('ZADD', due, 'XX', string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000)), watch)
  return true
end

if redis.call('HLEN', parts) >= MOST_REPORTS or redis.call('HSETNX', parts, 's:' .. digest, 1) == 0 then return 0 end
redis.call('XADD', facts, '*', 'f', message .. ':r:' .. digest, 't', 'receipt', 'at', at, 'd', data)
note()
redis.call('PEXPIRE', parts, PARTS_KEPT_MS)
local rank, status, reason = reported(parts, provider)
local now_at = redis.call('HGET', record, field)
if rank and counts(rank, now_at) and not hands_on(rank, status, reason) then
  if redis.call('EXISTS', record) == 1 then
    redis.call('HSET', record, field, string.format('%d|', rank) .. status .. '|' .. provider .. '|' .. reason .. '|' .. at)
  end
  tell_moved(facts, at, message, verification, provider, rank, status, reason)
  if rank == DELIVERED and verification ~= '' then
    redis.call('ZREM', due, watch)
    redis.call('HDEL', held, message, message .. '!')
  end
end
return 1
