-- Requests of one run: BENCH_PATH, each time with the next code of BENCH_CODES (a file, one a line) where there is one.
-- Every thread of every run starts elsewhere in the list, so that a key comes back as late as possible.

local path = os.getenv("BENCH_PATH")
local codes, position = {}, 0
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init()
  local name = os.getenv("BENCH_CODES")
  if name then
    for line in io.lines(name) do codes[#codes + 1] = line end
    local start = tonumber(os.getenv("BENCH_START")) + number / tonumber(os.getenv("BENCH_THREADS"))
    position = math.floor(#codes * (start % 1))
  end
end

function request()
  if #codes == 0 then return wrk.format("GET", path) end
  position = position % #codes + 1
  return wrk.format("GET", path .. "?dlid=" .. codes[position])
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("bench %d %d %d %d %d\n", summary.requests, summary.duration, summary.bytes,
    e.status, e.connect + e.read + e.write + e.timeout))
end
