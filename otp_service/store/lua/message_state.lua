-- The record of a message of its own: a hash.
--   id st exp          the message, pending or canceled, its deadline (ms)
--   ap re cl           application, realm, class
--   cr at rf           created (ms), when it is to be sent ('' at once), digest of its reference ('' none)
--   env                the sealed envelope
--   m:<id>             its state `rank|status|provider|reason|at`, written by the courier and by receipts
local ACCEPTED, ENDED_BADLY = 3, 5

local function message_rank(r, id)
  return tonumber(string.match(r['m:' .. id] or '', '^%d+') or '1')
end

-- Nobody has it yet but the service itself: it can still be held back.
local function is_ours(r, id, now)
  return r.st == 'pending' and now < tonumber(r.exp) and message_rank(r, id) < ACCEPTED
end

-- A reference is free again once its message was canceled, has failed, or is past its deadline.
local function is_over(r, id, now)
  return r.st ~= 'pending' or now >= tonumber(r.exp) or message_rank(r, id) == ENDED_BADLY
end

local function keep_message(record, reference, expires, now, kept)
  local ttl = int(math.max(0, expires - now) + kept)
  redis.call('PEXPIRE', record, ttl)
  if reference then redis.call('PEXPIRE', reference, ttl) end
end
