#include "orchestrator/dispatch.hpp"

#include <doctest/doctest.h>

using namespace skald;

namespace {
// Takes `room` records, then says full.
struct narrow_writer final : log_writer {
  std::size_t room = 1'000;
  std::string refused_topic;
  std::vector<std::string> values;
  std::vector<std::uint64_t> tags;

  sent send(string_view topic, string_view, std::span<const wire::header>, string_view value,
            std::uint64_t tag, std::int32_t) override {
    if (topic == refused_topic) return sent::impossible;
    if (room == 0) return sent::full;
    --room;
    values.emplace_back(value);
    tags.push_back(tag);
    return sent::queued;
  }
  std::size_t poll() override { return 0; }
  bool flush(milliseconds) override { return true; }
  std::size_t queued() const override { return 0; }
};

std::string frames(std::initializer_list<const char*> values, std::string_view topic = "t") {
  std::string packed;
  for (auto v : values) wire::append_frame(packed, topic, "k", {}, v);
  return packed;
}
using strings = std::vector<std::string>;
using rows = std::vector<outgoing::row>;
}  // namespace

TEST_CASE("frames go out in order; a full writer leaves the rest, and it goes on from there") {
  outgoing out;
  narrow_writer w;
  w.room = 2;
  out.add(1, 10, 2, frames({"a", "b"}));
  out.add(1, 11, 2, frames({"c", "d"}));
  CHECK_FALSE(out.push(w));
  CHECK(out.blocked());
  w.room = 1;
  CHECK_FALSE(out.push(w));
  w.room = 5;
  CHECK(out.push(w));
  CHECK_FALSE(out.blocked());
  CHECK(w.values == strings{"a", "b", "c", "d"});
}

TEST_CASE("a row may be deleted when every frame of it is acked, in any order") {
  outgoing out;
  narrow_writer w;
  out.add(1, 10, 2, frames({"a", "b"}));
  out.add(1, 11, 1, frames({"c"}));
  REQUIRE(out.push(w));
  out.delivered({w.tags[2], "", false});
  CHECK(out.acked == rows{{1, 11}});
  out.delivered({w.tags[1], "", false});
  CHECK(out.acked.size() == 1);
  out.delivered({w.tags[0], "", false});
  CHECK(out.acked == rows{{1, 11}, {1, 10}});
  CHECK(out.bytes() == 0);
  CHECK(out.lots() == 0);
}

TEST_CASE("what can never be produced goes to quarantine and counts as acked") {
  outgoing out;
  narrow_writer w;
  w.refused_topic = "bad";
  auto body = frames({"a"}, "bad") + frames({"b"}) + frames({"c"}, "bad");
  out.add(3, 1, 3, body);
  CHECK(out.push(w));
  REQUIRE(w.tags.size() == 1);
  out.delivered({w.tags[0], "too large", true});
  CHECK(out.acked == rows{{3, 1}});
  REQUIRE(out.impossible.size() == 3);
  CHECK(*out.impossible[0].payload == "a");
  CHECK(*out.impossible[1].payload == "c");
  CHECK(*out.impossible[2].payload == "b");
  CHECK(out.impossible[2].reason == "too large");
  CHECK(out.impossible[0].offset == -1);
}

TEST_CASE("a broken producer is an error; a late delivery of a shard given up is nothing") {
  outgoing out;
  narrow_writer w;
  out.add(1, 10, 1, frames({"a"}));
  out.add(2, 10, 1, frames({"b"}));
  REQUIRE(out.push(w));
  CHECK_THROWS_AS(out.delivered({w.tags[0], "fatal", false}), log_error);
  out.forget(2);
  out.delivered({w.tags[1], "", false});
  CHECK(out.acked == rows{});
  CHECK(out.lots() == 1);
}

TEST_CASE("no more is handed over than keeps the producer busy; acks make room") {
  outgoing out;
  narrow_writer w;
  w.room = 2 * most_handed_frames;
  std::string body;
  for (std::size_t i = 0; i < most_handed_frames + 2; ++i) body += frames({"a"});
  out.add(1, 10, most_handed_frames + 2, body);
  CHECK(out.push(w));
  CHECK(out.blocked());
  CHECK(w.values.size() == most_handed_frames);
  out.forget(2);
  out.delivered({w.tags[0], "", false});
  CHECK(out.push(w));
  CHECK(w.values.size() == most_handed_frames + 1);
  out.forget(1);  // what is on its way still counts
  out.add(2, 10, 2, frames({"b", "c"}));
  CHECK(out.push(w));
  CHECK(w.values.size() == most_handed_frames + 1);
  out.delivered({w.tags[1], "", false});
  out.delivered({w.tags[2], "", false});
  CHECK(out.push(w));
  CHECK_FALSE(out.blocked());
  CHECK(w.values.back() == "c");
}
