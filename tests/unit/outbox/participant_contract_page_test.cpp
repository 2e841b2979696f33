// docs/contract.md promises bytes: its partitioner vectors, ids and token are those of the code.
#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <sstream>

#include "outbox/ids.hpp"
#include "outbox/token.hpp"

using namespace skald;

namespace {
std::string page() {
  std::ifstream in(SKALD_CONTRACT_PAGE);
  return {std::istreambuf_iterator<char>(in), {}};
}
}  // namespace

TEST_CASE("the contract page's partitioner vectors") {
  std::istringstream lines(page());
  int vectors = 0;
  for (std::string line; std::getline(lines, line);) {
    char key[64], hash[16];
    int of_4 = 0, of_6 = 0, of_8 = 0;
    if (std::sscanf(line.c_str(), "| `%63[^`]` | `%8[0-9a-f]` | %d | %d | %d |", key, hash, &of_4,
                    &of_6, &of_8) != 5)
      continue;
    CAPTURE(key);
    ++vectors;
    CHECK(murmur2_partition(key, 4) == of_4);
    CHECK(murmur2_partition(key, 6) == of_6);
    CHECK(murmur2_partition(key, 8) == of_8);
    const auto positive = std::stoul(hash, nullptr, 16) & 0x7fffffff;
    CHECK(murmur2_partition(key, 0x7fffffff) == static_cast<std::int32_t>(positive));
  }
  CHECK(vectors >= 7);
}

TEST_CASE("the contract page's saga id and token") {
  const auto saga = to_string(saga_id(saga_namespace("vending"), "order-17"));
  const auto id = saga + "/reserve/do/0";
  std::string token;
  signer({{1, "0123456789abcdef0123456789abcdef"}}).append_token(token, id);
  const auto text = page();
  CHECK(text.find("ce_id: " + id + "\n") != text.npos);
  CHECK(text.find("ce_correlationid: " + saga + "\n") != text.npos);
  CHECK(text.find("ce_sagatoken: " + token + "\n") != text.npos);
}
