// What other commands must see as `skald serve` does: its shape, and what its promises stand on.
#pragma once
#include "orchestrator/cli/context.hpp"
#include "orchestrator/service.hpp"

namespace skald::cli {
inline skald::settings settings_of(const context& x) {
  skald::settings s;
  s.prefix = x.settings.text("prefix");
  s.shards = static_cast<int>(x.settings.count("shards"));
  s.topic_retention_ms = x.settings.duration("topic_retention").count();
  s.fence_retention_ms = x.settings.duration("fence_retention").count();
  s.horizon_ms = x.settings.duration("horizon").count();
  return s;
}
}  // namespace skald::cli
