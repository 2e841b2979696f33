#include "orchestrator/dev/private_postgres.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <memory>
#include <random>
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

std::string random_password() {
  constexpr char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
  std::random_device dice;
  std::string text;
  for (int i = 0; i < 26; ++i) text += letters[dice() % 32];
  return text;
}

// A port of 127.0.0.1 that nobody listens on now.
int free_port() {
  const int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof at;
  const bool bound = bind(s, reinterpret_cast<sockaddr*>(&at), length) == 0 &&
                     getsockname(s, reinterpret_cast<sockaddr*>(&at), &length) == 0;
  close(s);
  if (!bound) throw std::runtime_error("no port of 127.0.0.1 is free");
  return ntohs(at.sin_port);
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

private_postgres::private_postgres(reach how) : binaries_(postgres_binaries()) {
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
                   how == reach::loopback ? "listen_addresses=127.0.0.1" : "listen_addresses=",
                   "-c",
                   "fsync=off",
                   "-c",
                   "full_page_writes=off",
                   "-c",
                   "max_connections=200"};
  if (how == reach::loopback) {
    port_ = free_port();
    // Nobody may come by TCP until there is a password; the socket is its owner's alone.
    std::ofstream(data + "/pg_hba.conf") << "local all all trust\n"
                                            "host all all 127.0.0.1/32 scram-sha-256\n";
    command.words.insert(command.words.end(), {"-p", std::to_string(port_)});
  }
  command.last_signal = SIGQUIT;  // it ends its own children
  server_.emplace(command);
  const auto end = std::chrono::steady_clock::now() + longest_start;
  while (!says_ready(data + "/postmaster.pid")) {
    if (server_->wait(std::chrono::milliseconds(20)) || std::chrono::steady_clock::now() > end)
      throw std::runtime_error("the private PostgreSQL did not start; it said:\n" + tail(log_));
  }
  if (how == reach::loopback) admit_with_password();
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
  auto url = "postgresql:///" + database + "?host=" + folder_.path() + "/postgres&user=skald";
  if (port_ > 0) url += "&port=" + std::to_string(port_);
  return url;
}

std::string private_postgres::loopback_url(const std::string& database) const {
  return "postgresql://skald:" + password_ + "@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

void private_postgres::run_client(const std::string& program, std::vector<std::string> words) {
  child_command command{.words = {binaries_ + "/" + program}, .environment = {}, .log = log_};
  words.push_back(url());
  command.words.insert(command.words.end(), words.begin(), words.end());
  if (run(command, seconds(60)) != 0)
    throw std::runtime_error(program + " failed; it said:\n" + tail(log_));
}

void private_postgres::create_database(const std::string& name) {
  run_client("psql", {"-q", "-c", "create database \"" + name + "\""});
}

void private_postgres::admit_with_password() {
  password_ = random_password();
  run_client("psql", {"-q", "-c", "alter role skald password '" + password_ + "'"});
}
}  // namespace skald::dev
