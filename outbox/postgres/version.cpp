#include "outbox/postgres/version.hpp"

#include <libpq-fe.h>

#include <pqxx/version>

namespace skald::pg {
std::string library_versions() {
  constexpr int major = 10'000;
  const int no = PQlibVersion();
  return "libpq " + std::to_string(no / major) + "." + std::to_string(no % major) + ", libpqxx " +
         PQXX_VERSION;
}
}  // namespace skald::pg
