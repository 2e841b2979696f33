#include "machine_random.hpp"
#include "sagas/encoding.hpp"

using namespace skald;
using namespace skald::machine;

namespace {
machine::saga random_saga(std::uint64_t seed) {
  const auto definitions = many_definitions();
  random_events world(seed);
  scene on(definitions[seed % definitions.size()]);
  on.s.jitter_seed = seed * 0x9e3779b97f4a7c15u;
  on.now_ms = 1790000000000;
  for (auto i = world.below(50) + 1; i != 0; --i) on.on(world.next(on));
  return on.s;
}

bool same_bytes_again(std::string_view bytes) {
  machine::saga once, twice;
  if (!decode(bytes, once).empty()) return false;
  const auto again = encode(once);
  return decode(again, twice).empty() && encode(twice) == again;
}
}  // namespace

TEST_CASE("encoding: every field comes back") {
  machine::saga s;
  s.phase = phase::aborting;
  s.paused = s.born_aborted = true;
  s.conflicts = 1;
  s.stage = 3;
  s.recorded = 400;
  s.jitter_seed = 0x123456789abcdef0;
  s.deadline_ms = 1, s.parking_ms = 2, s.paused_ms = 1790000000000;
  s.steps.push({.status = status::skipped,
                .dirty = true,
                .risked = true,
                .waiting = true,
                .attempts = 255,
                .n = 65535,
                .arm = 300,
                .undo_n = 7,
                .accepted = ~std::uint64_t{0},
                .due_ms = 1790000000001});
  s.surpluses.push_back({.step = 0,
                         .attempts = 3,
                         .now = surplus_state::state::to_operator,
                         .risked = true,
                         .waiting = true,
                         .n = 4,
                         .arm = 5,
                         .occurrence = 6,
                         .due_ms = 7});
  s.parked.push_back({0, false, 9});
  s.counted.push_back({0, 10});
  s.held.push_back({.kind = event_kind::retry,
                    .step = 0,
                    .n = 1,
                    .arm = 2,
                    .occurrence = 3,
                    .after_ms = 4,
                    .in_books = true});
  machine::saga read;
  REQUIRE(decode(encode(s), read).empty());
  CHECK(read.phase == s.phase);
  CHECK((read.paused && read.born_aborted && read.conflicts == 1));
  CHECK(read.stage == 3);
  CHECK(read.recorded == 400);
  CHECK(read.jitter_seed == s.jitter_seed);
  CHECK(read.deadline_ms == 1);
  CHECK(read.parking_ms == 2);
  CHECK(read.paused_ms == 1790000000000);
  REQUIRE(read.steps.size() == 1);
  const auto& st = read.steps[0];
  CHECK(st.status == status::skipped);
  CHECK((st.dirty && st.risked && st.waiting));
  CHECK(st.attempts == 255);
  CHECK(st.n == 65535);
  CHECK(st.arm == 300);
  CHECK(st.undo_n == 7);
  CHECK(st.accepted == ~std::uint64_t{0});
  CHECK(st.due_ms == 1790000000001);
  REQUIRE(read.surpluses.size() == 1);
  const auto& x = read.surpluses[0];
  CHECK((x.risked && x.waiting && x.now == surplus_state::state::to_operator));
  CHECK(x.attempts == 3);
  CHECK(x.n == 4);
  CHECK(x.arm == 5);
  CHECK(x.occurrence == 6);
  CHECK(x.due_ms == 7);
  REQUIRE(read.parked.size() == 1);
  CHECK_FALSE(read.parked[0].ok);
  CHECK(read.parked[0].occurrence == 9);
  REQUIRE(read.counted.size() == 1);
  CHECK(read.counted[0].occurrence == 10);
  CHECK(read.held == s.held);
}

TEST_CASE("encoding: an ordinary finished saga of three steps takes less than 80 bytes") {
  scene on(saga_of({compensatable("reserve"), compensatable("charge"), pivot("dispense")}));
  on.s.jitter_seed = ~std::uint64_t{0};
  on.now_ms = 1790000000000;
  on.start().ok(0, ~std::uint64_t{1}).ok(1, ~std::uint64_t{2}).ok(2, ~std::uint64_t{3});
  REQUIRE(finished(on.s));
  MESSAGE("a finished saga of three steps: " << encode(on.s).size() << " bytes");
  CHECK(encode(on.s).size() < 80);
}

TEST_CASE("encoding: random sagas come back byte for byte, and no prefix of one is a saga") {
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const auto bytes = encode(random_saga(seed));
    machine::saga read;
    REQUIRE(decode(bytes, read).empty());
    REQUIRE(encode(read) == bytes);
    for (std::size_t cut = 0; cut < bytes.size(); ++cut)
      REQUIRE_FALSE(decode(std::string_view(bytes).substr(0, cut), read).empty());
    REQUIRE_FALSE(decode(bytes + '\0', read).empty());
  }
}

TEST_CASE("encoding: damaged bytes give a sentence or another saga, never more") {
  std::mt19937_64 bits(4);
  std::size_t refused = 0, read = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    auto bytes = encode(random_saga(seed % 60));
    for (auto flips = bits() % 4 + 1; flips != 0; --flips)
      bytes[bits() % bytes.size()] ^= static_cast<char>(1 << bits() % 8);
    machine::saga s;
    s.stage = 9;
    const auto problem = decode(bytes, s);
    if (problem.empty()) {
      ++read;
      CHECK(same_bytes_again(bytes));
    } else {
      ++refused;
      CHECK(problem.back() == '.');
      CHECK(s.stage == 9);  // left as it was
    }
  }
  CHECK(refused > 100);
  CHECK(read > 100);
}

TEST_CASE("encoding: noise") {
  std::mt19937_64 bits(5);
  for (int i = 0; i < 20000; ++i) {
    std::string bytes(bits() % 120, '\0');
    for (auto& b : bytes) b = static_cast<char>(bits() % (bits() % 2 ? 256 : 4));
    if (!bytes.empty() && i % 2) bytes[0] = encoding_version;
    machine::saga s;
    if (decode(bytes, s).empty()) CHECK(same_bytes_again(bytes));
  }
}

TEST_CASE("encoding: a newer version is told from damage") {
  std::string bytes = encode(random_saga(1));
  CHECK_FALSE(is_newer_encoding(bytes));
  bytes[0] = encoding_version + 1;
  machine::saga s;
  CHECK(is_newer_encoding(bytes));
  CHECK(decode(bytes, s).find("newer") != std::string_view::npos);
  CHECK(decode("", s) == "The saga's state is empty.");
  CHECK(decode(std::string(1, '\0'), s) == "The saga's state does not begin with a version.");
}
