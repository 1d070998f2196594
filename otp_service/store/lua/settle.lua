-- Ends what a courier did with a batch of outbox entries of one cell: facts, the record's message field, and the entry
-- itself (done, later, watch or dead), all or nothing.
-- KEYS  1-3 the outbox streams, 4 due set, 5 dead letters, 6 facts, 7 held entries, 8 conversions, 9.. records and parts
-- ARGV  1 group, then per entry:
--       stream number, entry id, 'done' | 'later' | 'watch' | 'dead', delay ms (later, watch),
--       due member (later), entry to hold (watch) or reason (dead),
--       record's number in KEYS or 0, message id, rank or 0 (no change of state), 'status|provider|reason', fact data,
--       country (of an accepted code) or '', parts' number in KEYS or 0, how many parts the provider made of it,
--       number of attempts, then per attempt its number and fact data
-- Returns how many entries were still this group's to end.
--
-- XACK answers 1 once per entry: that makes a repeat harmless. A courier whose entry another one has ended meanwhile (it
-- slept through the take-over) still tells its attempts and what a provider accepted, but neither failures nor a retry.
-- Facts are told twice rather than not at all; the ledger knows them by their ids.
local ACCEPTED = 3
local DUE, DEAD, FACTS, HELD, CONVERSIONS = KEYS[4], KEYS[5], KEYS[6], KEYS[7], KEYS[8]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local at = string.format('%d', now)
local next_argument = 1

local function take()
  next_argument = next_argument + 1
  return ARGV[next_argument]
end

local function tell(id, kind, data)
  redis.call('XADD', FACTS, '*', 'f', id, 't', kind, 'at', at, 'd', data)
end

local function bury(stream, id, reason)
  local entry = redis.call('XRANGE', stream, id, id)[1]
  if entry then
    redis.call('XADD', DEAD, '*', 'x:reason', reason, 'x:stream', stream, 'x:id', id, unpack(entry[2]))
  end
end

local function raise(record, message, rank, value)
  local held = redis.call('HGET', record, 'm:' .. message)
  local held_rank = held and tonumber(string.match(held, '^%d+')) or 0
  if rank > held_rank and redis.call('EXISTS', record) == 1 then
    redis.call('HSET', record, 'm:' .. message, string.format('%d|', rank) .. value .. '|' .. at)
  end
end

local function wait(member, delay)
  redis.call('ZADD', DUE, string.format('%d', now + delay), member)
end

-- A receipt may come before its provider's answer is settled: what was said then is heeded now.
local function watch(parts, message, provider, delay, entry)
  local rank, status, reason
  if parts then rank, status, reason = reported(parts, provider) end
  if rank == DELIVERED then return end
  redis.call('HSET', HELD, message, entry)
  if rank == BAD then
    redis.call('HSET', HELD, message .. '!', status .. '|' .. reason)
    redis.call('HSET', parts, 'by', '')
    delay = 0
  end
  wait('@' .. message, delay)
end

local function move_on(record, parts, message, provider, data, will_watch)
  local rank, status, reason = reported(parts, provider)
  if not rank or rank <= ACCEPTED or (rank == BAD and will_watch) then return end
  local verification = cjson.decode(data).verification
  tell_moved(FACTS, at, message, type(verification) == 'string' and verification or '', provider, rank, status, reason)
  if record > 0 then raise(KEYS[record], message, rank, status .. '|' .. provider .. '|' .. reason) end
end

local ended = 0
while next_argument < #ARGV do
  local stream, id, finish, delay, extra = KEYS[tonumber(take())], take(), take(), take(), take()
  local record, message, rank, value, data = tonumber(take()), take(), tonumber(take()), take(), take()
  local country, parts, count = take(), tonumber(take()), take()
  local provider = string.match(value, '|([^|]*)|')
  local mine = redis.call('XACK', stream, ARGV[1], id)
  ended = ended + mine
  for _ = 1, tonumber(take()) do
    tell(message .. ':a' .. take(), 'attempt', take())
  end
  if rank > 0 and (mine == 1 or rank <= ACCEPTED) then
    tell(message .. ':' .. rank, 'message', data)
    if record > 0 then
      raise(KEYS[record], message, rank, value)
    end
  end
  if parts > 0 then
    carried(KEYS[parts], provider, count)
    move_on(record, KEYS[parts], message, provider, data, finish == 'watch')
  end
  if mine == 1 then
    if country ~= '' and record > 0 then
      sent_code(CONVERSIONS, KEYS[record], message, provider, country, now)
    end
    if finish == 'later' then
      wait(extra, delay)
    elseif finish == 'watch' then
      watch(KEYS[parts], message, provider, delay, extra)
    elseif finish == 'dead' then
      bury(stream, id, extra)
    end
    redis.call('XDEL', stream, id)
  end
end
return ended
