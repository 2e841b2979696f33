// A definition given as a file on the command line.
#pragma once
#include <string>

#include "sagas/json.hpp"

namespace skald::cli {
// `path` "-" is standard input. Fails (exit 2) with a line for each mistake and its place.
stored_definition read_definition_file(const std::string& path);
}  // namespace skald::cli
