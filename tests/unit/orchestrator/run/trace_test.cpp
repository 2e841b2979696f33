#include <doctest/doctest.h>

#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>

#include "orchestrator/trace/context.hpp"
#include "orchestrator/trace/exporter.hpp"

using namespace skald;
using nlohmann::json;

namespace {
constexpr char good[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

std::string again(std::string_view text) {
  const auto c = trace::parse(text);
  std::string out;
  if (c.present()) trace::append_traceparent(out, c, c.parent);
  return out;
}

std::vector<trace::span> spans(std::size_t n, std::uint64_t first_id = 1) {
  std::vector<trace::span> all(n);
  for (std::size_t i = 0; i < n; ++i) {
    all[i].of = trace::parse(good);
    all[i].id = first_id + i;
    all[i].name = "send \"x\"";
  }
  return all;
}
}  // namespace

TEST_CASE("traceparent: read, written, kept in 25 bytes") {
  CHECK(again(good) == good);
  const auto c = trace::parse(good);
  CHECK(c.sampled());
  CHECK(trace::trace_id(c) == "0af7651916cd43dd8448eb211c80319c");
  CHECK(trace::pack(c).size() == 25);
  const auto kept = trace::unpack(trace::pack(c));
  CHECK(kept.trace == c.trace);
  CHECK(kept.parent == c.parent);
  CHECK(kept.flags == c.flags);
  CHECK(trace::pack({}).empty());
  CHECK_FALSE(trace::unpack("short").present());
}

TEST_CASE(
    "traceparent: what is none is not present; a later version is read as far as it is known") {
  const std::string text = good;
  for (const auto& bad : {std::string(), text.substr(1), text + "0", text + "-00",
                          "ff" + text.substr(2), "00-" + std::string(32, '0') + text.substr(35),
                          text.substr(0, 36) + std::string(16, '0') + "-01",
                          std::string("00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
                          std::string("00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
                          std::string("00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333g-01")})
    CHECK_MESSAGE(!trace::parse(bad).present(), bad);
  CHECK(trace::parse("01" + text.substr(2) + "-more").present());
}

TEST_CASE("a saga's own trace has the saga's id") {
  const auto id = parse_uuid("e012e91f-26a2-520c-8e40-fbd4d4c90026");
  REQUIRE(id);
  CHECK(trace::trace_id(trace::own_trace(*id)) == "e012e91f26a2520c8e40fbd4d4c90026");
  CHECK(trace::own_trace(*id).sampled());
}

TEST_CASE("OTLP: what a collector reads") {
  auto one = spans(1);
  one[0].kind = trace::span_kind::producer;
  one[0].begin_ms = 1'700'000'000'123;
  one[0].end_ms = 1'700'000'000'124;
  one[0].topic = "payments.commands";
  one[0].failed = true;
  one[0].link = trace::parse("00-11111111111111111111111111111111-2222222222222222-01");
  const auto body = json::parse(trace::otlp_json({"1.0", "node-1"}, one));
  const auto& resource = body["resourceSpans"][0]["resource"]["attributes"];
  CHECK(resource[0] == json({{"key", "service.name"}, {"value", {{"stringValue", "skald"}}}}));
  const auto& span = body["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
  CHECK(span["traceId"] == "0af7651916cd43dd8448eb211c80319c");
  CHECK(span["spanId"] == "0000000000000001");
  CHECK(span["parentSpanId"] == "b7ad6b7169203331");
  CHECK(span["name"] == "send \"x\"");
  CHECK(span["kind"] == 4);
  CHECK(span["startTimeUnixNano"] == "1700000000123000000");
  CHECK(span["endTimeUnixNano"] == "1700000000124000000");
  CHECK(span["links"][0]["spanId"] == "2222222222222222");
  CHECK(span["status"]["code"] == 2);
}

TEST_CASE(
    "the exporter: parcels, what is refused is dropped and told, the queue drops its oldest") {
  std::mutex guard;
  std::condition_variable changed;
  std::vector<std::size_t> parcels;
  std::vector<std::string> told;
  int status = 503;
  metrics counts;
  const auto post = [&](const std::string& body) {
    const std::lock_guard lock(guard);
    parcels.push_back(json::parse(body)["resourceSpans"][0]["scopeSpans"][0]["spans"].size());
    changed.notify_all();
    return trace::posted{status, {}};
  };
  trace::exporter subject({}, post, counts, [&](const std::string& why) {
    const std::lock_guard lock(guard);
    told.push_back(why);
    changed.notify_all();
  });
  subject.add(spans(trace::max_parcel));
  subject.start();
  {
    std::unique_lock lock(guard);
    changed.wait(lock, [&] { return !told.empty(); });
    CHECK(told[0].find("answers 503") != std::string::npos);
    status = 200;
  }
  CHECK(counts.spans_dropped.value() == trace::max_parcel);
  subject.add(spans(trace::max_parcel + 1));
  {
    std::unique_lock lock(guard);
    changed.wait(lock, [&] { return parcels.size() == 3; });
    CHECK(parcels[1] == trace::max_parcel);
    CHECK(parcels[2] == 1);
  }
  subject.stop();
  subject.stop();
  CHECK(counts.spans_exported.value() == trace::max_parcel + 1);
  subject.add(spans(trace::max_queued_spans + 7));
  CHECK(counts.spans_dropped.value() == trace::max_parcel + 7);
}

TEST_CASE("the exporter's last words: what is queued when it stops is posted") {
  metrics counts;
  int posts = 0;
  trace::exporter subject({},
                          [&](const std::string&) {
                            return ++posts, trace::posted{200, {}};
                          },
                          counts, {});
  subject.add(spans(2 * trace::max_parcel));
  subject.stop();
  CHECK(posts == 2);
  CHECK(counts.spans_exported.value() == 2 * trace::max_parcel);
}
