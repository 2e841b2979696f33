#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <stdexcept>
#include <vector>

#include "orchestrator/bench/histogram.hpp"

using skald::bench::histogram;

TEST_CASE("an empty histogram says 0 to everything") {
  const histogram h;
  CHECK(h.count() == 0);
  CHECK(h.min() == 0);
  CHECK(h.max() == 0);
  CHECK(h.mean() == 0);
  CHECK(h.percentile(50) == 0);
}

TEST_CASE("small values are exact") {
  histogram h;
  for (std::uint64_t v = 0; v < 2048; ++v) h.record(v);
  CHECK(h.percentile(0) == 0);
  CHECK(h.percentile(50) == 1023);
  CHECK(h.percentile(100) == 2047);
  CHECK(h.mean() == doctest::Approx(1023.5));
}

TEST_CASE("a single value is every percentile, at any size, to within 0.1 %") {
  for (std::uint64_t v = 1; v < histogram::highest; v = v * 3 + 1) {
    histogram h;
    h.record(v);
    h.record(histogram::highest);  // so that max() does not cut the bucket's end off
    CHECK(h.percentile(50) >= v);
    CHECK(static_cast<double>(h.percentile(50) - v) <= static_cast<double>(v) * 0.001);
  }
}

TEST_CASE("percentiles of many values agree with sorting them") {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> spread(9, 2);
  histogram h;
  std::vector<std::uint64_t> all(100'000);
  for (auto& v : all) h.record(v = static_cast<std::uint64_t>(spread(random)));
  std::sort(all.begin(), all.end());
  for (const double p : {1.0, 25.0, 50.0, 90.0, 99.0, 99.9, 99.99}) {
    const auto exact = all[static_cast<std::size_t>(std::lround(p * 1'000)) - 1];
    CHECK(h.percentile(p) >= exact);
    CHECK(static_cast<double>(h.percentile(p)) <= static_cast<double>(exact) * 1.001);
  }
  CHECK(h.min() == all.front());
  CHECK(h.max() == all.back());
}

TEST_CASE("what is too large is counted as the largest") {
  histogram h;
  h.record(~std::uint64_t{0});
  CHECK(h.count() == 1);
  CHECK(h.percentile(50) == histogram::highest);
}

TEST_CASE("merging is recording both") {
  histogram a, b, both;
  for (std::uint64_t v = 1; v < 1'000'000; v += 997) {
    (v % 2 ? a : b).record(v, 3);
    both.record(v, 3);
  }
  a.merge(b);
  CHECK(a.text() == both.text());
  CHECK(a.count() == both.count());
}

TEST_CASE("the text form comes back as it was, and nothing else is taken for it") {
  histogram h;
  for (std::uint64_t v = 5; v < 5'000'000'000; v *= 7) h.record(v, v % 5 + 1);
  const auto back = histogram::read(h.text());
  CHECK(back.text() == h.text());
  CHECK(back.percentile(90) == h.percentile(90));
  CHECK(histogram::read(histogram().text()).count() == 0);
  for (const char* bad :
       {"", "x", "1 2", "1 2 2 2", "1 2 2 2 2", "1 2 2 2 2 x", "1 2 2 2 99999999 1"})
    CHECK_THROWS_AS(histogram::read(bad), std::invalid_argument);
}
