-- Forgets remembered answers that name somebody. One Redis only: the keys have slots of their own.
-- KEYS  idempotency keys     ARGV  what names them
-- Returns how many were forgotten.
local forgotten = 0
for _, key in ipairs(KEYS) do
  local answer = redis.call('HGET', key, 'a')
  for _, name in ipairs(ARGV) do
    if answer and string.find(answer, name, 1, true) then
      forgotten = forgotten + redis.call('DEL', key)
      answer = nil
    end
  end
end
return forgotten
