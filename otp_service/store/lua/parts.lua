-- Joined in front of receipt and settle: what providers report of a message, segment by segment. A hash for each message:
--   by                      who carries it: the provider that accepted it last; '' while the next one is asked
--   n:<provider>            how many segments that provider reports
--   p:<provider>:<segment>  the most that was said of a segment, rank|status|reason; segment '' is the message as a whole
--   s:<digest>              a report that is known already
local PARTS_KEPT_MS = 72 * 3600000 -- vendors report for three days at most
local MOST_REPORTS = 1000 -- of one message; what a vendor repeats beyond all reason is not kept
local SENT, BAD, DELIVERED = 4, 5, 6

-- A provider accepted the message and will report so many segments of it ('' if that isn't known).
local function carried(parts, provider, count)
  redis.call('HSET', parts, 'by', provider)
  if count ~= '' then redis.call('HSETNX', parts, 'n:' .. provider, count) end
  redis.call('PEXPIRE', parts, PARTS_KEPT_MS)
end

local function said_of_segments(parts, provider)
  local flat, prefix, said = redis.call('HGETALL', parts), 'p:' .. provider .. ':', {}
  for i = 1, #flat, 2 do
    if string.sub(flat[i], 1, #prefix) == prefix then
      local rank, status, reason = string.match(flat[i + 1], '^(%d+)|([^|]*)|(.*)$')
      said[string.sub(flat[i], #prefix + 1)] = { rank = tonumber(rank), status = status, reason = reason }
    end
  end
  return said
end

-- What a provider's reports come to: rank, status and reason, or nothing. A message is delivered when all its segments are,
-- undelivered as soon as one of them never will be, and sent until then.
local function reported(parts, provider)
  local said = said_of_segments(parts, provider)
  local whole, expected = said[''], tonumber(redis.call('HGET', parts, 'n:' .. provider))
  said[''] = nil
  local rank, delivered, bad = 0, 0, nil
  for _, one in pairs(said) do
    rank = math.max(rank, math.min(one.rank, SENT))
    if one.rank == DELIVERED then delivered = delivered + 1 end
    if one.rank == BAD then bad = one end
  end
  local found = rank > 0 and { rank = rank, status = rank < SENT and 'accepted' or 'sent', reason = '' } or nil
  if bad then
    found = { rank = BAD, status = expected == 1 and bad.status or 'undelivered', reason = bad.reason }
  elseif expected and expected > 0 and delivered >= expected then
    found = { rank = DELIVERED, status = 'delivered', reason = '' }
  end
  if whole and (not found or whole.rank > found.rank) then found = whole end
  if found then return found.rank, found.status, found.reason end
end

-- The fact that a message moved by what a provider reported.
local function tell_moved(facts, at, message, verification, provider, rank, status, reason)
  redis.call('XADD', facts, '*', 'f', message .. string.format(':%d', rank), 't', 'message', 'at', at, 'd', cjson.encode({
    id = message,
    n = rank,
    verification = verification ~= '' and verification or cjson.null,
    status = status,
    reason = reason ~= '' and reason or cjson.null,
    provider = provider,
  }))
end
