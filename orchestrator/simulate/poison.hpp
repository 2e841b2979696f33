// Records that nobody can apply: a good start, spoiled in one way each, and the words by which the
// batch path must say why it is in quarantine.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orchestrator/simulate/script.hpp"
#include "outbox/wire.hpp"

namespace skald::sim {
struct raw_record {
  std::optional<std::string> key, value;
  std::vector<std::pair<std::string, std::string>> headers;

  std::string& header(std::string_view name);
  std::vector<wire::header> views() const;  // of the headers; they live as long as this
};

// A good start of the saga `key`, which nobody has to refuse.
raw_record good_start(const script&, std::string_view key);

struct poison {
  std::string_view name, reason;  // a part of the quarantine's reason
  void (*spoil)(raw_record&);
  bool large = false;  // a megabyte and more
};
std::span<const poison> all_poison();
}  // namespace skald::sim
