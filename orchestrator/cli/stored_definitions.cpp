#include "orchestrator/cli/stored_definitions.hpp"

#include "orchestrator/cli/context.hpp"
#include "orchestrator/sql.hpp"

namespace skald::cli {
const compiled* stored_definitions::by_no(std::int32_t no) {
  auto& known = by_no_[no];
  if (known) return known.get();
  const auto row = db_.exec(sql::definition::read, {no});
  if (row.rows() == 0)
    throw failure(not_found, "definition number " + std::to_string(no) + " is not stored");
  return (known = compile(no, load_definition(row.text(0, 4)))).get();
}

std::unique_ptr<compiled> stored_definitions::compile(std::int32_t no, const stored_definition& d) {
  auto keep = std::make_shared<const stored_definition>(d);
  return std::make_unique<compiled>(no, keep, keep->value(), "replay");
}
}  // namespace skald::cli
