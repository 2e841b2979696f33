#include "orchestrator/http/streams.hpp"

#include <doctest/doctest.h>

#include "tests/support/text.hpp"

using namespace skald::http;
using skald::test::has;

namespace {
std::string all_of(const std::shared_ptr<subscription>& client) {
  std::vector<subscription::text> texts;
  CHECK(client->take(texts));
  std::string out;
  for (const auto& t : texts) out += *t;
  return out;
}
live_event event(std::size_t partition, std::int64_t offset, std::string saga = "s") {
  return {
      partition, offset,
      "started", saga,
      "vending", "{\"at\":\"" + std::to_string(partition) + "/" + std::to_string(offset) + "\"}"};
}
}  // namespace

TEST_CASE("a cursor as text, and back; anything else is none") {
  for (const auto& c : {cursor{0}, cursor{12, 0, 345678901234}})
    CHECK(parse_cursor(to_text(c)) == c);
  CHECK(to_text({12, 0}) == "12.0");
  for (const auto* bad : {"", ".", "1.", ".1", "-1", "1.-1", "1 2", "x", "1.99999999999999999999"})
    CHECK_FALSE(parse_cursor(bad));
  std::string many = "0";
  for (int i = 0; i < 300; ++i) many += ".0";
  CHECK_FALSE(parse_cursor(many));
}

TEST_CASE("a client that does not read is cut at the bound, the others are not") {
  stream_hub hub(1 << 20, 3);
  CHECK(hub.subscribe({}).refused == stream_hub::refused::not_open);
  hub.begin({0});
  hub.open();
  const auto slow = hub.subscribe({}).client, quick = hub.subscribe({}).client,
             other = hub.subscribe({"", "travel"}).client;
  std::vector<subscription::text> got, late;
  for (int i = 0; i < 5; ++i) {
    hub.publish(event(0, i));
    CHECK(quick->take(got));
  }
  CHECK(got.size() == 6);  // what a client is told first, and the events
  CHECK_FALSE(slow->take(late));
  CHECK(late.size() == 4);
  late.clear();
  CHECK(other->take(late));
  CHECK(late.size() == 1);
  CHECK(hub.clients() == 2);  // the slow one is forgotten
}

TEST_CASE("a client goes on behind its last event, also one that was further on elsewhere") {
  stream_hub hub;
  hub.begin({10, 20});
  hub.open();
  hub.publish(event(0, 10));
  hub.publish(event(1, 20));
  hub.publish(event(0, 11));
  CHECK(has(all_of(hub.subscribe({}).client), "id: 12.21\n\n"));  // may come back, whatever comes
  const auto text = all_of(hub.subscribe({}, cursor{11, 20}).client);
  CHECK_FALSE(has(text, "0/10"));
  CHECK(has(text, "1/20"));
  CHECK(has(text, "0/11"));
  const auto ahead = hub.subscribe({}, cursor{13, 21}).client;
  all_of(ahead);
  hub.publish(event(0, 12));
  hub.publish(event(0, 13));
  const auto later = all_of(ahead);
  CHECK_FALSE(has(later, "0/12"));
  CHECK(has(later, "0/13"));
}

TEST_CASE("what is no longer in the ring, or of another number of partitions, is gone") {
  stream_hub hub(2'000);
  hub.begin({5});
  hub.open();
  CHECK(hub.subscribe({}, cursor{4}).refused == stream_hub::refused::gone);
  CHECK(hub.subscribe({}, cursor{5, 0}).refused == stream_hub::refused::gone);
  for (int i = 5; i < 100; ++i) hub.publish(event(0, i));
  CHECK(hub.subscribe({}, cursor{5}).refused == stream_hub::refused::gone);
  CHECK(hub.subscribe({}, cursor{99}).client);
  hub.begin({200});
  CHECK(hub.subscribe({}, cursor{99}).refused == stream_hub::refused::gone);
}

TEST_CASE("a beat renews the id of a client that no event reaches") {
  stream_hub hub;
  hub.begin({0});
  hub.open();
  const auto one = hub.subscribe({"another saga", ""}).client;
  all_of(one);
  hub.publish(event(0, 0));
  CHECK(all_of(one).empty());
  hub.beat();
  CHECK(all_of(one) == "id: 1\n\n");
}
