-- Limits and the brake without a verification: reserved on Redis Cluster, replayed, or asked without consequence.
-- KEYS  one per limit, then one per scope, then the quarantines
-- ARGV  1 now  2 count of limits  3 `1` to change nothing  then 6 per limit, then those of the brake (store/fraud.py)
-- Answers {'refused', code, wait ms, rule, ...}
--         {decision, sent, tab, quarantined for ms, the block's LAST and RUN as they were, count of marks, mark..., reason...}
local now, count, dry = clock(ARGV[1]), tonumber(ARGV[2]), ARGV[3] == '1'
local limits = read_limits(1, 4, count, now)
local refused = judge({}, limits)
if refused then return refused end
local f = weigh(count + 1, 4 + count * 6, now)
local decision = verdict(f, has(f, SOLVED))
local sent = decision == 'allow' or has(f, LET)
local answer, tab = { decision, sent and '1' or '0', '', '', '', sent and int(count) or '0' }, nil
if sent and not dry then
  for _, l in ipairs(limits) do
    take(l)
    answer[#answer + 1] = l.mark
  end
  answer[5] = int(f.b[LAST]) .. ' ' .. int(f.b[RUN])
  answer[3] = charge(f)
  answer[4] = f.alarm and int(f.alarm) or ''
else
  answer[6] = '0'
end
for _, reason in ipairs(f.reasons) do answer[#answer + 1] = reason end
return answer
