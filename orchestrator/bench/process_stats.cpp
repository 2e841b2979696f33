#include "orchestrator/bench/process_stats.hpp"

#include <sys/utsname.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace skald::bench {
namespace {
namespace fs = std::filesystem;

constexpr char listening[] = "0A";  // state of a socket in /proc/net/tcp

std::string read_text(const fs::path& path) {
  std::ifstream in(path);
  std::ostringstream all;
  all << in.rdbuf();
  return all.str();
}

std::optional<pid_t> pid_in(const fs::path& folder) {
  const auto name = folder.filename().string();
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
  if (error != std::errc() || end != name.data() + name.size()) return {};
  return pid;
}

template <class Use>
void for_each_process(Use use) {
  std::error_code gone;
  for (const auto& entry : fs::directory_iterator("/proc", gone))
    if (const auto pid = pid_in(entry.path())) use(*pid, entry.path());
}

struct stat_line {
  pid_t parent = 0;
  double own_ticks = 0, waited_ticks = 0;
};

// /proc/PID/stat; the name in brackets may hold anything, blanks and brackets included.
std::optional<stat_line> read_stat(pid_t pid) {
  const auto text = read_text("/proc/" + std::to_string(pid) + "/stat");
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream in(text.substr(name_end + 1));
  char state = 0;
  stat_line s;
  in >> state >> s.parent;
  std::string skipped;
  for (int i = 0; i < 9; ++i) in >> skipped;
  double user = 0, system = 0, waited_user = 0, waited_system = 0;
  if (!(in >> user >> system >> waited_user >> waited_system)) return {};
  s.own_ticks = user + system;
  s.waited_ticks = waited_user + waited_system;
  return s;
}

double milliseconds_of(double ticks) {
  return ticks * 1000 / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double value_kib(const std::string& status, std::string_view name) {
  const auto at = status.find("\n" + std::string(name) + ":");
  if (at == std::string::npos) return 0;
  return std::stod("0" + status.substr(status.find_first_of("0123456789", at)));
}

std::string value_of(const std::string& text, std::string_view name) {
  const auto at = text.find(name);
  if (at == std::string::npos) return {};
  const auto from = text.find_first_not_of(" \t:=\"", at + name.size());
  return text.substr(from, text.find_first_of("\"\n", from) - from);
}

// The inode of the socket that listens on `port`, by /proc/net/tcp and tcp6.
std::optional<std::string> listening_inode(int port) {
  for (const char* file : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream in(file);
    std::string line;
    std::getline(in, line);
    while (std::getline(in, line)) {
      std::istringstream words(line);
      std::string no, local, remote, state, queues, timer, retransmits, user, timeout, inode;
      words >> no >> local >> remote >> state >> queues >> timer >> retransmits >> user >>
          timeout >> inode;
      const auto colon = local.rfind(':');
      if (state != listening || colon == std::string::npos) continue;
      if (std::stoi(local.substr(colon + 1), nullptr, 16) == port) return inode;
    }
  }
  return {};
}

bool holds(const fs::path& process, const std::string& link) {
  std::error_code error;
  for (const auto& fd : fs::directory_iterator(process / "fd", error))
    if (fs::read_symlink(fd.path(), error) == link) return true;
  return false;
}
}  // namespace

double cpu_ms_of_tree(pid_t pid) {
  const auto own = read_stat(pid);
  if (!own) return 0;
  double ticks = own->own_ticks + own->waited_ticks;
  for_each_process([&](pid_t other, const fs::path&) {
    if (other == pid) return;
    const auto s = read_stat(other);
    if (s && s->parent == pid) ticks += s->own_ticks + s->waited_ticks;
  });
  return milliseconds_of(ticks);
}

std::optional<memory_use> memory_of(pid_t pid) {
  const auto status = read_text("/proc/" + std::to_string(pid) + "/status");
  if (status.empty()) return {};
  return memory_use{.rss_mb = value_kib(status, "VmRSS") * 1024 / 1e6,
                    .peak_rss_mb = value_kib(status, "VmHWM") * 1024 / 1e6};
}

std::optional<pid_t> listener_of(int port) {
  const auto inode = listening_inode(port);
  if (!inode) return {};
  const auto link = "socket:[" + *inode + "]";
  std::optional<pid_t> found;  // the eldest: a child may have inherited the socket
  for_each_process([&](pid_t pid, const fs::path& folder) {
    if (holds(folder, link) && (!found || pid < *found)) found = pid;
  });
  return found;
}

std::optional<pid_t> parent_of(pid_t pid) {
  const auto s = read_stat(pid);
  if (!s) return {};
  return s->parent;
}

std::string name_of(pid_t pid) {
  auto name = read_text("/proc/" + std::to_string(pid) + "/comm");
  if (!name.empty()) name.pop_back();
  return name;
}

machine_time machine_time_now() {
  std::ifstream in("/proc/stat");
  std::string cpu;
  double user = 0, nice = 0, system = 0, idle = 0, waiting = 0, irq = 0, soft_irq = 0, stolen = 0;
  in >> cpu >> user >> nice >> system >> idle >> waiting >> irq >> soft_irq >> stolen;
  const auto busy = user + nice + system + irq + soft_irq + stolen;
  return {milliseconds_of(busy), milliseconds_of(busy + idle + waiting)};
}

machine_facts facts_of_this_machine() {
  utsname kernel{};
  ::uname(&kernel);
  return {.cpu = value_of(read_text("/proc/cpuinfo"), "model name"),
          .kernel = std::string(kernel.sysname) + " " + kernel.release,
          .system = value_of(read_text("/etc/os-release"), "PRETTY_NAME"),
          .cores = static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN)),
          .memory_gib = static_cast<double>(::sysconf(_SC_PHYS_PAGES)) *
                        static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 30)};
}
}  // namespace skald::bench
