// Found by the fuzzer: the JSON parser takes a NUL byte for the end of the text, so whatever
// followed a definition was accepted without a look.
#include <doctest/doctest.h>

#include <string>

#include "sagas/json.hpp"
#include "skald/json.hpp"
#include "tests/reference/voucher.hpp"

using namespace skald;

TEST_CASE("nothing may follow a definition, a NUL byte neither") {
  const auto text = to_json(voucher::saga);
  REQUIRE(read_definition(text).definition);
  CHECK(read_definition(text + " \n").definition);
  for (const auto& more : {std::string(1, '\0'), std::string("\0{", 2), std::string("x")}) {
    const auto loaded = read_definition(text + more);
    REQUIRE(loaded.complaints.size() == 1);
    CHECK(loaded.complaints[0].sentence.rfind("this is not JSON, at byte", 0) == 0);
  }
}
