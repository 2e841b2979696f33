#include "outbox/conformance/kit.hpp"

#include <ostream>

#include "outbox/conformance/rules.hpp"

namespace skald::conformance {
namespace {
finding try_rule(const rule& r, desk& d, const script& s, const step& st, const std::string& key,
                 const kit_settings& settings) {
  finding f{.rule = r.name, .step = st.name};
  if (r.restarts && !settings.restart) {
    f.tried = false;
    return f;
  }
  try {
    trial t(d, s, st, key);
    r.run(t, settings);
    f.kept = true;
  } catch (const broken& b) {
    f.sentence = b.what();
    f.bytes = b.bytes;
  }
  return f;
}
}  // namespace

std::vector<finding> test_participant(const script& s, kit_settings settings) {
  if (settings.desk.command_topic.empty())
    settings.desk.command_topic = settings.topic_prefix + s.participant + ".commands";
  desk d(settings.desk);
  std::vector<finding> all;
  for (const auto& st : s.steps)
    for (const auto& r : rules()) {
      if (!r.applies(st)) continue;
      const auto key = settings.run + "-" + st.name + "-" + std::to_string(all.size());
      all.push_back(try_rule(r, d, s, st, key, settings));
      if (settings.found) settings.found(all.back());
    }
  finding strays{.rule = "every reply names its command in ce_causationid", .kept = true};
  if (const auto letters = d.take_strays(); !letters.empty()) {
    strays.kept = false;
    strays.sentence = std::to_string(letters.size()) + " replies answer no command that was sent";
    strays.bytes = to_text(letters.front());
  }
  all.push_back(strays);
  if (settings.found) settings.found(all.back());
  return all;
}

bool all_kept(const std::vector<finding>& all) {
  for (const auto& f : all)
    if (f.tried && !f.kept) return false;
  return true;
}

void print(std::ostream& out, const finding& f) {
  out << (!f.tried ? "not tested  " : f.kept ? "kept        " : "BROKEN      ") << f.rule;
  if (!f.step.empty()) out << "  (" << f.step << ")";
  out << "\n";
  if (f.kept || !f.tried) return;
  out << "  " << f.sentence << "\n";
  std::size_t begin = 0;
  while (begin < f.bytes.size()) {
    const auto end = std::min(f.bytes.find('\n', begin), f.bytes.size());
    out << "    " << std::string_view(f.bytes).substr(begin, end - begin) << "\n";
    begin = end + 1;
  }
}
}  // namespace skald::conformance
