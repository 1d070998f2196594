-- Ends what a courier did with a batch of outbox entries of one cell: facts, the record's message field, and the entry
-- itself (done, later or dead), all or nothing.
-- KEYS  1-3 the outbox streams, 4 due set, 5 dead letters, 6 facts, 7.. records
-- ARGV  1 group, then per entry:
--       stream number, entry id, 'done' | 'later' | 'dead', delay ms (later), due member (later) or reason (dead),
--       record's number in KEYS or 0, message id, rank or 0 (no change of state), 'status|provider|reason', fact data,
--       number of attempts, then per attempt its number and fact data
-- Returns how many entries were still this group's to end.
--
-- XACK answers 1 once per entry: that makes a repeat harmless. A courier whose entry another one has ended meanwhile (it
-- slept through the take-over) still tells its attempts and what a provider accepted, but neither failures nor a retry.
-- Facts are told twice rather than not at all; the ledger knows them by their ids.
local ACCEPTED = 3
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local at = string.format('%d', now)
local next_argument = 1

local function take()
  next_argument = next_argument + 1
  return ARGV[next_argument]
end

local function tell(id, kind, data)
  redis.call('XADD', KEYS[6], '*', 'f', id, 't', kind, 'at', at, 'd', data)
end

local function bury(stream, id, reason)
  local entry = redis.call('XRANGE', stream, id, id)[1]
  if entry then
    redis.call('XADD', KEYS[5], '*', 'x:reason', reason, 'x:stream', stream, 'x:id', id, unpack(entry[2]))
  end
end

local function raise(record, message, rank, value)
  local held = redis.call('HGET', record, 'm:' .. message)
  local held_rank = held and tonumber(string.match(held, '^%d+')) or 0
  if rank > held_rank and redis.call('EXISTS', record) == 1 then
    redis.call('HSET', record, 'm:' .. message, string.format('%d|', rank) .. value .. '|' .. at)
  end
end

local ended = 0
while next_argument < #ARGV do
  local stream, id, finish, delay, extra = KEYS[tonumber(take())], take(), take(), take(), take()
  local record, message, rank, value, data = tonumber(take()), take(), tonumber(take()), take(), take()
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
  if mine == 1 then
    if finish == 'later' then
      redis.call('ZADD', KEYS[4], string.format('%d', now + delay), extra)
    elseif finish == 'dead' then
      bury(stream, id, extra)
    end
    redis.call('XDEL', stream, id)
  end
end
return ended
