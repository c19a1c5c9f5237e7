-- A mix of the requests of readers. Arguments, each as name=value:
--   data     a Lua file that returns the tables below
--   mix      the number of requests of each kind in a round, such as pages:100,beacons:10,votes:1
--   seed     the number of the first IP address, so that no run repeats another's
--   first    the number of the first voter of this run
--   drain    seconds from now after which only pages are requested and not counted, so that all views and votes are
--            answered at the end
-- Besides the kinds of the data, "unknown" requests URLs that do not exist.
-- The data: pages, beacons, votes = lists of paths; searches = list of words, encoded; voters = list of session keys;
-- headers = extra headers of the pages; origin; token.

require "report"

local ffi = require "ffi"
ffi.cdef [[
   typedef struct { long seconds; long microseconds; } timeval;
   int gettimeofday(timeval *now, void *zone);
]]
local clock = ffi.new("timeval")

-- Return the time in seconds, with fractions.
local function now()
   ffi.C.gettimeofday(clock, nil)
   return tonumber(clock.seconds) + tonumber(clock.microseconds) / 1e6
end

local data, rounds, seed, first, ends
local at = 0
reader, voter = 0, 0
pages, beacons, votes, searches, new_voters = 0, 0, 0, 0, 0

-- Return the IP address of a reader. Each has a different one, so that no rate limit of an address is reached.
local function address_of(number)
   return string.format("%d.%d.%d.%d",
      11 + math.floor(number / 16777216) % 100, math.floor(number / 65536) % 256,
      math.floor(number / 256) % 256, number % 256)
end

-- Return the IP address of a new reader.
local function newcomer()
   local address = address_of(seed + reader)
   reader = reader + 2
   return address
end

local BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

-- Return the kinds of a round, each spread evenly over it.
local function spread(mix)
   local wanted, total = {}, 0
   for kind, count in mix:gmatch("(%a+):(%d+)") do
      table.insert(wanted, { kind = kind, count = tonumber(count), given = 0 })
      total = total + tonumber(count)
   end
   local order = {}
   for place = 1, total do
      local next_one, most = nil, -1
      for _, one in ipairs(wanted) do
         local due = place * one.count / total - one.given
         if due > most then
            next_one, most = one, due
         end
      end
      next_one.given = next_one.given + 1
      order[place] = next_one.kind
   end
   return order
end

function init(args)
   local given = {}
   for _, word in ipairs(args) do
      local name, value = word:match("^(%a+)=(.*)$")
      if name then given[name] = value end
   end
   data = dofile(given.data)
   rounds = spread(given.mix)
   seed = tonumber(given.seed or "0")
   first = tonumber(given.first or "0")
   voter = first + number
   reader = number
   at = math.floor(#rounds / 2) * number
   if given.drain then ends = now() + tonumber(given.drain) end
   -- wrk asks its first thread for one more request, which it checks and never sends.
   looked_at = number > 0
end

-- Return the next item of a list. The two threads take turns, so that no item is used again before all were used.
local function turn_of(list, turn)
   return list[(first + turn * 2 + number) % #list + 1]
end

local make = {}

function make.pages()
   pages = pages + 1
   return wrk.format("GET", turn_of(data.pages, pages), data.headers)
end

function make.searches()
   searches = searches + 1
   return wrk.format("GET", turn_of(data.searches, searches), {
      ["Accept-Encoding"] = "br",
      ["X-Forwarded-For"] = newcomer(),
   })
end

-- A URL that no one has requested before, and that does not exist.
local unknowns = 0
local UNKNOWN = { "/nothing-%d-%d/", "/tags/t%d-%d/", "/authors/a%dn%d/", "/hot/?after=%d-%d", "/about/?after=%d-%d" }

function make.unknown()
   unknowns = unknowns + 1
   return wrk.format("GET", UNKNOWN[unknowns % #UNKNOWN + 1]:format(number, unknowns), {
      ["Accept-Encoding"] = "br",
      ["X-Forwarded-For"] = newcomer(),
   })
end

-- A beacon of each path, complete except for the IP address: wrk builds requests on the same cores as the site runs.
local beacon_of = {}

function make.beacons()
   beacons = beacons + 1
   local path = turn_of(data.beacons, beacons)
   beacon_of[path] = beacon_of[path] or wrk.format("POST", path, {
      ["Origin"] = data.origin,
      ["Sec-Fetch-Site"] = "same-origin",
      ["User-Agent"] = BROWSER,
      ["Content-Length"] = "0",
   }):gsub("\r\n\r\n$", "\r\nX-Forwarded-For: ")
   return beacon_of[path] .. newcomer() .. "\r\n\r\n"
end

function make.votes()
   votes = votes + 1
   local turn = math.floor(voter / #data.voters)
   if turn == 0 then new_voters = new_voters + 1 end
   local session = data.voters[voter % #data.voters + 1]
   voter = voter + 2
   return wrk.format("POST", turn_of(data.votes, votes), {
      ["Cookie"] = "session=" .. session .. "; csrf=" .. data.token,
      ["X-CSRFToken"] = data.token,
      ["Origin"] = data.origin,
      ["User-Agent"] = BROWSER,
      ["Content-Type"] = "application/x-www-form-urlencoded",
   }, turn % 2 == 0 and "vote=1" or "vote=-1")
end

function request()
   if not looked_at then
      looked_at = true
      return wrk.format("GET", data.pages[1], data.headers)
   end
   if ends and now() >= ends then
      return wrk.format("GET", data.pages[1], data.headers)
   end
   at = at % #rounds + 1
   return make[rounds[at]]()
end
