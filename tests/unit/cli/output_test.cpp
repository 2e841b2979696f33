#include "orchestrator/cli/output.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <sstream>

namespace {
using nlohmann::ordered_json;
using skald::cli::format;
using skald::cli::output;

std::string listed(const ordered_json& rows, format f) {
  std::ostringstream out;
  output(out, f, false).list(rows, {"key", "open_items"});
  return out.str();
}
const ordered_json two = {{{"key", "order-1"}, {"open_items", 2}, {"more", true}},
                          {{"key", "\xc3\xa9"}, {"open_items", nullptr}}};
}  // namespace

TEST_CASE("a table is aligned by characters, not bytes, and says '-' for nothing") {
  CHECK(listed(two, format::table) == "KEY      OPEN ITEMS\norder-1  2\n\xc3\xa9        -\n");
}

TEST_CASE("a list of words in a cell reads as words") {
  const ordered_json rows = {{{"key", {"stuck", "paused"}}, {"open_items", ordered_json::array()}}};
  CHECK(listed(rows, format::table) == "KEY            OPEN ITEMS\nstuck, paused  -\n");
}

TEST_CASE("an empty list is [] in JSON, no line in JSON lines, a heading in a table") {
  const auto none = ordered_json::array();
  CHECK(listed(none, format::json) == "[]\n");
  CHECK(listed(none, format::jsonl).empty());
  CHECK(listed(none, format::table) == "KEY  OPEN ITEMS\n");
}

TEST_CASE("JSON has every field, and JSON lines one object a line") {
  CHECK(ordered_json::parse(listed(two, format::json)) == two);
  CHECK(listed(two, format::jsonl) ==
        "{\"key\":\"order-1\",\"open_items\":2,\"more\":true}\n"
        "{\"key\":\"\xc3\xa9\",\"open_items\":null}\n");
}

TEST_CASE("what a stranger wrote can neither break the table nor the JSON") {
  const ordered_json rows = {{{"key", "a\x1b[2Jb\nc"}, {"open_items", "\xff"}}};
  CHECK(listed(rows, format::table).find('\x1b') == std::string::npos);
  CHECK_NOTHROW([&] { return ordered_json::parse(listed(rows, format::json)); }());
}

TEST_CASE("one thing is shown as a column of fields, a text as it is") {
  std::ostringstream out;
  output o(out, format::table, false);
  o.show({{"key", "k"}, {"phase", "running"}});
  o.text("drawing", "a -> b");
  CHECK(out.str() == "key    k\nphase  running\na -> b\n");
}
