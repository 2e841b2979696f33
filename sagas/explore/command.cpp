#include "sagas/explore/command.hpp"

#include <ostream>

#include "sagas/explore/report.hpp"

namespace skald::explore {
namespace {
// Empty: applied. Else the sentence that says what is wrong.
std::string assume(definition& d, const std::string& text) {
  auto colon = text.find(':');
  auto name = text.substr(0, colon);
  auto weakness = colon == std::string::npos ? "" : text.substr(colon + 1);
  if (weakness != "no_fence" && weakness != "not_idempotent")
    return "--assume " + text + ": write STEP:no_fence or STEP:not_idempotent";
  for (std::size_t i = 0; i < d.steps.size(); ++i) {
    if (d.steps[i].name != name) continue;
    (weakness == "no_fence" ? d.steps[i].no_fence : d.steps[i].not_idempotent) = true;
    return {};
  }
  return "--assume " + text + ": the definition has no step `" + name + "`";
}
}  // namespace

int check_command(const definition& given, const command_options& o, std::ostream& out,
                  std::ostream& err) {
  auto d = given;
  for (auto& text : o.assume)
    if (auto wrong = assume(d, text); !wrong.empty()) {
      err << wrong << '\n';
      return 2;
    }
  auto r = explore(d, o.explore);
  if (o.output == output::json) out << to_json(d, r);
  if (o.output == output::text) out << to_text(d, r);
  if (o.output == output::mermaid) out << to_mermaid(d, r);
  if (o.output == output::test && r.verdict == verdict::violation) out << to_test(d, r);
  if (o.output == output::test && r.verdict != verdict::violation)
    err << "there is no counterexample to make a test of\n";
  return static_cast<int>(r.verdict);
}
}  // namespace skald::explore
