// The data of an event as it is given on the command line.
#pragma once
#include <string>

namespace skald::cli {
// JSON itself, @FILE, or "-" for standard input; at most 256 KiB. Fails (exit 2) with a sentence.
std::string read_data(const std::string& from);
}  // namespace skald::cli
