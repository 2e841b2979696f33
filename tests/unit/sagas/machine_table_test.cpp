// Every clause of the table has a test, and the documentation shows the table as it is.
#include <algorithm>
#include <fstream>
#include <sstream>

#include "machine_scene.hpp"

using namespace skald::machine;

TEST_CASE("every clause of the table has a test that is named after it") {
  std::size_t tested = 0;
  for (std::size_t i = 0; i < cells; ++i) {
    const auto& all = cells_with_a_test();
    const bool has = std::find(all.begin(), all.end(), static_cast<cell>(i)) != all.end();
    CHECK_MESSAGE(has, std::string(table[i].name) << " has no test");
    tested += has;
  }
  MESSAGE("clauses with a test: " << tested << " of " << cells);
}

TEST_CASE("docs/semantics.md shows the table of the code, clause by clause") {
  std::ifstream file(SKALD_SOURCE_DIR "/docs/semantics.md");
  REQUIRE_MESSAGE(file.good(), "docs/semantics.md cannot be read");
  std::stringstream text;
  text << file.rdbuf();
  const std::string doc = text.str();
  std::string rows;
  for (auto& c : table)
    rows += "| `" + std::string(c.name) + "` | " + std::string(c.input) + " | " +
            std::string(c.phase) + " | " + std::string(c.text) + " |\n";
  const bool agrees = doc.find(rows) != std::string::npos;
  CHECK_MESSAGE(agrees, "the table in docs/semantics.md must be:\n" << rows);
}
