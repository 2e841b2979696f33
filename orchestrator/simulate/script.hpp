// What the simulated world can say to sagas of one definition: payloads of its events, made from
// what the definition reads of them, and which guards hold for a start.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sagas/json.hpp"

namespace skald::sim {
inline constexpr std::size_t max_starts = 8;  // different ones of a definition

// JSON with holes for the business key and for what tells occurrences apart.
class payload {
 public:
  explicit payload(std::string_view text_with_holes);
  std::string with(std::string_view key, std::string_view occurrence) const;

 private:
  struct piece {
    std::string text;
    char hole;  // behind the text: k(ey), o(ccurrence), or 0
  };
  std::vector<piece> pieces_;
};

class script {
 public:
  explicit script(stored_definition);

  const definition& spec() const { return *definition_; }
  const std::string& json() const { return definition_.json(); }
  struct start {
    sim::payload payload;
    std::uint16_t guards = 0;  // bit i: the guard of step i holds
  };
  const std::vector<start>& starts() const { return starts_; }
  const payload& of(std::string_view event_type) const;  // any that some step reads or answers
  bool foreign() const { return foreign_; }              // it awaits events of other topics

 private:
  stored_definition definition_;
  std::vector<start> starts_;
  std::map<std::string, payload, std::less<>> others_;
  bool foreign_ = false;
};
}  // namespace skald::sim
