#include "sagas/explore/report.hpp"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <sstream>

namespace skald::explore {
namespace {
std::string number(std::size_t n) {  // 1234567 as 1,234,567
  auto digits = std::to_string(n);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) digits.insert(at, ",");
  return digits;
}
std::string seconds(double s) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f s", s);
  return text;
}
std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text;
}
std::string title(const definition& d) {
  return std::string(d.name) + " v" + std::to_string(d.version);
}

std::string headline(const definition& d, const report& r) {
  auto explored = " (" + number(r.states) + " states, depth " + std::to_string(r.depth) + ", " +
                  seconds(r.seconds) + ")\n";
  switch (r.verdict) {
    case verdict::proven:
      return "PROVEN  " + title(d) + ": no violation is reachable" +
             (r.bounds.empty() ? "" : " within the bounds") + explored;
    case verdict::violation:
      return "UNSAFE  " + title(d) + ": " + r.rule + ", " + r.sentence + " (" +
             std::to_string(r.trace.size()) + " steps, " + number(r.states) + " states, " +
             seconds(r.seconds) + ")\n";
    case verdict::bad_definition:
      return "BAD DEFINITION  " + title(d) + ": " + r.sentence + "\n";
    case verdict::bound_reached:
      break;
  }
  return "NOT PROVEN  " + title(d) + ": no violation was found before the bound" + explored;
}

// Lanes: you and timers | orchestrator | each participant.
std::string lanes(const report& r) {
  const std::string you = "you and timers", orchestrator = "orchestrator";
  std::vector<std::size_t> widths{you.size(), orchestrator.size()};
  for (auto& p : r.participants) widths.push_back(p.size());
  std::vector<std::vector<std::string>> rows;
  for (auto& line : r.trace) {
    std::vector<std::string> row(widths.size());
    auto at = std::find(r.participants.begin(), r.participants.end(), line.actor);
    row[line.actor.empty() ? 0 : 2 + (at - r.participants.begin())] = line.what;
    row[1] = line.decision;
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    rows.push_back(row);
  }
  std::string text = "  #  " + padded(you, widths[0]) + "  " + padded(orchestrator, widths[1]);
  for (std::size_t i = 0; i < r.participants.size(); ++i)
    text += "  " + padded(r.participants[i], widths[i + 2]);
  for (std::size_t n = 0; n < rows.size(); ++n) {
    while (text.back() == ' ') text.pop_back();
    auto count = std::to_string(n + 1);
    text += "\n" + std::string(3 - std::min<std::size_t>(count.size(), 3), ' ') + count;
    for (std::size_t i = 0; i < rows[n].size(); ++i) text += "  " + padded(rows[n][i], widths[i]);
  }
  while (text.back() == ' ') text.pop_back();
  return text + "\n";
}

std::string json_text(std::string_view text) {  // as a JSON string
  std::string out = "\"";
  for (unsigned char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c < 0x20) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", c);
      out += escaped;
    } else {
      out += static_cast<char>(c);
    }
  }
  return out + "\"";
}

// "  label     words", in lines of at most 98 columns.
std::string wrapped(const std::string& label, const std::vector<std::string>& words) {
  std::string text, line = "  " + padded(label, 9);
  for (auto& w : words) {
    if (line.size() + w.size() > 96) text += line + "\n", line = std::string(11, ' ');
    line += " " + w;
  }
  return text + line + "\n";
}

std::vector<std::string> never_taken(const report& r) {
  std::vector<std::string> words{"never", "taken:"};
  words.insert(words.end(), r.never_taken.begin(), r.never_taken.end());
  return words;
}

std::vector<std::string> words_of(const std::string& sentence) {
  std::istringstream in(sentence);
  return {std::istream_iterator<std::string>(in), {}};
}

template <class Items, class Print>
std::string array(const Items& items, Print print) {
  std::string out = "[";
  for (auto& item : items) out += (out.size() > 1 ? "," : "") + print(item);
  return out + "]";
}
std::string strings(const std::vector<std::string>& v) {
  return array(v, [](auto& s) { return json_text(s); });
}
}  // namespace

