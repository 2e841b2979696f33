#include "orchestrator/dev/languages.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

using skald::dev::describe;
using skald::dev::need_real_kafka;
using skald::dev::read_languages;

TEST_CASE("participants are in C++ unless it is said") {
  CHECK(describe(read_languages("")) == "inventory, payments, machine");
  CHECK(describe(read_languages("payments=python,machine=java")) ==
        "inventory, payments (python), machine (java)");
  CHECK(describe(read_languages("go")) == "inventory (go), payments (go), machine (go)");
  CHECK(describe(read_languages("go,machine=cpp")) == "inventory (go), payments (go), machine");
}

TEST_CASE("the broker in memory is enough for C++ and Python") {
  CHECK_FALSE(need_real_kafka(read_languages("payments=python")));
  CHECK(need_real_kafka(read_languages("payments=python,machine=go")));
  CHECK(need_real_kafka(read_languages("inventory=java")));
}

TEST_CASE("what is no participant or no language is refused with what there is") {
  for (const auto* wrong : {"cobol", "payments=cobol", "till=go", "payments=", "=go", "go,,java"})
    CHECK_THROWS_WITH_AS(read_languages(wrong),
                         doctest::Contains("inventory, payments or machine, in cpp, python, go"),
                         std::invalid_argument);
}
