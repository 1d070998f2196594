-- What scopes hold as it counts now: by the reading that a send is judged by. Nothing is written.
-- KEYS  one per scope, then the quarantines
-- ARGV  1 now  then those of the brake (store/fraud.py)
-- Answers now, then of each scope that has a state: its letter, when it was written, and the state as it counts now
local now = clock(ARGV[1])
local f = read_brake(1, 2, now)
local answer = { int(now) }
for i, text in ipairs(redis.call('MGET', unpack(f.keys))) do
  if text then
    local letter = string.sub(f.letters, i, i)
    local a = f[letter]
    if letter == 'n' and now - a[G] >= f.m.known_ms then a[G] = 0 end
    answer[#answer + 1] = letter .. ' ' .. int(numbers(text)[T]) .. ' ' .. packed(letter, a)
  end
end
return answer
