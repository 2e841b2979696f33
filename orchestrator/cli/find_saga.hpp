// A saga named on the command line.
#pragma once
#include <string>

#include "orchestrator/read_model.hpp"

namespace skald::cli {
// The one saga that is meant by an id or a business key, or a failure that says how to mean one.
read_model::saga find_saga(pg::connection&, const std::string& name, const std::string& definition);
}  // namespace skald::cli
