-- The record of one (subject, purpose): a hash.
--   id kid dg st       the newest verification, its key id, digest, status (pending approved failed canceled)
--   pur ch sh bd nx    purpose, channel, code shape `alphabet:length`, what it is bound to, index of the number
--   cr exp max used    created, expires (ms), guesses allowed and paid for
--   tn snd             number of its last transition, its sends
--   env mid            the last sealed envelope and the message it belongs to
--   aop aat since      the operation and time of its approval; sends before `since` no longer count
--   eat                when it failed or was canceled
--   tab                what its sends were charged by the brake, a line each (store/fraud.py)
--   rt                 the route by which its newest message was accepted (lua/conversions.lua)
--   sends              JSON list of sends, newest first: {operation, at, verification, sends, left, expires, created, new, message}
--   guesses            JSON list of counted guesses, newest first: {operation, at, answer...}
--   ended              JSON list of the last 8 ended verifications: {id, status, ended at, approving operation, created, expires, sends, used, max}
--   m:<message id>     state of a message, written by the courier and by receipts
local KEPT_ENDED = 8

local function status_of(r, now)
  if r.st == 'pending' and now >= tonumber(r.exp) then return 'expired' end
  return r.st
end

local function retire(r, now, ended)
  local status = status_of(r, now)
  local at = r.aat or r.eat or status == 'expired' and r.exp or int(now)
  if status == 'pending' then status = 'canceled' end
  table.insert(ended, 1, { r.id, status, at, r.aop or '', r.cr, r.exp, r.snd, r.used, r.max })
  while #ended > KEPT_ENDED do table.remove(ended) end
  return ended
end

local function keep_record(key, r_exp, now, keep)
  redis.call('PEXPIRE', key, int(math.max(0, r_exp - now) + keep))
end
