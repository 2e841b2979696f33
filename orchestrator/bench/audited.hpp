// `skald audit` of a run's ground, for runs in which a service was killed.
#pragma once
#include <string>
#include <vector>

#include "orchestrator/bench/ground.hpp"

namespace skald::bench {
// A sentence for each kind of mismatch. Opens clients of Kafka: call it in a child.
std::vector<std::string> audited(const servers&, const ground&);
}  // namespace skald::bench
