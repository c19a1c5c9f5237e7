-- Prints the result of a run as one line of JSON for bench/wrk.py. On its own it is the script of a constant request.

local threads = {}

function setup(thread)
   thread:set("number", #threads)
   table.insert(threads, thread)
end

-- Return the sum of a global variable over all threads.
local function counted(name)
   local sum = 0
   for _, thread in ipairs(threads) do
      sum = sum + (thread:get(name) or 0)
   end
   return sum
end

-- Return the maximum of a global variable over all threads.
local function maximum(name)
   local found = 0
   for _, thread in ipairs(threads) do
      found = math.max(found, thread:get(name) or 0)
   end
   return found
end

function done(summary, latency, requests)
   local errors = summary.errors
   io.write(string.format(
      'RESULT {"requests": %d, "seconds": %.6f, "p50_ms": %.4f, "p95_ms": %.4f, "p99_ms": %.4f, "refused": %d, "broken": %d,'
         .. ' "pages": %d, "beacons": %d, "votes": %d, "searches": %d, "new_voters": %d,'
         .. ' "last_reader": %d, "last_voter": %d}\n',
      summary.requests, summary.duration / 1e6,
      latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, latency:percentile(99) / 1e3,
      errors.status, errors.connect + errors.read + errors.write + errors.timeout,
      counted("pages"), counted("beacons"), counted("votes"), counted("searches"), counted("new_voters"),
      maximum("reader"), maximum("voter")))
end
