// A PostgreSQL of our own for development: throw-away data in a temporary folder, a unix socket,
// no fsync. It ends with this object or with this process, however that dies.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "orchestrator/dev/child.hpp"
#include "orchestrator/dev/temporary_folder.hpp"

namespace skald::dev {
class private_postgres {
 public:
  enum class reach { socket, loopback };  // loopback: by TCP too, with a password of its own

  // Ready for connections when it returns. Throws std::runtime_error with what to install or do.
  // Construct it on a thread that outlives it (see child).
  explicit private_postgres(reach = reach::socket);
  ~private_postgres();
  private_postgres(const private_postgres&) = delete;
  private_postgres& operator=(const private_postgres&) = delete;

  std::string url(const std::string& database = "postgres") const;
  // For clients that know no unix sockets (Java's). Only with reach::loopback.
  std::string loopback_url(const std::string& database) const;
  void create_database(const std::string& name);
  const std::string& version() const { return version_; }  // "15.7"
  pid_t pid() const { return server_->pid(); }

 private:
  void admit_with_password();
  void run_client(const std::string& program, std::vector<std::string> words);

  temporary_folder folder_;
  std::string binaries_, version_, log_, password_;
  int port_ = 0;  // 0: no TCP
  std::optional<child> server_;
};

// The folder of initdb and postgres, which Debian does not put on PATH: SKALD_POSTGRES_BINARIES,
// else what pg_config says, else the newest of Debian's. Empty: none.
std::string postgres_binaries();
}  // namespace skald::dev
