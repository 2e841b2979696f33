// A definition given as a file on the command line.
#pragma once
#include <string>

#include "sagas/json.hpp"

namespace skald::cli {
// `path` "-" is standard input. Fails (exit 2) if it cannot be read.
loading load_definition_file(const std::string& path);
// Fails (exit 2) with a line for each mistake and its place.
stored_definition sound_one(const loading&, const std::string& path);
stored_definition read_definition_file(const std::string& path);  // both
}  // namespace skald::cli
