#include "orchestrator/metrics.hpp"

#include <doctest/doctest.h>

using namespace skald;

namespace {
constexpr std::uint64_t ends_ms[] = {5, 1'000};
}

TEST_CASE("the text format: heads, labels, values that hold quotes, cumulative buckets") {
  registry all;
  family<counter> finished{all, {"sagas_total", "Sagas.", {"definition", "outcome"}}};
  single<gauge> active{all, {"active", "Open sagas."}};
  family<histogram> took{all, {"took_seconds", "Time.", {"step"}}, {ends_ms, 1'000}};
  CHECK(all.text() ==
        "# HELP sagas_total Sagas.\n# TYPE sagas_total counter\n"
        "# HELP active Open sagas.\n# TYPE active gauge\nactive 0\n"
        "# HELP took_seconds Time.\n# TYPE took_seconds histogram\n");

  finished.at({"shop", "completed"}).add(3);
  finished.at({"a \"b\"\\\n", "aborted"}).add();
  active.set(1.5);
  auto& pay = took.at({"pay"});
  for (const auto ms : {-3, 5, 6, 1'000, 4'000}) pay.observe(ms);
  CHECK(all.text() == R"(# HELP sagas_total Sagas.
# TYPE sagas_total counter
sagas_total{definition="a \"b\"\\\n",outcome="aborted"} 1
sagas_total{definition="shop",outcome="completed"} 3
# HELP active Open sagas.
# TYPE active gauge
active 1.5
# HELP took_seconds Time.
# TYPE took_seconds histogram
took_seconds_bucket{step="pay",le="0.005"} 2
took_seconds_bucket{step="pay",le="1"} 4
took_seconds_bucket{step="pay",le="+Inf"} 5
took_seconds_sum{step="pay"} 5.011
took_seconds_count{step="pay"} 5
)");
}

TEST_CASE("a family is bounded: further series are one, named other") {
  registry all;
  family<counter> f{all, {"f_total", "F.", {"a", "b"}}};
  for (std::size_t i = 0; i < max_series; ++i) f.at({std::to_string(i), "x"}).add();
  f.at({"new", "y"}).add();
  f.at({"newer", "z"}).add();
  CHECK(f.at({"other", "other"}).value() == 2);
  f.at({"7", "x"}).add();
  CHECK(f.at({"7", "x"}).value() == 2);
  CHECK(all.text().find("newer") == std::string::npos);
}

TEST_CASE("what is measured as a whole: what is no longer there goes; the rest adds up in other") {
  registry all;
  family<gauge> f{all, {"f", "F.", {"a"}}};
  f.replace({{{"x"}, 1}, {{"y"}, 2}});
  f.replace({{{"y"}, 3}});
  CHECK(all.text() == "# HELP f F.\n# TYPE f gauge\nf{a=\"y\"} 3\n");
  std::vector<std::string> names;
  for (std::size_t i = 0; i < max_series + 5; ++i) names.push_back(std::to_string(i));
  std::vector<family<gauge>::measured> many;
  for (const auto& name : names) many.push_back({{name}, 1});
  f.replace(many);
  CHECK(f.at({"other"}).value() == 5);
}
