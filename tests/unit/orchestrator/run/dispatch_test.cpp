#include "orchestrator/dispatch.hpp"

#include <doctest/doctest.h>

#include <utility>

using namespace skald;

namespace {
// What became of a producer and of those that followed it.
struct producers {
  std::size_t room = 1'000;
  std::string refused_topic;
  bool broken_for_good = false;
  std::vector<std::string> values;
  std::vector<std::uint64_t> tags;
  std::vector<bool> opened;  // careful?
  std::vector<std::string> said;
  std::vector<log_writer::delivery> reports;  // told at the next poll

  outgoing::open_writer open();
  reporter report() {
    return [this](const log_entry& e) { said.emplace_back(e.event); };
  }
};

// Takes `room` records, then says full.
struct narrow_writer final : log_writer {
  narrow_writer(producers& p, on_delivery d) : in(p), told(std::move(d)) {}

  sent send(string_view topic, string_view, std::span<const wire::header>, string_view value,
            std::uint64_t tag, std::int32_t) override {
    if (in.broken_for_good) throw log_error("fatal");
    if (topic == in.refused_topic) return sent::impossible;
    if (in.room == 0) return sent::full;
    --in.room;
    in.values.emplace_back(value);
    in.tags.push_back(tag);
    return sent::queued;
  }
  std::size_t poll() override {
    const auto reports = std::exchange(in.reports, {});
    for (const auto& r : reports) told(r);
    return reports.size();
  }
  bool flush(milliseconds) override { return true; }
  std::size_t queued() const override { return 0; }

  producers& in;
  on_delivery told;
};

outgoing::open_writer producers::open() {
  return [this](bool careful, log_writer::on_delivery told) {
    opened.push_back(careful);
    return std::make_unique<narrow_writer>(*this, std::move(told));
  };
}

struct sending {
  producers w;
  outgoing out{w.open(), w.report()};

  bool told(std::size_t i, const char* error = "", bool permanent = false) {
    w.reports.push_back({w.tags.at(i), error, permanent});
    return out.hear();
  }
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
  sending d;
  auto& [w, out] = d;
  w.room = 2;
  out.add(1, 10, 2, frames({"a", "b"}));
  out.add(1, 11, 2, frames({"c", "d"}));
  CHECK_FALSE(out.push());
  CHECK(out.blocked());
  w.room = 1;
  CHECK_FALSE(out.push());
  w.room = 5;
  CHECK(out.push());
  CHECK_FALSE(out.blocked());
  CHECK(w.values == strings{"a", "b", "c", "d"});
}

TEST_CASE("a row may be deleted when every frame of it is acked, in any order") {
  sending d;
  auto& [w, out] = d;
  out.add(1, 10, 2, frames({"a", "b"}));
  out.add(1, 11, 1, frames({"c"}));
  REQUIRE(out.push());
  d.told(2);
  CHECK(out.acked == rows{{1, 11}});
  d.told(1);
  CHECK(out.acked.size() == 1);
  d.told(0);
  CHECK(out.acked == rows{{1, 11}, {1, 10}});
  CHECK(out.bytes() == 0);
  CHECK(out.lots() == 0);
}

TEST_CASE("what can never be produced goes to quarantine and counts as acked") {
  sending d;
  auto& [w, out] = d;
  w.refused_topic = "bad";
  auto body = frames({"a"}, "bad") + frames({"b"}) + frames({"c"}, "bad");
  out.add(3, 1, 3, body);
  CHECK(out.push());
  REQUIRE(w.tags.size() == 1);
  d.told(0, "too large", true);
  CHECK(out.acked == rows{{3, 1}});
  REQUIRE(out.impossible.size() == 3);
  CHECK(*out.impossible[0].payload == "a");
  CHECK(*out.impossible[1].payload == "c");
  CHECK(*out.impossible[2].payload == "b");
  CHECK(out.impossible[2].reason == "too large");
  CHECK(out.impossible[0].offset == -1);
}

TEST_CASE("a late delivery of a shard given up is nothing") {
  sending d;
  auto& [w, out] = d;
  out.add(2, 10, 1, frames({"b"}));
  REQUIRE(out.push());
  out.forget(2);
  CHECK(d.told(0));
  CHECK(out.acked == rows{});
  CHECK(out.lots() == 0);
}

TEST_CASE("a producer that broke: a careful one sends again what was not acked, then a usual one") {
  sending d;
  auto& [w, out] = d;
  out.add(1, 10, 1, frames({"a"}));
  out.add(1, 11, 3, frames({"b", "c", "d"}));
  REQUIRE(out.push());
  d.told(0);
  d.told(1, "fatal");
  CHECK(w.opened == std::vector<bool>{false, true});
  CHECK(w.said == strings{"producer.broke"});
  out.add(1, 12, 1, frames({"e"}));  // waits for the usual one
  REQUIRE(out.push());
  CHECK(w.values == strings{"a", "b", "c", "d", "b", "c", "d"});
  CHECK(out.blocked());

  d.told(4);
  d.told(5, "too large", true);  // this one is to blame
  CHECK(w.opened.size() == 2);
  d.told(6);
  CHECK(w.opened == std::vector<bool>{false, true, false});
  REQUIRE(out.impossible.size() == 1);
  CHECK(*out.impossible[0].payload == "c");
  CHECK(out.push());
  CHECK(w.values.back() == "e");
  d.told(7);
  CHECK(out.acked == rows{{1, 10}, {1, 11}, {1, 12}});
  CHECK(out.bytes() == 0);
}

TEST_CASE("what was set aside before a producer broke is not set aside again") {
  sending d;
  auto& [w, out] = d;
  w.refused_topic = "bad";
  out.add(1, 10, 2, frames({"a"}, "bad") + frames({"b"}));
  REQUIRE(out.push());
  CHECK(d.told(0, "fatal"));
  REQUIRE(out.push());
  CHECK(w.values == strings{"b", "b"});
  d.told(1);
  CHECK(out.acked == rows{{1, 10}});
  CHECK(out.impossible.size() == 1);
}

TEST_CASE("a careful producer that breaks, too, is an error") {
  sending d;
  auto& [w, out] = d;
  out.add(1, 10, 1, frames({"a"}));
  w.broken_for_good = true;
  CHECK_FALSE(out.push());
  CHECK(out.hear());  // another
  CHECK_FALSE(out.push());
  CHECK_THROWS_AS(out.hear(), log_error);
  CHECK(out.lots() == 1);
}

TEST_CASE("no more is handed over than keeps the producer busy; acks make room") {
  sending d;
  auto& [w, out] = d;
  w.room = 2 * most_handed_frames;
  std::string body;
  for (std::size_t i = 0; i < most_handed_frames + 2; ++i) body += frames({"a"});
  out.add(1, 10, most_handed_frames + 2, body);
  CHECK(out.push());
  CHECK(out.blocked());
  CHECK(w.values.size() == most_handed_frames);
  out.forget(2);
  d.told(0);
  CHECK(out.push());
  CHECK(w.values.size() == most_handed_frames + 1);
  out.forget(1);  // what is on its way still counts
  out.add(2, 10, 2, frames({"b", "c"}));
  CHECK(out.push());
  CHECK(w.values.size() == most_handed_frames + 1);
  d.told(1);
  d.told(2);
  CHECK(out.push());
  CHECK_FALSE(out.blocked());
  CHECK(w.values.back() == "c");
}