std::string to_text(const definition& d, const report& r) {
  auto text = headline(d, r);
  if (!r.trace.empty()) {
    text += "\n" + lanes(r) + "\nledger\n";
    for (auto& line : r.ledger) text += "  " + line + "\n";
    if (!r.assumed.empty()) text += "assumed\n";
    for (auto& line : r.assumed) text += "  " + line + "\n";
    text += "why: " + r.why + "\nfix: " + r.fix + "\n\n";
  }
  if (!r.bounds.empty()) text += wrapped("bounds", words_of(r.bounds));
  for (auto& s : r.scenarios) {
    text += "  explored  " + s.name + ": " + number(s.states) + " states, depth " +
            std::to_string(s.depth) + ", " + seconds(s.seconds) +
            (s.live       ? ", always able to end"
             : s.unjudged ? ", too large to judge whether it can always end"
                          : "") +
            "\n";
    if (!s.complete && r.verdict != verdict::violation)
      text += "            the bound was reached; " +
              std::string("random walks beyond it found nothing, which proves nothing\n");
  }
  for (auto& l : r.lints) text += "  note      " + l + "\n";
  if (r.cells)
    text += "  table     " + std::to_string(r.cells - r.never_taken.size()) + " of " +
            std::to_string(r.cells) + " rules of the engine's table were taken\n";
  if (r.verdict == verdict::proven) text += wrapped("", never_taken(r));
  return text;
}

std::string to_json(const definition& d, const report& r) {
  static constexpr const char* verdicts[] = {"proven", "violation", "bad_definition",
                                             "bound_reached"};
  char time[32];
  std::snprintf(time, sizeof time, "%.6f", r.seconds);
  std::string out =
      "{\"definition\":" + json_text(d.name) + ",\"version\":" + std::to_string(d.version) +
      ",\"verdict\":\"" + verdicts[static_cast<int>(r.verdict)] +
      "\",\"states\":" + std::to_string(r.states) + ",\"depth\":" + std::to_string(r.depth) +
      ",\"seconds\":" + time + ",\"violation\":";
  out += r.sentence.empty()
             ? "null"
             : "{\"rule\":" + json_text(r.rule) + ",\"sentence\":" + json_text(r.sentence) +
                   ",\"why\":" + json_text(r.why) + ",\"fix\":" + json_text(r.fix) +
                   ",\"ledger\":" + strings(r.ledger) + "}";
  out += ",\"trace\":" + array(r.trace, [](auto& line) {
           return "{\"actor\":" + json_text(line.actor) + ",\"what\":" + json_text(line.what) +
                  ",\"decision\":" + json_text(line.decision) + "}";
         });
  out += ",\"scenarios\":" + array(r.scenarios, [](auto& s) {
           return "{\"name\":" + json_text(s.name) + ",\"states\":" + std::to_string(s.states) +
                  ",\"depth\":" + std::to_string(s.depth) +
                  ",\"complete\":" + (s.complete ? "true" : "false") +
                  ",\"live\":" + (s.live ? "true" : "false") + "}";
         });
  out += ",\"bounds\":" + json_text(r.bounds);
  out += ",\"assumed\":" + strings(r.assumed);
  out += ",\"notes\":" + strings(r.lints);
  out += ",\"never_taken\":" + strings(r.never_taken) + "}\n";
  return out;
}

std::string to_mermaid(const definition& d, const report& r) {
  std::string out = "sequenceDiagram\n  participant you as you and timers\n  participant skald\n";
  for (std::size_t i = 0; i < r.participants.size(); ++i)
    out += "  participant p" + std::to_string(i) + " as " + r.participants[i] + "\n";
  if (r.trace.empty()) return out + "  Note over skald: no counterexample for " + title(d) + "\n";
  for (auto& line : r.trace) {
    auto at = std::find(r.participants.begin(), r.participants.end(), line.actor);
    auto who = line.actor.empty() ? "you" : "p" + std::to_string(at - r.participants.begin());
    if (line.decision.empty())
      out += "  Note over " + who + ": " + line.what + "\n";
    else
      out += "  " + who + "->>skald: " + line.what + "\n  Note over skald: " + line.decision + "\n";
  }
  for (auto& line : r.assumed) out += "  Note over you,skald: " + line + "\n";
  return out + "  Note over you,skald: " + r.rule + ", " + r.sentence + "\n";
}
}  // namespace skald::explore
