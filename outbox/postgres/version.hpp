// The client libraries of PostgreSQL that this program runs with.
#pragma once
#include <string>

namespace skald::pg {
std::string library_versions();  // "libpq 15.14, libpqxx 6.4.4"
}
