-- Counts an attempt to sign in, or says how long to wait for the next.
--
-- KEYS[1]  the attempts from one address: members NAME#ID, each scored by its time in ms since 1970
-- ARGV     name, id of this attempt, limit of a name, limit of the address, window in ms
-- Answers  0 when the attempt is counted, else the ms after which another would be.
local key, name, id = KEYS[1], ARGV[1], ARGV[2]
local per_name, per_address, window = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local this = name .. '#' .. id

-- The connection broke after it was counted, and it was sent again.
if redis.call('ZSCORE', key, this) then
    return 0
end

-- Latest first: the attempt in the way is the last one that a limit lets pass.
local of_name, of_address, free_at = 0, 0, now
local attempts = redis.call('ZREVRANGE', key, 0, -1, 'WITHSCORES')
for i = 1, #attempts, 2 do
    local member, at = attempts[i], tonumber(attempts[i + 1])
    if at > now then
        -- The clock was set back: nobody has to wait for longer than the window.
        at = now
        redis.call('ZADD', key, now, member)
    end
    of_address = of_address + 1
    local is_last = of_address == per_address
    if string.sub(member, 1, #name + 1) == name .. '#' then
        of_name = of_name + 1
        is_last = is_last or of_name == per_name
    end
    if is_last then
        free_at = math.max(free_at, at + window)
    end
end
if free_at > now then
    return free_at - now
end

-- First what needs memory: Redis refuses it when there is none only as long as nothing was written.
redis.call('ZADD', key, now, this)
redis.call('ZREMRANGEBYSCORE', key, '-inf', now - window)
redis.call('PEXPIRE', key, window)
return 0
