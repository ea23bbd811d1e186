-- SPDX-License-Identifier: MIT
-- wrk.lua - wrk -s wrk.lua URL -- FILE KEY: GETs the paths of FILE in random order, and prints what came of it as JSON.
local requests = {}
local threads = 0

function setup(thread)
  threads = threads + 1
  thread:set("seed", threads)
end

function init(args)
  local headers = { ["Authorization"] = "Bearer " .. args[2] }
  for path in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("GET", path, headers)
  end
  math.randomseed(seed)
end

function request()
  return requests[math.random(#requests)]
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    'JSON {"requests":%d,"seconds":%f,"bytes":%d,"bad":%d,"p50_us":%d,"p99_us":%d}\n',
    summary.requests, summary.duration / 1e6, summary.bytes,
    e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
