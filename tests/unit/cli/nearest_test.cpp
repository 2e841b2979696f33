#include "orchestrator/nearest.hpp"

#include <doctest/doctest.h>

#include <array>
#include <string>

TEST_CASE("edits are counted: insert, remove, replace") {
  CHECK(skald::edit_distance("serve", "serve") == 0);
  CHECK(skald::edit_distance("sevre", "serve") == 2);
  CHECK(skald::edit_distance("", "saga") == 4);
  CHECK(skald::edit_distance("sage", "saga") == 1);
}

TEST_CASE("only a near word is offered, and never one that shares nothing") {
  constexpr std::array<std::string_view, 3> known{"serve", "saga", "dev"};
  CHECK(skald::nearest("sevre", known) == "serve");
  CHECK(skald::nearest("sage", known) == "saga");
  CHECK(skald::nearest("migrate", known).empty());
  CHECK(skald::nearest("x", std::array<std::string_view, 1>{"ab"}).empty());
  CHECK(skald::nearest(std::string(10'000, 's'), known).empty());
}
