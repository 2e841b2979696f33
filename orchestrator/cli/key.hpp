// skald key: who may use the HTTP API.
#pragma once
#include "orchestrator/cli/command.hpp"

namespace skald::cli {
void add_key(const commands&);
}
