#include "orchestrator/dev/languages.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace skald::dev {
namespace {
constexpr std::array<std::string_view, 4> known{cpp, "python", "go", "java"};

[[noreturn]] void refuse(std::string_view item) {
  throw std::invalid_argument("'" + std::string(item) +
                              "' is no participant=language: inventory, payments or machine, in "
                              "cpp, python, go or java; for instance payments=python,machine=java");
}

void read_item(std::string_view item, languages& all) {
  const auto equals = item.find('=');
  const auto language = equals == item.npos ? item : item.substr(equals + 1);
  if (std::find(known.begin(), known.end(), language) == known.end()) refuse(item);
  if (equals == item.npos) {
    for (auto& [participant, in] : all) in = language;
    return;
  }
  const auto named = all.find(std::string(item.substr(0, equals)));
  if (named == all.end()) refuse(item);
  named->second = language;
}
}  // namespace

languages read_languages(std::string_view list) {
  languages all;
  for (const auto* p : vending_participants) all[p] = cpp;
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    read_item(list.substr(0, comma), all);
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return all;
}

bool need_real_kafka(const languages& all) {
  return std::any_of(all.begin(), all.end(),
                     [](const auto& p) { return p.second == "go" || p.second == "java"; });
}

std::string describe(const languages& all) {
  std::string text;
  for (const auto* p : vending_participants) {
    if (!text.empty()) text += ", ";
    text += p;
    if (const auto& in = all.at(p); in != cpp) text += " (" + in + ")";
  }
  return text;
}
}  // namespace skald::dev
