#include "orchestrator/dev/private_postgres.hpp"

#include <poll.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>

namespace skald::dev {
namespace {
namespace fs = std::filesystem;
using std::chrono::seconds;

constexpr auto longest_start = seconds(60);

// The first line that a command prints; empty when it fails.
std::string first_line(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::array<char, 512> line{};
  if (!pipe || !std::fgets(line.data(), line.size(), pipe.get())) return {};
  std::string text(line.data());
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

bool complete(const fs::path& folder) {
  return access((folder / "initdb").c_str(), X_OK) == 0 &&
         access((folder / "postgres").c_str(), X_OK) == 0;
}

struct account {
  uid_t user;
  gid_t group;
};

// initdb and postgres refuse to run as root.
std::optional<account> unprivileged() {
  if (geteuid() != 0) return std::nullopt;
  for (const auto* name : {"postgres", "nobody"})
    if (const auto* entry = getpwnam(name)) return account{entry->pw_uid, entry->pw_gid};
  throw std::runtime_error(
      "PostgreSQL refuses to run as root and there is no user postgres or nobody; "
      "run this as another user, or give --postgres URL");
}

std::string tail(const std::string& log) {
  constexpr std::streamoff most = 2000;
  std::ifstream in(log, std::ios::ate);
  in.seekg(std::max<std::streamoff>(0, static_cast<std::streamoff>(in.tellg()) - most));
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// The server writes "ready" as the last line of this file once it takes connections.
bool says_ready(const std::string& pid_file) {
  std::ifstream in(pid_file);
  std::string line, last;
  while (std::getline(in, line)) last = line;
  return last.starts_with("ready");
}
}  // namespace

std::string postgres_binaries() {
  if (const auto* const named = std::getenv("SKALD_POSTGRES_BINARIES"))
    return complete(named) ? named : "";
  if (const auto said = first_line("pg_config --bindir 2>/dev/null"); complete(said)) return said;
  std::string best;
  int highest = -1;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", none)) {
    const int version = std::atoi(entry.path().filename().c_str());
    if (version > highest && complete(entry.path() / "bin"))
      highest = version, best = entry.path() / "bin";
  }
  return best;
}

private_postgres::private_postgres() : binaries_(postgres_binaries()) {
  if (binaries_.empty())
    throw std::runtime_error(
        "initdb was not found: apt install postgresql, or give --postgres URL");
  log_ = folder_.path() + "/postgres.log";
  const auto data = folder_.path() + "/postgres";
  fs::create_directory(data);
  child_command command{.words = {}, .environment = {{"LC_ALL", "C"}}, .log = log_};
  if (const auto a = unprivileged()) {
    command.user = a->user;
    command.group = a->group;
    if (chown(data.c_str(), a->user, a->group) != 0)
      throw std::runtime_error("cannot give " + data + " to the user that runs PostgreSQL");
  }
  fs::permissions(data, fs::perms::owner_all);

  command.words = {binaries_ + "/initdb", "--no-sync", "-A", "trust", "-U", "skald", "-E", "UTF8",
                   "--locale=C",          "-D",        data};
  if (run(command, longest_start) != 0)
    throw std::runtime_error("initdb failed; it said:\n" + tail(log_));

  command.words = {binaries_ + "/postgres",
                   "-D",
                   data,
                   "-k",
                   data,
                   "-c",
                   "listen_addresses=",
                   "-c",
                   "fsync=off",
                   "-c",
                   "full_page_writes=off",
                   "-c",
                   "max_connections=200"};
  command.last_signal = SIGQUIT;  // it ends its own children
  server_.emplace(command);
  const auto end = std::chrono::steady_clock::now() + longest_start;
  while (!says_ready(data + "/postmaster.pid")) {
    if (server_->wait(std::chrono::milliseconds(20)) || std::chrono::steady_clock::now() > end)
      throw std::runtime_error("the private PostgreSQL did not start; it said:\n" + tail(log_));
  }
  const auto said = first_line("'" + binaries_ + "/postgres' --version");  // "postgres (...) 15.7"
  std::istringstream words(said);
  for (std::string word; words >> word;)
    if (!word.empty() && std::isdigit(static_cast<unsigned char>(word[0]))) {
      version_ = word;
      break;
    }
}

private_postgres::~private_postgres() {
  if (server_) server_->stop(SIGQUIT, seconds(10));
}

std::string private_postgres::url(const std::string& database) const {
  return "postgresql:///" + database + "?host=" + folder_.path() + "/postgres&user=skald";
}

void private_postgres::create_database(const std::string& name) {
  child_command command{
      .words = {binaries_ + "/createdb", "-h", folder_.path() + "/postgres", "-U", "skald", name},
      .environment = {},
      .log = log_};
  if (run(command, seconds(60)) != 0)
    throw std::runtime_error("createdb failed; it said:\n" + tail(log_));
}
}  // namespace skald::dev
