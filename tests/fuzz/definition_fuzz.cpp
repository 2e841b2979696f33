// Any bytes to the loader: it must not crash, must stay within its bounds, and what it accepts must
// survive the way to JSON and back, be drawable, and have guards that can be asked.
//   cmake --build build --target definition_fuzz
//   definition_fuzz -max_len=65536 corpus tests/fuzz/definition_seeds
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sagas/assert.hpp"
#include "sagas/diff.hpp"
#include "sagas/draw.hpp"
#include "sagas/guard.hpp"
#include "sagas/json.hpp"
#include "skald/json_reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  skald::json_reader reader(text);
  const bool is_json = reader.skip() && reader.end();
  const auto loaded = skald::read_definition(text);
  SKALD_ASSERT(loaded.definition.has_value() == loaded.complaints.empty(),
               "a definition or complaints, never both");
  SKALD_ASSERT(loaded.complaints.size() <= skald::max_complaints, "too many complaints");
  if (!loaded.definition) return 0;
  SKALD_ASSERT(is_json, "loaded what is not JSON");

  const auto& d = *loaded.definition;
  const auto again = skald::load_definition(d.json());
  SKALD_ASSERT(again.hash() == d.hash(), "the way to JSON and back loses something");
  SKALD_ASSERT(skald::load_definition(skald::to_readable_json(*d)).hash() == d.hash(),
               "the readable form is another definition");
  SKALD_ASSERT(skald::differences(*d, *again).empty(), "the same definition differs");
  SKALD_ASSERT(
      !skald::to_svg(*d).empty() && !skald::to_dot(*d).empty() && !skald::to_mermaid(*d).empty(),
      "no picture");
  for (auto& s : d->steps)
    for (std::string_view raw : {"", "1", "\"\\u00e9\"", "true", "null", "1e9"})
      skald::holds(s.when, [&](const skald::place&) { return raw; });
  return 0;
}
