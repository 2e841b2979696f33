#include "outbox/ids.hpp"

#include <doctest/doctest.h>

using namespace skald;

TEST_CASE("uuids are written and read, in one spelling length") {
  auto id = parse_uuid("886313E1-3b8a-5372-9b90-0c9aee199e5d");
  REQUIRE(id);
  CHECK(to_string(*id) == "886313e1-3b8a-5372-9b90-0c9aee199e5d");
  for (auto bad :
       {"", "886313e1-3b8a-5372-9b90-0c9aee199e5", "886313e1-3b8a-5372-9b90-0c9aee199e5dd",
        "886313e13b8a-5372-9b90-0c9aee199e5d-", "g86313e1-3b8a-5372-9b90-0c9aee199e5d"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_uuid(bad));
  }
}

// The expected values were computed with Python's uuid.uuid5.
TEST_CASE("saga ids are UUIDv5 of the definition and the key") {
  auto space = saga_namespace("vending");
  CHECK(to_string(space) == "c3fe70f0-d2b4-5935-9aec-b3534c6559c3");
  CHECK(to_string(saga_id(space, "order-1")) == "fe423216-4634-5939-a9d6-880c285526b0");
  CHECK(to_string(saga_id(space, "")) == "112930ba-c6e3-5d4c-b559-a185688dbf9e");
  CHECK(to_string(saga_id(space, "Grüße")) == "6bc66085-5269-56bd-9559-ffc0b13418dd");
}

TEST_CASE("a command id has one spelling") {
  auto saga = saga_id(saga_namespace("vending"), "order-1");
  std::string text;
  wire::append(text, wire::command_id{saga, "reserve", wire::kind::undo, 65535});
  CHECK(text == to_string(saga) + "/reserve/undo/65535");
  auto id = wire::parse_command_id(text);
  REQUIRE(id);
  CHECK(id->saga == saga);
  CHECK(id->step == "reserve");
  CHECK(id->kind == wire::kind::undo);
  CHECK(id->n == 65535);
  for (auto tail : {"", "/", "/reserve", "/reserve/do", "/reserve/do/", "/reserve/do/x",
                    "/reserve/do/01", "/reserve/do/65536", "/reserve/do/-1", "/reserve/reply/0",
                    "//do/0", "/reserve/do/0/", "/reserve/do/0 ", "reserve/do/0"}) {
    CAPTURE(tail);
    CHECK_FALSE(wire::parse_command_id(to_string(saga) + tail));
  }
  CHECK_FALSE(wire::parse_command_id(""));
}

// https://github.com/Cyan4973/xxHash, and values that its command line tool prints.
TEST_CASE("hash64 is xxh64") {
  CHECK(hash64("") == 0xef46db3751d8e999);
  CHECK(hash64("a") == 0xd24ec4f1a98c6e5b);
  CHECK(hash64("abc") == 0x44bc2cf5ad770999);
  CHECK(hash64("Nobody inspects the spammish repetition") == 0xfbcea83c8a378bf1);
}

// The hashes are those of org.apache.kafka.common.utils.UtilsTest; a partition is
// (hash & 0x7fffffff) % partitions, and this modulus leaves the hash whole.
TEST_CASE("murmur2 is Java's") {
  struct vector {
    std::string_view key;
    std::int32_t hash;
  };
  for (auto& each : {vector{"21", -973932308},
                     {"foobar", -790332482},
                     {"a-little-bit-long-string", -985981536},
                     {"a-little-bit-longer-string", -1486304829},
                     {"abc", 479470107},
                     {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971}}) {
    CAPTURE(each.key);
    auto positive = each.hash & 0x7fffffff;
    CHECK(murmur2_partition(each.key, 0x7fffffff) == positive);
    CHECK(murmur2_partition(each.key, 8) == positive % 8);
  }
}
