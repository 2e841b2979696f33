// The rules that the kit tries, each on a saga of its own.
#pragma once
#include <span>

#include "outbox/conformance/kit.hpp"
#include "outbox/conformance/trial.hpp"

namespace skald::conformance {
struct rule {
  const char* name;
  bool (*applies)(const step&);
  void (*run)(trial&, const kit_settings&);  // throws broken
  bool restarts = false;
};
std::span<const rule> rules();
}  // namespace skald::conformance
