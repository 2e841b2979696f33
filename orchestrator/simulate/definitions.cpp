#include "orchestrator/simulate/definitions.hpp"

#include "embedded_definitions.hpp"

namespace skald::sim {
const std::vector<script>& reference_scripts() {
  static const std::vector<script> all = [] {
    std::vector<script> made;
    for (const auto* json : embedded_definitions) made.emplace_back(load_definition(json));
    return made;
  }();
  return all;
}
}  // namespace skald::sim
