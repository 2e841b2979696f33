#include "sagas/draw.hpp"

#include <algorithm>

#include "sagas/draw_parts.hpp"

namespace skald {
namespace {
using draw::part;

std::string joined(const part& p, const char* between) {
  std::string words = draw::escaped_quotes(p.title);
  for (auto& line : p.lines) words += between + draw::escaped_quotes(line);
  return words;
}

// The names of the nodes of one stage, or the start and the end.
std::vector<std::string> nodes_of(const definition& d, int stage, int last) {
  if (stage < 0) return {"start"};
  if (stage > last) return {"completed"};
  std::vector<std::string> names;
  for (std::size_t i = 0; i < d.steps.size(); ++i)
    if (d.steps[i].stage == stage) names.push_back("s" + std::to_string(i));
  return names;
}
template <class Line>
void edges(const definition& d, Line line) {
  const int last = d.steps.empty() ? -1 : d.steps[d.steps.size() - 1].stage;
  for (int stage = -1; stage <= last; ++stage)
    for (auto& from : nodes_of(d, stage, last))
      for (auto& to : nodes_of(d, stage + 1, last)) line(from, to);
}
}  // namespace

std::string to_mermaid(const definition& d) {
  std::string out = "flowchart LR\n";
  out += "  start([" + std::string(draw::short_name(d.starts.event)) + "])\n";
  const auto parts = draw::parts_of(d);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const step& s = *parts[i].of;
    const bool pivot = s.kind() == kind::pivot;
    const std::string id = "s" + std::to_string(i);
    out += "  " + id +
           (s.awaits() ? "([\""
            : pivot    ? "[[\""
                       : "[\"") +
           joined(parts[i], "<br>") +
           (s.awaits() ? "\"])\n"
            : pivot    ? "\"]]\n"
                       : "\"]\n");
    if (!parts[i].back.empty())
      out += "  " + id + " -.-> u" + std::to_string(i) + "[\"" +
             draw::escaped_quotes(parts[i].back) + "\"]\n";
  }
  out += "  completed((completed))\n";
  edges(d, [&](auto& from, auto& to) { out += "  " + from + " --> " + to + "\n"; });
  return out;
}

std::string to_dot(const definition& d) {
  std::string out = "digraph \"" + draw::escaped_quotes(d.name) + "\" {\n  rankdir=LR;\n" +
                    "  node [shape=box, fontname=\"sans-serif\"];\n  start [shape=oval, label=\"" +
                    draw::escaped_quotes(draw::short_name(d.starts.event)) +
                    "\"];\n  completed [shape=circle];\n";
  const auto parts = draw::parts_of(d);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const step& s = *parts[i].of;
    const std::string id = "s" + std::to_string(i), undo = "u" + std::to_string(i);
    out += "  " + id + " [label=\"" + joined(parts[i], "\\n") + "\"" +
           (s.awaits()                ? ", style=rounded"
            : s.kind() == kind::pivot ? ", peripheries=2"
                                      : "") +
           "];\n";
    if (parts[i].back.empty()) continue;
    out += "  " + undo + " [label=\"" + draw::escaped_quotes(parts[i].back) +
           "\", style=dashed];\n" + "  " + id + " -> " + undo +
           " [style=dashed, constraint=false];\n";
  }
  edges(d, [&](auto& from, auto& to) { out += "  " + from + " -> " + to + ";\n"; });
  return out + "}\n";
}
}  // namespace skald
