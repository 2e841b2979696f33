// Schema migrations: files NNN_name.up.sql and NNN_name.down.sql, numbered from 1 without gaps,
// applied in order. What is applied is kept in table skald_migration, by component.
#pragma once
#include <string>
#include <vector>

#include "outbox/postgres/connection.hpp"

namespace skald::pg {
struct migration {
  int no = 0;
  std::string name, up, down;
};

// Those of a directory, in order. Throws a pg::error that names the file that is wrong.
std::vector<migration> read_migrations(const std::string& directory);

// Both run in one transaction under an advisory lock, so that many processes may start at once.
// They return the names applied or taken back, and throw a pg::error, nothing changed, when a
// migration that is applied differs from its file, or is not among `all`.
std::vector<std::string> migrate_up(connection&, const std::string& component,
                                    const std::vector<migration>& all);
std::vector<std::string> migrate_down(connection&, const std::string& component,
                                      const std::vector<migration>& all, int to_no);

// The names of those that are not applied yet; changes nothing. Throws as the others do.
std::vector<std::string> pending_migrations(connection&, const std::string& component,
                                            const std::vector<migration>& all);
}  // namespace skald::pg
