#include "orchestrator/dev/supervisor.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace skald::dev {
namespace {
constexpr std::chrono::milliseconds stop_within{15'000};
constexpr int signal_base = 128;  // of an exit_status
}  // namespace

std::string end_of_file(const std::string& path) {
  constexpr std::streamoff most = 2'000;
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) return {};
  in.seekg(std::max<std::streamoff>(0, static_cast<std::streamoff>(in.tellg()) - most));
  return {std::istreambuf_iterator<char>(in), {}};
}

void supervisor::start(std::string name, child_command command, bool again) {
  child process(command);
  members_.push_back({std::move(name), std::move(command), again, std::move(process)});
}

std::vector<std::string> supervisor::look_after() {
  std::vector<std::string> sentences;
  for (auto& m : members_) {
    const auto status = m.process.ended();
    if (!status || (!m.again && *status == 0)) continue;
    if (*status < signal_base || !m.again)
      throw std::runtime_error("the " + m.name + " ended with exit code " +
                               std::to_string(*status) + "; it said:\n" +
                               end_of_file(m.command.log));
    if (++restarts_ > max_restarts)
      throw std::runtime_error("the processes of the demo keep dying, the " + m.name +
                               " last; it said:\n" + end_of_file(m.command.log));
    m.process = child(m.command);
    sentences.push_back("the " + m.name + " was ended by signal " +
                        std::to_string(*status - signal_base) + " and is started again");
  }
  return sentences;
}

bool supervisor::ended(const std::string& name) {
  const auto it = std::ranges::find(members_, name, &member::name);
  return it == members_.end() || it->process.ended().has_value();
}

void supervisor::stop_one(const std::string& name) {
  const auto it = std::ranges::find(members_, name, &member::name);
  if (it == members_.end()) return;
  it->process.stop(SIGTERM, stop_within);
  members_.erase(it);
}

void supervisor::stop() {
  for (; !members_.empty(); members_.pop_back()) members_.back().process.stop(SIGTERM, stop_within);
}
}  // namespace skald::dev
