#include "outbox/wire.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

using namespace skald;
using wire::header;

namespace {
const std::vector<header> command{{"content-type", "application/json"},
                                  {"ce_specversion", "1.0"},
                                  {"ce_type", "vending.ReserveItem.v1"},
                                  {"ce_source", "/skald/main/vending"},
                                  {"ce_id", "a/reserve/do/0"},
                                  {"ce_sagakind", "do"},
                                  {"ce_partitionkey", "order-1"},
                                  {"ce_correlationid", "a"},
                                  {"ce_sagatype", "vending"},
                                  {"ce_sagaversion", "3"},
                                  {"ce_sagastep", "reserve"},
                                  {"ce_sagaattempt", "2"},
                                  {"ce_sagareplyto", "skald.inbox"},
                                  {"ce_sagatoken", "1.abc"}};
const std::vector<header> reply{{"content-type", "application/json; charset=utf-8"},
                                {"ce_specversion", "1.0"},
                                {"ce_type", "vending.ItemReserved.v1"},
                                {"ce_source", "/inventory"},
                                {"ce_id", "r-1"},
                                {"ce_sagakind", "reply"},
                                {"ce_partitionkey", "order-1"},
                                {"ce_correlationid", "a"},
                                {"ce_causationid", "a/reserve/do/0"},
                                {"ce_sagaoutcome", "retry"},
                                {"ce_sagaretryafter", "1500"},
                                {"ce_sagatoken", "1.abc"}};

std::vector<header> without(std::vector<header> all, std::string_view name) {
  std::erase_if(all, [&](auto& h) { return h.name == name; });
  return all;
}
std::vector<header> with(std::vector<header> all, std::string_view name, std::string_view value) {
  all = without(std::move(all), name);
  all.push_back({name, value});
  return all;
}
}  // namespace

TEST_CASE("a command's headers are read, in any order, unknown ones ignored") {
  auto headers = with(command, "x-trace", "\xff");
  std::reverse(headers.begin(), headers.end());
  for (auto& h : {command, headers}) {
    auto p = wire::parse(h);
    REQUIRE(p.problem == "");
    CHECK(p.envelope.kind == wire::kind::do_);
    CHECK(p.envelope.type == "vending.ReserveItem.v1");
    CHECK(p.envelope.saga_version == 3);
    CHECK(p.envelope.attempt == 2);
    CHECK(p.envelope.saga_step == "reserve");
    CHECK(p.envelope.reply_to == "skald.inbox");
    CHECK(p.envelope.outcome == wire::outcome::none);
  }
}

TEST_CASE("a reply's headers are read") {
  auto p = wire::parse(reply);
  REQUIRE(p.problem == "");
  CHECK(p.envelope.kind == wire::kind::reply);
  CHECK(p.envelope.outcome == wire::outcome::retry);
  CHECK(p.envelope.retry_after_ms == 1500);
  CHECK(p.envelope.causation_id == "a/reserve/do/0");
}

TEST_CASE("each required header is missed, with its name") {
  for (auto& h : command) {
    if (h.name == "ce_sagakind") continue;  // without it, a foreign event: tested below
    auto p = wire::parse(without(command, h.name));
    CAPTURE(h.name);
    CHECK(p.problem.find(h.name) != std::string_view::npos);
  }
  for (auto name : {"ce_correlationid", "ce_causationid", "ce_sagaoutcome", "ce_sagatoken"}) {
    auto p = wire::parse(without(reply, name));
    CAPTURE(name);
    CHECK(p.problem.find(name) != std::string_view::npos);
  }
}

TEST_CASE("foreign events need no saga headers, and need not be CloudEvents") {
  std::vector<header> event{
      {"ce_specversion", "1.0"}, {"ce_type", "shop.Paid"}, {"ce_source", "/shop"}, {"ce_id", "1"}};
  auto p = wire::parse(event);
  CHECK(p.problem == "");
  CHECK(p.envelope.kind == wire::kind::none);
  CHECK(p.envelope.type == "shop.Paid");

  p = wire::parse(std::vector<header>{{"type", "Paid"}});
  CHECK(p.problem == "");
  CHECK(p.envelope.type.empty());
  CHECK(wire::parse({}).problem == "");
}

TEST_CASE("wrong values are refused with the header's name") {
  struct wrong {
    const char *name, *value;
  };
  for (auto& each : {wrong{"ce_specversion", "0.3"},
                     {"ce_sagakind", "DO"},
                     {"ce_sagakind", ""},
                     {"ce_sagaversion", "1x"},
                     {"ce_sagaversion", "0"},
                     {"ce_sagaversion", "99999999999"},
                     {"ce_sagaattempt", "-1"},
                     {"ce_sagaattempt", ""},
                     {"ce_sagaretryafter", "soon"},
                     {"content-type", "application/jsonx"},
                     {"content-type", "text/plain"}}) {
    auto p = wire::parse(with(command, each.name, each.value));
    CAPTURE(each.name);
    CAPTURE(each.value);
    CHECK(p.problem.find(each.name) != std::string_view::npos);
  }
  CHECK(wire::parse(with(reply, "ce_sagaoutcome", "fine")).problem != "");
}

TEST_CASE("text that a database would refuse is a problem, UTF-8 is not") {
  using namespace std::string_view_literals;
  CHECK(wire::parse(with(command, "ce_subject", "Grüße, 訂單")).problem == "");
  for (auto bad : {"\xff\xfe"sv, "a\0b"sv, "a\nb"sv, "\xed\xa0\x80"sv, "\x7f"sv}) {
    CAPTURE(bad);
    CHECK(wire::parse(with(command, "ce_subject", bad)).problem != "");
  }
  std::string longest(wire::max_header_bytes, 'a');
  CHECK(wire::parse(with(command, "ce_subject", longest)).problem == "");
  longest.push_back('a');
  CHECK(wire::parse(with(command, "ce_subject", longest)).problem != "");
}

TEST_CASE("a header given twice and too many headers are problems") {
  auto twice = command;
  twice.push_back({"ce_id", "other"});
  CHECK(wire::parse(twice).problem != "");
  std::vector<header> many(wire::max_headers + 1, header{"x", "y"});
  CHECK(wire::parse(many).problem != "");
}

TEST_CASE("any bytes are survived, and a good envelope keeps its promises") {
  std::mt19937 random(7);
  for (int round = 0; round < 20'000; ++round) {
    auto headers = random() % 2 ? command : reply;
    std::vector<std::string> kept(headers.size());
    for (std::size_t i = 0; i < headers.size(); ++i) {
      kept[i] = headers[i].value;
      if (random() % 6) continue;
      for (auto n = random() % 4; n > 0; --n)
        kept[i].insert(random() % (kept[i].size() + 1), 1, static_cast<char>(random()));
      headers[i].value = kept[i];
    }
    auto p = wire::parse(headers);
    if (!p.problem.empty()) continue;
    CHECK(p.envelope.id.find('\0') == std::string_view::npos);
    CHECK(!p.envelope.type.empty());
    if (p.envelope.kind == wire::kind::do_) CHECK(p.envelope.attempt >= 1);
  }
}
